//! Reads of a range that moves. Beside the replicas that are read there are *pending* ones, which only take writes: those that will be read
//! once the plan's step is over, or that were before it. A row is *handed over* once a later read at the level finds it, whichever
//! of them it asks (docs/protocols/moving-ranges.md). That is so once it is on
//!
//! - as many replicas as the level needs, all of which are read on both sides of the step; such are asked first; or
//! - as many as a write needs: those of the level, and one more for each pending replica.
//!
//! A read that finds its rows on others sends them to pending replicas before it answers, also if readers agree on them: nobody may have
//! acknowledged them.

use crate::candidate::{Candidate, Candidates};
use crate::mend::{Mend, mend};
use crate::replica_read::Answers;
use crate::required::{Group, RequiredAnswers, Shortage};
use crate::{Event, Replicas};
use henge_base::{Bytes, HostId, Mono};
use henge_model::{Consistency, RowBlock, RowView};
use henge_ring::{Epoch, Hosts, PlacedRange};
use smallvec::SmallVec;
use std::collections::BTreeSet;

/// The replicas of a range that moves, as a read of it has to think of them.
#[derive(Debug)]
pub(crate) struct Handover {
    /// The pending replicas that are up.
    pending: Candidates,
    /// The replicas that are read on both sides of the step.
    staying: SmallVec<[HostId; 3]>,
    /// The copies that are needed, by group.
    needed: SmallVec<[CopyCounts; 1]>,
}

/// The copies of a row that one of the two ways needs.
#[derive(Clone, Copy, Debug)]
struct CopyCounts {
    /// The number of copies on replicas that stay, if only these are counted.
    staying: u32,
    /// The number of copies on all replicas that take writes, if all are counted.
    all: u32,
}

/// The replicas that have the rows of an answer, and the other readers that are up.
#[derive(Clone, Debug)]
pub(crate) struct Copies {
    pub(crate) holders: Candidates,
    pub(crate) others: Candidates,
}

impl Copies {
    /// The copies that a read knows of: of the replicas whose answers agree, or will after its read repair.
    pub(crate) fn of(answers: &Answers) -> Copies {
        let holders = answers.answers.iter().map(|(candidate, _)| *candidate).collect();
        Copies { holders, others: answers.spare.clone() }
    }
}

