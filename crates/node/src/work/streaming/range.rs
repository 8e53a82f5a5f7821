//! One range of one table, fetched page by page. A page is applied and recorded before the next one is applied.

use super::sources::{FailedSources, NextSource, RangeSources};
use super::stream_error::StreamError;
use crate::coordinator::Coordinator;
use crate::ground::world::{Lane, World};
use crate::peers::messages::stream::{StreamPage, StreamPageReply, StreamPart};
use crate::replica::stream_journal::{self, RangeProgress};
use crate::replica::stream_sink::{ImportError, StreamedRange};
use henge_base::{Bytes, HostId};
use henge_coordinator::{Refusal, ReplicaError};
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// The time that a source has to answer with a page, its wait for the rate limit included.
const PAGE_TIMEOUT: Duration = Duration::from_secs(10);
/// A source that is busy (older requests or too many pages under way) is asked this many times, with this pause between.
const BUSY_PAUSE: Duration = Duration::from_millis(200);
const BUSY_ATTEMPTS: u32 = 25;

/// The fetching of one range of one table.
pub(super) struct RangeStream<'a, W> {
    pub(super) coordinator: &'a Coordinator<W>,
    pub(super) range: StreamedRange,
    pub(super) sources: Arc<RangeSources>,
    /// Sources whose fences are known: only they are fetched from.
    pub(super) fenced: &'a BTreeSet<HostId>,
    pub(super) failed: &'a Mutex<FailedSources>,
}

impl<W: World> RangeStream<'_, W> {
    /// Fetches what is left of the range.
    pub(super) async fn run(self) -> Result<(), StreamError> {
        let (replica, range) = (self.coordinator.replica(), self.range);
        let stored = replica.on_disk(Lane::Background, move |store| {
            stream_journal::progress(store, range.plan, range.table, range.tokens)
        });
        let mut progress = stored.await?;
        let mut is_empty = true;
        while let Some(part) = progress.part {
            let started = progress.cursor.as_ref().map(|(source, _)| *source);
            let (is_ready, is_given_up) = (|host| self.is_ready(host), |host| self.is_given_up(host));
            match self.sources.next(part, &progress.sources, started, is_ready, is_given_up) {
                NextSource::Enough => progress.end_part(),
                NextSource::TooFew(needed) => return Err(StreamError::TooFewSources { needed }),
                NextSource::Ask(source) => match self.fetch_from(source, part, &mut progress).await? {
                    SourceOutcome::Pages(pages) => is_empty &= pages == 0,
                    SourceOutcome::TableGone => break,
                },
            }
        }
        if !is_empty {
            self.record(&progress).await?;
        }
        replica.stream_status.end_range();
        Ok(())
    }

    fn is_ready(&self, host: HostId) -> bool {
        let is_up = self.coordinator.peers().liveness().is_up(host);
        let now = self.coordinator.context().world.mono();
        is_up && self.fenced.contains(&host) && !self.failed.lock().contains(host, now)
    }

    fn is_given_up(&self, host: HostId) -> bool {
        let now = self.coordinator.context().world.mono();
        let down_for = self.coordinator.peers().liveness().down_for(host, now);
        self.failed.lock().is_given_up(host, down_for, now)
    }

    async fn record(&self, progress: &RangeProgress) -> Result<(), StreamError> {
        let (range, progress) = (self.range, progress.clone());
        let recorded = self.coordinator.replica().on_disk(Lane::Background, move |store| {
            stream_journal::set_progress(store, range.plan, (range.table, range.tokens), &progress)
        });
        Ok(recorded.await?)
    }

    /// Fetches a part from a source until the source has no more of it. The next page is requested while one is applied.
    async fn fetch_from(
        &self,
        source: HostId,
        part: StreamPart,
        progress: &mut RangeProgress,
    ) -> Result<SourceOutcome, StreamError> {
        if !self.fenced.contains(&source) {
            self.failed.lock().add(source, self.coordinator.context().world.mono());
            return Err(StreamError::Source { from: source, error: ReplicaError::NotSent });
        }
        let after = progress.cursor.take().filter(|(from, _)| *from == source).map(|(_, key)| key);
        let mut next = Box::pin(self.ask(source, part, after)).await;
        let mut pages = 0;
        loop {
            let reply = match next {
                Ok(reply) => reply,
                Err(ReplicaError::Refused(Refusal::UnknownTable)) if self.is_table_gone() => {
                    return Ok(SourceOutcome::TableGone);
                }
                Err(error) => {
                    self.failed.lock().add(source, self.coordinator.context().world.mono());
                    return Err(StreamError::Source { from: source, error });
                }
            };
            self.failed.lock().remove(source);
            let (bytes, last) = (reply.bytes(), reply.rows.last().map(|(key, _)| key.clone()));
            let next_after = last.clone().filter(|_| reply.more);
            let prefetch = async {
                match &next_after {
                    Some(key) => Some(self.ask(source, part, Some(key.clone())).await),
                    None => None,
                }
            };
            let (applied, prefetched) = futures_util::future::join(self.apply(part, reply.rows), prefetch).await;
            match applied {
                Err(ImportError::Stale) if self.is_table_gone() => return Ok(SourceOutcome::TableGone),
                applied => applied?,
            }
            self.coordinator.replica().stream_status.add_bytes(source, bytes);
            self.coordinator.context().metrics.stream_bytes_received.inc_by(bytes);
            pages += usize::from(last.is_some());
            let Some(page) = prefetched else {
                progress.sources.push(source);
                return Ok(SourceOutcome::Pages(pages));
            };
            progress.cursor = last.map(|key| (source, key));
            self.record(progress).await?;
            next = page;
        }
    }

    fn is_table_gone(&self) -> bool {
        self.coordinator.cluster().view().placed_of(self.range.table).is_none()
    }

    async fn apply(&self, part: StreamPart, rows: Vec<(Bytes, Bytes)>) -> Result<(), ImportError> {
        let (replica, cluster) = (self.coordinator.replica(), self.coordinator.cluster());
        match part {
            StreamPart::Rows => replica.import_rows(cluster, self.range, rows).await,
            StreamPart::Acceptors => replica.import_acceptors(cluster, self.range, rows).await,
        }
    }

    /// Requests a page; a source that is busy is asked again, up to [`BUSY_ATTEMPTS`] times.
    async fn ask(
        &self,
        source: HostId,
        part: StreamPart,
        after: Option<Bytes>,
    ) -> Result<StreamPageReply, ReplicaError> {
        let StreamedRange { plan, table, tokens } = self.range;
        let question = StreamPage { plan, table, tokens, part, after };
        let mut attempts = 0;
        loop {
            let context = self.coordinator.context();
            let deadline = context.deadline_after(PAGE_TIMEOUT);
            let reply = self.coordinator.peers().call(source, deadline, &question).await;
            attempts += 1;
            match reply {
                Err(ReplicaError::Refused(Refusal::Overloaded | Refusal::Behind)) if attempts < BUSY_ATTEMPTS => {
                    context.pause(BUSY_PAUSE).await;
                }
                reply => return reply,
            }
        }
    }
}

/// The outcome of asking a source.
enum SourceOutcome {
    /// It has sent all of the part, in so many pages with rows.
    Pages(usize),
    /// The table was dropped or truncated: nothing of it is needed any more.
    TableGone,
}
