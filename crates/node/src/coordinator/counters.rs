//! Leading additions to counters: what is added becomes part of this node's own shard (see `henge_model`), which is on disk before any
//! other replica hears of it. Otherwise a node that lost it would begin again from less, with a newer timestamp.

use crate::coordinator::Core;
use crate::ground::world::{CallError, Class, To, World};
use crate::peers::control::{decode, encode};
use crate::peers::header::{Header, Kind, Status};
use crate::replica::serve::{Access, admit, refuse};
use henge_base::{Bytes, HostId, Micros};
use henge_coordinator::{
    Count, ReadKind, ReadReply, Refusal, ReplicaError, Replicas, Write, WriteError, WriteType, check_write, write,
};
use henge_model::{Cell, CellKind, ColumnId, Columns, Key, KeyRange, Mutation, ReadCommand, Row, RowView, encode_row};
use henge_storage::SyncMode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a leader is asked.
#[derive(Debug, Serialize, Deserialize)]
struct Question {
    additions: Bytes,
    consistency: String,
}

/// What it answers.
#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    Done,
    Unavailable { required: u32, alive: u32 },
    Unknown { received: u32, block_for: u32 },
}

/// Asks a peer to lead.
pub(crate) async fn ask<W: World>(core: &Core<W>, leader: HostId, count: Count) -> Result<(), WriteError> {
    let consistency = count.consistency;
    let unknown =
        |received, block_for| WriteError::Timeout { consistency, received, block_for, write_type: WriteType::Counter };
    let question = Question { additions: count.additions, consistency: consistency.to_string() };
    let message = core.shared.message(Kind::Count, &encode(&question));
    let reply = core.shared.world.call(To::Host(leader), Class::Request, count.deadline, message).await;
    if reply == Err(CallError::NotSent) {
        return Err(WriteError::Unavailable { consistency, required: 1, alive: 0 });
    }
    let body = match core.answered(leader, reply) {
        Err(ReplicaError::Refused(refusal)) if refusal.is_definite() => {
            let (received, block_for, failures) = (0, 1, vec![(leader, refusal)]);
            let write_type = WriteType::Counter;
            return Err(WriteError::Failure { consistency, received, block_for, failures, write_type });
        }
        body => body.ok(),
    };
    match body.and_then(|body| decode(&body).ok()) {
        Some(Answer::Done) => Ok(()),
        Some(Answer::Unavailable { required, alive }) => Err(WriteError::Unavailable { consistency, required, alive }),
        Some(Answer::Unknown { received, block_for }) => Err(unknown(received, block_for)),
        None => Err(unknown(0, 1)),
    }
}

/// Serves a peer that asks this node to lead.
pub(crate) async fn serve<W: World>(core: &Core<W>, from: HostId, header: &Header, body: &Bytes) -> Bytes {
    let known = core.current(from, header).await;
    let shared = &core.shared;
    let question = decode::<Question>(body).ok();
    let count = question.and_then(|q| Some((q.additions.clone(), q.consistency.parse().ok()?, place(&q.additions)?)));
    let Some((additions, consistency, (storage, token))) = count else {
        return shared.reply(Status::Unsupported, &[]);
    };
    let admitted = admit(shared, storage, token, header.epoch, Access::Write).and_then(|()| shared.check_room());
    if let Err(error) = admitted {
        return refuse(shared, header, known, error);
    }
    let Some(placed) = shared.view.load().placed_of(storage).cloned() else {
        return refuse(shared, header, known, ReplicaError::Refused(Refusal::UnknownTable));
    };
    let deadline = shared.within(shared.options.write_timeout);
    let answer = match lead(core, Count { placed, token, additions, consistency, deadline }).await {
        Ok(()) => Answer::Done,
        Err(WriteError::Unavailable { required, alive, .. }) => Answer::Unavailable { required, alive },
        Err(WriteError::Timeout { received, block_for, .. } | WriteError::Failure { received, block_for, .. }) => {
            Answer::Unknown { received, block_for }
        }
        Err(WriteError::Undecided { .. } | WriteError::Invalid(_)) => Answer::Unknown { received: 0, block_for: 1 },
    };
    shared.reply(Status::Ok, &encode(&answer))
}

fn place(additions: &Bytes) -> Option<(henge_model::StorageId, henge_model::Token)> {
    let mutation = Mutation::decode(additions.clone()).ok()?;
    let key = &mutation.rows.first()?.0;
    Some((Key::storage_id(key)?, Key::token(key)?))
}

/// Adds here, then writes the sums to the other replicas.
pub(crate) async fn lead<W: World>(core: &Core<W>, count: Count) -> Result<(), WriteError> {
    let Count { placed, token, additions, consistency, deadline } = count;
    let block_for = 1;
    let failed = |error: ReplicaError| match error {
        ReplicaError::Refused(refusal) => WriteError::Failure {
            consistency,
            received: 0,
            block_for,
            failures: vec![(core.local(), refusal)],
            write_type: WriteType::Counter,
        },
        _ => WriteError::Timeout { consistency, received: 0, block_for, write_type: WriteType::Counter },
    };
    check_write(core, &placed, token, consistency)?;
    let sums = add(core, additions).await.map_err(failed)?;
    let write_type = WriteType::Counter;
    let applied = Some(core.local());
    let write = write(core, Write { placed, token, mutation: sums, consistency, deadline, write_type, applied });
    write.await.map_err(|error| match error {
        // Others went down meanwhile: but it is added here, and will be there.
        WriteError::Unavailable { consistency, required, .. } => {
            WriteError::Timeout { consistency, received: 1, block_for: required, write_type }
        }
        other => other,
    })
}

