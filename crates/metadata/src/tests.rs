//! Any history of commands adds up to the same state on every node, and what must never come twice never does.

use crate::{ClusterState, Command, CommandId, CommandRefusal, JoinDraft, SealedEntry, VersionRange, propose};
use henge_base::{HostId, Random};
use henge_model::{AddedColumn, ColumnDraft, TableChange, TableDraft};
use henge_model::{ColumnMask, CompactStorage, DataType, Order, Replication, SerialScope, TableOptions};
use std::collections::BTreeSet;
use std::net::SocketAddr;

mod courses;
mod fixture;
mod log;
mod plans;
mod replication;

fn draft(number: u8) -> JoinDraft {
    JoinDraft {
        id: HostId::random(&mut Random::new(u64::from(number))),
        datacenter: format!("dc{}", number % 2),
        rack: "r".to_owned(),
        address: SocketAddr::from(([10, 0, 0, number], 7000)),
        rpc_address: SocketAddr::from(([10, 0, 0, number], 9042)),
        num_tokens: 8,
        speaks: VersionRange::OF_RELEASE,
    }
}

fn table(keyspace: &str, name: &str) -> TableDraft {
    let column = |name: &str| ColumnDraft {
        name: name.to_owned(),
        data_type: DataType::Text,
        order: Order::Ascending,
        mask: None,
    };
    TableDraft {
        keyspace: keyspace.to_owned(),
        name: name.to_owned(),
        id: None,
        partition_key: vec![column("k")],
        clustering: vec![column("c")],
        statics: Vec::new(),
        regulars: vec![column("v"), column("w")],
        options: TableOptions::default(),
        properties: Vec::new(),
    }
}

fn keyspace(name: &str, factor: u32) -> Command {
    let replication = Replication::Simple { factor };
    Command::CreateKeyspace { name: name.to_owned(), replication, durable_writes: true, if_not_exists: false }
}

fn create(keyspace: &str, name: &str) -> Command {
    Command::CreateTable { draft: table(keyspace, name), if_not_exists: false }
}

/// A state with the entries that led to it, as a voter has it.
#[derive(Default)]
struct Voter {
    state: ClusterState,
    entries: Vec<SealedEntry>,
}

impl Voter {
    fn run(&mut self, command: &Command, random: &mut Random) -> Result<SealedEntry, CommandRefusal> {
        let entry = propose(&self.state, CommandId::random(random), command, random, 7)?;
        self.state.apply(&entry).unwrap();
        self.entries.push(entry.clone());
        Ok(entry)
    }

    fn with_members(members: u8) -> Voter {
        let mut voter = Voter::default();
        let mut random = Random::new(1);
        voter.run(&Command::Bootstrap { name: "Test Cluster".to_owned(), first: draft(0) }, &mut random).unwrap();
        for number in 1..members {
            let command = Command::Join { name: "Test Cluster".to_owned(), member: draft(number) };
            voter.run(&command, &mut random).unwrap();
        }
        voter
    }
}

fn any(random: &mut Random) -> Command {
    let name = |random: &mut Random| format!("n{}", random.below(4));
    let (keyspace_name, table_name) = (name(random), name(random));
    match random.below(7) {
        0 => keyspace(&keyspace_name, random.below(4) as u32 + 1),
        1 => Command::DropKeyspace { name: keyspace_name, if_exists: random.chance(1, 2) },
        2..4 => create(&keyspace_name, &table_name),
        4 => Command::DropTable { keyspace: keyspace_name, table: table_name, if_exists: random.chance(1, 2) },
        5 => Command::Truncate { keyspace: keyspace_name, table: table_name },
        _ => {
            let number = random.below(3) as u8;
            let rpc_address = SocketAddr::from(([10, 0, 0, number], random.below(3) as u16 + 9042));
            Command::UpdateMember { id: draft(number).id, address: draft(number).address, rpc_address }
        }
    }
}

