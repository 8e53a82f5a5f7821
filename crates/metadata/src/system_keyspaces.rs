//! Keyspaces that every cluster has from its first entry on, with tables that are stored as those of users are. Their rows may be
//! lost, so that they do not keep nodes from joining.

use crate::keyspace_names::TRACES;
use crate::keyspace_placements::place_new_keyspaces;
use crate::tables::{new_table, take_storage_id};
use crate::{Change, ClusterState, CommandRefusal};
use henge_base::Random;
use henge_model::{ColumnDraft, TableDraft};
use henge_model::{DataType, Keyspace, Order, Replication, Table, TableOptions};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Copies of each trace, as in Apache Cassandra.
const COPIES: u32 = 2;
/// Seconds that a trace is kept: a day.
pub const TRACE_TTL: u32 = 86_400;
/// The ids that the tables have in Apache Cassandra.
const SESSIONS_ID: u128 = 0xc5e9_9f16_8677_3914_b17e_9606_1351_2345;
const EVENTS_ID: u128 = 0x8826_e8e9_e16a_3728_8753_3bc1_fc71_3c25;

/// The changes that add what a state lacks of these keyspaces; none, if it has all of them.
pub(crate) fn missing(state: &ClusterState, random: &mut Random) -> Result<Vec<Change>, CommandRefusal> {
    let mut keyspace = match state.schema.keyspaces.get(TRACES) {
        Some(keyspace) => Keyspace::clone(keyspace),
        None => Keyspace {
            name: TRACES.to_owned(),
            replication: Replication::Simple { factor: COPIES },
            durable_writes: true,
            tables: BTreeMap::new(),
            types: BTreeMap::new(),
        },
    };
    let mut next = state.next_storage_id;
    for draft in [sessions(), events()] {
        if !keyspace.tables.contains_key(&draft.name) {
            let table: Table = new_table(&draft, take_storage_id(&mut next)?, random);
            keyspace.tables.insert(table.name.clone(), Arc::new(table));
        }
    }
    if next == state.next_storage_id {
        return Ok(Vec::new());
    }
    let keyspace = Arc::new(keyspace);
    let others = state.schema.keyspaces.values().filter(|k| k.name != TRACES);
    let mut changes = place_new_keyspaces(state, others.chain([&keyspace]));
    changes.extend([Change::Keyspace(keyspace), Change::NextStorageId(next)]);
    Ok(changes)
}

fn sessions() -> TableDraft {
    let parameters = DataType::Map(Box::new(DataType::Text), Box::new(DataType::Text));
    let regulars = vec![
        column("client", DataType::Inet),
        column("command", DataType::Text),
        column("coordinator", DataType::Inet),
        column("coordinator_port", DataType::Int),
        column("duration", DataType::Int),
        column("parameters", parameters),
        column("request", DataType::Text),
        column("started_at", DataType::Timestamp),
    ];
    let key = vec![column("session_id", DataType::Uuid)];
    draft("sessions", SESSIONS_ID, key, Vec::new(), regulars)
}

fn events() -> TableDraft {
    let regulars = vec![
        column("activity", DataType::Text),
        column("source", DataType::Inet),
        column("source_elapsed", DataType::Int),
        column("source_port", DataType::Int),
        column("thread", DataType::Text),
    ];
    let key = vec![column("session_id", DataType::Uuid)];
    draft("events", EVENTS_ID, key, vec![column("event_id", DataType::Timeuuid)], regulars)
}

fn column(name: &str, data_type: DataType) -> ColumnDraft {
    ColumnDraft { name: name.to_owned(), data_type, order: Order::Ascending, mask: None }
}

