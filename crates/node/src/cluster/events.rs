//! Events for clients who registered: members coming and going, and the schema changing. Found by comparing the
//! state before and after, so that every node tells its own clients, whoever made the change.

use henge_base::HostId;
use henge_metadata::ClusterState;
use henge_model::{Schema, Table};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// One event. Addresses are those of `rpc_address`, as drivers know members by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClusterEvent {
    /// A member seems up again.
    Up(SocketAddr),
    /// A member seems down.
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
    /// The change.
    pub change: Change,
    /// The keyspace.
    pub keyspace: String,
    /// Its subject.
    pub subject: Subject,
}

/// The subject of a change in a keyspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The keyspace itself.
    Keyspace,
    /// The table of that name.
    Table(String),
    /// The user type of that name.
    Type(String),
}

/// A change of a keyspace, table or type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // As the protocol calls them.
pub enum Change {
    Created,
    Updated,
    Dropped,
}

/// The events when `after` follows on `before`.
pub(crate) fn between(before: &ClusterState, after: &ClusterState) -> Vec<ClusterEvent> {
    let mut out = Vec::new();
    // A newcomer is none for clients before its plan has ended, when it has long been up.
    let is_known = |state: &ClusterState, id: &HostId| state.members.contains_key(id) && !state.is_newcomer(*id);
    for (id, member) in after.members.iter() {
        if is_known(after, id) && !is_known(before, id) {
            out.push(ClusterEvent::Joined(member.rpc_address));
            if before.members.contains_key(id) {
                out.push(ClusterEvent::Up(member.rpc_address));
            }
        }
    }
    for (id, member) in before.members.iter() {
        if is_known(before, id) && !is_known(after, id) {
            out.push(ClusterEvent::Left(member.rpc_address));
        }
    }
    schema(&before.schema, &after.schema, &mut out);
    out
}

fn schema(before: &Schema, after: &Schema, out: &mut Vec<ClusterEvent>) {
    let mut tell = |change, keyspace: &str, subject: Subject| {
        out.push(ClusterEvent::Schema(SchemaEvent { change, keyspace: keyspace.to_owned(), subject }));
    };
    for (name, keyspace) in &after.keyspaces {
        let old = before.keyspaces.get(name);
        match old {
            None => tell(Change::Created, name, Subject::Keyspace),
            Some(old) if old.replication != keyspace.replication => tell(Change::Updated, name, Subject::Keyspace),
            Some(_) => {}
        }
        let none = BTreeMap::new();
        let types = changes(old.map_or(&none, |old| &old.types), &keyspace.types, |old, new| old != new);
        types.for_each(|(change, of)| tell(change, name, Subject::Type(of.clone())));
        let none = BTreeMap::new();
        let tables = changes(old.map_or(&none, |old| &old.tables), &keyspace.tables, differ);
        tables.for_each(|(change, of)| tell(change, name, Subject::Table(of.clone())));
    }
    for name in before.keyspaces.keys().filter(|k| !after.keyspaces.contains_key(*k)) {
        tell(Change::Dropped, name, Subject::Keyspace);
    }
}

/// Entries that are new, that differ, and then those that are gone.
fn changes<'m, T>(
    before: &'m BTreeMap<String, Arc<T>>,
    after: &'m BTreeMap<String, Arc<T>>,
    differs: impl Fn(&T, &T) -> bool,
) -> impl Iterator<Item = (Change, &'m String)> {
    let there = after.iter().filter_map(move |(name, new)| match before.get(name) {
        None => Some((Change::Created, name)),
        Some(old) => differs(old, new).then_some((Change::Updated, name)),
    });
    let gone = before.keys().filter(|name| !after.contains_key(*name)).map(|name| (Change::Dropped, name));
    there.chain(gone)
}

/// True if a table differs for clients.
fn differ(old: &Table, new: &Table) -> bool {
    old.id != new.id || old.columns().ne(new.columns()) || old.options != new.options
}
