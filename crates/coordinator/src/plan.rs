//! The replicas of one token, checked against the level before anything is sent.

use crate::candidate::{Candidate, Candidates, are_distinct};
use crate::handover::Handover;
use crate::required::{Places, RequiredAnswers, Shortage};
use crate::{Datacenter, KeyspacePlacement, Recipient, Replicas, Work, standing};
use henge_base::{HostId, Mono};
use henge_model::{Consistency, Token};
use henge_ring::{Epoch, Hosts};
use smallvec::SmallVec;

/// A replica of a write.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) host: HostId,
    pub(crate) alive: bool,
    /// The group its acknowledgement counts for.
    pub(crate) group: Option<usize>,
}

/// The replicas of a write, and the acknowledgements that its level needs.
#[derive(Debug)]
pub(crate) struct WritePlan {
    pub(crate) required: RequiredAnswers,
    pub(crate) targets: SmallVec<[Target; 3]>,
    /// The epoch of the placement that it was made by.
    pub(crate) epoch: Epoch,
}

/// The replicas that may be read, and the answers that the level needs.
#[derive(Debug)]
pub(crate) struct ReadPlan {
    pub(crate) required: RequiredAnswers,
    pub(crate) candidates: Candidates,
    /// A replica that comes after others because it was late.
    pub(crate) late: Option<HostId>,
    /// `None` unless the range moves and later reads are promised to see no less.
    pub(crate) handover: Option<Box<Handover>>,
}

/// The answers that a level needs in a keyspace, seen from this node.
pub(crate) fn required_answers<R: Replicas>(
    replicas: &R,
    placed: &KeyspacePlacement,
    level: Consistency,
) -> RequiredAnswers {
    RequiredAnswers::of(level, &placed.replication, &Here(replicas), replicas.faults())
}

struct Here<'a, R>(&'a R);

impl<R: Replicas> Places for Here<'_, R> {
    fn here(&self) -> Option<Datacenter> {
        self.0.datacenter(self.0.local())
    }

    fn datacenter_named(&self, name: &str) -> Option<Datacenter> {
        self.0.datacenter_named(name)
    }
}

impl WritePlan {
    /// A replica of the plan.
    pub(crate) fn recipient(&self, host: HostId) -> Recipient {
        Recipient { host, epoch: self.epoch }
    }

    /// The group that a replica's acknowledgement counts for.
    pub(crate) fn group_of(&self, host: HostId) -> Option<usize> {
        self.targets.iter().find(|target| target.host == host)?.group
    }

    /// A plan for a write, if enough replicas are up.
    pub(crate) fn new<R: Replicas>(
        replicas: &R,
        placed: &KeyspacePlacement,
        token: Token,
        level: Consistency,
    ) -> Result<WritePlan, Shortage> {
        let plan = WritePlan::without_check(replicas, placed, token, level);
        let mut targets = plan.targets.iter();
        let is_hint_enough =
            level == Consistency::Any && targets.any(|target| !target.alive && replicas.keeps_hints_for(target.host));
        if !is_hint_enough {
            plan.required.check(plan.targets.iter().filter(|target| target.alive).filter_map(|target| target.group))?;
        }
        Ok(plan)
    }

    /// The same for what has to be sent however few replicas are up.
    pub(crate) fn without_check<R: Replicas>(
        replicas: &R,
        placed: &KeyspacePlacement,
        token: Token,
        level: Consistency,
    ) -> WritePlan {
        let range = placed.placement.replicas(token);
        let (read, write) = range.map_or((Hosts::NONE, Hosts::NONE), |range| (range.read, range.write));
        let write = if replicas.faults().skip_pending { read } else { write };
        // ANY promises no read anything, so it waits for no replica more.
        let pending = write.iter().filter(|host| level != Consistency::Any && !read.contains(*host));
        let required = required_answers(replicas, placed, level)
            .with_pending(pending.map(|host| replicas.datacenter(host)), replicas.faults());
        let mut targets: SmallVec<[Target; 3]> = SmallVec::with_capacity(write.len());
        for host in write.iter() {
            // One request under way per replica, however it is listed.
            if targets.iter().all(|target| target.host != host) {
                let group = required.group_of(|| replicas.datacenter(host));
                targets.push(Target { host, alive: replicas.alive(host), group });
            }
        }
        WritePlan { required, targets, epoch: placed.epoch }
    }
}

impl ReadPlan {
    /// A plan for a read, if enough replicas are up. `repairs` is false if what it finds is left as it is.
    pub(crate) fn new<R: Replicas>(
        replicas: &R,
        placed: &KeyspacePlacement,
        token: Token,
        (level, repairs): (Consistency, bool),
        (work, now): (Work, Mono),
    ) -> Result<ReadPlan, Shortage> {
        let required = required_answers(replicas, placed, level);
        let range = placed.placement.replicas(token);
        let read = range.map_or(Hosts::NONE, |range| range.read);
        let alive = read.iter().filter(|host| replicas.alive(*host));
        let mut candidates: Candidates = alive
            .filter_map(|host| Some(Candidate { host, group: required.group_of(|| replicas.datacenter(host))? }))
            .collect();
        let look = |host| (replicas.distance(host), replicas.standing(host, work, now));
        let late = standing::sort(&mut candidates, look);
        debug_assert!(are_distinct(candidates.iter().map(|candidate| candidate.host)), "I30: a replica counts once");
        required.check(candidates.iter().map(|candidate| candidate.group))?;
        let quorum = || required_answers(replicas, placed, Consistency::Quorum).block_for();
        let handover = range.filter(|_| repairs).and_then(|range| {
            let across = || placed.across.as_ref().and_then(|across| across.replicas(token));
            Handover::of(replicas, (range, across), (level, &required), quorum)
        });
        if let Some(handover) = &handover {
            handover.check(&candidates)?;
            handover.sort(&mut candidates, |host| look(host).1.is_silent);
        }
        Ok(ReadPlan { required, candidates, late, handover })
    }
}
