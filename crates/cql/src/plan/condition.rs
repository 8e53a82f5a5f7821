//! The condition of a conditional write.

use super::{Labels, ResultColumn, Source};
use crate::statement::Operator;
use henge_model::{Column, ColumnKind, DataType, Table};

/// The condition of one statement.
#[derive(Clone, Debug)]
pub(crate) enum ConditionPlan {
    /// `IF NOT EXISTS`.
    NotExists,
    /// `IF EXISTS`.
    Exists,
    /// `IF a = 1 AND ...`: all of them must hold.
    Tests(Vec<TestPlan>),
}

/// One comparison of an IF clause.
#[derive(Clone, Debug)]
pub(crate) struct TestPlan {
    pub(crate) column: Column,
    pub(crate) part: Part,
    pub(crate) operator: Operator,
    /// The type of the compared values.
    pub(crate) data_type: DataType,
    /// One value; for IN several, or a single source that is the list of them.
    pub(crate) values: Vec<Source>,
    pub(crate) is_list: bool,
}

/// The part of a column that is compared.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Whole,
    /// The value at a key of a map, or at an index of a list.
    Element(Source),
    /// The field of a user type at that place.
    Field(usize),
}

impl ConditionPlan {
    /// The compared columns, regular ones before static ones.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &Column> {
        let tests = match self {
            ConditionPlan::Tests(tests) => &tests[..],
            ConditionPlan::NotExists | ConditionPlan::Exists => &[],
        };
        let of = |is_static: bool| {
            tests.iter().map(|test| &test.column).filter(move |c| (c.kind == ColumnKind::Static) == is_static)
        };
        of(false).chain(of(true))
    }

    /// True if the condition compares static columns only. False for EXISTS and NOT EXISTS.
    pub(crate) fn is_of_statics(&self) -> bool {
        let mut columns = self.columns().peekable();
        columns.peek().is_some() && columns.all(|column| column.kind == ColumnKind::Static)
    }
}

/// The result columns of a conditional write: `[applied]`, and others if it was not applied.
pub(crate) fn result_columns<'t>(table: &Table, others: impl Iterator<Item = &'t Column>) -> Vec<ResultColumn> {
    let labels = Labels::of(table);
    let mut columns = vec![labels.column("[applied]", DataType::Boolean)];
    columns.extend(others.map(|column| labels.column(column.name.clone(), column.data_type.clone())));
    columns
}
