//! Statements of clients: who may run them, and how; and the tables that show the node to clients.

pub(crate) mod access;
mod change_log;
pub(crate) mod core;
pub(crate) mod error;
pub(crate) mod error_kind;
mod execute;
mod explain;
pub(crate) mod outcome;
pub(crate) mod parameters;
mod prepare;
pub(crate) mod prepared_statement;
mod queue_delay;
mod rate_check;
mod rates;
mod read_only;
pub(crate) mod request_span;
mod resolution;
pub(crate) mod restored;
mod schema_change;
mod serial_scope;
pub(crate) mod statements;
pub(crate) mod system_tables;
pub(crate) mod traces;

pub(crate) use access::make_superuser;
