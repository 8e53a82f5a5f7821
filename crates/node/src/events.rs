//! What clients who registered for events are told: members coming and going, and the schema changing. Found by comparing the
//! state before and after, so that every node tells its own clients, whoever made the change.

use henge_metadata::ClusterState;
use henge_model::Schema;
use std::net::SocketAddr;

/// One event. Addresses are those of `rpc_address`, as drivers know members by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClusterEvent {
    /// A member is thought to be up again.
    Up(SocketAddr),
    /// A member is thought to be down.
    Down(SocketAddr),
    /// A member joined.
    Joined(SocketAddr),
    /// A member left.
    Left(SocketAddr),
    /// The schema changed.
    Schema(SchemaEvent),
}

/// A change of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaEvent {
    /// What happened.
    pub change: Change,
    /// The keyspace.
    pub keyspace: String,
    /// The table, or `None` for the keyspace itself.
    pub table: Option<String>,
}

/// What happened to a keyspace or table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // As the protocol calls them.
pub enum Change {
    Created,
    Updated,
    Dropped,
}

/// What clients are told when `after` follows on `before`.
pub(crate) fn between(before: &ClusterState, after: &ClusterState) -> Vec<ClusterEvent> {
    let mut out = Vec::new();
    for (id, member) in &after.members {
        if !before.members.contains_key(id) {
            out.push(ClusterEvent::Joined(member.rpc_address));
        }
    }
    for (id, member) in &before.members {
        if !after.members.contains_key(id) {
            out.push(ClusterEvent::Left(member.rpc_address));
        }
    }
    schema(&before.schema, &after.schema, &mut out);
    out
}

fn schema(before: &Schema, after: &Schema, out: &mut Vec<ClusterEvent>) {
    let mut tell = |change, keyspace: &str, table: Option<&str>| {
        let event = SchemaEvent { change, keyspace: keyspace.to_owned(), table: table.map(str::to_owned) };
        out.push(ClusterEvent::Schema(event));
    };
    for (name, keyspace) in &after.keyspaces {
        let old = before.keyspaces.get(name);
        match old {
            None => tell(Change::Created, name, None),
            Some(old) if old.replication != keyspace.replication => tell(Change::Updated, name, None),
            Some(_) => {}
        }
        for (table_name, table) in &keyspace.tables {
            match old.and_then(|o| o.tables.get(table_name)) {
                None => tell(Change::Created, name, Some(table_name)),
                Some(old)
                    if old.id != table.id || old.columns().ne(table.columns()) || old.options != table.options =>
                {
                    tell(Change::Updated, name, Some(table_name));
                }
                Some(_) => {}
            }
        }
        let gone = old.into_iter().flat_map(|o| o.tables.keys()).filter(|t| !keyspace.tables.contains_key(*t));
        gone.for_each(|t| tell(Change::Dropped, name, Some(t)));
    }
    for name in before.keyspaces.keys().filter(|k| !after.keyspaces.contains_key(*k)) {
        tell(Change::Dropped, name, None);
    }
}
