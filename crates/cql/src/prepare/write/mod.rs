//! INSERT, UPDATE, DELETE and BATCH.

pub(super) mod batch;
pub(super) mod collection;
pub(super) mod compact;
pub(super) mod condition;
pub(super) mod insert;
pub(super) mod json;
pub(super) mod statement;
pub(super) mod using;
pub(super) mod virtual_table;
pub(super) mod write_target;
