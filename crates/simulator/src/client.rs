//! Clients: they write, delete and read registers through any node, as drivers do.

use crate::acknowledged;
use crate::cluster::Cluster;
use crate::history::{
    AddedColumn, Addition, Batch, Ending, History, LastingWrite, Operation, OperationKind, Swap, Version,
};
use crate::machine::{Life, Machine};
use crate::registers;
use crate::wall_clock::true_time;
use henge_base::{Bytes, Micros, Random};
use henge_coordinator::{ReadError, Replicas, WriteError};
use henge_cql::{BoundValue, Warnings};
use henge_model::{Consistency, Rows};
use henge_node::{Error, Outcome, Parameters};
use henge_query::Page;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The state that all clients of a run share.
pub(crate) struct Clients {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) history: Mutex<History>,
    pub(crate) swaps: Mutex<Vec<Swap>>,
    pub(crate) batches: Mutex<Vec<Batch>>,
    pub(crate) additions: Mutex<Vec<Addition>>,
    pub(crate) columns: Mutex<Vec<AddedColumn>>,
    pub(crate) lasting: Mutex<Vec<LastingWrite>>,
    /// Chance of clients that go away in the middle of their requests; `None` if nobody does.
    pub(crate) leaving: Mutex<Option<Random>>,
    /// The time from which clients create the table of the last registers, if it is not there.
    late_from: AtomicU64,
    stamps: Mutex<BTreeSet<Micros>>,
}

impl Clients {
    pub(crate) fn new(cluster: Arc<Cluster>) -> Arc<Clients> {
        Arc::new(Clients {
            cluster,
            history: Mutex::default(),
            swaps: Mutex::default(),
            batches: Mutex::default(),
            additions: Mutex::default(),
            columns: Mutex::default(),
            lasting: Mutex::default(),
            leaving: Mutex::default(),
            late_from: AtomicU64::default(),
            stamps: Mutex::default(),
        })
    }

    /// Sets the time from which clients create the table of the last registers.
    pub(crate) fn create_late_from(&self, time: u64) {
        self.late_from.store(time, Ordering::Relaxed);
    }

    /// Creates the table of the last registers, if it is not there and it is time for it. Statements about it are refused without.
    async fn create_late(&self, life: &Life, key: i64, consistency: Consistency) {
        let is_time = self.cluster.clockwork.now() >= self.late_from.load(Ordering::Relaxed);
        if registers::is_late(key) && is_time && life.core.prepare(registers::texts(key).select, None).is_err() {
            let _ = statement(life, registers::LATE, &[], consistency, None).await;
        }
    }

    /// A timestamp that no other operation has, up to 50 ms off the true time, as clocks of clients are.
    pub(crate) fn stamp(&self, random: &mut Random) -> Micros {
        let now = true_time(self.cluster.clockwork.now());
        let mut stamp = now + random.below(100_000) as Micros - 50_000;
        let mut stamps = self.stamps.lock();
        while !stamps.insert(stamp) {
            stamp += 1;
        }
        stamp
    }

    /// Begins an operation at a node and returns its number. It runs as a task of that node and ends with it. With
    /// `patience` the client hangs up after so many microseconds.
    pub(crate) fn run(
        self: &Arc<Self>,
        life: &Life,
        key: i64,
        kind: OperationKind,
        consistency: Consistency,
        patience: Option<u64>,
    ) -> usize {
        let operation = Operation {
            key,
            kind,
            consistency,
            machine: Some(life.owner.machine),
            datacenter: self.cluster.datacenter_number(life.owner.machine),
            began: self.cluster.clockwork.now(),
            ended: None,
            ending: Ending::Unknown,
            told: String::new(),
        };
        let number = self.history.lock().begin(operation);
        let (clients, life) = (Arc::clone(self), life.clone());
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let by_slice = !clients.cluster.clockwork.now().is_multiple_of(2);
            let work = async {
                clients.create_late(&life, key, consistency).await;
                execute(&life, key, kind, consistency, by_slice).await
            };
            let Some((kind, ending, told)) = clients.until_hung_up(patience, work).await else { return };
            clients.cluster.clockwork.note("answer", told.as_bytes());
            if let (OperationKind::Write((stamp, _)), Ending::Ok) = (kind, ending) {
                acknowledged::check(&clients.cluster, &life, key, stamp, consistency);
            }
            let mut history = clients.history.lock();
            let operation = &mut history.operations[number];
            (operation.kind, operation.ending, operation.told) = (kind, ending, told);
            operation.ended = Some(clients.cluster.clockwork.now());
        });
        number
    }
}

