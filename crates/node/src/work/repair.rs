//! Anti-entropy: the replicas of every range compare what they hold, all the time, and what is proven to be everywhere is recorded
//! (docs/protocols/anti-entropy.md).
//!
//! - `group`: the ranges that are compared together; `oldest`: the one proven longest ago; `owed`: the writes that members owe; `round`:
//!   the order of comparisons; `session`: one of them.

pub(crate) mod group;
pub(crate) mod oldest;
mod owed;
mod round;
mod session;

use crate::cluster::view::View;
use crate::coordinator::Coordinator;
use crate::ground::repairs::{RepairRequest, RepairStatus, TableRepair};
use crate::ground::world::World;
use crate::peers::messages::repair::{ComparedPart, FloorNote};
use crate::work::worker::{Next, StepError, Worker};
use group::{Group, Scope, groups};
use henge_base::{HostId, Micros, Mono, Random};
use henge_coordinator::Replicas;
use henge_model::{StorageId, Table, TokenRange};
use henge_repair::{BITS_MAX, BITS_MIN, bits_for};
use owed::{ASKED_PER_ROUND, OwedWrites, are_many, live_members};
use round::Round;
use session::{SessionError, SessionRun, is_stale};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Clocks of coordinators that issue writes may differ by as much.
const CLOCK_MARGIN: Duration = Duration::from_secs(1);

/// The share of the time between two rounds over which a large cluster's comparisons are spread.
const SPREAD_SHARE: f64 = 0.75;

/// Ballots of this age are refused once they are settled: no round takes so long, and no request waits for one.
const BALLOT_AGE: Duration = Duration::from_micros(2 * henge_paxos::AGE_MAX_US as u64);

/// Compares this node's ranges with their other replicas.
pub(crate) struct Repair<W> {
    coordinator: Coordinator<W>,
    random: Random,
    /// When this process began: what was never proven counts from there.
    started: Micros,
    has_begun: bool,
    /// When the next round is due.
    due: Mono,
    /// The rest of this one.
    round: Round,
    owed: OwedWrites,
    /// When the next one of many members is asked what it owes.
    ask_due: Mono,
    /// Leading bits of tokens that name the leaves of a table.
    bits: BTreeMap<StorageId, u8>,
}

impl<W: World> Repair<W> {
    /// Nothing is compared yet.
    pub(crate) fn new(coordinator: Coordinator<W>) -> Self {
        let random = Random::new(coordinator.context().world.random("repair"));
        let started = coordinator.context().wall_us();
        if coordinator.context().options.auto_repair {
            coordinator.context().repairs.set_oldest_proven(Some(started));
        }
        Repair {
            coordinator,
            random,
            started,
            has_begun: false,
            due: Mono::default(),
            round: Round::default(),
            owed: OwedWrites::default(),
            ask_due: Mono(u64::MAX),
            bits: BTreeMap::new(),
        }
    }

    /// Compares once all that an operator asks for and this node holds; the outcome by table.
    async fn compare_held(&mut self, is_asked: impl Fn(&Table) -> bool) -> Vec<TableRepair> {
        let view = self.coordinator.cluster().current_view();
        self.owed.ask_all(&self.coordinator, &view).await;
        let tables: Vec<Arc<Table>> = view.state.schema.tables().filter(|table| is_asked(table)).cloned().collect();
        let mut outcomes = Vec::with_capacity(tables.len());
        for table in tables {
            let sum = self.compare_table(&table, Scope::Held, |_| true).await;
            outcomes.push(TableRepair {
                keyspace: table.keyspace.clone(),
                table: table.name.clone(),
                sessions: sum.sessions,
                failed: sum.failed,
                rows: sum.rows,
                mended_rows: sum.mended_rows,
                mended_bytes: sum.mended_bytes,
                error: sum.last_error,
            });
        }
        outcomes
    }

    /// Begins a round: all that this node leads is compared once.
    async fn begin_round(&mut self, interval: Duration) {
        let view = self.coordinator.cluster().current_view();
        let is_large = are_many(view.state.members.len());
        if !is_large {
            self.owed.ask_all(&self.coordinator, &view).await;
        }
        let (replica, local) = (self.coordinator.replica(), self.coordinator.local());
        let tables = view.state.schema.tables();
        let groups = tables.flat_map(|table| groups(&view, replica, local, table, Scope::Led));
        let time = if is_large { interval.mul_f64(SPREAD_SHARE) } else { Duration::ZERO };
        self.round =
            Round::new(groups.map(|group| group.replicas).collect(), self.coordinator.context().world.mono(), time);
    }

