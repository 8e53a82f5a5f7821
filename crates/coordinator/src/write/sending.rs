//! A write on its way to replicas, and its error if too few of them confirm it.

use super::routes::routes;
use crate::plan::WritePlan;
use crate::tally::{Loss, Tally};
use crate::under_way::UnderWay;
use crate::{KeyspacePlacement, Replicas, WriteError, WriteType};
use henge_base::{HostId, Mono};
use henge_model::{Consistency, SharedMutation, Token};

/// A mutation to write.
#[derive(Clone, Debug)]
pub struct Write {
    /// Its keyspace.
    pub placed: KeyspacePlacement,
    /// The token of its partition.
    pub token: Token,
    /// The mutation.
    pub mutation: SharedMutation,
    /// The replicas that must acknowledge. ANY needs one, or a hint on this node's disk.
    pub consistency: Consistency,
    /// The time by which the request must be answered.
    pub deadline: Mono,
    /// The kind of write, as errors report it.
    pub write_type: WriteType,
    /// A replica that has it already: it is not sent there, and counts as one that acknowledged.
    pub applied: Option<HostId>,
}

/// Acknowledgements that are awaited, by replica and group.
pub(super) type Acknowledgements<R> = UnderWay<(HostId, usize), <R as Replicas>::Write>;

/// Sends to the replicas that are up. Only those that count are awaited.
pub(super) fn send<R: Replicas>(
    replicas: &R,
    write: &Write,
    plan: &WritePlan,
    tally: &mut Tally<'_>,
) -> Acknowledgements<R> {
    let mut under_way = UnderWay::new();
    let mut expect = |host: HostId, group: Option<usize>, pending: R::Write| {
        if let Some(group) = group {
            tally.count_request(group);
            under_way.push((host, group), pending);
        }
    };
    let routes = routes(replicas, plan, write.applied);
    let is_applied = |host: HostId| Some(host) == write.applied;
    let is_routed = |host: HostId| routes.iter().any(|route| route.hosts().any(|other| other == host));
    for target in plan.targets.iter().filter(|target| target.alive) {
        if !is_applied(target.host) && !is_routed(target.host) {
            let pending = replicas.write(plan.recipient(target.host), &write.mutation, write.deadline);
            expect(target.host, target.group, pending);
        }
    }
    for route in &routes {
        let by = plan.recipient(route.forwarder);
        let pending = replicas.write_forwarded(by, &route.others, &write.mutation, write.deadline);
        debug_assert_eq!(pending.len(), 1 + route.others.len(), "each replica answers for itself");
        route.hosts().zip(pending).for_each(|(host, pending)| expect(host, plan.group_of(host), pending));
    }
    for group in plan.targets.iter().filter(|target| is_applied(target.host)).filter_map(|target| target.group) {
        tally.count_request(group);
        tally.count_answer(group);
    }
    under_way
}

/// The error of a write whose level was not met.
pub(super) fn failure(write: &Write, plan: &WritePlan, mut tally: Tally<'_>, loss: Loss) -> WriteError {
    let (consistency, write_type) = (write.consistency, write.write_type);
    let (received, block_for) = (tally.short(), plan.required.block_for());
    match loss {
        // What was not sent is owed as a hint, so the write may become visible.
        Loss::Silent | Loss::Unsent => WriteError::Timeout { consistency, received, block_for, write_type },
        Loss::Refused => {
            WriteError::Failure { consistency, received, block_for, failures: tally.take_failures(), write_type }
        }
    }
}