#[test]
fn encoded_entries_add_up_to_the_same_state_elsewhere() {
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let mut voter = Voter::with_members(3);
        let mut elsewhere = ClusterState::default();
        for entry in &voter.entries {
            elsewhere.apply(entry).unwrap();
        }
        let mut storage_ids = BTreeSet::new();
        for _ in 0..60 {
            let before = voter.state.clone();
            match voter.run(&any(&mut random), &mut random) {
                Err(_) => assert_eq!(voter.state, before),
                Ok(entry) => {
                    elsewhere
                        .apply(&SealedEntry::decode(entry.bytes().clone(), VersionRange::OF_RELEASE).unwrap())
                        .unwrap();
                    assert_eq!(elsewhere, voter.state);
                    assert_eq!(voter.state.epoch.index, before.epoch.index + 1);
                    let known: BTreeSet<_> = before.schema.tables().map(|t| t.storage_id).collect();
                    let new = voter.state.schema.tables().map(|t| t.storage_id).filter(|id| !known.contains(id));
                    new.for_each(|id| assert!(storage_ids.insert(id), "{id:?} was given out twice"));
                }
            }
            for keyspace in voter.state.schema.keyspaces.values() {
                assert!(voter.state.placements.get(&keyspace.replication).is_some_and(|p| p.ranges().len() > 0));
            }
        }
    }
}

#[test]
fn a_member_that_comes_to_the_address_of_another_changes_places_with_it() {
    let mut voter = Voter::with_members(3);
    let [one, two] = [1, 2].map(draft);
    let command = Command::UpdateMember { id: one.id, address: two.address, rpc_address: two.rpc_address };
    voter.run(&command, &mut Random::new(1)).unwrap();
    let addresses = |id| voter.state.members.get(&id).map(|member| (member.address, member.rpc_address));
    assert_eq!(addresses(one.id), Some((two.address, two.rpc_address)));
    assert_eq!(addresses(two.id), Some((one.address, one.rpc_address)));
}

#[test]
fn an_entry_out_of_order_changes_nothing() {
    let voter = Voter::with_members(2);
    let entries = &voter.entries;
    let mut state = ClusterState::default();
    assert!(state.apply(&entries[1]).is_err());
    assert_eq!(state, ClusterState::default());
    state.apply(&entries[0]).unwrap();
    assert!(state.apply(&entries[0]).is_err());
    assert!(crate::Log::default().append(&entries[1]).is_err());
}

#[test]
fn joins_are_refused_with_the_reason() {
    let mut voter = Voter::with_members(2);
    let mut random = Random::new(2);
    let mut refusal = |voter: &mut Voter, name: &str, member| {
        let command = Command::Join { name: name.to_owned(), member };
        voter.run(&command, &mut random).unwrap_err().to_string()
    };
    assert!(refusal(&mut voter, "Other", draft(5)).contains("\"Other\""));
    assert!(refusal(&mut voter, "Test Cluster", draft(1)).contains("is a member already"));
    let squatter = JoinDraft { id: draft(9).id, ..draft(1) };
    assert!(refusal(&mut voter, "Test Cluster", squatter).contains("belongs to member"));
    let greedy = JoinDraft { num_tokens: 0, ..draft(5) };
    assert!(refusal(&mut voter, "Test Cluster", greedy).contains("num_tokens"));
}

#[test]
fn what_exists_or_does_not_is_told_apart() {
    let mut voter = Voter::with_members(1);
    let mut random = Random::new(4);
    voter.run(&keyspace("ks", 1), &mut random).unwrap();
    voter.run(&create("ks", "t"), &mut random).unwrap();
    let again = voter.run(&create("ks", "t"), &mut random).unwrap_err();
    assert_eq!(again, CommandRefusal::AlreadyExists { keyspace: "ks".to_owned(), table: "t".to_owned() });
    let quietly = Command::CreateTable { draft: table("ks", "t"), if_not_exists: true };
    assert!(voter.run(&quietly, &mut random).unwrap_err().is_no_op());
    assert_eq!(
        voter.run(&create("none", "t"), &mut random).unwrap_err(),
        CommandRefusal::NoKeyspace("none".to_owned())
    );
    let columns: Vec<u32> = voter.state.table("ks", "t").unwrap().columns().map(|c| c.id.0).collect();
    assert_eq!(columns, [0, 1, 2, 3]);
}

