//! Computation of result columns from fetched values: functions, constants, aggregates.

use super::aggregate::State;
use super::selected::{Row, value};
use super::splits::Splits;
use crate::context::BindContext;
use crate::error::Error;
use crate::plan::{Grouping, SelectPlan};
use henge_base::Bytes;

/// Computes the result of one execution of a SELECT, row by row.
pub struct Output<'a> {
    plan: &'a SelectPlan,
    context: &'a BindContext<'a>,
    rows: u64,
    group: Group,
}

/// The state of the group that is being read.
#[derive(Default)]
struct Group {
    /// The fetched values of the group's first row, which give the plain columns beside aggregates.
    first: Option<Vec<Option<Bytes>>>,
    states: Vec<State>,
    /// The group's `GROUP BY` values; `None` before its first row.
    common: Option<Vec<Option<Bytes>>>,
}

impl SelectPlan {
    /// Starts the computation of this plan's result.
    pub fn output<'a>(&'a self, context: &'a BindContext<'a>) -> Output<'a> {
        Output { plan: self, context, rows: 0, group: Group::of(self) }
    }
}

impl Output<'_> {
    /// Appends the result columns of one fetched row. For plans without aggregates.
    pub fn row(&mut self, row: &[Option<Bytes>], out: &mut Vec<Option<Bytes>>) -> Result<(), Error> {
        let splits = Splits::default();
        let row = Row { fetched: row, aggregated: &[], number: self.rows, splits: &splits };
        for selector in &self.plan.selectors {
            out.push(value(selector, row, self.context)?);
        }
        self.rows += 1;
        Ok(())
    }

    /// Adds a fetched row to the current group.
    pub fn add(&mut self, row: &[Option<Bytes>]) -> Result<(), Error> {
        let splits = Splits::default();
        let of_row = Row { fetched: row, aggregated: &[], number: self.rows, splits: &splits };
        for (plan, state) in self.plan.aggregates.iter().zip(&mut self.group.states) {
            let argument = match &plan.argument {
                Some(argument) => value(argument, of_row, self.context)?,
                None => Some(Bytes::new()),
            };
            if let Some(argument) = argument {
                state.add(plan, &argument)?;
            }
        }
        if self.group.first.is_none() {
            self.group.first = Some(row.to_vec());
        }
        self.rows += 1;
        Ok(())
    }

    /// True if a fetched row starts a new group.
    pub fn begins_group(&self, row: &[Option<Bytes>]) -> Result<bool, Error> {
        let Some(common) = &self.group.common else { return Ok(true) };
        for (grouping, common) in self.plan.groups.iter().zip(common) {
            let found = self.of_group(grouping, row)?;
            let same = match (&found, common) {
                (Some(found), Some(common)) => grouping.data_type.compare(found, common).is_eq(),
                (None, None) => true,
                _ => false,
            };
            if !same {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Starts a group with a fetched row, which the caller then adds. The caller has finished the previous group.
    pub fn begin_group(&mut self, row: &[Option<Bytes>]) -> Result<(), Error> {
        let common = self.plan.groups.iter().map(|grouping| self.of_group(grouping, row));
        self.group.common = Some(common.collect::<Result<_, _>>()?);
        Ok(())
    }

    /// True if a group has been started and not finished.
    pub fn is_in_group(&self) -> bool {
        self.group.common.is_some()
    }

    fn of_group(&self, grouping: &Grouping, row: &[Option<Bytes>]) -> Result<Option<Bytes>, Error> {
        value(
            &grouping.selector,
            Row { fetched: row, aggregated: &[], number: 0, splits: &Splits::default() },
            self.context,
        )
    }

    /// Appends the result columns of the current group and resets it.
    pub fn finish(&mut self, out: &mut Vec<Option<Bytes>>) -> Result<(), Error> {
        let Group { first, states, .. } = std::mem::replace(&mut self.group, Group::of(self.plan));
        let aggregates = self.plan.aggregates.iter().zip(states);
        let aggregated: Vec<Option<Bytes>> =
            aggregates.map(|(plan, state)| state.finish(plan)).collect::<Result<_, _>>()?;
        let (fetched, splits) = (first.as_deref().unwrap_or_default(), Splits::default());
        let row = Row { fetched, aggregated: &aggregated, number: self.rows, splits: &splits };
        for selector in &self.plan.selectors {
            out.push(value(selector, row, self.context)?);
        }
        Ok(())
    }
}

impl Group {
    fn of(plan: &SelectPlan) -> Group {
        Group { states: plan.aggregates.iter().map(State::new).collect(), ..Group::default() }
    }
}
