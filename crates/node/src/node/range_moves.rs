//! The rows that plans would move: from whom to whom, and how many bytes, as those say who hold them now.

use crate::cluster::gains::Gains;
use crate::coordinator::Parts;
use crate::ground::world::World;
use crate::work::streaming::gained::{SentRanges, ask_sizes, expected_sources, gained_groups};
use futures_util::future::join_all;
use henge_base::HostId;
use henge_coordinator::Datacenter;
use henge_metadata::{ClusterState, Plan};
use henge_model::{StorageId, TokenRange};
use std::collections::{BTreeMap, BTreeSet};

/// The rows that one plan moves.
#[derive(Clone, Debug)]
pub(super) struct Moves {
    /// The plan.
    pub(super) plan: Plan,
    /// The ranges that go from one member to another, and their bytes; no bytes if nobody told.
    pub(super) sent: BTreeMap<(HostId, HostId), (u64, Option<u64>)>,
    /// Members that did not tell sizes.
    pub(super) silent: BTreeSet<HostId>,
    /// Bytes that sources send in a second at most; 0: no limit.
    rates: BTreeMap<HostId, u64>,
}

impl Moves {
    /// Bytes of all of it that were told.
    pub(super) fn bytes(&self) -> u64 {
        self.sent.values().filter_map(|(_, bytes)| *bytes).fold(0, u64::saturating_add)
    }

    /// Seconds until the source that has most to send has sent it; `None` if none has a limit.
    pub(super) fn seconds(&self) -> Option<u64> {
        let mut of_source: BTreeMap<HostId, u64> = BTreeMap::new();
        for ((from, _), (_, bytes)) in &self.sent {
            let sum = of_source.entry(*from).or_default();
            *sum = sum.saturating_add(bytes.unwrap_or(0));
        }
        let limited = of_source.into_iter().filter_map(|(host, bytes)| {
            let rate = self.rates.get(&host).copied().filter(|rate| *rate > 0)?;
            Some(bytes.div_ceil(rate))
        });
        limited.max()
    }
}

/// Ranges that one member fetches from another.
struct SentShare {
    from: HostId,
    to: HostId,
    ranges: SentRanges,
}

/// Questions for sizes, by who holds the ranges now: tables that have one placement, and ranges.
type Questions = BTreeMap<(HostId, Vec<StorageId>), BTreeSet<TokenRange>>;
/// The sizes of ranges of tables.
type Sizes = BTreeMap<(Vec<StorageId>, TokenRange), u64>;

/// The moves of each plan on a course, while these hosts are up.
pub(super) async fn moves_of<W: World>(
    parts: &Parts<W>,
    course: &[ClusterState],
    is_up: impl Fn(HostId) -> bool,
) -> Vec<Moves> {
    let Some(now) = course.first() else { return Vec::new() };
    let planned: Vec<(Plan, Vec<SentShare>)> = plans_of(course, &is_up);
    let mut questions = Questions::new();
    for sent in planned.iter().flat_map(|(_, sent)| sent) {
        for tokens in &sent.ranges.ranges {
            let Some(holder) = holder_of(now, sent, *tokens, &is_up) else { continue };
            questions.entry((holder, sent.ranges.tables.clone())).or_default().insert(*tokens);
        }
    }
    let (sizes, mut rates, silent) = ask(parts, questions).await;
    let sources: BTreeSet<HostId> = planned.iter().flat_map(|(_, sent)| sent).map(|sent| sent.from).collect();
    for host in sources.into_iter().filter(|host| !rates.contains_key(host) && is_up(*host)).collect::<Vec<_>>() {
        rates.extend(ask_sizes(parts, host, &[], &[]).await.map(|reply| (host, reply.bytes_per_second)));
    }
    let moves = |(plan, all): (Plan, Vec<SentShare>)| {
        let mut sent: BTreeMap<(HostId, HostId), (u64, Option<u64>)> = BTreeMap::new();
        for SentShare { from, to, ranges } in all {
            let size = |tokens: &TokenRange| sizes.get(&(ranges.tables.clone(), *tokens)).copied();
            let bytes: Option<u64> = ranges.ranges.iter().map(size).sum();
            let sum = sent.entry((from, to)).or_insert((0, Some(0)));
            sum.0 += ranges.ranges.len() as u64;
            sum.1 = sum.1.zip(bytes).map(|(one, other)| one.saturating_add(other));
        }
        Moves { plan, sent, silent: silent.clone(), rates: rates.clone() }
    };
    planned.into_iter().map(moves).collect()
}

/// The plans on a course, each with the ranges that members fetch by it.
fn plans_of(course: &[ClusterState], is_up: &impl Fn(HostId) -> bool) -> Vec<(Plan, Vec<SentShare>)> {
    let mut plans: BTreeMap<u64, (Plan, Vec<SentShare>)> = BTreeMap::new();
    for state in course {
        let Some(plan) = &state.plan else { continue };
        let (_, sent) = plans.entry(plan.id).or_insert_with(|| (plan.clone(), Vec::new()));
        let datacenters: BTreeSet<&str> = state.members.values().map(|member| member.datacenter.as_str()).collect();
        let datacenter = |host: HostId| {
            let name = &state.members.get(&host)?.datacenter;
            datacenters.iter().position(|other| other == name).map(|at| Datacenter(at as u16))
        };
        for to in state.gainers() {
            let Some(gains) = Gains::of(state, to).filter(Gains::may_be_fetched) else { continue };
            let groups = gained_groups(state, &gains, to, &datacenter);
            for (from, shares) in expected_sources(&groups, is_up) {
                sent.extend(shares.into_iter().map(|ranges| SentShare { from, to, ranges }));
            }
        }
    }
    plans.into_values().collect()
}

/// A member that holds these tokens now: the source, unless it comes to hold them only on the way.
fn holder_of(
    now: &ClusterState,
    sent: &SentShare,
    tokens: TokenRange,
    is_up: &impl Fn(HostId) -> bool,
) -> Option<HostId> {
    let keyspace = now.schema.keyspaces.get(&sent.ranges.keyspace)?;
    let placed = now.placement_of(keyspace)?.replicas(tokens.end)?;
    match placed.read.contains(sent.from) && is_up(sent.from) {
        true => Some(sent.from),
        false => placed.read.iter().find(|host| is_up(*host)),
    }
}

async fn ask<W: World>(parts: &Parts<W>, questions: Questions) -> (Sizes, BTreeMap<HostId, u64>, BTreeSet<HostId>) {
    let question = |((host, tables), ranges): ((HostId, Vec<StorageId>), BTreeSet<TokenRange>)| async move {
        let ranges: Vec<TokenRange> = ranges.into_iter().collect();
        let reply = ask_sizes(parts, host, &tables, &ranges).await;
        (host, tables, ranges, reply)
    };
    let (mut sizes, mut rates, mut silent) = (Sizes::new(), BTreeMap::new(), BTreeSet::new());
    for (host, tables, ranges, reply) in join_all(questions.into_iter().map(question)).await {
        let Some(reply) = reply else {
            silent.insert(host);
            continue;
        };
        rates.insert(host, reply.bytes_per_second);
        sizes.extend(ranges.into_iter().zip(reply.bytes).map(|(tokens, bytes)| ((tables.clone(), tokens), bytes)));
    }
    (sizes, rates, silent)
}
