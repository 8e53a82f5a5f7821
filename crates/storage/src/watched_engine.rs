//! An engine under watch: its first failed sync is latched, and told to whoever ends the process.
//!
//! After a failed sync nobody knows what is on disk, and the system may call the next one a success although pages are lost. So
//! whatever it was that failed, a write, a lease, a fence or a hint, nothing is written after it.

use crate::{
    Batch, Engine, EngineError, EngineView, Family, Figures, Flow, MemoryOutcome, ScanEnd, ScanRange, SyncMode, Tier,
};
use std::sync::{Arc, OnceLock};

/// The action on a failed sync.
type Tell = Box<dyn Fn(&EngineError) + Send + Sync>;

/// The engine, and what became of it.
pub(crate) struct WatchedEngine {
    engine: Arc<dyn Engine>,
    failed: OnceLock<EngineError>,
    tell: OnceLock<Tell>,
}

impl WatchedEngine {
    /// An engine that is thought to be well.
    pub(crate) fn new(engine: Arc<dyn Engine>) -> WatchedEngine {
        WatchedEngine { engine, failed: OnceLock::new(), tell: OnceLock::new() }
    }

    /// Has the first failed sync told; at once, if there was one already. The first caller is the only one.
    pub(crate) fn on_failure(&self, tell: impl Fn(&EngineError) + Send + Sync + 'static) {
        if self.tell.set(Box::new(tell)).is_ok()
            && let Some(error) = self.failed.get()
        {
            self.tell(error);
        }
    }

    fn tell(&self, error: &EngineError) {
        if let Some(tell) = self.tell.get() {
            tell(error);
        }
    }

    /// Does something that may sync, unless a sync has failed before.
    fn unless_failed<T>(&self, write: impl FnOnce(&dyn Engine) -> Result<T, EngineError>) -> Result<T, EngineError> {
        if let Some(error) = self.failed.get() {
            return Err(error.clone());
        }
        let outcome = write(&*self.engine);
        if let Err(error) = outcome.as_ref()
            && error.is_fatal()
            && self.failed.set(error.clone()).is_ok()
        {
            self.tell(error);
        }
        outcome
    }
}

impl Engine for WatchedEngine {
    fn try_get(
        &self,
        family: Family,
        key: &[u8],
        hit: &mut dyn FnMut(Option<&[u8]>),
    ) -> Result<MemoryOutcome, EngineError> {
        self.engine.try_get(family, key, hit)
    }

    fn get(&self, family: Family, key: &[u8], hit: &mut dyn FnMut(Option<&[u8]>)) -> Result<(), EngineError> {
        self.engine.get(family, key, hit)
    }

    fn scan(
        &self,
        range: &ScanRange<'_>,
        tier: Tier,
        row: &mut dyn FnMut(&[u8], &[u8]) -> Flow,
    ) -> Result<ScanEnd, EngineError> {
        self.engine.scan(range, tier, row)
    }

    fn write(&self, batch: &Batch, sync: SyncMode) -> Result<u64, EngineError> {
        self.unless_failed(|engine| engine.write(batch, sync))
    }

    fn sync(&self) -> Result<u64, EngineError> {
        self.unless_failed(|engine| engine.sync())
    }

    fn remove(&self, family: Family, start: &[u8], end: &[u8]) -> Result<(), EngineError> {
        self.unless_failed(|engine| engine.remove(family, start, end))
    }

    fn sequence(&self) -> u64 {
        self.engine.sequence()
    }

    fn durable(&self) -> u64 {
        self.engine.durable()
    }

    fn disk_bytes(&self, family: Family, start: &[u8], end: &[u8]) -> Result<u64, EngineError> {
        self.engine.disk_bytes(family, start, end)
    }

    fn flush(&self) -> Result<(), EngineError> {
        self.unless_failed(|engine| engine.flush())
    }

    fn snapshot(&self) -> Box<dyn EngineView + '_> {
        self.engine.snapshot()
    }

    fn figures(&self) -> Figures {
        self.engine.figures()
    }
}
