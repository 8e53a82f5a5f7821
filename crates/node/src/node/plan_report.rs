//! The plan under way, as an operator is told of it.

use crate::coordinator::Parts;
use crate::ground::world::World;
use crate::work::plan_driver::{GainerProgress, StreamSource, driver, gainer_progress};
use futures_util::future::join_all;
use henge_base::HostId;
use henge_metadata::Plan;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// The plan under way, for operators.
#[derive(Clone, Debug)]
pub struct PlanReport {
    /// The plan.
    pub plan: Plan,
    /// The member that drives it; `None` while no voter seems up.
    pub driver: Option<HostId>,
    /// Its progress in words, as this node knows it.
    pub progress: String,
    /// The members that gain ranges.
    pub gainers: Vec<Gainer>,
    /// Seconds until all rows have come, at the limits of the sources; `None` if none has a limit, or nothing is known.
    pub seconds_left: Option<u64>,
}

/// A member that gains ranges by the plan under way.
#[derive(Clone, Debug)]
pub struct Gainer {
    /// Its host id.
    pub host: HostId,
    /// The address at which peers reach it.
    pub address: SocketAddr,
    /// True if it seems up.
    pub is_up: bool,
    /// The number of ranges that it gains, of all replication settings.
    pub ranges: u64,
    /// The progress of its streaming; `None` if it does not say.
    pub progress: Option<GainerProgress>,
}

/// The plan under way, with who gains ranges, and how far they are.
pub(super) async fn describe<W: World>(parts: &Parts<W>) -> Option<PlanReport> {
    let cluster = &parts.cluster;
    let view = cluster.current_view();
    let plan = view.state.plan.clone()?;
    let gainers = view.state.gainers().into_iter().filter_map(|host| view.state.members.get(&host));
    let described = gainers.map(|member| {
        let ranges = view.state.gains(member.id).iter().map(|gained| gained.ranges.len() as u64).sum();
        let (host, address, is_up) = (member.id, member.address, cluster.is_up(member.id));
        let plan = &plan;
        async move {
            let progress = gainer_progress(parts, plan, host).await;
            Gainer { host, address, is_up, ranges, progress }
        }
    });
    let gainers = join_all(described).await;
    let workers = parts.context.workers.all();
    let progress = workers.into_iter().find(|(name, _)| *name == "plan_driver").map(|(_, status)| status.progress);
    let driver = driver(&view, |host| cluster.is_up(host));
    let seconds_left = seconds_left(gainers.iter().filter_map(|gainer| gainer.progress.as_ref()));
    Some(PlanReport { plan, driver, progress: progress.unwrap_or_default(), gainers, seconds_left })
}

/// Seconds until the source that has most left to send has sent it.
fn seconds_left<'a>(gainers: impl Iterator<Item = &'a GainerProgress>) -> Option<u64> {
    let mut left: BTreeMap<HostId, (u64, u64)> = BTreeMap::new();
    for StreamSource { host, bytes_done, bytes_total, bytes_per_second } in
        gainers.filter(|gainer| !gainer.is_done).flat_map(|gainer| &gainer.sources)
    {
        let of_source = left.entry(*host).or_default();
        of_source.0 = of_source.0.saturating_add(bytes_total.saturating_sub(*bytes_done));
        of_source.1 = of_source.1.max(*bytes_per_second);
    }
    let limited = left.into_values().filter(|(_, rate)| *rate > 0);
    limited.map(|(bytes, rate)| bytes.div_ceil(rate)).max()
}