#[test]
fn a_column_that_is_added_again_has_its_id_and_no_other_column_has() {
    let mut voter = Voter::with_members(1);
    let mut random = Random::new(4);
    voter.run(&keyspace("ks", 1), &mut random).unwrap();
    voter.run(&create("ks", "t"), &mut random).unwrap();
    let alter = |voter: &mut Voter, change| {
        let command =
            Command::AlterTable { keyspace: "ks".to_owned(), table: "t".to_owned(), if_exists: false, change };
        voter.run(&command, &mut Random::new(1)).map(|_| ())
    };
    let text = |name: &str| ColumnDraft {
        name: name.to_owned(),
        data_type: DataType::Text,
        order: Order::Ascending,
        mask: None,
    };
    let add = |name: &str| TableChange::Add {
        columns: vec![AddedColumn { draft: text(name), is_static: false }],
        if_not_exists: false,
    };
    let drop = |name: &str| TableChange::Drop { columns: vec![name.to_owned()], if_exists: false, dropped_us: None };
    let id = |voter: &Voter, name: &str| voter.state.table("ks", "t").unwrap().column(name).map(|c| c.id.0);
    alter(&mut voter, add("x")).unwrap();
    assert_eq!(id(&voter, "x"), Some(4));
    alter(&mut voter, drop("x")).unwrap();
    assert_eq!(id(&voter, "x"), None);
    alter(&mut voter, add("y")).unwrap();
    alter(&mut voter, add("x")).unwrap();
    assert_eq!((id(&voter, "y"), id(&voter, "x")), (Some(5), Some(4)));
    assert!(alter(&mut voter, add("x")).unwrap_err().to_string().contains("already exists"));
    let at = TableChange::Drop { columns: vec!["x".to_owned()], if_exists: false, dropped_us: Some(-5) };
    alter(&mut voter, at).unwrap();
    assert_eq!(voter.state.table("ks", "t").unwrap().history.dropped["x"].dropped_us, -5);
    alter(&mut voter, add("z")).unwrap();
    assert_eq!(id(&voter, "z"), Some(6));
    let number = AddedColumn { draft: ColumnDraft { data_type: DataType::Int, ..text("x") }, is_static: false };
    let other = TableChange::Add { columns: vec![number], if_not_exists: false };
    assert!(alter(&mut voter, other).unwrap_err().to_string().contains("incompatible with previous type text"));
}

#[test]
fn many_columns_are_added_and_dropped_in_steps_in_proportion() {
    let steps = |count: usize| {
        let mut voter = Voter::with_members(1);
        voter.run(&keyspace("ks", 1), &mut Random::new(4)).unwrap();
        voter.run(&create("ks", "t"), &mut Random::new(4)).unwrap();
        let draft = |i: usize| ColumnDraft {
            name: format!("c{i}"),
            data_type: DataType::Int,
            order: Order::Ascending,
            mask: None,
        };
        let columns = (0..count).map(|i| AddedColumn { draft: draft(i), is_static: false }).collect();
        let add = TableChange::Add { columns, if_not_exists: false };
        let columns = (0..count).map(|i| draft(i).name).collect();
        let drop = TableChange::Drop { columns, if_exists: false, dropped_us: None };
        let mut alter = |change: TableChange| {
            let (keyspace, table) = ("ks".to_owned(), "t".to_owned());
            let alter = Command::AlterTable { keyspace, table, if_exists: false, change };
            henge_base::steps_of(|| voter.run(&alter, &mut Random::new(1)).unwrap())
        };
        [alter(add), alter(drop)]
    };
    let (once, twice) = (steps(400), steps(800));
    assert!(twice[0] < 3 * once[0] && twice[1] < 3 * once[1], "{once:?} steps, then {twice:?}");
}