impl Handover {
    /// The handover of a read of `range`. `across` gives the same range on the other side of the plan's step, `quorum` the number of copies
    /// that make a quorum. `None` if no replica that the level counts changes, or if the level promises nothing to later reads.
    pub(crate) fn of<'a, R: Replicas>(
        replicas: &R,
        (range, across): (PlacedRange<'a>, impl FnOnce() -> Option<PlacedRange<'a>>),
        (level, required): (Consistency, &RequiredAnswers),
        quorum: impl FnOnce() -> u32,
    ) -> Option<Box<Handover>> {
        let is_still = range.write.len() == range.read.len();
        if is_still || !promises(level) || replicas.faults().mend_readers_only {
            return None;
        }
        // A quorum of copies is enough for every level: later reads at QUORUM meet it, and those at ALL ask all replicas.
        let quorum = quorum();
        let of_group = |group: &Group| {
            let least = group.block_for.min(quorum);
            CopyCounts { staying: least, all: least }
        };
        let mut needed: SmallVec<[CopyCounts; 1]> = required.groups.iter().map(of_group).collect();
        let mut pending = Candidates::new();
        for host in range.write.iter().filter(|host| !range.read.contains(*host)) {
            let Some(group) = required.group_of(|| replicas.datacenter(host)) else { continue };
            needed[group].all += 1;
            if replicas.alive(host) {
                pending.push(Candidate { host, group });
            }
        }
        let across = across().map_or(Hosts::NONE, |range| range.read);
        // Pending replicas are read on the other side of the step. If one is not, the plan has gone on and `across` is of another step: then
        // no replica is known to stay.
        let is_known = range.write.iter().all(|host| range.read.contains(host) || across.contains(host));
        let staying = range.read.iter().filter(|host| is_known && across.contains(*host)).collect();
        let is_moving = needed.iter().any(|needed| needed.all > needed.staying);
        is_moving.then(|| Box::new(Handover { pending, staying, needed }))
    }

    /// Puts replicas that stay first, so that they are asked first; silent ones come last in any case.
    pub(crate) fn sort(&self, candidates: &mut Candidates, is_silent: impl Fn(HostId) -> bool) {
        candidates.sort_by_key(|candidate| is_silent(candidate.host) || !self.staying.contains(&candidate.host));
    }

    /// Checks that enough replicas are up.
    pub(crate) fn check(&self, readers: &Candidates) -> Result<(), Shortage> {
        let up = || readers.iter().chain(&self.pending).copied();
        let short = (0..self.needed.len()).find(|group| !self.is_group_met(*group, up()));
        short.map_or(Ok(()), |group| {
            let alive = up().filter(|replica| replica.group == group).count() as u32;
            Err(Shortage { required: self.needed[group].all, alive })
        })
    }

    /// True if rows that these replicas have are handed over.
    pub(crate) fn is_met(&self, holders: impl Iterator<Item = Candidate> + Clone) -> bool {
        (0..self.needed.len()).all(|group| self.is_group_met(group, holders.clone()))
    }

    fn is_group_met(&self, group: usize, holders: impl Iterator<Item = Candidate>) -> bool {
        let (mut staying, mut all) = (0, 0);
        for holder in holders.filter(|holder| holder.group == group) {
            staying += u32::from(self.staying.contains(&holder.host));
            all += 1;
        }
        staying >= self.needed[group].staying || all >= self.needed[group].all
    }

    /// Sends rows to the pending replicas, and then also to readers that were not asked, until they are handed over. False if that cannot be.
    pub(crate) async fn hand_over<R: Replicas>(
        &self,
        replicas: &R,
        block: &RowBlock,
        copies: Copies,
        (epoch, deadline): (Epoch, Mono),
    ) -> bool {
        let Copies { mut holders, others } = copies;
        if self.is_met(holders.iter().copied()) {
            return true;
        }
        let rows = sound_rows(block);
        if rows.is_empty() {
            return true;
        }
        // The pending replicas are sent the rows first; if that is not enough, as some are late or down, the readers that were not asked are too.
        for targets in [self.pending.clone(), self.pending.iter().chain(&others).copied().collect()] {
            let is_last = targets.len() > self.pending.len() || others.is_empty();
            let unsent: Candidates = targets.into_iter().filter(|target| !holders.contains(target)).collect();
            let with = |unmended: &BTreeSet<HostId>| -> Candidates {
                let confirmed = unsent.iter().filter(|target| !unmended.contains(&target.host));
                holders.iter().chain(confirmed).copied().collect()
            };
            let can_do_without = |unmended: &BTreeSet<HostId>| !is_last || self.is_met(with(unmended).into_iter());
            let repairs = unsent.iter().map(|target| (target.host, rows.clone())).collect();
            let mends = Mend { repairs, event: Event::Handover, epoch, deadline };
            let unmended = mend(replicas, mends, can_do_without).await;
            holders = with(&unmended);
            if is_last || self.is_met(holders.iter().copied()) {
                break;
            }
        }
        self.is_met(holders.iter().copied())
    }
}

/// True of levels whose reads promise that a later one sees no less.
pub(crate) fn promises(level: Consistency) -> bool {
    !matches!(level, Consistency::Any | Consistency::One | Consistency::LocalOne)
}

/// The rows of an answer, tombstones and static rows included, without damaged ones: those are nowhere to be copied.
fn sound_rows(block: &RowBlock) -> Vec<(Bytes, Bytes)> {
    let is_sound = |(key, row): &&(Bytes, Bytes)| RowView::parse(key, row).is_ok_and(|row| !row.is_empty());
    block.rows.iter().chain(&block.context).filter(is_sound).cloned().collect()
}

#[cfg(test)]
mod tests;
