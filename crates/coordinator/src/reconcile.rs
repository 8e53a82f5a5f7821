//! Making one answer of replicas that differ, with what each of them lacks of it.

use crate::block::is_sound;
use crate::candidate::{Candidate, are_distinct};
use crate::lateness::patience;
use crate::limits::SHORT_READ_ROWS_MIN;
use crate::merge::{Merge, MergedRow, Step};
use crate::replica_read::ReplicaRead;
use crate::under_way::{Next, UnderWay};
use crate::{Event, ReadKind, ReadReply, Replicas};
use henge_base::{Bytes, HostId};
use henge_model::{KeyRange, ReadCommand, RowBlock};
use smallvec::SmallVec;
use std::sync::Arc;

/// Rows, by key, that a replica is to be sent.
pub(crate) type Repair = (HostId, Vec<(Bytes, Bytes)>);

/// An answer, and what each replica lacks of it.
#[derive(Debug)]
pub(crate) struct Reconciliation {
    pub(crate) block: RowBlock,
    pub(crate) repairs: Vec<Repair>,
    /// True if replicas had to be asked for more than their first answer.
    pub(crate) asked_again: bool,
}

impl<R: Replicas> ReplicaRead<'_, R> {
    /// Merges rows until there are enough live ones, asking those replicas for more that stopped too early. An answer that has
    /// to stop before says so by `more`; it is never empty then.
    pub(crate) async fn reconcile(&self, answers: SmallVec<[(Candidate, ReadReply); 3]>) -> Reconciliation {
        let (hosts, blocks): (SmallVec<[HostId; 3]>, SmallVec<[RowBlock; 3]>) = answers
            .into_iter()
            .filter_map(|(candidate, reply)| match reply {
                ReadReply::Rows(block) => Some((candidate.host, block)),
                ReadReply::Digest(_) => None,
            })
            .unzip();
        debug_assert!(are_distinct(hosts.iter().copied()), "a replica is mended by what others have");
        let mut merge = Merge::new(&self.command, blocks.into_iter());
        let limits = self.replicas.limits();
        let mut answer = Answer::new(&hosts, self.command.limit, limits.merged_bytes);
        let mut short_reads = 0;
        while !answer.is_full() {
            match merge.next() {
                Step::Row(merged) => answer.add(merged),
                Step::End => break,
                Step::Starved(starved) => {
                    short_reads += 1;
                    if short_reads > limits.short_reads
                        || !self.read_on(&hosts, &starved, answer.missing_rows(), &mut merge).await
                    {
                        break;
                    }
                }
            }
        }
        let more = merge.has_more();
        let end = answer.rows.last().filter(|_| more).map(|(key, _)| key.clone());
        answer.finish(more, merge.context(end.as_ref()), short_reads > 0)
    }

    /// Asks replicas for rows beyond their last. If one of them fails or is late the answer ends there.
    async fn read_on(&self, hosts: &[HostId], starved: &[usize], wanted: u32, merge: &mut Merge) -> bool {
        let commands: SmallVec<[Option<Arc<ReadCommand>>; 3]> =
            starved.iter().map(|number| beyond(&self.command, merge.last(*number), wanted).map(Arc::new)).collect();
        let mut under_way = UnderWay::new();
        let patience = patience(self.replicas, starved.iter().map(|number| hosts[*number]), self.work, self.deadline);
        for (number, command) in starved.iter().zip(&commands) {
            let Some(command) = command else { return false };
            self.replicas.count(Event::ShortRead);
            let to = self.recipient(hosts[*number]);
            let read = self.replicas.read(to, Arc::clone(command), ReadKind::Rows, self.deadline);
            under_way.push((*number, command), read);
        }
        let mut late = self.replicas.pause(patience);
        loop {
            match under_way.next_before(&mut late).await {
                Next::Ended((number, command), Ok(ReadReply::Rows(block))) if is_sound(&block, command) => {
                    merge.feed(number, block, command.limit);
                }
                Next::Ended(..) | Next::Late => return false,
                Next::Idle => return true,
            }
        }
    }
}

/// The rest of a command beyond a key.
pub(crate) fn beyond(command: &ReadCommand, last: &Bytes, wanted: u32) -> Option<ReadCommand> {
    let limit = wanted.max(SHORT_READ_ROWS_MIN);
    let keys = match &command.keys {
        KeyRange::One(_) => return None,
        KeyRange::Run { start, end, reversed } => {
            let (start, end) = if *reversed { (start.clone(), last.clone()) } else { (above(last), end.clone()) };
            KeyRange::Run { start, end, reversed: *reversed }
        }
        KeyRange::Many(keys) => {
            let left = &keys[keys.partition_point(|key| key <= last)..];
            (!left.is_empty()).then(|| KeyRange::Many(left.to_vec()))?
        }
    };
    Some(ReadCommand { keys, limit, ..command.clone() })
}

/// The lowest key above another.
fn above(key: &[u8]) -> Bytes {
    let mut above = Vec::with_capacity(key.len() + 1);
    above.extend_from_slice(key);
    above.push(0);
    Bytes::from(above)
}

/// An answer in the making.
struct Answer {
    rows: Vec<(Bytes, Bytes)>,
    live: u32,
    limit: u32,
    bytes: usize,
    bytes_max: usize,
    repairs: Vec<Repair>,
}

impl Answer {
    fn new(hosts: &[HostId], limit: u32, bytes_max: usize) -> Answer {
        let repairs = hosts.iter().map(|host| (*host, Vec::new())).collect();
        Answer { rows: Vec::new(), live: 0, limit, bytes: 0, bytes_max, repairs }
    }

    fn missing_rows(&self) -> u32 {
        self.limit.saturating_sub(self.live)
    }

    fn is_full(&self) -> bool {
        self.live >= self.limit || self.bytes >= self.bytes_max
    }

    fn add(&mut self, merged: MergedRow) {
        for number in merged.lacking {
            self.repairs[number].1.push((merged.key.clone(), merged.row.clone()));
        }
        self.live += u32::from(merged.live);
        self.bytes += merged.key.len() + merged.row.len();
        self.rows.push((merged.key, merged.row));
    }

    fn finish(mut self, more: bool, context: Vec<MergedRow>, asked_again: bool) -> Reconciliation {
        for merged in &context {
            for number in &merged.lacking {
                self.repairs[*number].1.push((merged.key.clone(), merged.row.clone()));
            }
        }
        let repairs = self.repairs.into_iter().filter(|(_, rows)| !rows.is_empty()).collect();
        let context = context.into_iter().map(|merged| (merged.key, merged.row)).collect();
        Reconciliation { block: RowBlock { rows: self.rows, context, more }, repairs, asked_again }
    }
}
