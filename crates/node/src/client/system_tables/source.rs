//! The parts of a node that system tables show.

use super::computed_rows::SchemaRows;
use crate::client::statements::Statements;
use crate::cluster::Cluster;
use crate::ground::context::Context;
use crate::peers::Peers;
use crate::replica::LocalReplica;
use std::sync::Arc;

/// The system tables of a node.
pub(crate) struct SystemTables<W> {
    pub(crate) context: Arc<Context<W>>,
    pub(crate) peers: Arc<Peers<W>>,
    pub(crate) cluster: Arc<Cluster<W>>,
    pub(crate) replica: Arc<LocalReplica<W>>,
    pub(crate) statements: Arc<Statements>,
    pub(crate) schema_rows: SchemaRows,
}
