//! Bounds on messages and on the table of hosts.

/// The most hosts named in one opening, or asked for in one answer. If there are more, they take turns.
pub const MESSAGE_DIGESTS_MAX: usize = 512;
/// The most facts in one message, each host's heartbeat counted as one. The rest is left to a later exchange.
pub const MESSAGE_FACTS_MAX: usize = 1024;
/// The most peers remembered; further ones are ignored.
pub const HOSTS_MAX: usize = 4096;
/// The most removed hosts remembered, so that claims about them are ignored.
pub const FORGOTTEN_HOSTS_MAX: usize = 65_536;
/// The largest step of a generation beyond the highest known of that host and of this one: a year of restarts, one each
/// second.
pub const GENERATION_STEP_MAX: u64 = 365 * 24 * 3600;
/// The highest version: tens of thousands of years of heartbeats, one each second.
pub const VERSION_MAX: u64 = 1 << 40;
