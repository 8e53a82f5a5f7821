//! Numbers of the format: its own, the bytes of the checksum, and the bits of flags.

/// The format written and read.
pub(crate) const FORMAT: u8 = 1;
/// The format of a damaged value, which keeps bytes that are not a row: see `merge`.
pub(crate) const DAMAGED: u8 = 0xda;
/// Bytes of the checksum, a CRC32.
pub(crate) const CRC_BYTES: usize = 4;

/// Bits of a row's flags.
pub(super) mod row_flag {
    pub(crate) const MARKER: u8 = 1;
    pub(crate) const MARKER_EXPIRES: u8 = 2;
    pub(crate) const DELETION: u8 = 4;
    pub(crate) const ALL: u8 = 7;
}

/// Bits of a cell's flags.
pub(super) mod cell_flag {
    pub(crate) const TOMBSTONE: u8 = 1;
    pub(crate) const EXPIRING: u8 = 2;
    pub(crate) const NEWEST: u8 = 4;
    pub(crate) const PATH: u8 = 8;
    pub(crate) const COMPLEX_DELETION: u8 = 16;
    pub(crate) const ALL: u8 = 31;
}
