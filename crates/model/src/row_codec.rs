//! A row as bytes, format 1. The bytes are made once, by the coordinator, and are the same in messages, hints and on disk.
//!
//! `crc32 of key and rest (LE) | format | flags | newest timestamp | [marker] [deletion] | cell count | cells`
//!
//! Every other timestamp is written as its distance below the newest. One row has one encoding: only normal form is
//! written, integers have their shortest form, and what deviates is refused on reading. So equal rows are equal bytes.
//!
//! | Part | Layout |
//! |---|---|
//! | marker | distance vint, then if it expires: TTL vint, expiry signed vint |
//! | deletion | distance vint, local seconds signed vint |
//! | cell | column id vint (from the second on: distance to the one before), flags, \[distance vint\], \[path\], \[TTL vint, expiry\] or \[local seconds\], \[value\] |

mod cells;
mod encode;
mod view;

pub use cells::{CellKindView, CellView, Cells};
pub(crate) use encode::{Parts, encode_parts, seal};
pub use encode::{Strip, encode_cells, encode_row, strip_row};
pub use view::RowView;
pub(crate) use view::checked_body;

use henge_base::Truncated;

/// The format written and read.
pub(crate) const FORMAT: u8 = 1;
/// The format of a value that holds bytes which were no row: see `merge`.
pub(crate) const DAMAGED: u8 = 0xda;
/// Bytes of the checksum.
pub(crate) const CRC: usize = 4;

/// Bits of a row's flags.
mod row_flag {
    pub(super) const MARKER: u8 = 1;
    pub(super) const MARKER_EXPIRES: u8 = 2;
    pub(super) const DELETION: u8 = 4;
    pub(super) const ALL: u8 = 7;
}

/// Bits of a cell's flags.
mod cell_flag {
    pub(super) const TOMBSTONE: u8 = 1;
    pub(super) const EXPIRING: u8 = 2;
    pub(super) const NEWEST: u8 = 4;
    pub(super) const PATH: u8 = 8;
    pub(super) const COMPLEX_DELETION: u8 = 16;
    pub(super) const ALL: u8 = 31;
}

/// Why bytes are not a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// The checksum is wrong, or the bytes are not a row's one encoding.
    #[error("corrupt row")]
    Corrupt,
    /// A merge met bytes that were no row and kept them; the row has to be mended from another replica.
    #[error("damaged row")]
    Damaged,
    /// The checksum is right but the format is one this version does not know.
    #[error("unknown row format {0}")]
    UnknownFormat(u8),
}

impl From<Truncated> for RowError {
    fn from(_: Truncated) -> Self {
        RowError::Corrupt
    }
}

#[cfg(test)]
mod tests;
