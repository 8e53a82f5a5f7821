//! Bounds on messages and on claims.

/// Bytes of the longest message: 8 KiB. What does not fit is left to a later exchange.
pub const MESSAGE_BYTES_MAX: usize = 8 << 10;
/// Bytes of a message that are kept for its tag and the lengths of its lists.
pub(crate) const MESSAGE_FRAME_BYTES: usize = 16;
/// The largest step of a generation beyond the highest known of that host and of this one: a year of restarts, one each
/// second.
pub const GENERATION_STEP_MAX: u64 = 365 * 24 * 3600;
/// The highest version: tens of thousands of years of heartbeats, one each second.
pub const VERSION_MAX: u64 = 1 << 40;
