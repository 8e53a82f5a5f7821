//! The ways of a write to other datacentres: it travels once to each, and the replica that receives it forwards it to the others there.

use crate::Replicas;
use crate::Work;
use crate::plan::WritePlan;
use henge_base::HostId;
use smallvec::SmallVec;

/// The replicas of another datacentre that share one copy of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// The one that it is sent to. It forwards it.
    pub(super) forwarder: HostId,
    /// The others.
    pub(super) others: SmallVec<[HostId; 2]>,
}

impl Route {
    /// All replicas that it leads to, the forwarder first.
    pub(super) fn hosts(&self) -> impl Iterator<Item = HostId> + '_ {
        std::iter::once(self.forwarder).chain(self.others.iter().copied())
    }
}

/// The routes of a write, none where a datacentre has but one replica that is up. `applied` has it already.
pub(super) fn routes<R: Replicas>(replicas: &R, plan: &WritePlan, applied: Option<HostId>) -> SmallVec<[Route; 1]> {
    let mut routes = SmallVec::new();
    if !replicas.spans_datacenters() {
        return routes;
    }
    let here = replicas.datacenter(replicas.local());
    let place = |host| replicas.datacenter(host).filter(|datacenter| Some(*datacenter) != here);
    let awaited = plan.targets.iter().filter(|target| target.alive && Some(target.host) != applied);
    let mut remote: SmallVec<[_; 4]> = awaited.filter_map(|target| Some((place(target.host)?, target.host))).collect();
    // Stable: replicas of a datacentre stay in the order of the placement.
    remote.sort_by_key(|(datacenter, _)| *datacenter);
    for group in remote.chunk_by(|(one, _), (other, _)| one == other).filter(|group| group.len() > 1) {
        let hosts: SmallVec<[HostId; 3]> = group.iter().map(|(_, host)| *host).collect();
        let forwarder = choose_forwarder(replicas, &hosts);
        let others = hosts.into_iter().filter(|host| *host != forwarder).collect();
        routes.push(Route { forwarder, others });
    }
    routes
}

/// One that is not silent, by chance, so that all carry the load.
fn choose_forwarder<R: Replicas>(replicas: &R, hosts: &[HostId]) -> HostId {
    let now = replicas.mono();
    let answers = |host: &HostId| !replicas.standing(*host, Work::Write, now).is_silent;
    let well: SmallVec<[HostId; 3]> = hosts.iter().copied().filter(answers).collect();
    let choice = if well.is_empty() { hosts } else { &well };
    choice[(replicas.random() % choice.len() as u64) as usize]
}
