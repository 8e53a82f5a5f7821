//! Reads by an index.
//!
//! A replica that is behind may return a row whose value has changed since, and lack one whose value came since. So a row is
//! taken at once only if all replicas that were asked return the same; every other row that one of them returned is read
//! again by its key, at the level of the read. A row that satisfies the query has its value on a quorum, so at least one of
//! the replicas asked returns it.

use crate::key_read::{plan, read_by_key};
use crate::limits::REREAD_BYTES_MAX;
use crate::plan::ReadPlan;
use crate::reconcile::beyond;
use crate::replica_read::{AnswerForm, Answers, ReplicaRead};
use crate::{Read, ReadError, ReadReply, Replicas, Work};
use henge_base::Bytes;
use henge_model::{Key, KeyKind, KeyRange, ReadCommand, Row, RowBlock, RowView, SpeculativeRetry, encode_row};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Reads rows that an index finds.
pub(crate) async fn read_by_index<R: Replicas>(replicas: &R, read: &Read) -> Result<RowBlock, ReadError> {
    let began = replicas.mono();
    let ReadPlan { required, candidates, handover, .. } = plan(replicas, read, (Work::Range, began))?;
    let epoch = read.placed.epoch;
    let (consistency, deadline) = (read.consistency, read.deadline);
    let command = Arc::clone(&read.command);
    let (speculation, work) = (SpeculativeRetry::default(), Work::Range);
    let replica_read =
        ReplicaRead { replicas, command, epoch, required: &required, consistency, began, deadline, speculation, work };
    let Answers { answers, .. } = replica_read.ask(candidates, AnswerForm::Rows).await?;
    // Rows that a later read could miss are read again by their keys, which sends them to those that lack them.
    let has_holders = handover.is_none_or(|handover| handover.is_met(answers.iter().map(|(candidate, _)| *candidate)));
    let blocks = answers.into_iter().filter_map(|(_, reply)| match reply {
        ReadReply::Rows(block) => Some(block),
        ReadReply::Digest(_) => None,
    });
    let mut blocks: Vec<RowBlock> = blocks.collect();
    if blocks.len() == 1
        && has_holders
        && let Some(block) = blocks.pop()
    {
        return Ok(block);
    }
    let whole_partitions = read.command.probe.as_ref().is_some_and(|probe| probe.whole_partitions);
    let trust = match (replicas.faults().trust_indexes, has_holders) {
        (true, _) => Trust::All,
        (false, true) => Trust::Same,
        (false, false) => Trust::None,
    };
    let (mut found, doubtful) = AgreedRows::of(blocks, whole_partitions, trust);
    let again = if whole_partitions {
        partitions(&doubtful, &read.command, found.end())
    } else {
        keys(&doubtful, replicas.limits().reread_keys)
    };
    for keys in again {
        if read_again(replicas, read, keys, &mut found).await? == Again::Stopped {
            break;
        }
    }
    Ok(found.finish(&read.command))
}

/// The outcome of reading keys again.
#[derive(PartialEq, Eq)]
enum Again {
    Done,
    /// The answer ends at the last key that was read.
    Stopped,
}

/// Reads keys without the index: single ones to their end, a run of them as far as one answer goes.
async fn read_again<R: Replicas>(
    replicas: &R,
    read: &Read,
    keys: KeyRange,
    found: &mut AgreedRows,
) -> Result<Again, ReadError> {
    let is_run = matches!(keys, KeyRange::Run { .. });
    let limit = if is_run { read.command.limit } else { u32::MAX };
    let mut next = Some(Arc::new(ReadCommand { keys, limit, probe: None, ..ReadCommand::clone(&read.command) }));
    while let Some(command) = next.take() {
        let block = read_by_key(replicas, &Read { command: Arc::clone(&command), ..read.clone() }).await?;
        let last = block.rows.last().filter(|_| block.more).map(|(key, _)| key.clone());
        found.rows.extend(block.rows);
        found.context.extend(block.context);
        let Some(last) = last else { break };
        if is_run {
            found.stop_at(last);
            return Ok(Again::Stopped);
        }
        next = beyond(&command, &last, limit).map(Arc::new);
    }
    Ok(Again::Done)
}

/// The rows that are taken as replicas return them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    All,
    /// Those that all replicas return alike.
    Same,
    None,
}

/// The rows of the answer.
struct AgreedRows {
    rows: BTreeMap<Bytes, Bytes>,
    context: BTreeMap<Bytes, Bytes>,
    /// The key beyond which some replica has not answered; empty if all have.
    last: Bytes,
    /// True if there may be rows beyond.
    more: bool,
}

/// Keys that replicas do not agree on, with the size of the largest version.
type Doubtful = BTreeMap<Bytes, usize>;

