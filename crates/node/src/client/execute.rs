//! Executing a client's statement: the one entry for every driver, shell and test.

use crate::client::access;
use crate::client::core::Core;
use crate::client::error::Error;
use crate::client::outcome::Outcome;
use crate::client::parameters::Parameters;
use crate::client::prepare::prepare;
use crate::client::prepared_statement::{LONG_TEXT_BYTES, PreparedStatement};
use crate::client::schema_change;
use crate::ground::clock::Now;
use crate::ground::requests_in_flight::RequestOfEpoch;
use crate::ground::world::{Lane, World};
use futures_util::future::{Either, select};
use henge_base::{Micros, Mono};
use henge_coordinator::{Local, ReadError};
use henge_cql::{BindContext, BoundValue, DescribeTarget, Guard, Plan, SelectPlan};
use henge_model::{Consistency, RowSink, WriteId};
use henge_query::{BatchPart, Request};
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

impl<W: World> Core<W> {
    /// Parses and resolves a statement, without keeping it.
    pub fn prepare(&self, text: &str, keyspace: Option<&str>) -> Result<Arc<PreparedStatement>, Error> {
        prepare(self, text, keyspace).map(Arc::new)
    }

    /// As [`Core::prepare`], away from this core if the text is long: all clients of a core wait for what takes long there.
    pub async fn prepare_aside(&self, text: &str, keyspace: Option<&str>) -> Result<Arc<PreparedStatement>, Error> {
        if text.len() < LONG_TEXT_BYTES {
            return self.prepare(text, keyspace);
        }
        let (core, text, keyspace) = (self.clone(), text.to_owned(), keyspace.map(str::to_owned));
        self.context().world.disk(Lane::Background, move || core.prepare(&text, keyspace.as_deref())).await
    }

    /// Keeps a statement that a client prepared, under an id that the protocol derives from keyspace and text.
    /// `client` is where it came from: one address has half of the room at most.
    pub fn keep(
        &self,
        id: [u8; 16],
        statement: Arc<PreparedStatement>,
        client: Option<IpAddr>,
    ) -> Result<Arc<PreparedStatement>, Error> {
        let kept = self.clients.statements.insert(id, statement, client);
        kept.map_err(|error| henge_query::Error::Invalid(error.to_string()).into())
    }

    /// A prepared statement at the current epoch; `None` if it has to be prepared (again): it is not known, or the schema
    /// changed what its id means, so that the client must learn of other bind markers or result columns first.
    pub fn find_prepared(&self, id: &[u8; 16]) -> Option<Arc<PreparedStatement>> {
        let known = self.clients.statements.find(id)?;
        if self.is_current(&known) {
            return Some(known);
        }
        let again = self.prepare(&known.text, known.keyspace.as_deref()).ok();
        self.clients.statements.renew(id, &known, again)
    }

    /// True if a statement means at the current epoch what it meant when it was resolved; if not, it must be prepared
    /// again.
    pub fn is_current(&self, ready: &PreparedStatement) -> bool {
        ready.is_current(&self.cluster().view())
    }

    /// The fast path: a read of one row that this node answers from memory. Otherwise the sink is as it was.
    pub fn try_execute(&self, ready: &PreparedStatement, parameters: &Parameters<'_>, sink: &mut dyn RowSink) -> bool {
        let (Plan::Select(plan), [placed]) = (&ready.prepared.plan, &ready.placed[..]) else { return false };
        if !self.may(ready, parameters.user) || !self.sees_clear(ready, parameters.user) || !self.is_unlimited() {
            return false;
        }
        let (timeout, now) = (self.context().options.read_timeout, self.context().now());
        let request = self.request(parameters, (WriteId::of_repair(0), 0), timeout, now);
        if self.is_held(parameters.user) {
            let settings = &self.context().options.guardrails;
            if !settings.pass_single_row(plan, parameters.page.size, parameters.consistency) {
                return false;
            }
        }
        henge_query::try_select(self.coordinator(), plan, placed, &request, sink) == Local::Done
    }

