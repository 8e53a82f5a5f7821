//! The faults of the model engine.

/// Misbehaviour that can be switched on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelFaults {
    /// The next sync fails, and every one after it.
    pub fail_sync: bool,
    /// The engine has stopped: writes are refused for good.
    pub stopped: bool,
    /// Unsynced writes are refused.
    pub stall: bool,
    /// Writes are refused for want of space.
    pub full: bool,
    /// Of so many thousand reads from memory one misses.
    pub miss_permille: u64,
}
