//! Streaming: this node fetches the rows of ranges that it gains by a plan (docs/protocols/moving-ranges.md).
//!
//! - `gained`: the ranges that a node gains, with what sources are expected to send.
//! - `sources`: the replicas that a range is fetched from.
//! - `range`: one range of one table, page by page.
//!
//! A *fence* of a table is a time: writes issued before it are refused, since deletions that cover them may have been purged. The node
//! takes over the fences of its sources before it fetches from them. Until then it refuses *late writes*, those that were issued a while
//! ago (such as hints), for one of them may lie behind a fence that it does not know yet.

pub(crate) mod gained;
mod range;
pub(crate) mod sources;
mod stream_error;

use crate::cluster::gains::Gains;
use crate::coordinator::{Coordinator, Parts};
use crate::ground::world::{Lane, World};
use crate::peers::messages::stream::{StreamFences, StreamFencesReply};
use crate::replica::stream_journal::{self, Stage};
use crate::replica::stream_sink::StreamedRange;
use crate::work::worker::{Next, StepError, Worker};
use futures_util::stream::{self, StreamExt};
use gained::{GainedGroup, SentRanges, ask_sizes, expected_sources, gained_groups};
use henge_base::HostId;
use henge_coordinator::Replicas;
use henge_model::{StorageId, Token, TokenRange};
use parking_lot::Mutex;
use range::RangeStream;
use sources::{FailedSources, RangeSources};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use stream_error::StreamError;
use tracing::Instrument;

/// After a failure: a source that is down, a disk that is full.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// The wait between two looks for a plan, if no change of the plan is noticed before.
const POLL_INTERVAL: Duration = Duration::from_secs(5);
/// The time that a source has to answer with its fences.
const FENCES_TIMEOUT: Duration = Duration::from_secs(5);

/// Fetches what this node gains.
pub(crate) struct Streaming<W> {
    coordinator: Coordinator<W>,
    /// The plan that the other fields belong to; 0 for none.
    plan: u64,
    /// Sources whose fences this node has taken over.
    fenced: BTreeSet<HostId>,
    /// Ranges of tables that have been fetched wholly, by their last tokens.
    complete: BTreeSet<(StorageId, Token)>,
    failed: Mutex<FailedSources>,
    /// The plan and the number of ranges left, as last logged.
    logged: (u64, usize),
    /// The plan whose sources have been asked what they will send.
    asked: u64,
}

impl<W: World> Streaming<W> {
    /// Nothing is fetched yet.
    pub(crate) fn new(coordinator: Coordinator<W>) -> Self {
        let (fenced, complete, failed) = (BTreeSet::new(), BTreeSet::new(), Mutex::default());
        Streaming { coordinator, plan: 0, fenced, complete, failed, logged: (0, 0), asked: 0 }
    }

    /// Takes over the fences of sources that are up, so that no late write brings back here a row whose deletion a source has purged. Once
    /// the fences of all of them are known, late writes are taken again. A source whose fences are not known is not fetched from.
    async fn take_fences(
        &mut self,
        plan: u64,
        ranges: &[(StreamedRange, Arc<RangeSources>)],
    ) -> Result<(), StreamError> {
        let coordinator = &self.coordinator;
        let candidates: BTreeSet<HostId> = ranges.iter().flat_map(|(_, sources)| sources.candidates()).collect();
        let (fenced, mut are_all_known) = (&mut self.fenced, true);
        for from in candidates.into_iter().filter(|host| coordinator.peers().liveness().is_up(*host)) {
            if fenced.contains(&from) {
                continue;
            }
            let deadline = coordinator.context().deadline_after(FENCES_TIMEOUT);
            match coordinator.peers().call(from, deadline, &StreamFences { plan }).await {
                Ok(StreamFencesReply { fences, ballots }) => {
                    let known = coordinator.replica().on_disk(Lane::Background, move |store| {
                        fences.into_iter().try_for_each(|(table, fence)| store.raise_fence(table, fence))?;
                        ballots.into_iter().try_for_each(|(table, fence)| store.raise_ballot_fence(table, fence))
                    });
                    known.await?;
                    fenced.insert(from);
                }
                Err(error) => {
                    tracing::debug!(%from, %error, "the fences of a node that holds gained ranges are not known yet");
                    are_all_known = false;
                }
            }
        }
        if are_all_known {
            coordinator.replica().release_late_writes();
        }
        Ok(())
    }

