//! Expressions of a select list once resolved, and the values that they compute from.

use crate::plan::{AggregatePlan, Selector};
use henge_base::count_steps;
use henge_model::{DataType, ProjectedColumn};
use std::collections::BTreeMap;

/// A resolved expression with its column name and type.
pub(crate) struct ColumnExpression {
    pub(crate) selector: Selector,
    pub(crate) name: String,
    pub(crate) data_type: DataType,
}

/// The values to fetch and the aggregates, collected while a select list is resolved.
#[derive(Debug, Default)]
pub(crate) struct FetchedValues {
    pub(crate) columns: Vec<ProjectedColumn>,
    pub(crate) aggregates: Vec<AggregatePlan>,
    /// The first place of each value.
    places: BTreeMap<ProjectedColumn, usize>,
}

impl FetchedValues {
    /// Fetches a value, again if it is fetched already. A plain select list then has its values in order.
    pub(crate) fn push(&mut self, projected: ProjectedColumn) -> usize {
        let place = self.columns.len();
        self.places.entry(projected.clone()).or_insert(place);
        self.columns.push(projected);
        place
    }

    /// Fetches a value unless it is fetched already.
    pub(crate) fn once(&mut self, projected: ProjectedColumn) -> usize {
        count_steps(1);
        let known = self.places.get(&projected).copied();
        known.unwrap_or_else(|| self.push(projected))
    }
}
