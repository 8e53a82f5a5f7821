//! The prepared statements of a node, by id. The id depends on keyspace and text alone, so a change of the schema may give one id another
//! meaning. Clients that hold the old one are answered Unprepared until somebody prepares the statement again.

use crate::client::prepared_statement::PreparedStatement;
use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// Prepared statements that a node keeps, beside their bytes; beyond it the oldest go, and drivers prepare them again.
const STATEMENTS_MAX: usize = 10_000;
/// The share of one client address in number and bytes, as a divisor: a client that prepares without end drops its own statements.
const OWNER_PART: usize = 2;

/// Prepared statements by id.
#[derive(Debug)]
pub(crate) struct Statements {
    by_id: RwLock<ById>,
}

#[derive(Debug, Default)]
struct ById {
    entries: BTreeMap<[u8; 16], Entry>,
    age: BTreeMap<u64, [u8; 16]>,
    next: u64,
    /// Bytes of all, and the most they may have.
    bytes: usize,
    bytes_max: usize,
    /// Number and bytes by the address that prepared them first.
    owners: BTreeMap<Option<IpAddr>, (usize, usize)>,
    /// Entries that had to make room.
    evicted: u64,
}

#[derive(Debug)]
struct Entry {
    /// Its place in `age`.
    number: u64,
    statement: Arc<PreparedStatement>,
    bytes: usize,
    owner: Option<IpAddr>,
    /// False once the schema gave the id another meaning. The entry stays, as a record of the result columns that clients hold.
    valid: bool,
}

/// A statement that is too large to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Prepared statement of size {bytes} bytes is larger than allowed maximum of {bytes_max} bytes")]
pub(crate) struct TooLarge {
    bytes: usize,
    bytes_max: usize,
}

impl Statements {
    /// None yet, and at most of so many bytes.
    pub(crate) fn new(bytes_max: usize) -> Statements {
        Statements { by_id: RwLock::new(ById { bytes_max, ..ById::default() }) }
    }

    /// The statement, unless it has to be prepared again.
    pub(crate) fn find(&self, id: &[u8; 16]) -> Option<Arc<PreparedStatement>> {
        self.by_id.read().entries.get(id).filter(|entry| entry.valid).map(|entry| Arc::clone(&entry.statement))
    }

    /// Keeps what a client prepared. `result_varies` of the answer tells if others may hold other result columns under the id.
    pub(crate) fn insert(
        &self,
        id: [u8; 16],
        mut statement: Arc<PreparedStatement>,
        owner: Option<IpAddr>,
    ) -> Result<Arc<PreparedStatement>, TooLarge> {
        let mut by_id = self.by_id.write();
        let (bytes, bytes_max) = (statement.bytes(), by_id.bytes_max / OWNER_PART);
        if bytes > bytes_max {
            return Err(TooLarge { bytes, bytes_max });
        }
        let older = by_id.entries.get(&id).map(|entry| &entry.statement);
        let varies = older.is_some_and(|o| o.result_varies || o.prepared.result != statement.prepared.result);
        if varies && !statement.result_varies {
            Arc::make_mut(&mut statement).result_varies = true;
        }
        by_id.put(id, Arc::clone(&statement), owner);
        Ok(statement)
    }

    /// The statement that executions of `known` get at a newer epoch, at which its text says `again`. `None`: its id has another
    /// meaning now, or none, and executions are answered Unprepared until it is prepared again.
    pub(crate) fn renew(
        &self,
        id: &[u8; 16],
        known: &PreparedStatement,
        again: Option<Arc<PreparedStatement>>,
    ) -> Option<Arc<PreparedStatement>> {
        let again = again.filter(|again| again.continues(known)).map(|mut again| {
            if known.result_varies && !again.result_varies {
                Arc::make_mut(&mut again).result_varies = true;
            }
            again
        });
        let mut by_id = self.by_id.write();
        // Somebody may have prepared it meanwhile.
        let entry = by_id.entries.get_mut(id).filter(|entry| std::ptr::eq(&*entry.statement, known));
        match (&again, entry) {
            (Some(again), Some(_)) => by_id.put(*id, Arc::clone(again), None),
            (None, Some(entry)) => entry.valid = false,
            (_, None) => {}
        }
        again
    }

    /// Statements there are, and statements that had to make room since the start.
    pub(crate) fn counts(&self) -> (usize, u64) {
        let by_id = self.by_id.read();
        (by_id.entries.values().filter(|entry| entry.valid).count(), by_id.evicted)
    }
}

impl ById {
    /// Puts a statement at the end of the line. One that is there stays its first owner's.
    fn put(&mut self, id: [u8; 16], statement: Arc<PreparedStatement>, owner: Option<IpAddr>) {
        let owner = self.remove(&id).map_or(owner, |old| old.owner);
        let (number, bytes) = (self.next, statement.bytes());
        self.next += 1;
        self.entries.insert(id, Entry { number, statement, bytes, owner, valid: true });
        self.age.insert(number, id);
        self.bytes += bytes;
        let owned = self.owners.entry(owner).or_default();
        *owned = (owned.0 + 1, owned.1 + bytes);
        while self.is_beyond_share(owner) {
            let of_owner = |id: &&[u8; 16]| self.entries.get(*id).is_some_and(|entry| entry.owner == owner);
            let Some(oldest) = self.age.values().find(of_owner).copied() else { break };
            self.evict(&oldest);
        }
        while self.entries.len() > STATEMENTS_MAX || self.bytes > self.bytes_max {
            let Some(oldest) = self.age.values().next().copied() else { break };
            self.evict(&oldest);
        }
    }

    fn is_beyond_share(&self, owner: Option<IpAddr>) -> bool {
        let (count, bytes) = self.owners.get(&owner).copied().unwrap_or_default();
        count > STATEMENTS_MAX / OWNER_PART || bytes > self.bytes_max / OWNER_PART
    }

    fn evict(&mut self, id: &[u8; 16]) {
        self.remove(id);
        self.evicted += 1;
    }

    fn remove(&mut self, id: &[u8; 16]) -> Option<Entry> {
        let entry = self.entries.remove(id)?;
        self.age.remove(&entry.number);
        self.bytes -= entry.bytes;
        if let Some(owned) = self.owners.get_mut(&entry.owner) {
            *owned = (owned.0 - 1, owned.1 - entry.bytes);
            if owned.0 == 0 {
                self.owners.remove(&entry.owner);
            }
        }
        Some(entry)
    }
}
