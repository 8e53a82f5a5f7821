//! How much a message and the table of hosts may hold.

/// Hosts named in one opening, or asked for in one answer. More than these take turns.
pub const MESSAGE_DIGESTS_MAX: usize = 512;
/// Facts in one message, heartbeats counted. What does not fit goes with a later exchange.
pub const MESSAGE_FACTS_MAX: usize = 1024;
/// Hosts remembered; further ones are not taken up.
pub const HOSTS_MAX: usize = 4096;
/// Removed hosts remembered, so that what others still tell of them is not taken up again.
pub const FORGOTTEN_MAX: usize = 65_536;
/// How far a generation may lie beyond the highest known of that host, and of this one: a year of restarts each second.
pub const GENERATION_STEP_MAX: u64 = 365 * 24 * 3600;
/// The highest version: tens of thousands of years of heartbeats.
pub const VERSION_MAX: u64 = 1 << 40;
