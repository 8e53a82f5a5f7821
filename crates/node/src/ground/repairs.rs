//! Comparisons with other replicas: what became of them, for operators, and what operators ask for.

use henge_base::Micros;
use henge_model::StorageId;
use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::{Notify, oneshot};

/// Requests of operators that wait; further ones are refused.
const REQUESTS_MAX: usize = 16;

/// The comparisons of one table that this node led.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RepairStatus {
    /// Those that came to their end, since this node's start.
    pub(crate) sessions: u64,
    /// Those that did not.
    pub(crate) failed: u64,
    /// When the last one began.
    pub(crate) last: Micros,
    /// Rows of the last one, with the replica that has most.
    pub(crate) rows: u64,
    /// Rows that replicas lacked, and their bytes.
    pub(crate) mended_rows: u64,
    pub(crate) mended_bytes: u64,
    /// The reason why the last that failed did.
    pub(crate) last_error: Option<String>,
}

impl RepairStatus {
    /// Both together.
    pub(crate) fn add(&mut self, other: RepairStatus) {
        self.sessions += other.sessions;
        self.failed += other.failed;
        self.last = self.last.max(other.last);
        self.rows = other.rows;
        self.mended_rows += other.mended_rows;
        self.mended_bytes += other.mended_bytes;
        self.last_error = other.last_error.or(self.last_error.take());
    }
}

/// The outcome of the comparisons of a table that an operator asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableRepair {
    /// The keyspace.
    pub keyspace: String,
    /// The table.
    pub table: String,
    /// Comparisons that came to their end, each of the ranges that have the same replicas.
    pub sessions: u64,
    /// Those that did not.
    pub failed: u64,
    /// Rows that were compared.
    pub rows: u64,
    /// Rows that replicas lacked.
    pub mended_rows: u64,
    /// Bytes of these.
    pub mended_bytes: u64,
    /// The reason why the last that failed did.
    pub error: Option<String>,
}

/// An operator's request.
pub(crate) struct RepairRequest {
    /// Of all keyspaces, or one.
    pub(crate) keyspace: Option<String>,
    /// Of all tables, or one.
    pub(crate) table: Option<String>,
    /// Told the outcome by table.
    pub(crate) done: oneshot::Sender<Vec<TableRepair>>,
}

/// The oldest proof where there is nothing to prove.
const NONE_PROVEN: Micros = Micros::MAX;

/// The comparisons up to now, and those that operators wait for.
pub(crate) struct Repairs {
    /// The oldest time until which a range of this node was known to be equal on all replicas when the last round ended.
    oldest_proven: AtomicI64,
    statuses: Mutex<BTreeMap<StorageId, RepairStatus>>,
    requests: Mutex<VecDeque<RepairRequest>>,
    asked: Notify,
}

impl Default for Repairs {
    fn default() -> Self {
        Repairs {
            oldest_proven: AtomicI64::new(NONE_PROVEN),
            statuses: Mutex::default(),
            requests: Mutex::default(),
            asked: Notify::new(),
        }
    }
}

impl Repairs {
    /// Notes the oldest time until which a range is known to be equal; `None` if this node shares none.
    pub(crate) fn set_oldest_proven(&self, oldest: Option<Micros>) {
        self.oldest_proven.store(oldest.unwrap_or(NONE_PROVEN), Ordering::Relaxed);
    }

    /// The age of that time in whole seconds; 0 if this node shares no range. It grows while rounds do not end.
    pub(crate) fn proven_age_seconds(&self, now: Micros) -> u64 {
        let oldest = self.oldest_proven.load(Ordering::Relaxed);
        u64::try_from(now.saturating_sub(oldest) / 1_000_000).unwrap_or_default()
    }

    /// Notes a comparison that ended.
    pub(crate) fn note(&self, table: StorageId, status: RepairStatus) {
        self.statuses.lock().entry(table).or_default().add(status);
    }

    /// The comparisons of a table.
    pub(crate) fn status(&self, table: StorageId) -> RepairStatus {
        self.statuses.lock().get(&table).cloned().unwrap_or_default()
    }

    /// Forgets tables that are not `known`.
    pub(crate) fn retain(&self, known: impl Fn(StorageId) -> bool) {
        self.statuses.lock().retain(|table, _| known(*table));
    }

    /// Asks for comparisons now. `None` if too many wait already.
    pub(crate) fn ask(
        &self,
        keyspace: Option<String>,
        table: Option<String>,
    ) -> Option<oneshot::Receiver<Vec<TableRepair>>> {
        let (done, receiver) = oneshot::channel();
        let mut requests = self.requests.lock();
        if requests.len() >= REQUESTS_MAX {
            return None;
        }
        requests.push_back(RepairRequest { keyspace, table, done });
        drop(requests);
        self.asked.notify_one();
        Some(receiver)
    }

    /// Takes the oldest request.
    pub(crate) fn take_request(&self) -> Option<RepairRequest> {
        self.requests.lock().pop_front()
    }

    /// Waits until there is a request. For one task only.
    pub(crate) async fn wait_for_request(&self) {
        self.asked.notified().await;
    }
}

#[test]
fn a_proof_grows_older_while_no_round_ends() {
    let repairs = Repairs::default();
    assert_eq!(repairs.proven_age_seconds(50_000_000), 0, "nothing is shared");
    repairs.set_oldest_proven(Some(20_000_000));
    assert_eq!([50_000_000, 80_000_000].map(|now| repairs.proven_age_seconds(now)), [30, 60]);
    assert_eq!(repairs.proven_age_seconds(10_000_000), 0, "a clock that was set back");
    repairs.set_oldest_proven(None);
    assert_eq!(repairs.proven_age_seconds(80_000_000), 0);
}
