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
mod layout;
mod row_error;
mod view;

pub use cells::{CellKindView, CellView, Cells};
pub(crate) use encode::{RowHead, encode_row_parts, seal};
pub use encode::{Strip, encode_cells, encode_row, strip_row};
pub(crate) use layout::{CRC_BYTES, DAMAGED};
pub use row_error::RowError;
pub use view::RowView;
pub(crate) use view::verify_body;

#[cfg(test)]
mod tests;