    /// Compares what this node leads together with the same others.
    async fn compare_set(&mut self, replicas: &[HostId]) {
        let view = self.coordinator.cluster().current_view();
        for table in view.state.schema.tables() {
            self.compare_table(table, Scope::Led, |group| group.replicas == replicas).await;
        }
    }

    /// Compares groups of a table; the sum of their outcomes.
    async fn compare_table(
        &mut self,
        table: &Arc<Table>,
        scope: Scope,
        is_asked: impl Fn(&Group) -> bool,
    ) -> RepairStatus {
        let (view, local) = (self.coordinator.cluster().current_view(), self.coordinator.local());
        let mut sum = RepairStatus::default();
        for group in groups(&view, self.coordinator.replica(), local, table, scope).into_iter().filter(is_asked) {
            let status = self.compare(&group).await;
            self.coordinator.context().repairs.note(table.storage_id, status.clone());
            let rows = sum.rows + status.rows;
            sum.add(status);
            sum.rows = rows;
        }
        sum
    }

    /// Compares a group, and tells its replicas what that proves.
    async fn compare(&mut self, group: &Group) -> RepairStatus {
        let (context, table) = (self.coordinator.context(), group.table.storage_id);
        let failed = |error: String| RepairStatus { failed: 1, last_error: Some(error), ..RepairStatus::default() };
        let alive = |host: &&HostId| self.coordinator.alive(**host);
        let compared = &match context.options.faults.prove_without_one {
            true => Group { replicas: group.replicas.iter().filter(alive).copied().collect(), ..group.clone() },
            false => group.clone(),
        };
        let group = compared;
        if let Some(host) = group.replicas.iter().find(|host| !alive(host)) {
            return failed(format!("{host} is down"));
        }
        let Some(began) = self.coordinator.stamp(0) else {
            return failed("this node's clock is not trusted".to_owned());
        };
        let floor = self.next_floor(group, began);
        let part = ComparedPart {
            table,
            ranges: group.ranges.clone(),
            bits: *self.bits.entry(table).or_insert(BITS_MIN),
            purge_before: self.purge_before(group, began),
        };
        let is_fenced = !context.options.faults.forget_unproven;
        let fence = floor.filter(|_| is_fenced).map(|floor| fence(context.options.purge_margin, floor.before));
        let ballots = self.ballots_to_settle(group, began).await;
        let run = SessionRun { coordinator: &self.coordinator, group, part, began, fence, ballots };
        let mut outcome = run.run().await;
        if matches!(outcome, Err(SessionError::Unsettled)) {
            // Everything but floors can be had without it.
            let part = run.part.clone();
            let began = self.coordinator.stamp(began).unwrap_or(began);
            let run = SessionRun { coordinator: &self.coordinator, group, part, began, fence: None, ballots: None };
            outcome = run.run().await;
            return self.conclude(&run, outcome, None).await;
        }
        if let Ok(outcome) = &outcome {
            self.bits.insert(table, wanted_bits(outcome, group));
        }
        self.conclude(&run, outcome, floor).await
    }

