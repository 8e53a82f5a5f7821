//! The prepared statements of a node, by id. The id hangs on keyspace and text alone, so a change of the schema may give one id another
//! meaning. Clients that hold the old one are answered Unprepared until somebody prepares the statement again.

use crate::client::prepared_statement::PreparedStatement;
use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// Prepared statements that a node keeps; beyond it the oldest go, and drivers prepare them again.
const STATEMENTS_MAX: usize = 10_000;
/// Bytes of the texts of prepared statements that a node keeps: a text may be as long as a frame.
const TEXT_BYTES_MAX: usize = 64 << 20;

/// Prepared statements by id.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    by_id: RwLock<ById>,
}

#[derive(Debug, Default)]
struct ById {
    entries: BTreeMap<[u8; 16], Entry>,
    age: BTreeMap<u64, [u8; 16]>,
    next: u64,
    /// Bytes of their texts.
    text_bytes: usize,
    /// Entries that had to make room.
    evicted: u64,
}

#[derive(Debug)]
struct Entry {
    /// Its place in `age`.
    number: u64,
    statement: Arc<PreparedStatement>,
    /// False once the schema gave the id another meaning. The entry stays, as a record of the result columns that clients hold.
    valid: bool,
}

impl Statements {
    /// The statement, unless it has to be prepared again.
    pub(crate) fn find(&self, id: &[u8; 16]) -> Option<Arc<PreparedStatement>> {
        self.by_id.read().entries.get(id).filter(|entry| entry.valid).map(|entry| Arc::clone(&entry.statement))
    }

    /// Keeps what a client prepared. `result_varies` of the answer tells if others may hold other result columns under the id.
    pub(crate) fn insert(&self, id: [u8; 16], mut statement: Arc<PreparedStatement>) -> Arc<PreparedStatement> {
        let mut by_id = self.by_id.write();
        let older = by_id.entries.get(&id).map(|entry| &entry.statement);
        let varies = older.is_some_and(|o| o.result_varies || o.prepared.result != statement.prepared.result);
        if varies && !statement.result_varies {
            Arc::make_mut(&mut statement).result_varies = true;
        }
        by_id.put(id, Arc::clone(&statement));
        statement
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
            (Some(again), Some(_)) => by_id.put(*id, Arc::clone(again)),
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
    fn put(&mut self, id: [u8; 16], statement: Arc<PreparedStatement>) {
        let number = self.next;
        self.next += 1;
        self.text_bytes += statement.text.len();
        if let Some(old) = self.entries.insert(id, Entry { number, statement, valid: true }) {
            self.age.remove(&old.number);
            self.text_bytes -= old.statement.text.len();
        }
        self.age.insert(number, id);
        // The one just prepared stays, however long it is.
        while self.entries.len() > STATEMENTS_MAX || self.text_bytes > TEXT_BYTES_MAX && self.entries.len() > 1 {
            self.evict_oldest();
        }
    }

    fn evict_oldest(&mut self) {
        let oldest = self.age.pop_first().and_then(|(_, id)| self.entries.remove(&id));
        self.text_bytes -= oldest.map_or(0, |entry| entry.statement.text.len());
        self.evicted += 1;
    }
}