    /// Executes a statement. Rows go to `sink`, whose columns are `ready.prepared.result`.
    ///
    /// A request is moved into its task as a whole, so that what is not a plain write, and takes more room, stands in a box of its own.
    pub async fn execute(
        &self,
        ready: &PreparedStatement,
        parameters: &Parameters<'_>,
        sink: &mut (dyn RowSink + Send),
    ) -> Result<Outcome, Error> {
        if self.clients.is_draining() {
            return Err(Error::Bootstrapping("the node is shutting down".to_owned()));
        }
        self.authorize(ready, parameters.user)?;
        executable(ready)?;
        self.check_rate(ready, parameters)?;
        let counted = self.coordinator().begin_request();
        match &ready.prepared.plan {
            Plan::Select(plan) => Box::pin(self.execute_select(ready, plan, parameters, &counted, sink)).await,
            Plan::Modify(plan) if plan.is_conditional() => {
                let request = self.write_request(parameters).await?;
                let placed = ready.placed.first().ok_or_else(unplaced_error)?;
                self.hold_to_serial_scope(plan.table(), placed, parameters).await?;
                let applied = Box::pin(henge_query::modify_conditionally(self.coordinator(), plan, placed, &request));
                Ok(Outcome::Applied(applied.await?))
            }
            Plan::Modify(plan) => {
                let request = self.write_request(parameters).await?;
                let placed = ready.placed.first().ok_or_else(unplaced_error)?;
                henge_query::modify(self.coordinator(), plan, placed, &request).await?;
                Ok(Outcome::Void)
            }
            Plan::Batch(plan) => {
                let request = self.write_request(parameters).await?;
                let mut statements = plan.statements.iter().zip(&ready.placed);
                if let Some((first, placed)) = statements.find(|(write, _)| write.is_conditional()) {
                    self.hold_to_serial_scope(first.table(), placed, parameters).await?;
                }
                let applied = Box::pin(henge_query::batch(self.coordinator(), plan, &ready.placed, &request)).await?;
                Ok(applied.map_or(Outcome::Void, Outcome::Applied))
            }
            Plan::Schema(change) => Box::pin(schema_change::run(self, change, parameters)).await,
            Plan::Nothing => Ok(Outcome::Void),
            Plan::Use(keyspace) => Ok(Outcome::Keyspace(keyspace.clone())),
            Plan::Role(_) | Plan::Permission(_) => {
                let deadline = self.metadata_deadline(parameters)?;
                Box::pin(access::run(self, &ready.prepared.plan, parameters, deadline, sink)).await
            }
            Plan::Describe(target) => self.describe(target, sink),
            Plan::Explain(explained) => Box::pin(self.explain(ready, explained, parameters, sink)).await,
        }
    }

    /// Executes a SELECT whose rows go to `sink`, within the request that is `counted`.
    pub(super) async fn execute_select(
        &self,
        ready: &PreparedStatement,
        plan: &SelectPlan,
        parameters: &Parameters<'_>,
        counted: &RequestOfEpoch,
        sink: &mut (dyn RowSink + Send),
    ) -> Result<Outcome, Error> {
        let plan = self.seen_by(ready, plan, parameters.user)?;
        let (timeout, mut now) = (self.select_timeout(plan), self.context().now());
        self.admit(parameters, timeout, now.mono)?;
        let placed = ready.placed.first().ok_or_else(unplaced_error)?;
        if parameters.consistency.is_serial() {
            let deadline = self.receipt(parameters) + timeout;
            self.check_serial_read(plan.table(), placed, (parameters.consistency, deadline)).await?;
            // It takes ballots, which are stamps.
            (_, now) = self.stamp(parameters, now).await?;
        }
        // It writes nothing but repairs, which take identities of their own.
        let request = self.request(parameters, (WriteId::of_repair(0), self.seed()), timeout, now);
        let next = match plan.reads_by_key() {
            true => henge_query::select(self.coordinator(), plan, placed, &request, sink).await?,
            false => {
                let scan = Box::pin(henge_query::select(self.coordinator(), plan, placed, &request, sink));
                unless_cancelled(counted, request.consistency, scan).await?
            }
        };
        Ok(Outcome::Rows(next.map(|state| state.encode())))
    }