    /// Notes the end of a session, and tells replicas what it has proven.
    async fn conclude(
        &self,
        run: &SessionRun<'_, W>,
        outcome: Result<session::Outcome, SessionError>,
        floor: Option<FloorNote>,
    ) -> RepairStatus {
        let (context, group) = (self.coordinator.context(), run.group);
        let told = match &outcome {
            Ok(_) => run.tell(self.proven_until(group, run.began), floor).await,
            Err(_) => Ok(()),
        };
        match outcome.and_then(|outcome| told.map(|()| outcome)) {
            Ok(session::Outcome { findings, .. }) => {
                context.metrics.repair_sessions.inc();
                context.metrics.repair_rows_mended.inc_by(findings.mended_rows);
                context.metrics.repair_bytes_mended.inc_by(findings.mended_bytes);
                if findings.mended_rows > 0 {
                    tracing::info!(
                        table = %group.table.name,
                        rows = findings.mended_rows,
                        "replicas differed, and were given what they lacked"
                    );
                }
                RepairStatus {
                    sessions: 1,
                    last: run.began,
                    rows: findings.rows,
                    mended_rows: findings.mended_rows,
                    mended_bytes: findings.mended_bytes,
                    ..RepairStatus::default()
                }
            }
            Err(error) => {
                context.metrics.repair_sessions_failed.inc();
                if !is_stale(&error) {
                    tracing::debug!(%error, table = %group.table.name, "a comparison of replicas ended early");
                }
                let text = error.to_string();
                if let SessionError::Floors(floors) = error {
                    // A replica may know of a floor that this node does not: the next session goes by it.
                    let _ = self.coordinator.replica().note_floors(group.table.storage_id, floors).await;
                }
                RepairStatus { failed: 1, last: run.began, last_error: Some(text), ..RepairStatus::default() }
            }
        }
    }

    /// The time before which a comparison leaves out deletions: all replicas have forgotten them, or may.
    fn purge_before(&self, group: &Group, now: Micros) -> i64 {
        match group.table.unproven_purge_seconds() {
            Some(seconds) => now.div_euclid(1_000_000) - i64::from(seconds),
            None => group.floor.map_or(i64::MIN, |floor| floor.before),
        }
    }

    /// Every write that was issued before is on all replicas, if this session succeeds; 0: none is known to be.
    fn proven_until(&self, group: &Group, began: Micros) -> Micros {
        let live = live_members(&self.coordinator, &self.coordinator.cluster().view());
        let Some(settled) = self.owed.settled_before(live.into_iter(), &group.replicas) else { return 0 };
        let options = &self.coordinator.context().options;
        let under_way = (2 * options.write_timeout + CLOCK_MARGIN).as_micros() as Micros;
        began.min(settled).saturating_sub(under_way)
    }

    /// The time before which this session is to settle ballots; `None` if it was done not long ago, or there are none.
    async fn ballots_to_settle(&self, group: &Group, began: Micros) -> Option<Micros> {
        let interval = self.coordinator.context().options.acceptor_purge_interval.as_micros() as Micros;
        let before = began - BALLOT_AGE.as_micros() as Micros;
        let replica = self.coordinator.replica();
        if before - group.settled < interval || self.coordinator.cluster().view().state.plan.is_some() {
            return None;
        }
        let is_held = replica.holds_acceptors(group.table.storage_id, group.ranges.clone()).await.unwrap_or(false);
        is_held.then_some(before)
    }

    /// The floor that this session is to bring about: of deletions that there are, and that an earlier session has proven.
    fn next_floor(&self, group: &Group, now: Micros) -> Option<FloorNote> {
        let options = &self.coordinator.context().options;
        if group.table.unproven_purge_seconds().is_some() || (group.proven == 0 && !options.faults.forget_unproven) {
            return None;
        }
        let now_seconds = now.div_euclid(1_000_000);
        let margin = options.purge_margin.as_secs() as i64;
        let proven = if options.faults.forget_unproven { now } else { group.proven };
        let before = proven.div_euclid(1_000_000) - margin;
        let known = group.floor.map_or(i64::MIN, |floor| floor.before);
        let has_settled = group.floor.is_none_or(|floor| floor.counts_from <= now_seconds);
        let (_, oldest) = self.coordinator.replica().deletion_times(group.table.storage_id)?;
        let epoch = (group.epoch.lineage, group.epoch.index);
        let floor = FloorNote { before, counts_from: now_seconds + 1 + margin / 4, epoch };
        (has_settled && before > known && oldest < before).then_some(floor)
    }

    /// Shows what a round has come to, and forgets what is mended or gone.
    async fn end_round(&mut self, now: Mono, interval: Duration) {
        let view = self.coordinator.cluster().current_view();
        self.retain(&view);
        self.note_oldest_proof(&view);
        self.coordinator.replica().forget_mended(&view).await;
        if !are_many(view.state.members.len()) {
            self.ask_due = Mono(u64::MAX);
        } else if self.ask_due == Mono(u64::MAX) {
            self.ask_due = now + interval / ASKED_PER_ROUND;
        }
    }