impl AgreedRows {
    /// The rows that replicas agree on, and the keys of the others.
    fn of(blocks: Vec<RowBlock>, whole_partitions: bool, trust: Trust) -> (AgreedRows, Doubtful) {
        let stopped = blocks.iter().filter(|block| block.more);
        let last = stopped.filter_map(|block| block.rows.last()).map(|(key, _)| key.clone()).min();
        let last = last.unwrap_or_default();
        let asked = blocks.len();
        let (mut versions, mut more) = (BTreeMap::<Bytes, Vec<Bytes>>::new(), false);
        let mut context = BTreeMap::new();
        let statics: Vec<BTreeMap<Bytes, Bytes>> = blocks.iter().map(|b| b.context.iter().cloned().collect()).collect();
        for block in blocks {
            more |= block.more;
            context.extend(block.context);
            for (key, row) in block.rows {
                let is_beyond = !last.is_empty() && key > last;
                more |= is_beyond;
                if !is_beyond {
                    versions.entry(key).or_default().push(row);
                }
            }
        }
        let partition = |key: &Bytes| key.slice(..Key::partition(key).unwrap_or(key.len()));
        let same_statics = |key: &Bytes| {
            let of_it = [&partition(key)[..], &[KeyKind::Static as u8]].concat();
            statics.windows(2).all(|pair| pair[0].get(&of_it[..]) == pair[1].get(&of_it[..]))
        };
        let same = |of_key: &[Bytes]| of_key.len() == asked && of_key.windows(2).all(|pair| pair[0] == pair[1]);
        let agreed = |key: &Bytes, of_key: &[Bytes]| match trust {
            Trust::All => true,
            Trust::Same => same(of_key) && same_statics(key),
            Trust::None => false,
        };
        let doubted = versions.iter().filter(|(key, of_key)| !agreed(key, of_key)).map(|(key, _)| partition(key));
        let doubted: BTreeSet<Bytes> = if whole_partitions { doubted.collect() } else { BTreeSet::new() };
        let mut found = AgreedRows { rows: BTreeMap::new(), context, last, more };
        let mut doubtful = Doubtful::new();
        for (key, of_key) in versions {
            if agreed(&key, &of_key) && !doubted.contains(&partition(&key)) {
                found.rows.extend(of_key.into_iter().next().map(|row| (key, row)));
            } else {
                let size = of_key.iter().map(Bytes::len).max().unwrap_or(0);
                doubtful.insert(key, size);
            }
        }
        (found, doubtful)
    }

    /// Ends the answer at a key: rows beyond have not all been read.
    fn stop_at(&mut self, key: Bytes) {
        let beyond = self.rows.split_off(&key);
        self.rows.extend(beyond.into_iter().filter(|(other, _)| *other == key));
        (self.last, self.more) = (key, true);
    }

    /// The lowest key that no replica has to be asked for again, if there is one.
    fn end(&self) -> Option<Bytes> {
        (!self.last.is_empty()).then(|| [&self.last[..], &[0]].concat().into())
    }

    /// The answer: no more live rows than asked for, and where it stops a row to go on from.
    fn finish(self, command: &ReadCommand) -> RowBlock {
        let (mut rows, mut live, mut more) = (Vec::new(), 0, self.more);
        let mut stop = self.last;
        for (key, row) in self.rows {
            if live >= command.limit {
                more = true;
                stop = Bytes::new();
                break;
            }
            let counts = Key::kind(&key) != Some(KeyKind::Static);
            let is_live = RowView::parse_trusted(&row).is_ok_and(|row| row.is_live(command.now_seconds));
            live += u32::from(counts && is_live);
            rows.push((key, row));
        }
        if more && !stop.is_empty() && rows.last().is_none_or(|(key, _)| *key < stop) {
            // The rows there have changed meanwhile, or index entries were stale.
            let mut nothing = Vec::new();
            encode_row(&stop, &Row::default(), &mut nothing);
            rows.push((stop, nothing.into()));
        }
        RowBlock { rows, context: self.context.into_iter().collect(), more }
    }
}

/// Commands for single keys, none for too many at once.
fn keys(doubtful: &Doubtful, keys_max: usize) -> Vec<KeyRange> {
    let (mut all, mut keys, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (key, size) in doubtful {
        if keys.len() >= keys_max || (bytes + size > REREAD_BYTES_MAX && !keys.is_empty()) {
            all.push(KeyRange::Many(std::mem::take(&mut keys)));
            bytes = 0;
        }
        bytes += size;
        keys.push(key.clone());
    }
    if !keys.is_empty() {
        all.push(KeyRange::Many(keys));
    }
    all
}

/// The partitions of keys, as far as they were asked for and answered.
fn partitions(doubtful: &Doubtful, command: &ReadCommand, end: Option<Bytes>) -> Vec<KeyRange> {
    let KeyRange::Run { start: first, end: last, .. } = &command.keys else { return Vec::new() };
    let prefixes: BTreeSet<&[u8]> = doubtful.keys().filter_map(|key| Some(&key[..Key::partition(key)?])).collect();
    let run = |prefix: &[u8]| {
        let start = first.clone().max(Bytes::copy_from_slice(prefix));
        let behind = Bytes::from(Key::prefix_end(prefix));
        let bounds = [Some(behind), Some(last.clone()).filter(|last| !last.is_empty()), end.clone()];
        let end = bounds.into_iter().flatten().min().unwrap_or_default();
        KeyRange::Run { start, end, reversed: false }
    };
    prefixes.into_iter().map(run).collect()
}

#[cfg(test)]
mod tests;
