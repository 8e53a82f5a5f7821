//! The world, clock, settings and metrics of a node: every part of it may hold them.

use crate::ground::clock::{Clock, Now, StampError};
use crate::ground::identity::Identity;
use crate::ground::metrics::Metrics;
use crate::ground::options::Options;
use crate::ground::plan_watch::PlanWatch;
use crate::ground::repairs::Repairs;
use crate::ground::requests_in_flight::RequestsInFlight;
use crate::ground::spans::{Span, SpanQueue};
use crate::ground::standing::StandingCell;
use crate::ground::versions::Versions;
use crate::ground::worker_status::WorkerStatuses;
use crate::ground::world::World;
use arc_swap::ArcSwap;
use henge_base::{DriftError, HostId, Micros, Mono};
use henge_metadata::Epoch;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Between two looks whether the clock's lease was renewed.
const LEASE_WAIT: Duration = Duration::from_millis(2);

/// The ground of a node. One per node; it knows of no other part.
pub(crate) struct Context<W> {
    pub(crate) world: Arc<W>,
    pub(crate) options: Options,
    pub(crate) clock: Clock,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) identity: Identity,
    /// The standing of this process among others.
    pub(crate) standing: StandingCell,
    /// The formats that this node reads, and those that it writes.
    pub(crate) versions: Versions,
    /// Requests under way, by epoch.
    pub(crate) in_flight: RequestsInFlight,
    /// Comparisons with other replicas.
    pub(crate) repairs: Repairs,
    /// The wait of the plan that this node drives.
    pub(crate) plan_watch: PlanWatch,
    /// The status of background workers.
    pub(crate) workers: WorkerStatuses,
    /// Spans of sampled requests.
    pub(crate) spans: Arc<SpanQueue>,
    epoch: ArcSwap<Epoch>,
    /// Only the reserve is left on the disk.
    is_disk_full: AtomicBool,
}

impl<W: World> Context<W> {
    /// The ground of a node whose clock goes on after `lease`.
    pub(crate) fn new(world: Arc<W>, identity: Identity, options: Options, lease: Micros) -> Self {
        let now = Now::read(|| world.mono(), || world.wall_us());
        let clock = Clock::after(lease, now, options.faults.stamp_beyond_the_bound);
        let (metrics, workers) = (Arc::default(), WorkerStatuses::default());
        let (epoch, is_disk_full) = (ArcSwap::from_pointee(Epoch::default()), AtomicBool::new(false));
        let (standing, in_flight) = (StandingCell::default(), RequestsInFlight::default());
        let (repairs, plan_watch) = (Repairs::default(), PlanWatch::default());
        let versions = Versions::new(options.versions);
        Context {
            versions,
            repairs,
            plan_watch,
            in_flight,
            world,
            options,
            clock,
            metrics,
            identity,
            standing,
            workers,
            spans: Arc::default(),
            epoch,
            is_disk_full,
        }
    }

    /// This node's id.
    pub(crate) fn host(&self) -> HostId {
        self.identity.host
    }

    /// The epoch that messages carry: the newest one that this node has applied.
    pub(crate) fn epoch(&self) -> Epoch {
        **self.epoch.load()
    }

    /// Sets the epoch that messages carry. Called once requests are planned by it: a message with an epoch that its sender did not plan
    /// by would pass the fence of a range that moved.
    pub(crate) fn set_epoch(&self, epoch: Epoch) {
        self.epoch.store(Arc::new(epoch));
    }

    /// True while writes are refused because the disk is full.
    pub(crate) fn is_disk_full(&self) -> bool {
        self.is_disk_full.load(Ordering::Relaxed)
    }

    /// Refuses writes from now on, or takes them again.
    pub(crate) fn set_disk_full(&self, is_full: bool) {
        self.is_disk_full.store(is_full, Ordering::Relaxed);
    }

    /// Has a span exported; without room for it, it is counted and lost.
    pub(crate) fn export(&self, span: Span) {
        if !self.spans.push(span) {
            self.metrics.spans_dropped.inc();
        }
    }

    /// The present moment.
    pub(crate) fn now(&self) -> Now {
        Now::read(|| self.world.mono(), || self.world.wall_us())
    }

    /// The time, in microseconds since the epoch: by the wall clock, unless that is known to be wrong. Stamps are the clock's.
    pub(crate) fn wall_us(&self) -> Micros {
        self.clock.right_time(self.now())
    }

    /// Takes over the clock of a message; a stamp too far ahead is ignored and counted.
    pub(crate) fn witness(&self, clock: Micros) {
        // Of most messages: then it changes nothing, and no clock need be read.
        if clock <= self.clock.last() {
            return;
        }
        if self.clock.witness(clock, self.now()).is_err() {
            self.metrics.clock_refusals.inc();
        }
    }

    /// Refuses a stamp or a ballot that is further ahead of this node's clock than clocks may differ by, and counts it.
    pub(crate) fn check_received_stamp(&self, stamp: Micros) -> Result<(), DriftError> {
        self.clock.check_received(stamp, self.now()).inspect_err(|_| self.metrics.stamps_refused.inc())
    }

    /// A stamp, and the moment at which it was taken. Waits until the deadline for a lease that is late and for a clock that is about to be
    /// trusted.
    pub(crate) async fn stamp_before(&self, deadline: Mono, mut now: Now) -> Result<(Micros, Now), StampError> {
        loop {
            let refused = match self.clock.stamp(now) {
                Ok(stamp) => return Ok((stamp, now)),
                Err(refused) => refused,
            };
            if !refused.may_pass_within(deadline.since(now.mono).as_micros() as i64) {
                return Err(refused);
            }
            self.pause(LEASE_WAIT).await;
            now = self.now();
        }
    }

    /// Waits for a while.
    pub(crate) async fn pause(&self, time: Duration) {
        self.world.sleep_until(self.deadline_after(time)).await;
    }

    /// The outcome of a future, or `None` if it takes longer; it is given up then.
    pub(crate) async fn within<T>(&self, time: Duration, future: impl Future<Output = T>) -> Option<T> {
        use futures_util::future::{Either, select};
        match select(std::pin::pin!(future), std::pin::pin!(self.pause(time))).await {
            Either::Left((outcome, _)) => Some(outcome),
            Either::Right(_) => None,
        }
    }

    /// The moment that comes `time` from now.
    pub(crate) fn deadline_after(&self, time: Duration) -> Mono {
        self.world.mono() + time
    }
}