#[test]
fn masks_stay_with_their_columns_and_entries_without_them_are_read() {
    let mut voter = Voter::with_members(1);
    voter.run(&keyspace("ks", 1), &mut Random::new(4)).unwrap();
    let mask = |name: &str| ColumnMask { function: name.to_owned(), arguments: Vec::new() };
    let mut draft = table("ks", "t");
    draft.clustering[0].mask = Some(mask("mask_null"));
    draft.regulars[1].mask = Some(mask("mask_default"));
    let entry = voter.run(&Command::CreateTable { draft, if_not_exists: false }, &mut Random::new(4)).unwrap();
    assert_eq!(SealedEntry::decode(entry.bytes().clone(), VersionRange::OF_RELEASE).as_ref(), Ok(&entry));
    let alter = |voter: &mut Voter, change| {
        let (keyspace, table) = ("ks".to_owned(), "t".to_owned());
        let command = Command::AlterTable { keyspace, table, if_exists: false, change };
        voter.run(&command, &mut Random::new(1))
    };
    let set = |name: &str, data_type: DataType, mask: Option<ColumnMask>| TableChange::Mask {
        column: name.to_owned(),
        data_type: Some(data_type),
        mask,
        if_exists: false,
    };
    let masks = |voter: &Voter| -> Vec<(String, String)> {
        let table = voter.state.table("ks", "t").unwrap();
        let masked = table.columns().filter_map(|c| Some((c.name.clone(), table.masks.get(&c.id)?.function.clone())));
        masked.collect()
    };
    let of = |name: &str, function: &str| (name.to_owned(), function.to_owned());
    alter(&mut voter, TableChange::Rename { names: vec![("c".to_owned(), "d".to_owned())], if_exists: false }).unwrap();
    alter(&mut voter, set("v", DataType::Text, Some(mask("mask_hash")))).unwrap();
    assert_eq!(masks(&voter), [of("d", "mask_null"), of("v", "mask_hash"), of("w", "mask_default")]);
    assert!(alter(&mut voter, set("v", DataType::Int, None)).is_err());
    assert!(alter(&mut voter, set("x", DataType::Text, None)).unwrap_err().to_string().contains("'x' doesn't exist"));
    alter(&mut voter, set("v", DataType::Text, None)).unwrap();
    assert_eq!(alter(&mut voter, set("v", DataType::Text, None)), Err(CommandRefusal::Nothing));
    let drop = TableChange::Drop { columns: vec!["w".to_owned()], if_exists: false, dropped_us: None };
    alter(&mut voter, drop).unwrap();
    assert_eq!(masks(&voter), [of("d", "mask_null")]);
    let unmasked = alter(&mut voter, set("d", DataType::Text, None)).unwrap();
    // Without masks it is written as it was before there were any.
    assert!(!unmasked.bytes().windows(5).any(|bytes| bytes == b"masks"));
    assert_eq!(SealedEntry::decode(unmasked.bytes().clone(), VersionRange::OF_RELEASE), Ok(unmasked));
}

#[test]
fn options_are_changed_by_one_at_a_time_and_rows_stay_where_they_lie() {
    let mut voter = Voter::with_members(1);
    voter.run(&keyspace("ks", 1), &mut Random::new(4)).unwrap();
    voter.run(&create("ks", "t"), &mut Random::new(4)).unwrap();
    let was = voter.state.table("ks", "t").unwrap().options.clone();
    let now = henge_model::TableOptions { default_time_to_live: 60, ..was.clone() };
    let change = TableChange::Options { was: Box::new(was), now: Box::new(now), properties: Vec::new() };
    let alter = Command::AlterTable { keyspace: "ks".to_owned(), table: "t".to_owned(), if_exists: false, change };
    voter.run(&alter, &mut Random::new(5)).unwrap();
    let table = voter.state.table("ks", "t").unwrap();
    assert_eq!((table.options.default_time_to_live, table.lies_apart()), (60, false));
    assert!(voter.run(&alter, &mut Random::new(6)).unwrap_err().to_string().contains("try again"));
    let truncate = Command::Truncate { keyspace: "ks".to_owned(), table: "t".to_owned() };
    voter.run(&truncate, &mut Random::new(7)).unwrap();
    assert!(voter.state.table("ks", "t").unwrap().lies_apart(), "without rows it can move");
}