    /// Puts the rows of DESCRIBE into `sink`.
    fn describe(&self, target: &DescribeTarget, sink: &mut (dyn RowSink + Send)) -> Result<Outcome, Error> {
        let view = self.cluster().current_view();
        let rows = henge_cql::describe(target, &view.schema, &schema_change::facts(&view, target))?;
        rows.iter().for_each(|row| {
            sink.begin_row();
            row.iter().for_each(|value| sink.value(value.as_deref()));
        });
        Ok(Outcome::Rows(None))
    }

    /// Executes several statements as one batch.
    pub async fn execute_batch(
        &self,
        kind: henge_cql::BatchKind,
        statements: &[(Arc<PreparedStatement>, Vec<BoundValue<'_>>)],
        parameters: &Parameters<'_>,
    ) -> Result<Outcome, Error> {
        if self.clients.is_draining() {
            return Err(Error::Bootstrapping("the node is shutting down".to_owned()));
        }
        statements.iter().try_for_each(|(ready, _)| self.authorize(ready, parameters.user))?;
        statements.iter().try_for_each(|(ready, _)| executable(ready))?;
        self.check_batch_rate(statements.iter().map(|(ready, _)| &**ready), parameters)?;
        let _counted = self.coordinator().begin_request();
        let request = self.write_request(parameters).await?;
        let mut parts = Vec::with_capacity(statements.len());
        for (ready, values) in statements {
            match (&ready.prepared.plan, ready.placed.first()) {
                (Plan::Modify(plan), Some(placed)) => parts.push(BatchPart { plan, placed, values }),
                _ => {
                    let text = "Invalid statement in batch: only UPDATE, INSERT and DELETE statements are allowed.";
                    return Err(henge_query::Error::Invalid(text.to_owned()).into());
                }
            }
        }
        if let Some(first) = parts.iter().find(|part| part.plan.is_conditional()) {
            self.hold_to_serial_scope(first.plan.table(), first.placed, parameters).await?;
        }
        let applied = henge_query::batch_parts(self.coordinator(), kind, &parts, &request).await?;
        Ok(applied.map_or(Outcome::Void, Outcome::Applied))
    }

    async fn write_request<'a>(&'a self, parameters: &Parameters<'a>) -> Result<Request<'a>, Error> {
        let (timeout, now) = (self.context().options.write_timeout, self.context().now());
        self.admit(parameters, timeout, now.mono)?;
        let (issued, now) = self.stamp(parameters, now).await?;
        let id = WriteId { issued, member: self.cluster().view().own_number() };
        Ok(self.request(parameters, (id, self.seed()), timeout, now))
    }

    pub(super) fn request<'a>(
        &'a self,
        parameters: &Parameters<'a>,
        (id, seed): (WriteId, u64),
        timeout: Duration,
        now: Now,
    ) -> Request<'a> {
        let now_us = self.context().clock.right_time(now);
        let context = BindContext {
            values: parameters.values,
            timestamp: parameters.timestamp.unwrap_or(id.issued),
            now_us,
            now_seconds: parameters.now_seconds.unwrap_or(now_us.div_euclid(1_000_000)),
            before: None,
            statement: 0,
            seed,
            guard: self.guard(parameters),
        };
        let Parameters { consistency, serial, page, .. } = *parameters;
        let deadline = parameters.received.unwrap_or(now.mono) + timeout;
        Request { context, consistency, serial, deadline, id, page }
    }

