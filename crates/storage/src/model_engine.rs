//! An engine in memory that can be crashed: what a disk promises and no more, for the simulator and for tests.

use crate::ModelFaults;
use crate::model_state::{State, Tables};
use crate::{
    Batch, Engine, EngineError, EngineView, Family, Figures, Flow, MemoryOutcome, ScanEnd, ScanRange, SyncMode, Tier,
};
use henge_base::Random;
use parking_lot::Mutex;

/// The engine.
#[derive(Debug)]
pub struct ModelEngine {
    state: Mutex<State>,
}

impl Default for ModelEngine {
    fn default() -> Self {
        ModelEngine::new()
    }
}

impl ModelEngine {
    /// Empty.
    pub fn new() -> ModelEngine {
        ModelEngine { state: Mutex::new(State::new()) }
    }

    /// Switches misbehaviour on or off. `chance` decides which reads miss.
    pub fn set_faults(&self, faults: ModelFaults, chance: Random) {
        let mut state = self.state.lock();
        (state.faults, state.chance) = (faults, chance);
    }

    /// Loses power: of the batches that were not synced a random number of the first ones survives, each wholly (I32).
    pub fn crash(&self, random: &mut Random) {
        self.state.lock().crash(random);
    }

    /// A copy of what is on disk now.
    pub fn image(&self) -> ModelEngine {
        ModelEngine { state: Mutex::new(self.state.lock().image()) }
    }

    /// Flips a bit of a stored value; says whether there was one to flip.
    pub fn corrupt(&self, family: Family, key: &[u8]) -> bool {
        self.state.lock().corrupt(family, key)
    }
}

impl Engine for ModelEngine {
    fn try_get(
        &self,
        family: Family,
        key: &[u8],
        hit: &mut dyn FnMut(Option<&[u8]>),
    ) -> Result<MemoryOutcome, EngineError> {
        let mut state = self.state.lock();
        if state.misses() {
            return Ok(MemoryOutcome::WouldBlock);
        }
        let value = state.tables.get(family, key);
        let piled = state.tables.is_piled(family, key);
        drop(state);
        hit(value.as_deref());
        Ok(if piled { MemoryOutcome::Piled } else { MemoryOutcome::Done })
    }

    fn get(&self, family: Family, key: &[u8], hit: &mut dyn FnMut(Option<&[u8]>)) -> Result<(), EngineError> {
        let value = self.state.lock().tables.get(family, key);
        hit(value.as_deref());
        Ok(())
    }

    fn scan(
        &self,
        range: &ScanRange<'_>,
        tier: Tier,
        row: &mut dyn FnMut(&[u8], &[u8]) -> Flow,
    ) -> Result<ScanEnd, EngineError> {
        let mut state = self.state.lock();
        if tier == Tier::Memory && state.misses() {
            return Ok(ScanEnd::WouldBlock);
        }
        let tables = state.tables.clone();
        drop(state);
        Ok(tables.scan(range, row))
    }

    fn write(&self, batch: &Batch, sync: SyncMode) -> Result<u64, EngineError> {
        let mut state = self.state.lock();
        state.write(batch)?;
        if sync == SyncMode::Synced {
            return state.sync();
        }
        Ok(state.sequence())
    }

    fn sync(&self) -> Result<u64, EngineError> {
        self.state.lock().sync()
    }

    fn sequence(&self) -> u64 {
        self.state.lock().sequence()
    }

    fn durable(&self) -> u64 {
        self.state.lock().durable_sequence()
    }

    fn remove(&self, family: Family, start: &[u8], end: &[u8]) -> Result<(), EngineError> {
        self.state.lock().remove(family, start, end)
    }

    fn disk_bytes(&self, family: Family, start: &[u8], end: &[u8]) -> Result<u64, EngineError> {
        let mut bytes = 0;
        let range = ScanRange { family, start, end, reversed: false };
        self.scan(&range, Tier::Disk, &mut |key, value| {
            bytes += (key.len() + value.len()) as u64;
            Flow::Continue
        })?;
        Ok(bytes)
    }

    fn flush(&self) -> Result<(), EngineError> {
        self.state.lock().sync().map(|_| ())
    }

    fn snapshot(&self) -> Box<dyn EngineView + '_> {
        Box::new(self.state.lock().tables.clone())
    }

    fn figures(&self) -> Figures {
        let state = self.state.lock();
        Figures { live_data_bytes: state.tables.bytes(), ..Figures::default() }
    }
}

impl EngineView for Tables {
    fn get(&self, family: Family, key: &[u8], hit: &mut dyn FnMut(Option<&[u8]>)) -> Result<(), EngineError> {
        hit(Tables::get(self, family, key).as_deref());
        Ok(())
    }

    fn scan(&self, range: &ScanRange<'_>, row: &mut dyn FnMut(&[u8], &[u8]) -> Flow) -> Result<ScanEnd, EngineError> {
        Ok(Tables::scan(self, range, row))
    }
}
