//! Prepared statements.

use super::{
    BatchPlan, BindColumn, DescribeTarget, ModifyPlan, PermissionPlan, ResultColumn, SchemaChange, SelectPlan,
};
use crate::statement::RoleStatement;
use std::sync::Arc;

/// A statement resolved against one schema. It stays valid as long as the tables that it names do not change.
#[derive(Clone, Debug)]
pub struct PlannedStatement {
    /// The bind markers, in order.
    pub bind: Vec<BindColumn>,
    /// The marker of each component of the partition key; empty unless every component has its own marker.
    pub pk_indexes: Vec<u16>,
    /// The columns of the result; `None` for statements that return no rows.
    pub result: Option<Arc<[ResultColumn]>>,
    /// The plan.
    pub plan: Plan,
}

/// The action that a statement asks for.
#[derive(Clone, Debug)]
pub enum Plan {
    /// Read rows.
    Select(Box<SelectPlan>),
    /// Write rows of one table.
    Modify(Box<ModifyPlan>),
    /// Write rows of one or several tables as a batch.
    Batch(BatchPlan),
    /// Change the schema, or truncate.
    Schema(SchemaChange),
    /// Set the connection's keyspace.
    Use(String),
    /// Print schema.
    Describe(DescribeTarget),
    /// Tell what a statement would do, or does.
    Explain(Box<ExplainPlan>),
    /// Change or list roles.
    Role(RoleStatement),
    /// Change or list permissions.
    Permission(PermissionPlan),
    /// Do nothing: `IF EXISTS` of something that Henge has none of.
    Nothing,
}

/// An EXPLAIN, with the statement that it is of.
#[derive(Clone, Debug)]
pub struct ExplainPlan {
    /// True for ANALYZE: the statement, a SELECT, is carried out.
    pub analyzes: bool,
    /// The statement.
    pub statement: PlannedStatement,
}

impl PlannedStatement {
    /// A plan without bind markers and result columns.
    pub(crate) fn bare(plan: Plan) -> PlannedStatement {
        PlannedStatement { bind: Vec::new(), pk_indexes: Vec::new(), result: None, plan }
    }
}
