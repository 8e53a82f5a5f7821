//! Statements of clients: who may run them, and how.

pub(crate) mod access;
pub(crate) mod error;
pub(crate) mod execute;
pub(crate) mod prepare;
pub(crate) mod read_only;
pub(crate) mod schema_change;
pub(crate) mod statements;
pub(crate) mod system_tables;
pub(crate) mod traces;
