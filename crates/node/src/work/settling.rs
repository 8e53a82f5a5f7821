//! Settling of conditional writes that were left undecided: their proposer died, or lost its links, when some acceptors had the value.
//! Whoever asks for the partition finishes them; where nobody asks, this worker does (docs/protocols/paxos.md). Until then such a value
//! may still come to pass, so that no acceptor and no deletion of its time is forgotten.

use crate::cluster::view::View;
use crate::coordinator::Coordinator;
use crate::ground::world::World;
use crate::work::worker::{Next, StepError, Worker};
use henge_base::{Bytes, Micros, Mono, Random};
use henge_coordinator::{KeyspacePlacement, Replicas, Settlement, settle_partition};
use henge_model::{Consistency, Key, Table, TokenRange};
use henge_paxos::{Acceptor, Scope};
use std::sync::Arc;
use std::time::Duration;

/// Between two rounds, one at a time: fifty in a second at most.
const ROUND_PAUSE: Duration = Duration::from_millis(20);
/// Between two pages of states.
const PAGE_PAUSE: Duration = Duration::from_millis(100);
/// Between two sweeps, at least, however often a comparison meets what is undecided.
const SWEEP_PAUSE_MIN: Duration = Duration::from_secs(1);
/// Clocks of coordinators may differ by as much.
const CLOCK_MARGIN: Duration = Duration::from_secs(1);

/// Goes through the states of this node's acceptors, and ends the rounds of partitions that are undecided.
pub(crate) struct Settling<W> {
    coordinator: Coordinator<W>,
    random: Random,
    /// When the next sweep is due; `None` until the first one is.
    due: Option<Mono>,
    settled: u64,
    /// Those of the last sweep that could not be settled.
    left: u64,
}

impl<W: World> Settling<W> {
    /// Nothing was gone through.
    pub(crate) fn new(coordinator: Coordinator<W>) -> Self {
        let random = Random::new(coordinator.context().world.random("settling"));
        Settling { coordinator, random, due: None, settled: 0, left: 0 }
    }

    /// Nodes sweep at random, and do not compete for the partitions that all of them hold.
    fn next_due(&mut self) -> Mono {
        let context = self.coordinator.context();
        let interval = context.options.acceptor_purge_interval;
        let spread = interval.as_micros() as u64;
        let mut by_chance = |most: u64| Duration::from_micros(self.random.below(most + 1));
        let pause = if self.due.is_some() { interval + by_chance(spread / 10) } else { by_chance(spread) };
        context.deadline_after(pause)
    }

    /// Settles what was proposed before a time and is undecided here.
    async fn sweep(&mut self, view: &View, table: &Table, before: Micros) -> Result<(), StepError> {
        let Some(placed) = view.keyspace_placement(&table.keyspace) else { return Ok(()) };
        let replica = self.coordinator.replica().clone();
        let mut next = None;
        loop {
            let page = replica.acceptors_page(table.storage_id, TokenRange::FULL, next).await?;
            for (key, state) in &page.rows {
                if let Some(serial) = undecided_level(state, before) {
                    self.settle(placed, key, serial).await;
                }
            }
            next = page.next;
            if next.is_none() {
                return Ok(());
            }
            self.coordinator.context().pause(PAGE_PAUSE).await;
        }
    }

    /// Settles a partition, if this node is a voter on it. Where too few voters answer it is left for the next sweep.
    async fn settle(&mut self, placed: &KeyspacePlacement, key: &Bytes, serial: Consistency) {
        let (coordinator, context) = (&self.coordinator, self.coordinator.context());
        let Some(token) = Key::token(key) else { return };
        let range = placed.placement.replicas(token);
        if !range.is_some_and(|range| range.write.contains(coordinator.local())) {
            return;
        }
        let _request = coordinator.begin_request();
        let deadline = context.deadline_after(context.options.write_timeout);
        let request = Settlement { placed: placed.clone(), token, key: key.clone(), serial, deadline };
        match settle_partition(coordinator, request).await {
            Ok(()) => {
                self.settled += 1;
                context.metrics.partitions_settled.inc();
            }
            Err(error) => {
                tracing::debug!(%error, "a conditional write stays undecided");
                self.left += 1;
            }
        }
        context.pause(ROUND_PAUSE).await;
    }
}

/// The level at which the undecided value of an acceptor was proposed, if that was before a time.
fn undecided_level(state: &Bytes, before: Micros) -> Option<Consistency> {
    let acceptor = Acceptor::decode(state).ok()?;
    acceptor.undecided_since().filter(|since| *since < before)?;
    Some(match acceptor.undecided_proposal()?.ballot.scope {
        Scope::Local => Consistency::LocalSerial,
        Scope::Global => Consistency::Serial,
    })
}

impl<W: World> Worker for Settling<W> {
    const NAME: &'static str = "settling";
    const RETRY_DELAY: Duration = Duration::from_secs(60);

    async fn step(&mut self) -> Result<Next, StepError> {
        let is_first = self.due.is_none();
        self.due = Some(self.next_due());
        let context = self.coordinator.context();
        let faults = context.options.faults;
        if is_first || faults.leave_undecided || faults.settle_undecided {
            return Ok(Next::Wait);
        }
        // What is younger may have a proposer that is at work on it.
        let age = 2 * context.options.write_timeout + CLOCK_MARGIN;
        let before = context.wall_us().saturating_sub(age.as_micros() as Micros);
        let view = self.coordinator.cluster().current_view();
        let tables: Vec<Arc<Table>> = view.state.schema.tables().cloned().collect();
        self.left = 0;
        for table in tables {
            self.sweep(&view, &table, before).await?;
        }
        self.coordinator.context().pause(SWEEP_PAUSE_MIN).await;
        Ok(Next::Wait)
    }

    async fn wait(&mut self) {
        let (context, due) = (self.coordinator.context(), self.due.unwrap_or_default());
        tokio::select! {
            biased;
            () = self.coordinator.replica().undecided_found.notified() => {}
            () = context.world.sleep_until(due) => {}
        }
    }

    fn progress(&self) -> String {
        format!("{} partitions settled, {} left undecided", self.settled, self.left)
    }
}
