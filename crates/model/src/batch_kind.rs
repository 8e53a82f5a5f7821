//! Kinds of batches.

/// The guarantee that a batch asks for. Numbers are those of the native protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum BatchKind {
    /// All or nothing, by way of the batch log.
    Logged = 0,
    /// Without a guarantee across partitions.
    Unlogged = 1,
    /// Counter updates only.
    Counter = 2,
}
