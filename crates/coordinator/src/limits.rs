//! Bounds of one request.

use std::time::Duration;

/// Bytes of rows in one repairing mutation; a row that is larger goes alone.
pub(crate) const MEND_BYTES_MAX: usize = 1 << 20;
/// The least a further read asks for: one row at a time would be slow among deleted rows.
pub(crate) const SHORT_READ_ROWS_MIN: u32 = 16;
/// Bytes of rows that an index named and that are read again at once, as far as they are known.
pub(crate) const REREAD_BYTES_MAX: usize = 512 << 10;
/// The number of times that replicas are asked again that could not be asked, or whose link broke, while time is left.
pub(crate) const REPEATS_MAX: u32 = 2;
/// The wait before that; twice as long before the second time. Links connect again within it.
pub(crate) const REPEAT_DELAY: Duration = Duration::from_millis(150);

/// Bounds that a simulation draws small: what happens at them happens often then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of merged rows after which a reconciled answer stops, saying that there is more.
    pub merged_bytes: usize,
    /// Further reads after which a reconciled answer stops where it is, saying that there is more.
    pub short_reads: u32,
    /// Bytes of rows in one repairing mutation; a row that is larger goes alone.
    pub mend_bytes: usize,
    /// Repairing mutations of one read under way at once.
    pub mends_under_way: usize,
    /// Keys that an index named and that are read again at once.
    pub reread_keys: usize,
    /// Plans of a request whose range changes hands meanwhile, while time is left: a step of a move may follow the one before within
    /// milliseconds.
    pub plans: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            merged_bytes: 4 << 20,
            short_reads: 16,
            mend_bytes: MEND_BYTES_MAX,
            mends_under_way: 64,
            reread_keys: 512,
            plans: 4,
        }
    }
}
