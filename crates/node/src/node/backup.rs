//! The members' parts of a backup, and the schema that goes with it.

use super::Node;
use crate::ground::world::{To, World};
use crate::peers::ask_error::AskError;
use crate::peers::messages::backup::BackUp;
use futures_util::future::join_all;
use henge_base::HostId;
use henge_cql::{ClusterFacts, DescribeTarget};
use henge_metadata::TRACES;
use henge_operator::{BackupOrder, MemberBackup};
use std::time::Duration;

/// A member may take so long to say how far it is.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// The column of DESCRIBE with the statement.
const STATEMENT_COLUMN: usize = 3;

impl<W: World> Node<W> {
    /// Begins this node's part of a backup, or tells how far it is.
    pub(crate) fn back_up(&self, order: &BackupOrder) -> MemberBackup {
        let parts = self.parts();
        let view = parts.cluster.view();
        let own = view.state.members.get(&parts.context.host());
        let tokens = own.map(|member| member.tokens.iter().map(|token| token.0).collect()).unwrap_or_default();
        match parts.context.world.surroundings() {
            Some(process) => process.back_up(order, tokens),
            None => MemberBackup { error: Some("this node has no files".to_owned()), ..MemberBackup::default() },
        }
    }

    /// Has these members begin their parts of a backup, all at once, or tell how far they are; the reason of one that does not say.
    pub async fn back_up_members(
        &self,
        members: &[HostId],
        order: &BackupOrder,
    ) -> Vec<(HostId, Result<MemberBackup, AskError>)> {
        let parts = self.parts();
        let ask = |host: HostId| async move {
            if host == parts.context.host() {
                return (host, Ok(self.back_up(order)));
            }
            (host, parts.peers.ask(To::Host(host), &BackUp(order.clone()), ANSWER_TIMEOUT).await)
        };
        join_all(members.iter().copied().map(ask)).await
    }

    /// The statements that make the schema of users.
    pub fn schema_statements(&self) -> Vec<String> {
        let view = self.parts().cluster.current_view();
        let target = DescribeTarget::Schema { full: false, internals: false };
        let rows = henge_cql::describe(&target, &view.schema, &ClusterFacts::default()).unwrap_or_default();
        let statement = |row: Vec<Option<henge_base::Bytes>>| row.into_iter().nth(STATEMENT_COLUMN).flatten();
        rows.into_iter().filter_map(statement).map(|text| String::from_utf8_lossy(&text).into_owned()).collect()
    }

    /// The tables of users, by keyspace and name.
    pub fn tables_of_users(&self) -> Vec<(String, String)> {
        let view = self.parts().cluster.view();
        let tables = view.state.schema.tables().filter(|table| table.keyspace != TRACES);
        tables.map(|table| (table.keyspace.clone(), table.name.clone())).collect()
    }
}