fn draft(
    name: &str,
    id: u128,
    partition_key: Vec<ColumnDraft>,
    clustering: Vec<ColumnDraft>,
    regulars: Vec<ColumnDraft>,
) -> TableDraft {
    let options = TableOptions {
        comment: format!("tracing {name}"),
        default_time_to_live: TRACE_TTL,
        gc_grace_seconds: 0,
        ..TableOptions::default()
    };
    TableDraft {
        keyspace: TRACES.to_owned(),
        name: name.to_owned(),
        id: Some(uuid::Uuid::from_u128(id)),
        partition_key,
        clustering,
        statics: Vec::new(),
        regulars,
        options,
        properties: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, ClusterState, CommandRefusal, Random, Replication, TRACES};
    use crate::{Command, CommandId, Entry, JoinDraft, VersionRange, propose};
    use henge_base::HostId;
    use std::collections::BTreeSet;
    use std::net::SocketAddr;

    fn draft(number: u8) -> JoinDraft {
        JoinDraft {
            id: HostId::random(&mut Random::new(u64::from(number))),
            datacenter: "dc".to_owned(),
            rack: "r".to_owned(),
            address: SocketAddr::from(([10, 0, 0, number], 7000)),
            rpc_address: SocketAddr::from(([10, 0, 0, number], 9042)),
            num_tokens: 8,
            speaks: VersionRange::OF_RELEASE,
        }
    }

    fn run(state: &mut ClusterState, command: &Command) -> Result<(), CommandRefusal> {
        let entry = propose(state, CommandId::default(), command, &mut Random::new(1), 7)?;
        state.apply(&entry).unwrap();
        Ok(())
    }

    fn apply(state: &mut ClusterState, change: Change) {
        let origin = CommandId::default();
        let entry =
            Entry { epoch: state.epoch.next(), previous: state.hash, origin, proposed: 7, changes: vec![change] };
        state.apply(&entry.seal(1)).unwrap();
    }

    fn join(state: &mut ClusterState, number: u8) -> Result<(), CommandRefusal> {
        run(state, &Command::Join { name: "c".to_owned(), member: draft(number) })
    }

    fn begun() -> ClusterState {
        let mut state = ClusterState::default();
        run(&mut state, &Command::Bootstrap { name: "c".to_owned(), first: draft(0) }).unwrap();
        state
    }

    fn holders(state: &ClusterState) -> BTreeSet<HostId> {
        let placement = state.placements.get(&Replication::Simple { factor: 2 }).unwrap();
        placement.ranges().flat_map(|range| range.read.iter()).collect()
    }

    #[test]
    fn a_new_cluster_has_the_tables_of_traces() {
        let state = begun();
        assert_eq!(state.epoch.index, 1);
        let tables = &state.schema.keyspaces[TRACES].tables;
        let ids: Vec<String> = tables.values().map(|table| format!("{} {}", table.name, table.id)).collect();
        let expected = ["events 8826e8e9-e16a-3728-8753-3bc1fc713c25", "sessions c5e99f16-8677-3914-b17e-960613512345"];
        assert_eq!(ids, expected);
        assert!(tables.values().all(|table| table.storage_id < state.next_storage_id));
        assert_eq!(holders(&state).len(), 1);
    }

    #[test]
    fn nodes_join_and_hold_traces_until_users_have_keyspaces() {
        let mut state = begun();
        for number in 1..4 {
            join(&mut state, number).unwrap();
            assert_eq!(holders(&state).len(), usize::from(number) + 1);
        }
        let (name, replication) = ("ks".to_owned(), Replication::Simple { factor: 2 });
        run(&mut state, &Command::CreateKeyspace { name, replication, durable_writes: true, if_not_exists: false })
            .unwrap();
        join(&mut state, 4).unwrap();
        assert!(state.plan.is_some() && holders(&state).len() == 4);
    }

    #[test]
    fn a_cluster_of_an_older_release_gets_what_it_lacks_once() {
        let mut state = begun();
        let drop = Change::KeyspaceDropped(TRACES.to_owned());
        apply(&mut state, drop);
        let gone = state.clone();
        run(&mut state, &Command::CreateSystemKeyspaces).unwrap();
        assert_eq!(state.schema.keyspaces[TRACES].tables.len(), 2);
        assert!(state.next_storage_id > gone.next_storage_id);
        assert_eq!(run(&mut state, &Command::CreateSystemKeyspaces), Err(CommandRefusal::Nothing));
        // An older release made them with other ids when it first traced: they stay.
        let drop = Change::TableDropped { keyspace: TRACES.to_owned(), table: "events".to_owned() };
        apply(&mut state, drop);
        let sessions = state.schema.table(TRACES, "sessions").cloned();
        run(&mut state, &Command::CreateSystemKeyspaces).unwrap();
        assert_eq!(state.schema.table(TRACES, "sessions").cloned(), sessions);
        assert!(state.schema.table(TRACES, "events").is_some());
    }
}
