//! Statements of clients: who may run them, and how; and the tables that show the node to clients.

mod access;
pub(crate) mod core;
pub(crate) mod error;
mod execute;
pub(crate) mod outcome;
pub(crate) mod parameters;
mod prepare;
mod read_only;
pub(crate) mod ready;
mod schema_change;
pub(crate) mod statements;
pub(crate) mod system_tables;
pub(crate) mod traces;

pub(crate) use access::make_superuser;
