//! Facts of this node alone, by name.

use crate::limits::LOCAL_NAME_BYTES_MAX;
use crate::{Batch, Engine, EngineError, Family, Flow, Op, ScanRange, Store, SyncMode, Tier};
use henge_base::Bytes;
use henge_model::Key;

impl Store {
    /// Sets a fact, synced.
    pub fn put_local(&self, name: &str, value: &[u8]) -> Result<(), EngineError> {
        self.change_locals([(name.to_owned(), Some(Bytes::copy_from_slice(value)))], SyncMode::Synced)
    }

    /// Sets facts, or removes those without a value, in one batch. Unsynced they are on disk once anything later is.
    pub fn change_locals(
        &self,
        facts: impl IntoIterator<Item = (String, Option<Bytes>)>,
        sync: SyncMode,
    ) -> Result<(), EngineError> {
        let ops: Result<Vec<Op>, EngineError> = facts.into_iter().map(|(name, value)| change(name, value)).collect();
        self.engine.write(&Batch { ops: ops? }, sync).map(|_| ())
    }

    /// The names of all facts that begin like this.
    pub fn local_names(&self, prefix: &str) -> Result<Vec<String>, EngineError> {
        let mut names = Vec::new();
        let end = Key::prefix_end(prefix.as_bytes());
        let range = ScanRange { family: Family::Local, start: prefix.as_bytes(), end: &end, reversed: false };
        self.engine.scan(&range, Tier::Disk, &mut |key, _| {
            names.extend(std::str::from_utf8(key).map(str::to_owned));
            Flow::Continue
        })?;
        Ok(names)
    }

    /// A fact.
    pub fn local(&self, name: &str) -> Result<Option<Bytes>, EngineError> {
        let mut found = None;
        self.engine.get(Family::Local, name.as_bytes(), &mut |value| found = value.map(Bytes::copy_from_slice))?;
        Ok(found)
    }
}

fn change(name: String, value: Option<Bytes>) -> Result<Op, EngineError> {
    if name.len() > LOCAL_NAME_BYTES_MAX {
        return Err(EngineError::Io(format!("the name of a local fact is longer than {LOCAL_NAME_BYTES_MAX} bytes")));
    }
    let (family, key) = (Family::Local, Bytes::from(name.into_bytes()));
    Ok(match value {
        Some(value) => Op::Put { family, key, value },
        None => Op::Delete { family, key },
    })
}