    pub(super) fn receipt(&self, parameters: &Parameters<'_>) -> Mono {
        parameters.received.unwrap_or_else(|| self.now())
    }

    /// Monotonic time, as [`Parameters::received`] takes it.
    pub fn now(&self) -> Mono {
        self.context().world.mono()
    }

    /// Refuses a request that waited for its beginning until its time was up: what comes too late is not begun. Gives the time that it waited.
    fn check_wait(parameters: &Parameters<'_>, timeout: Duration, now: Mono) -> Result<Duration, Error> {
        let waited = parameters.received.map_or(Duration::ZERO, |received| now.since(received));
        if waited < timeout {
            return Ok(waited);
        }
        let message =
            format!("the request waited for {} ms before it could begin; it was not begun", waited.as_millis());
        Err(Error::Overloaded(message))
    }

    /// As [`Core::check_wait`]; refuses also what has waited for too long among requests all of which wait.
    fn admit(&self, parameters: &Parameters<'_>, timeout: Duration, now: Mono) -> Result<(), Error> {
        let waited = Self::check_wait(parameters, timeout, now)?;
        if self.queue_delay.admit(waited, now) || self.context().options.faults.admit_all {
            return Ok(());
        }
        let waited = waited.as_millis();
        Err(Error::Overloaded(format!(
            "the node is offered more than it can do: the request waited for {waited} ms before it could begin; it was \
             not begun"
        )))
    }

    /// The time until which a change of the metadata may be agreed on, if it is not over.
    pub(super) fn metadata_deadline(&self, parameters: &Parameters<'_>) -> Result<Mono, Error> {
        let timeout = self.context().options.metadata_timeout;
        Self::check_wait(parameters, timeout, self.now())?;
        Ok(self.receipt(parameters) + timeout)
    }

    /// The time that a SELECT may take: `read_request_timeout` if it names its partitions, else `range_request_timeout`.
    fn select_timeout(&self, plan: &SelectPlan) -> Duration {
        let options = &self.context().options;
        if plan.reads_by_key() { options.read_timeout } else { options.range_timeout }
    }

    /// The guardrails of a request that reads or writes.
    fn guard<'a>(&'a self, parameters: &Parameters<'a>) -> Guard<'a> {
        Guard::new(&self.context().options.guardrails, !self.is_held(parameters.user), parameters.warnings)
    }

    pub(super) fn seed(&self) -> u64 {
        self.context().world.random("request")
    }

    /// A stamp, and the moment at which it was taken. Waits for a lease that is late and for a clock that is about to be trusted, at most as
    /// long as a write may take.
    async fn stamp(&self, parameters: &Parameters<'_>, now: Now) -> Result<(Micros, Now), Error> {
        let deadline = parameters.received.unwrap_or(now.mono) + self.context().options.write_timeout;
        let stamped = self.context().stamp_before(deadline, now).await;
        stamped.map_err(|refused| Error::Overloaded(format!("{refused}; nothing was written, another node may")))
    }
}

/// The outcome of a scan, unless it is cancelled since the replicas of its ranges change: then it is a timeout.
async fn unless_cancelled<T>(
    counted: &RequestOfEpoch,
    consistency: Consistency,
    scan: impl Future<Output = Result<T, henge_query::Error>>,
) -> Result<T, henge_query::Error> {
    match select(pin!(scan), pin!(counted.wait_for_cancel())).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right(_) => {
            Err(ReadError::Timeout { consistency, received: 0, block_for: 1, data_present: false }.into())
        }
    }
}

/// Refuses what can be prepared and yet not be done.
fn executable(ready: &PreparedStatement) -> Result<(), Error> {
    match &ready.refusal {
        Some(refusal) => Err(henge_query::Error::Invalid(refusal.clone()).into()),
        None => Ok(()),
    }
}

fn unplaced_error() -> Error {
    henge_query::Error::Invalid("the keyspace is not placed at this epoch".to_owned()).into()
}