async fn execute(
    life: &Life,
    key: i64,
    kind: OperationKind,
    consistency: Consistency,
    by_slice: bool,
) -> (OperationKind, Ending, String) {
    let texts = registers::texts(key);
    let key = key.to_be_bytes();
    match kind {
        OperationKind::Write((timestamp, value)) => {
            let value = value.to_be_bytes();
            let values = [BoundValue::Value(&key), BoundValue::Value(&value)];
            classify_outcome(kind, statement(life, texts.insert, &values, consistency, Some(timestamp)).await)
        }
        OperationKind::Delete(timestamp) => {
            let values = [BoundValue::Value(&key)];
            let text = texts.deletes[timestamp.rem_euclid(3) as usize];
            classify_outcome(kind, statement(life, text, &values, consistency, Some(timestamp)).await)
        }
        OperationKind::Find((_, value)) => {
            let value = value.to_be_bytes();
            match statement(life, registers::SELECT_BY_VALUE, &[BoundValue::Value(&value)], consistency, None).await {
                Ok(rows) => {
                    (version(&rows).map_or(kind, |found| OperationKind::Read(Some(found))), Ending::Ok, String::new())
                }
                Err(error) => classify_outcome(kind, Err(error)),
            }
        }
        OperationKind::Read(_) => {
            let text = if by_slice { texts.select_slice } else { texts.select };
            match statement(life, text, &[BoundValue::Value(&key)], consistency, None).await {
                Ok(rows) => (OperationKind::Read(version(&rows)), Ending::Ok, String::new()),
                Err(error) => classify_outcome(kind, Err(error)),
            }
        }
    }
}

fn classify_outcome(kind: OperationKind, result: Result<Rows, Error>) -> (OperationKind, Ending, String) {
    match result {
        Ok(_) => (kind, Ending::Ok, String::new()),
        Err(error) => (kind, if is_definite(&error) { Ending::Failed } else { Ending::Unknown }, error.to_string()),
    }
}

/// The running nodes that serve clients.
pub(crate) fn coordinators(cluster: &Cluster) -> Vec<Life> {
    let lives = cluster.machines.iter().filter_map(Machine::life);
    lives.filter(|life| life.node.is_member() && !is_moving(life)).collect()
}

/// True if a node is about to come or to go, and serves no clients.
pub(crate) fn is_moving(life: &Life) -> bool {
    let host = life.core.coordinator().local();
    life.node.plan().is_some_and(|plan| plan.kind.comes_or_goes(host))
}

/// True if an error says that nothing was done and nothing will be.
pub(crate) fn is_definite(error: &Error) -> bool {
    match error {
        Error::Query(henge_query::Error::Write(e)) => {
            matches!(e, WriteError::Unavailable { .. } | WriteError::Invalid(_))
        }
        Error::Query(henge_query::Error::Read(e)) => matches!(e, ReadError::Unavailable { .. } | ReadError::Invalid(_)),
        Error::Change(_) => false,
        _ => true,
    }
}

/// Executes a statement as a driver does: prepared, at the newest schema.
pub(crate) async fn statement(
    life: &Life,
    text: &str,
    values: &[BoundValue<'_>],
    consistency: Consistency,
    timestamp: Option<Micros>,
) -> Result<Rows, Error> {
    statement_at(life, text, values, (consistency, Consistency::Serial), timestamp).await
}

/// The same at a level and a serial level.
pub(crate) async fn statement_at(
    life: &Life,
    text: &str,
    values: &[BoundValue<'_>],
    (consistency, serial): (Consistency, Consistency),
    timestamp: Option<Micros>,
) -> Result<Rows, Error> {
    let _service = life.node.client_service();
    let ready = life.core.prepare(text, None)?;
    let width = ready.prepared.result.as_ref().map_or(0, |columns| columns.len());
    let page = Page::default();
    let warnings = &Warnings::default();
    let parameters = Parameters {
        values,
        consistency,
        serial,
        timestamp,
        now_seconds: None,
        page,
        user: None,
        client: None,
        warnings,
        received: None,
    };
    let mut rows = Rows::new(width);
    if life.core.try_execute(&ready, &parameters, &mut rows) {
        return Ok(rows);
    }
    let outcome = life.core.execute(&ready, &parameters, &mut rows).await?;
    if let Outcome::Applied(applied) = outcome {
        rows.rows = applied.rows;
    }
    Ok(rows)
}

/// One page of a query at QUORUM; the state at its end, unless it is the last one.
pub(crate) async fn page(life: &Life, text: &str, page: Page<'_>) -> Result<(Rows, Option<Vec<u8>>), Error> {
    let _service = life.node.client_service();
    let ready = life.core.prepare(text, None)?;
    let warnings = &Warnings::default();
    let parameters = Parameters {
        values: &[],
        consistency: Consistency::Quorum,
        serial: Consistency::Serial,
        timestamp: None,
        now_seconds: None,
        page,
        user: None,
        client: None,
        warnings,
        received: None,
    };
    let mut rows = Rows::new(ready.prepared.result.as_ref().map_or(0, |columns| columns.len()));
    match life.core.execute(&ready, &parameters, &mut rows).await? {
        Outcome::Rows(state) => Ok((rows, state)),
        _ => Ok((rows, None)),
    }
}

/// The version of a register in the rows of a read; `None` if there is no row.
fn version(rows: &Rows) -> Option<Version> {
    let row = rows.rows.first()?;
    Some((number(row, 1)?, number(row, 0)?))
}

/// A number in a row.
pub(crate) fn number(row: &[Option<Bytes>], at: usize) -> Option<i64> {
    Some(i64::from_be_bytes(row.get(at)?.as_ref()?.as_ref().try_into().ok()?))
}