/// Makes shards of additions, and gives them once they are on this node's disk.
async fn add<W: World>(core: &Core<W>, additions: Bytes) -> Result<Bytes, ReplicaError> {
    let corrupt = ReplicaError::Refused(Refusal::Corrupt);
    let mutation = Mutation::decode(additions).map_err(|_| corrupt)?;
    let first = mutation.rows.first().map(|(key, _)| key.clone()).ok_or(corrupt)?;
    let _turn = core.shared.counters.take(&first).await;
    let mut shards = Shards { own: Bytes::copy_from_slice(core.local().0.as_bytes()), sums: BTreeMap::new() };
    let mut rows = Vec::with_capacity(mutation.rows.len());
    for (key, row) in &mutation.rows {
        let view = RowView::parse(key, row).map_err(|_| corrupt)?;
        if Key::extent(key).is_none() {
            shards.load(core, key).await?;
        }
        rows.push((key.clone(), shards.of(key, &view.to_row(), mutation.issued)));
    }
    let sums = Mutation { issued: mutation.issued, rows }.encode();
    core.apply(sums.clone()).await?;
    if core.shared.options.sync == SyncMode::Unsynced {
        core.shared.syncs.synced(&core.shared).await?;
    }
    Ok(sums)
}

/// This node's shards of the rows of one mutation.
struct Shards {
    own: Bytes,
    /// By row: the sum of each column, and the newest timestamp of anything there.
    sums: BTreeMap<Bytes, (BTreeMap<ColumnId, i64>, Micros)>,
}

impl Shards {
    /// Reads a row, unless it was read already.
    async fn load<W: World>(&mut self, core: &Core<W>, key: &Bytes) -> Result<(), ReplicaError> {
        if self.sums.contains_key(key) {
            return Ok(());
        }
        let corrupt = ReplicaError::Refused(Refusal::Corrupt);
        let (storage_id, token) = Key::storage_id(key).zip(Key::token(key)).ok_or(corrupt)?;
        let now_seconds = core.shared.world.wall_us().div_euclid(1_000_000);
        let command = ReadCommand {
            storage_id,
            token,
            keys: KeyRange::One(Key(key.clone())),
            statics: false,
            columns: Columns::All,
            limit: 1,
            now_seconds,
            purge_before: i64::MIN,
            probe: None,
        };
        let read = Replicas::read(core, core.local(), Arc::new(command), ReadKind::Rows, core.shared.world.mono());
        let ReadReply::Rows(block) = read.await? else { return Err(corrupt) };
        let (mut sums, mut newest) = (BTreeMap::new(), Micros::MIN);
        for (found, row) in block.rows.iter().chain(&block.context) {
            let view = RowView::parse(found, row).map_err(|_| corrupt)?;
            newest = newest.max(view.newest());
            for cell in view.cells().filter(|cell| found == key && cell.path == self.own) {
                let sum = cell.live_value(now_seconds).and_then(|value| value.try_into().ok());
                sums.extend(sum.map(|bytes| (cell.column, i64::from_be_bytes(bytes))));
            }
        }
        self.sums.insert(key.clone(), (sums, newest));
        Ok(())
    }

    /// A row whose additions are sums now, newer than all that is there. What it deletes stays as it is.
    fn of(&mut self, key: &Bytes, row: &Row, issued: Micros) -> Bytes {
        let mut cells = Vec::with_capacity(row.cells.len());
        for cell in &row.cells {
            let addition = match &cell.kind {
                CellKind::Live { value } if cell.path.is_empty() => value.as_ref().try_into().map(i64::from_be_bytes),
                _ => {
                    cells.push(cell.clone());
                    continue;
                }
            };
            let Some((sums, newest)) = self.sums.get_mut(key) else { continue };
            let sum = sums.entry(cell.column).or_insert(0);
            *sum = sum.wrapping_add(addition.unwrap_or(0));
            *newest = issued.max(newest.saturating_add(1));
            let kind = CellKind::Live { value: Bytes::copy_from_slice(&sum.to_be_bytes()) };
            cells.push(Cell { column: cell.column, path: self.own.clone(), timestamp: *newest, kind });
        }
        if cells.iter().any(|cell| matches!(cell.kind, CellKind::ComplexDeletion { .. })) {
            // A later addition of the same batch begins again.
            if let Some((sums, _)) = self.sums.get_mut(key) {
                for cell in cells.iter().filter(|cell| matches!(cell.kind, CellKind::ComplexDeletion { .. })) {
                    sums.remove(&cell.column);
                }
            }
        }
        let mut encoded = Vec::new();
        encode_row(key, &Row { marker: row.marker, deletion: row.deletion, cells }, &mut encoded);
        encoded.into()
    }
}
