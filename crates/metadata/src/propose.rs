//! Turning a command into an entry: the one place where algorithms run and ids are allocated.

use crate::access;
use crate::alter::alter_table;
use crate::indexes::{create_index, drop_index};
use crate::keyspaces::{create_keyspace, drop_keyspace};
use crate::limits::ENTRY_BYTES;
use crate::membership::{bootstrap, join, leave, remove, replace, replace_voters, update_member};
use crate::moves::move_ranges;
use crate::plan_steps::{abort, advance};
use crate::replication_change::alter_keyspace;
use crate::system_keyspaces::missing;
use crate::tables::{create_table, drop_table, truncate};
use crate::types::{alter_type, create_type, drop_type};
use crate::version_raise::raise;
use crate::{ApplyError, Change, ClusterState, Command, CommandId, CommandRefusal, Entry, Epoch, SealedEntry};
use henge_base::{HostId, Micros, Random};

/// The entry that carries out a command, known by its `origin`, on a state.
pub fn propose(
    state: &ClusterState,
    origin: CommandId,
    command: &Command,
    random: &mut Random,
    now_us: Micros,
) -> Result<SealedEntry, CommandRefusal> {
    let (command, creator) = match command {
        Command::By { role, command } => (&**command, Some(role.as_str())),
        command => (command, None),
    };
    let mut changes = changes_of(state, command, random, now_us)?;
    changes.extend(access::follow(state, &changes, creator));
    let entry = Entry { epoch: state.epoch.next(), previous: state.hash, origin, proposed: now_us, changes };
    let entry = entry.seal(state.active_version);
    let bytes = entry.bytes().len();
    if bytes > ENTRY_BYTES {
        return Err(CommandRefusal::Limit(format!(
            "the change takes {bytes} bytes in the cluster's log, more than the {ENTRY_BYTES} that one entry may have"
        )));
    }
    debug_assert_eq!(after(state, &entry).map(|next| next.check()), Ok(Ok(())), "{command:?}");
    Ok(entry)
}

/// The changes that a command makes. Those of permissions that follow are added by [`propose`].
fn changes_of(
    state: &ClusterState,
    command: &Command,
    random: &mut Random,
    now_us: Micros,
) -> Result<Vec<Change>, CommandRefusal> {
    match command {
        Command::Bootstrap { name, first } => bootstrap(state, name, first, random),
        _ if state.epoch.index == 0 => Err(CommandRefusal::Cluster("this node has no cluster yet".to_owned())),
        Command::Join { name, member } => join(state, name, member, random),
        Command::UpdateMember { id, address, rpc_address } => update_member(state, *id, *address, *rpc_address),
        Command::RemoveMember { id, force } => remove(state, *id, *force),
        Command::LeaveMember { id, force } => leave(state, *id, *force),
        Command::ReplaceMember { name, dead, member } => replace(state, name, *dead, member),
        Command::AdvancePlan { plan, from } => advance(state, *plan, *from),
        Command::AbortPlan { plan } => abort(state, *plan),
        Command::MoveRanges { setting, ranges } => move_ranges(state, setting, ranges),
        Command::ReplaceVoters { down } => replace_voters(state, down),
        Command::CreateSystemKeyspaces => match missing(state, random)? {
            changes if changes.is_empty() => Err(CommandRefusal::Nothing),
            changes => Ok(changes),
        },
        Command::CreateKeyspace { name, replication, durable_writes, if_not_exists } => {
            create_keyspace(state, name, replication, *durable_writes, *if_not_exists)
        }
        Command::AlterKeyspace { name, durable_writes, replication } => {
            alter_keyspace(state, name, *durable_writes, replication.as_ref())
        }
        Command::DropKeyspace { name, if_exists } => drop_keyspace(state, name, *if_exists),
        Command::CreateTable { draft, if_not_exists } => create_table(state, draft, *if_not_exists, random),
        Command::AlterTable { keyspace, table, if_exists, change } => {
            alter_table(state, keyspace, table, *if_exists, change, now_us)
        }
        Command::DropTable { keyspace, table, if_exists } => drop_table(state, keyspace, table, *if_exists),
        Command::CreateType { user_type, if_not_exists } => create_type(state, user_type, *if_not_exists),
        Command::AlterType { keyspace, name, if_exists, change } => {
            alter_type(state, keyspace, name, *if_exists, change)
        }
        Command::DropType { keyspace, name, if_exists } => drop_type(state, keyspace, name, *if_exists),
        Command::CreateIndex { keyspace, table, draft, if_not_exists } => {
            create_index(state, keyspace, table, draft, *if_not_exists)
        }
        Command::DropIndex { keyspace, name, if_exists } => drop_index(state, keyspace, name, *if_exists),
        Command::RaiseVersion { to, asked } => raise(state, *to, asked),
        Command::Truncate { keyspace, table } => truncate(state, keyspace, table),
        Command::Role(command) => access::propose(state, command),
        Command::By { .. } => Err(CommandRefusal::Invalid("a command has one creator".to_owned())),
    }
}

/// The state that an entry leads to.
fn after(state: &ClusterState, entry: &SealedEntry) -> Result<ClusterState, ApplyError> {
    let mut next = state.clone();
    next.apply(entry)?;
    Ok(next)
}

/// The entry that begins a new lineage with one voter, on an operator's word that most voters are lost for good. Nobody agrees on it.
pub fn begin_lineage(
    state: &ClusterState,
    voter: HostId,
    origin: CommandId,
    now_us: Micros,
) -> Result<SealedEntry, CommandRefusal> {
    if !state.members.contains_key(&voter) {
        return Err(CommandRefusal::Member(format!("host {voter} is no member")));
    }
    let epoch = Epoch { lineage: state.epoch.lineage + 1, index: state.epoch.index + 1 };
    let changes = vec![Change::Voters(vec![voter])];
    Ok(Entry { epoch, previous: state.hash, origin, proposed: now_us, changes }.seal(state.active_version))
}
