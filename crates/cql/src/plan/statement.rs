//! What a statement comes to once it is resolved.

use super::{
    BatchPlan, BindColumn, DescribeTarget, ModifyPlan, PermissionPlan, ResultColumn, SchemaChange, SelectPlan,
};
use crate::statement::RoleStatement;
use std::sync::Arc;

/// A statement made ready against one schema. It holds good as long as the tables it names do not change.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What each bind marker takes, in order.
    pub bind: Vec<BindColumn>,
    /// For each component of the partition key the marker that gives it; empty unless every one has its own marker.
    pub pk_indexes: Vec<u16>,
    /// The columns of the answer; `None` of statements that answer no rows.
    pub result: Option<Arc<[ResultColumn]>>,
    /// What to do.
    pub plan: Plan,
}

/// What a statement asks to be done.
#[derive(Clone, Debug)]
pub enum Plan {
    /// Read rows.
    Select(Box<SelectPlan>),
    /// Write rows of one table.
    Modify(Box<ModifyPlan>),
    /// Write several.
    Batch(BatchPlan),
    /// Change the schema, or truncate.
    Schema(SchemaChange),
    /// Make that keyspace the connection's own.
    Use(String),
    /// Print schema.
    Describe(DescribeTarget),
    /// Change or list roles.
    Role(RoleStatement),
    /// Change or list permissions.
    Permission(PermissionPlan),
    /// `IF EXISTS` of what Henge has none of.
    Nothing,
}

impl Prepared {
    /// A plan without markers and rows.
    pub(crate) fn bare(plan: Plan) -> Prepared {
        Prepared { bind: Vec::new(), pk_indexes: Vec::new(), result: None, plan }
    }
}