    /// Notes the oldest proof of the ranges that this node holds.
    fn note_oldest_proof(&self, view: &View) {
        let (context, local) = (self.coordinator.context(), self.coordinator.local());
        let groups = view
            .state
            .schema
            .tables()
            .flat_map(|table| groups(view, self.coordinator.replica(), local, table, Scope::Held));
        context.repairs.set_oldest_proven(groups.map(|group| group.proven.max(self.started)).min());
    }

    /// Forgets what concerns tables that are gone.
    fn retain(&mut self, view: &View) {
        let known = |table: StorageId| view.placed_of(table).is_some();
        self.bits.retain(|table, _| known(*table));
        self.owed.retain(|host| view.state.members.contains_key(&host));
        self.coordinator.context().repairs.retain(known);
        self.coordinator.replica().retain_trees(known);
    }

    /// Carries out an operator's request.
    async fn serve(&mut self, request: RepairRequest) {
        let RepairRequest { keyspace, table, done } = request;
        let is_asked = |found: &Table| {
            keyspace.as_ref().is_none_or(|keyspace| *keyspace == found.keyspace)
                && table.as_ref().is_none_or(|table| *table == found.name)
        };
        let outcomes = self.compare_held(is_asked).await;
        // Whoever asked may have gone.
        let _ = done.send(outcomes);
    }
}

/// Leading bits that leaves of a table should be named by, after a session of some of its ranges.
fn wanted_bits(outcome: &session::Outcome, group: &Group) -> u8 {
    let width = |range: &TokenRange| u128::from(range.end.0.wrapping_sub(range.start.0) as u64);
    let covered = group.ranges.iter().map(width).sum::<u128>().max(1);
    let rows = (u128::from(outcome.findings.rows) << 64) / covered;
    let wanted = bits_for(u64::try_from(rows).unwrap_or(u64::MAX));
    // Another number of leaves has everything read again, so it is not for a few rows more.
    if wanted > outcome.bits + 1 { wanted.min(BITS_MAX) } else { outcome.bits }
}

/// Writes from before this are refused before deletions from before `before` (seconds) are forgotten.
fn fence(margin: Duration, before: i64) -> Micros {
    before.saturating_mul(1_000_000).saturating_add((margin / 2).as_micros() as Micros)
}

impl<W: World> Worker for Repair<W> {
    const NAME: &'static str = "repair";
    const RETRY_DELAY: Duration = Duration::from_secs(10);

    async fn step(&mut self) -> Result<Next, StepError> {
        while let Some(request) = self.coordinator.context().repairs.take_request() {
            self.serve(request).await;
        }
        let (is_enabled, interval) = {
            let options = &self.coordinator.context().options;
            (options.auto_repair, options.repair_interval)
        };
        let now = self.coordinator.context().world.mono();
        if now >= self.ask_due {
            self.ask_due = now + interval / ASKED_PER_ROUND;
            if is_enabled {
                let view = self.coordinator.cluster().current_view();
                self.owed.ask_next(&self.coordinator, &view).await;
            }
        }
        if self.round.due().is_none() {
            if self.has_begun && now < self.due {
                return Ok(Next::Wait);
            }
            // Nodes begin at random, and do not fall into step.
            let spread = interval.as_micros() as u64;
            let jitter = if self.has_begun { spread / 10 } else { spread };
            let jitter = Duration::from_micros(self.random.below(jitter + 1));
            self.due = if self.has_begun { now + interval + jitter } else { now + jitter };
            if self.has_begun && is_enabled {
                self.begin_round(interval).await;
            }
            self.has_begun = true;
        }
        if let Some(replicas) = self.round.take(self.coordinator.context().world.mono()) {
            self.compare_set(&replicas).await;
        }
        if self.round.due().is_some() {
            // Requests of operators come between two sets.
            return Ok(Next::Wait);
        }
        self.end_round(now, interval).await;
        Ok(Next::Wait)
    }

    async fn wait(&mut self) {
        let context = self.coordinator.context();
        let due = self.round.due().unwrap_or(self.due);
        tokio::select! {
            biased;
            () = context.repairs.wait_for_request() => {}
            () = context.world.sleep_until(due.min(self.ask_due)) => {}
        }
    }

    fn progress(&self) -> String {
        String::new()
    }
}
