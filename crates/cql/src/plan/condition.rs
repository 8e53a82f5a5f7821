//! The condition of a conditional write.

use super::{Labels, ModifyPlan, ResultColumn, Source};
use crate::statement::Operator;
use henge_model::{Column, ColumnKind, DataType, Table};

/// The condition of one statement.
#[derive(Clone, Debug)]
pub(crate) enum ConditionPlan {
    /// `IF NOT EXISTS`.
    NotExists,
    /// `IF EXISTS`.
    Exists,
    /// `IF a = 1 AND ...`: all of them.
    Tests(Vec<TestPlan>),
}

/// One comparison.
#[derive(Clone, Debug)]
pub(crate) struct TestPlan {
    pub(crate) column: Column,
    pub(crate) part: Part,
    pub(crate) operator: Operator,
    /// The type of what is compared.
    pub(crate) data_type: DataType,
    /// One value; of IN several, or one that is the list of them.
    pub(crate) values: Vec<Source>,
    pub(crate) is_list: bool,
}

/// What of a column is compared.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Whole,
    /// The value at a key of a map, or at an index of a list.
    Element(Source),
    /// The field of a user type at that place.
    Field(usize),
}

impl ConditionPlan {
    /// The columns compared, those of rows before static ones.
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

    /// Whether it says nothing about rows, only about what a partition's rows share.
    pub(crate) fn is_of_statics(&self) -> bool {
        let mut columns = self.columns().peekable();
        columns.peek().is_some() && columns.all(|column| column.kind == ColumnKind::Static)
    }
}

impl ModifyPlan {
    /// Whether it writes only under a condition.
    pub fn is_conditional(&self) -> bool {
        self.condition.is_some()
    }

    /// The columns of the answer when the write does not happen, behind `[applied]`. `None` stands for all of the table.
    pub(crate) fn condition_columns(&self) -> Option<Vec<&Column>> {
        match &self.condition {
            Some(ConditionPlan::NotExists | ConditionPlan::Exists) => None,
            Some(condition) => Some(condition.columns().collect()),
            None => Some(Vec::new()),
        }
    }
}

/// The columns of the answer to a conditional write: `[applied]`, and others if it was not.
pub(crate) fn result_columns<'t>(table: &Table, others: impl Iterator<Item = &'t Column>) -> Vec<ResultColumn> {
    let labels = Labels::of(table);
    let mut columns = vec![labels.column("[applied]", DataType::Boolean)];
    columns.extend(others.map(|column| labels.column(column.name.clone(), column.data_type.clone())));
    columns
}
