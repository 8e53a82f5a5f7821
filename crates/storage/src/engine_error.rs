//! Errors of an engine.

/// An engine could not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// Compaction is behind; nothing was written. Later it will go.
    #[error("the storage engine is stalled")]
    Stalled,
    /// The disk is full; nothing was written.
    #[error("the disk is full")]
    Full,
    /// A sync failed, so the write may or may not be on disk. Nothing may be acknowledged any more: the process has to end.
    #[error("a sync failed, what is on disk is unknown: {0}")]
    Sync(String),
    /// The engine has stopped after an error of its background work, such as a damaged block that compaction met: it takes no more writes,
    /// and only a restart finds out how things stand. Nothing of the write was done. The process has to end.
    #[error("the storage engine has stopped: {0}")]
    Stopped(String),
    /// Stored bytes contradict their checksums.
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
    /// Anything else of the disk.
    #[error("the storage engine failed: {0}")]
    Io(String),
}

impl EngineError {
    /// True if the process has to end.
    pub fn is_fatal(&self) -> bool {
        matches!(self, EngineError::Sync(_) | EngineError::Stopped(_))
    }
}
