//! The ranges that a node gains, each with its sources, and what these are expected to send.

use super::sources::RangeSources;
use crate::cluster::gains::Gains;
use crate::coordinator::Parts;
use crate::ground::world::World;
use crate::peers::messages::range_sizes::{RangeSizes, RangeSizesReply};
use crate::replica::range_sizes;
use henge_base::HostId;
use henge_coordinator::Datacenter;
use henge_metadata::ClusterState;
use henge_model::{StorageId, TokenRange};
use henge_ring::{PlacedRange, Placement};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A member has so long to look up sizes.
const SIZES_TIMEOUT: Duration = Duration::from_secs(10);

/// The ranges of one placement that a node gains.
#[derive(Clone, Debug)]
pub(crate) struct GainedGroup {
    /// A keyspace that has the placement.
    pub(crate) keyspace: String,
    /// The tables that have it.
    pub(crate) tables: Vec<StorageId>,
    /// The ranges, each with its sources.
    pub(crate) ranges: Vec<(TokenRange, Arc<RangeSources>)>,
}

/// The ranges of one placement that a source sends.
#[derive(Clone, Debug)]
pub(crate) struct SentRanges {
    /// A keyspace that has the placement.
    pub(crate) keyspace: String,
    /// The tables that have it.
    pub(crate) tables: Vec<StorageId>,
    /// The ranges.
    pub(crate) ranges: Vec<TokenRange>,
}

/// The ranges that a host gains by the plan under way, by placement.
pub(crate) fn gained_groups(
    state: &ClusterState,
    gains: &Gains,
    gainer: HostId,
    datacenter: &impl Fn(HostId) -> Option<Datacenter>,
) -> Vec<GainedGroup> {
    let lost = state.plan.as_ref().and_then(|plan| plan.kind.dead_member());
    let group = |(number, gained): (usize, &henge_metadata::GainedRanges)| {
        // The keyspaces of a setting share their placement, before the plan and after it, so the first stands for all.
        let keyspace = gained.keyspaces.first().and_then(|name| state.schema.keyspaces.get(name));
        let now = keyspace.and_then(|keyspace| state.placement_of(keyspace));
        let target = keyspace.map(|keyspace| state.placement_after_plan(keyspace)).unwrap_or_default();
        let sources = |range: &TokenRange| {
            let before = |placed: PlacedRange<'_>| if gained.merges { placed.write } else { placed.read }.to_vec();
            let readers = now.and_then(|now| now.replicas(range.end)).map(before);
            let later = Placement::replicas(&target, range.end).map(|placed| placed.read.to_vec());
            let (readers, later) = (readers.unwrap_or_default(), later.unwrap_or_default());
            Arc::new(RangeSources::new(&readers, &later, gainer, lost, datacenter))
        };
        let tables = gains.tables.iter().filter(|(_, setting)| *setting == number).map(|(table, _)| *table);
        GainedGroup {
            keyspace: keyspace.map(|keyspace| keyspace.name.clone()).unwrap_or_default(),
            tables: tables.collect(),
            ranges: gained.ranges.iter().map(|range| (*range, sources(range))).collect(),
        }
    };
    gains.ranges.iter().enumerate().map(group).collect()
}

/// The ranges that each source is expected to send, with the tables of which it sends them.
pub(crate) fn expected_sources(
    groups: &[GainedGroup],
    is_up: impl Fn(HostId) -> bool,
) -> BTreeMap<HostId, Vec<SentRanges>> {
    let mut sources: BTreeMap<HostId, Vec<SentRanges>> = BTreeMap::new();
    for group in groups.iter().filter(|group| !group.tables.is_empty()) {
        let mut of_group: BTreeMap<HostId, Vec<TokenRange>> = BTreeMap::new();
        for (tokens, range_sources) in &group.ranges {
            for host in range_sources.expected_hosts(&is_up) {
                of_group.entry(host).or_default().push(*tokens);
            }
        }
        for (host, ranges) in of_group {
            let (keyspace, tables) = (group.keyspace.clone(), group.tables.clone());
            sources.entry(host).or_default().push(SentRanges { keyspace, tables, ranges });
        }
    }
    sources
}

/// Asks a member for the sizes of ranges, which it holds; `None` if it does not tell all of them.
pub(crate) async fn ask_sizes<W: World>(
    parts: &Parts<W>,
    host: HostId,
    tables: &[StorageId],
    ranges: &[TokenRange],
) -> Option<RangeSizesReply> {
    let mut sizes = RangeSizesReply::default();
    let pieces = ranges.chunks(RangeSizes::ranges_max(tables.len()));
    // Without ranges it is asked too, for its rate.
    for piece in pieces.chain(ranges.is_empty().then_some(ranges)) {
        let question = RangeSizes { tables: tables.to_vec(), ranges: piece.to_vec() };
        let reply = match host == parts.context.host() {
            true => range_sizes::answer(&parts.replica, question).await.ok(),
            false => {
                let deadline = parts.context.deadline_after(SIZES_TIMEOUT);
                parts.peers.call(host, deadline, &question).await.ok()
            }
        };
        let reply = reply.filter(|reply| reply.bytes.len() == piece.len())?;
        sizes.bytes.extend(reply.bytes);
        sizes.bytes_per_second = reply.bytes_per_second;
    }
    Some(sizes)
}
