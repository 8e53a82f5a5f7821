//! Statements that change the schema, and their options.

pub(super) mod alter;
pub(super) mod compaction_options;
pub(super) mod compression_options;
pub(super) mod index;
pub(super) mod keyspace;
pub(super) mod mask;
pub(super) mod option_effects;
pub(super) mod property;
pub(super) mod retry_policy;
pub(super) mod table;
pub(super) mod table_options;
pub(super) mod user_type;
