//! Plans: statements resolved against a schema, as data. `prepare` builds them, `bind` evaluates them, `guard` applies the
//! guardrails to them.
//!
//! - `select`, `restriction`, `probe`, `filter_relation`, `sorting`, `selector`, `aggregate`: reads.
//! - `modify`, `changes`, `collection`, `condition`, `json`, `batch`: writes.
//! - `schema_change`, `replication`, `permission`, `describe`: everything else.
//! - `source`, `bound`, `choices`: values from the text or a bind marker.
//! - `column`: descriptions of result columns and bind markers.
//! - `guard`: guardrails applied to plans.

mod aggregate;
mod batch;
mod bound;
mod changes;
mod choices;
mod collection;
mod column;
mod condition;
mod describe;
mod filter_relation;
mod guard;
mod json;
mod modify;
mod permission;
mod probe;
mod replication;
mod restriction;
mod schema_change;
mod select;
mod selector;
mod sorting;
mod source;
mod statement;

pub(crate) use aggregate::{Aggregate, AggregatePlan};
pub use batch::{BatchPlan, check_kind};
pub(crate) use changes::{Changes, assemble, mark_inserted, value_column};
pub(crate) use choices::{Choices, ValueUse, Values, value_of};
pub(crate) use collection::{CollectionChange, CollectionPlan};
pub(crate) use column::Labels;
pub use column::{BindColumn, ColumnSpec, ResultColumn};
pub(crate) use condition::{ConditionPlan, Part, TestPlan, result_columns};
pub use describe::DescribeTarget;
pub(crate) use filter_relation::FilterRelation;
pub(crate) use json::JsonPlan;
pub use modify::ModifyPlan;
pub(crate) use modify::{CellPlan, Reach};
pub use permission::PermissionPlan;
pub(crate) use probe::{ProbeCondition, ProbePlan};
pub use replication::ReplicationDraft;
pub(crate) use restriction::{
    MixedBound, Partition, Restriction, Slice, SliceBound, TokenBound, TokenBounds, Where, is_slice,
};
pub use schema_change::SchemaChange;
pub(crate) use select::Grouping;
pub use select::SelectPlan;
pub(crate) use selector::{Selector, projection_of};
pub(crate) use sorting::Sorting;
pub(crate) use source::{EvaluatedValue, Source};
pub use statement::{ExplainPlan, Plan, PlannedStatement};