#[test]
fn the_first_conditional_write_fixes_the_voters_of_all_others() {
    let mut voter = Voter::with_members(1);
    voter.run(&keyspace("ks", 1), &mut Random::new(4)).unwrap();
    voter.run(&create("ks", "t"), &mut Random::new(4)).unwrap();
    let alter = |voter: &mut Voter, change| {
        let (keyspace, table) = ("ks".to_owned(), "t".to_owned());
        let command = Command::AlterTable { keyspace, table, if_exists: false, change };
        voter.run(&command, &mut Random::new(1)).map(|_| ())
    };
    let fix = |voter: &mut Voter, scope| alter(voter, TableChange::FixSerialScope(scope)).map_err(|e| e.to_string());
    let scope = |voter: &Voter| voter.state.table("ks", "t").unwrap().options.serial_consistency;
    fix(&mut voter, SerialScope::Local).unwrap();
    assert_eq!(scope(&voter), Some(SerialScope::Local));
    assert_eq!(fix(&mut voter, SerialScope::Local), Err(CommandRefusal::Nothing.to_string()));
    let refused = fix(&mut voter, SerialScope::Global).unwrap_err();
    assert!(
        refused.contains("decided at LOCAL_SERIAL") && refused.contains("serial_consistency = 'SERIAL'"),
        "{refused}"
    );
    // An operator may set another one.
    let was = voter.state.table("ks", "t").unwrap().options.clone();
    let now = henge_model::TableOptions { serial_consistency: Some(SerialScope::Global), ..was.clone() };
    let change = TableChange::Options { was: Box::new(was), now: Box::new(now), properties: Vec::new() };
    alter(&mut voter, change).unwrap();
    assert!(fix(&mut voter, SerialScope::Local).unwrap_err().contains("decided at SERIAL"));
    // An empty table keeps it too: statements of before are still under way.
    let truncate = Command::Truncate { keyspace: "ks".to_owned(), table: "t".to_owned() };
    voter.run(&truncate, &mut Random::new(7)).unwrap();
    assert_eq!(scope(&voter), Some(SerialScope::Global));
}

#[test]
fn a_compact_table_takes_no_column_and_can_become_as_others_are() {
    let mut voter = Voter::with_members(1);
    voter.run(&keyspace("ks", 1), &mut Random::new(4)).unwrap();
    let mut draft = table("ks", "t");
    draft.options.compact_storage = Some(CompactStorage::Dense);
    voter.run(&Command::CreateTable { draft, if_not_exists: false }, &mut Random::new(4)).unwrap();
    let alter = |voter: &mut Voter, change| {
        let (keyspace, table) = ("ks".to_owned(), "t".to_owned());
        let command = Command::AlterTable { keyspace, table, if_exists: false, change };
        voter.run(&command, &mut Random::new(1)).map(|_| ()).map_err(|e| e.to_string())
    };
    let draft = ColumnDraft { name: "x".to_owned(), data_type: DataType::Text, order: Order::Ascending, mask: None };
    let add = TableChange::Add { columns: vec![AddedColumn { draft, is_static: false }], if_not_exists: false };
    assert!(alter(&mut voter, add.clone()).unwrap_err().contains("Cannot add new column to a COMPACT STORAGE table"));
    let name = voter.state.table("ks", "t").unwrap().regulars[0].name.clone();
    let drop = TableChange::Drop { columns: vec![name], if_exists: false, dropped_us: None };
    assert!(alter(&mut voter, drop).unwrap_err().contains("Cannot drop columns from a COMPACT STORAGE table"));
    alter(&mut voter, TableChange::DropCompactStorage).unwrap();
    assert_eq!(voter.state.table("ks", "t").unwrap().options.compact_storage, None);
    assert!(alter(&mut voter, TableChange::DropCompactStorage).unwrap_err().contains("without COMPACT STORAGE"));
    alter(&mut voter, add).unwrap();
}

#[test]
fn a_range_keeps_the_epoch_since_which_it_is_held() {
    let mut voter = Voter::with_members(3);
    let mut random = Random::new(5);
    // Two copies are those of the system's own keyspace.
    voter.run(&keyspace("a", 1), &mut random).unwrap();
    let first = voter.state.epoch.index;
    voter.run(&keyspace("b", 1), &mut random).unwrap();
    voter.run(&keyspace("c", 3), &mut random).unwrap();
    let since = |factor| {
        let placement = voter.state.placements.get(&Replication::Simple { factor }).unwrap();
        placement.ranges().map(|r| r.since).collect::<BTreeSet<u64>>()
    };
    assert_eq!(since(1), BTreeSet::from([first]));
    assert_eq!(since(3), BTreeSet::from([first + 2]));
}