    /// Fetches the ranges, each to its end or its first failure. Returns the first failure once all have been tried.
    async fn fetch(&mut self, ranges: Vec<(StreamedRange, Arc<RangeSources>)>) -> Result<(), StreamError> {
        let this = &*self;
        let fetch = |(range, sources): (StreamedRange, Arc<RangeSources>)| {
            let (coordinator, fenced, failed) = (&this.coordinator, &this.fenced, &this.failed);
            let (table, tokens) = (range.table, range.tokens);
            let stream = RangeStream { coordinator, range, sources, fenced, failed };
            let span = tracing::info_span!("range", table = table.0, after = tokens.start.0, up_to = tokens.end.0);
            async move { (range, stream.run().await) }.instrument(span)
        };
        let ranges_max = this.coordinator.context().options.limits.stream_ranges;
        let outcomes: Vec<_> = stream::iter(ranges).map(fetch).buffer_unordered(ranges_max).collect().await;
        let mut outcome = Ok(());
        for (range, fetched) in outcomes {
            match fetched {
                Ok(()) => _ = self.complete.insert((range.table, range.tokens.end)),
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        outcome
    }
}

/// The ranges of all tables, each with its sources.
fn streamed_ranges(plan: u64, groups: &[GainedGroup]) -> Vec<(StreamedRange, Arc<RangeSources>)> {
    let of_table = |group: &GainedGroup, table: StorageId| {
        let range = |tokens: TokenRange| StreamedRange { plan, table, tokens };
        group.ranges.iter().map(|(tokens, sources)| (range(*tokens), Arc::clone(sources))).collect::<Vec<_>>()
    };
    let of_group =
        |group: &GainedGroup| group.tables.iter().flat_map(|table| of_table(group, *table)).collect::<Vec<_>>();
    groups.iter().flat_map(of_group).collect()
}

/// Asks the sources how much they will send, so that whoever asks this node is told what it waits for.
async fn expect<W: World>(parts: &Parts<W>, plan: u64, groups: &[GainedGroup]) {
    let sources = expected_sources(groups, |host| parts.cluster.is_up(host));
    let ask = |(host, shares): (HostId, Vec<SentRanges>)| async move {
        let mut expected = (0u64, 0);
        for SentRanges { tables, ranges, .. } in shares {
            let Some(sizes) = ask_sizes(parts, host, &tables, &ranges).await else { return };
            expected = (expected.0.saturating_add(sizes.bytes.iter().sum()), sizes.bytes_per_second);
        }
        parts.replica.stream_status.set_expected(plan, host, expected);
    };
    futures_util::future::join_all(sources.into_iter().map(ask)).await;
}

impl<W: World> Worker for Streaming<W> {
    const NAME: &'static str = "streaming";
    const RETRY_DELAY: Duration = RETRY_DELAY;

    async fn step(&mut self) -> Result<Next, StepError> {
        let view = self.coordinator.cluster().current_view();
        let local = self.coordinator.local();
        let replica = self.coordinator.replica().clone();
        let Some(gains) = Gains::of(&view.state, local) else {
            if replica.stream_status.holds_for(view.epoch().index) {
                replica.release_late_writes();
            }
            return Ok(Next::Wait);
        };
        let plan = gains.plan;
        if self.plan != plan {
            self.plan = plan;
            self.fenced.clear();
            self.complete.clear();
        }
        if replica.stream_status.is_done(plan) {
            return Ok(Next::Wait);
        }
        if gains.merges() && self.coordinator.context().options.faults.lower_without_merging {
            replica.stream_status.set_done(plan);
            return Ok(Next::Wait);
        }
        let stage = replica.on_disk(Lane::Background, move |store| stream_journal::stage(store, plan)).await?;
        if stage == Stage::Done {
            replica.release_late_writes();
            replica.stream_status.set_done(plan);
            return Ok(Next::Wait);
        }
        let groups = gained_groups(&view.state, &gains, local, &|host| view.datacenter(host));
        let ranges = streamed_ranges(plan, &groups);
        replica.stream_status.begin(plan, (ranges.len(), self.complete.len()));
        self.take_fences(plan, &ranges).await?;
        if !gains.may_be_fetched() {
            return Ok(Next::Wait);
        }
        let count = ranges.len();
        let is_left = |range: &StreamedRange| !self.complete.contains(&(range.table, range.tokens.end));
        let ranges: Vec<_> = ranges.into_iter().filter(|(range, _)| is_left(range)).collect();
        if std::mem::replace(&mut self.logged, (plan, ranges.len())) != (plan, ranges.len()) {
            tracing::info!(plan, ranges = ranges.len(), "rows of ranges that this node gains are fetched");
        }
        let is_asked = std::mem::replace(&mut self.asked, plan) == plan;
        let coordinator = self.coordinator.clone();
        let expecting = async {
            if !is_asked {
                expect(coordinator.parts(), plan, &groups).await;
            }
        };
        let (fetched, ()) = futures_util::future::join(self.fetch(ranges), expecting).await;
        fetched?;
        // The plan goes on once this node says that it is done, so the rows are on disk before.
        replica.on_disk(Lane::Background, move |store| stream_journal::set_done(store, plan)).await?;
        replica.stream_status.set_done(plan);
        tracing::info!(plan, ranges = count, "all rows of ranges that this node gains are here");
        Ok(Next::Step)
    }

    async fn wait(&mut self) {
        let coordinator = &self.coordinator;
        coordinator.context().within(POLL_INTERVAL, coordinator.cluster().plan_change()).await;
    }

    fn progress(&self) -> String {
        let view = self.coordinator.cluster().view();
        let Some(plan) = &view.state.plan else { return String::new() };
        let progress = self.coordinator.replica().stream_status.progress(plan.id);
        match progress.ranges_left {
            0 => String::new(),
            left => format!(
                "{left} ranges of tables left, {} of about {} bytes here",
                progress.bytes_done, progress.bytes_total_estimate
            ),
        }
    }
}
