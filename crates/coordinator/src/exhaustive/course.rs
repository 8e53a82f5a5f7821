//! The replicas of a range at each step of a course, and the answers that its plans need.

use super::{STEPS, Set};
use crate::fake::{Fake, host};
use crate::plan::{ReadPlan, WritePlan};
use crate::{KeyspacePlacement, PlacedKeyspace, Work};
use henge_base::{HostId, Mono};
use henge_model::{Consistency, Replication, Token, TokenRange};
use henge_ring::{Epoch, Hosts, Placement, ReplicaSet};
use std::sync::Arc;

/// The nodes `a` to `d`.
pub(super) const NODES: usize = 4;

/// A step, as requests at QUORUM are planned by it.
pub(super) struct StepPlan {
    pub(super) placement: Arc<Placement>,
    pub(super) readers: Set,
    pub(super) writers: Set,
    /// The nodes that a write is sent to.
    pub(super) targets: Set,
    /// Acknowledgements that a write needs.
    pub(super) written_by: usize,
    /// Answers that a read needs.
    pub(super) read_by: usize,
    /// Replicas that only take writes.
    pub(super) pending: usize,
}

pub(super) struct Course {
    steps: Vec<StepPlan>,
    ids: Vec<HostId>,
}

impl Course {
    pub(super) fn new(skip_pending: bool) -> Course {
        let mut fake = Fake::new("oooo");
        fake.faults.skip_pending = skip_pending;
        let steps = STEPS.iter().map(|replicas| plan(&fake, replicas)).collect();
        Course { steps, ids: (1..=NODES).map(host).collect() }
    }

    pub(super) fn at(&self, step: u8) -> &StepPlan {
        &self.steps[usize::from(step)]
    }

    /// The number of a node.
    pub(super) fn number_of(&self, id: HostId) -> Option<usize> {
        self.ids.iter().position(|known| *known == id)
    }
}

/// Plans a write and a read of a token on replicas that are given in letters.
fn plan(fake: &Fake, replicas: &str) -> StepPlan {
    let (readers, pending) = replicas.split_once('+').unwrap_or((replicas, ""));
    let numbers = |letters: &str| letters.bytes().map(|letter| u16::from(letter - b'a')).collect::<Vec<_>>();
    let set = ReplicaSet::new(&numbers(readers), &numbers(pending), 0);
    let ids = (1..=NODES).map(host).collect();
    let placement = Arc::new(Placement::new(ids, [(TokenRange::FULL.end, set)]));
    let placed = KeyspacePlacement::from(PlacedKeyspace {
        keyspace: "ks".into(),
        epoch: Epoch::default(),
        replication: Arc::new(Replication::Simple { factor: 3 }),
        placement: Arc::clone(&placement),
        across: None,
    });
    let (token, level) = (Token(1), Consistency::Quorum);
    let write = WritePlan::without_check(fake, &placed, token, level);
    let read = ReadPlan::new(fake, &placed, token, (level, true), (Work::Point, Mono(0))).unwrap();
    let (written_by, read_by) = (write.required.block_for() as usize, read.required.block_for() as usize);
    let range = placement.replicas(token).unwrap();
    let of_range = |hosts: Hosts<'_>| set_of(hosts.iter());
    let (readers, writers) = (set_of(read.candidates.iter().map(|candidate| candidate.host)), of_range(range.write));
    let targets = set_of(write.targets.iter().map(|target| target.host));
    let pending = range.write.len() - range.read.len();
    StepPlan { placement, readers, writers, targets, written_by, read_by, pending }
}

fn set_of(hosts: impl Iterator<Item = HostId>) -> Set {
    hosts.map(|id| (0..NODES).filter(|node| host(node + 1) == id).map(|node| 1 << node).sum::<Set>()).sum()
}
