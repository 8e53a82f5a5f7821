//! The record of streaming on disk: how far each range of each table has come, by the plan under way. Facts of another plan say nothing.

use crate::peers::messages::stream::StreamPart;
use henge_base::{Bytes, HostId};
use henge_model::{StorageId, TokenRange};
use henge_storage::{EngineError, Store, SyncMode};
use serde::{Deserialize, Serialize};

/// The name of the fact about the plan.
const PLAN: &str = "stream/plan";
/// The prefix of the facts about ranges; storage id and last token follow, in hexadecimal.
const RANGE: &str = "stream/range/";
/// The format of the facts.
const FORMAT: u8 = 1;
/// The stages of a plan: room was made, everything has come.
const ROOM_MADE: u8 = 0;
const DONE: u8 = 1;

/// The stage of a plan on this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nothing was done for it.
    New,
    /// Its ranges hold nothing of an earlier time.
    RoomMade,
    /// Everything has come, and is on disk.
    Done,
}

/// The fact that room was made for a plan.
pub(crate) fn room_made(plan: u64) -> (String, Bytes) {
    (PLAN.to_owned(), plan_fact(plan, ROOM_MADE))
}

fn plan_fact(plan: u64, stage: u8) -> Bytes {
    [&[FORMAT][..], &plan.to_be_bytes(), &[stage]].concat().into()
}

/// The stage of a plan.
pub(crate) fn stage(store: &Store, plan: u64) -> Result<Stage, EngineError> {
    let fact = store.local(PLAN)?;
    Ok(match fact.as_deref() {
        Some(fact) if *fact == *plan_fact(plan, DONE) => Stage::Done,
        Some(fact) if *fact == *plan_fact(plan, ROOM_MADE) => Stage::RoomMade,
        _ => Stage::New,
    })
}

/// Records, synced with all before it, that everything of a plan has come.
pub(crate) fn set_done(store: &Store, plan: u64) -> Result<(), EngineError> {
    store.sync()?;
    store.change_locals([(PLAN.to_owned(), Some(plan_fact(plan, DONE)))], SyncMode::Synced)
}

/// The progress of a range of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RangeProgress {
    /// The first token of the range: one that was cut otherwise since begins anew.
    pub(crate) start: i64,
    /// The part under way; `None` once all has come.
    pub(crate) part: Option<StreamPart>,
    /// The sources that have sent all of it.
    pub(crate) sources: Vec<HostId>,
    /// The source that is sending, and the key of the last row that was applied.
    pub(crate) cursor: Option<(HostId, Bytes)>,
}

impl RangeProgress {
    /// Nothing has come.
    pub(crate) fn new(range: TokenRange) -> RangeProgress {
        RangeProgress { start: range.start.0, part: Some(StreamPart::Acceptors), sources: Vec::new(), cursor: None }
    }

    /// Goes on to the next part.
    pub(crate) fn end_part(&mut self) {
        self.part = match self.part {
            Some(StreamPart::Acceptors) => Some(StreamPart::Rows),
            Some(StreamPart::Rows) | None => None,
        };
        self.sources.clear();
        self.cursor = None;
    }
}

fn name(table: StorageId, range: TokenRange) -> String {
    format!("{RANGE}{:08x}/{:016x}", table.0, range.end.0)
}

/// The progress of a range by a plan. What cannot be read, or is of another plan, is no progress.
pub(crate) fn progress(
    store: &Store,
    plan: u64,
    table: StorageId,
    range: TokenRange,
) -> Result<RangeProgress, EngineError> {
    let fact = store.local(&name(table, range))?;
    let head = [&[FORMAT][..], &plan.to_be_bytes()].concat();
    let stored = fact.as_deref().and_then(|fact| fact.strip_prefix(&head[..]));
    let read = stored.and_then(|stored| rmp_serde::from_slice::<RangeProgress>(stored).ok());
    Ok(read.filter(|read| read.start == range.start.0).unwrap_or_else(|| RangeProgress::new(range)))
}

/// Records progress. What was applied before is on disk if this is, and it is once anything later is.
pub(crate) fn set_progress(
    store: &Store,
    plan: u64,
    (table, range): (StorageId, TokenRange),
    progress: &RangeProgress,
) -> Result<(), EngineError> {
    let packed = rmp_serde::to_vec_named(progress).map_err(|error| EngineError::Io(error.to_string()))?;
    let fact = [&[FORMAT][..], &plan.to_be_bytes(), &packed].concat();
    store.change_locals([(name(table, range), Some(fact.into()))], SyncMode::Unsynced)
}

/// Removes the facts about ranges, once no plan is under way.
pub(crate) fn clear(store: &Store) -> Result<usize, EngineError> {
    let names = store.local_names(RANGE)?;
    let count = names.len();
    if count > 0 {
        store.change_locals(names.into_iter().map(|name| (name, None)), SyncMode::Unsynced)?;
    }
    Ok(count)
}
