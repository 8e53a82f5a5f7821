//! The encoding of rows, format 1. The coordinator encodes a row once; the bytes are the same in messages, hints and on
//! disk.
//!
//! `crc32 of key and rest (LE) | format | flags | newest timestamp | [marker] [deletion] | cell count | cells`
//!
//! Every other timestamp is written as its distance below the newest. One row has one encoding: only normal form is
//! written, integers have their shortest form, and anything else is refused on reading. So equal rows are equal bytes.
//!
//! | Part | Layout |
//! |---|---|
//! | marker | distance vint, then if it expires: TTL vint, expiry signed vint |
//! | deletion | distance vint, local seconds signed vint |
//! | cell | column, flags, \[distance vint\], \[path\], \[TTL vint, expiry\] or \[local seconds\], \[value\] |
//!
//! A cell's column is its id as a vint; from the second cell on, the distance to the id of the cell before.

mod cells;
mod encode;
mod view;

pub use cells::{CellKindView, CellView, Cells};
pub(crate) use encode::{RowHead, encode_row_parts, seal};
pub use encode::{Strip, encode_cells, encode_row, strip_row};
pub use view::RowView;
pub(crate) use view::verify_body;

use henge_base::TruncatedInput;

/// The format written and read.
pub(crate) const FORMAT: u8 = 1;
/// The format of a damaged value, which keeps bytes that are not a row: see `merge`.
pub(crate) const DAMAGED: u8 = 0xda;
/// Bytes of the checksum, a CRC32.
pub(crate) const CRC_BYTES: usize = 4;

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

/// The reason why bytes are not a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// The checksum is wrong, or the bytes are not in the one encoding of a row.
    #[error("corrupt row")]
    Corrupt,
    /// A merge met bytes that are not a row and kept them. The row has to be repaired from another replica.
    #[error("damaged row")]
    Damaged,
    /// The checksum is valid, but this version does not know the format.
    #[error("unknown row format {0}")]
    UnknownFormat(u8),
}

impl From<TruncatedInput> for RowError {
    fn from(_: TruncatedInput) -> Self {
        RowError::Corrupt
    }
}

#[cfg(test)]
mod tests;
