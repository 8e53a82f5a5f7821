//! Blocks of rows, which answer read commands.

use crate::mutation::{put_rows, take_rows};
use crate::{CommandError, Key, KeyKind, RowView};
use henge_base::{Bytes, Reader};

/// Rows as replicas exchange them: keys with encoded rows, deletions included, in the order of the read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowBlock {
    /// Each row's key and encoding, without the parts that the context's tombstones cover.
    pub rows: Vec<(Bytes, Bytes)>,
    /// Other entries that concern these rows, by ascending key: tombstones of partitions and ranges that overlap the
    /// keys of the read, and the static row if it lies outside of them.
    pub context: Vec<(Bytes, Bytes)>,
    /// True if the replica stopped at the limit (of rows or bytes), so that more rows may follow.
    pub more: bool,
}

impl RowBlock {
    /// The number of rows that count towards a limit at `now_seconds`: live rows, without static rows, which are shown
    /// as part of others.
    pub fn live_rows(&self, now_seconds: i64) -> usize {
        self.rows.iter().filter(|(key, row)| counts_towards_limit(key, row, now_seconds)).count()
    }

    /// The block in the format that [`RowBlock::decode`] reads.
    pub fn encode(&self) -> Bytes {
        let size: usize = self.rows.iter().chain(&self.context).map(|(key, row)| key.len() + row.len() + 8).sum();
        let mut out = Vec::with_capacity(size + 16);
        out.push(u8::from(self.more));
        put_rows(&self.rows, &mut out);
        put_rows(&self.context, &mut out);
        Bytes::from(out)
    }

    /// Decodes a block; keys and rows are slices of `bytes`. The rows are not checked: use [`crate::RowView::parse`].
    pub fn decode(bytes: Bytes) -> Result<RowBlock, CommandError> {
        let mut reader = Reader::new(&bytes);
        let more = match reader.u8()? {
            0 => false,
            1 => true,
            _ => return Err(CommandError),
        };
        let rows = take_rows(&bytes, &mut reader, usize::MAX)?;
        let context = take_rows(&bytes, &mut reader, usize::MAX)?;
        if reader.is_empty() { Ok(RowBlock { rows, context, more }) } else { Err(CommandError) }
    }
}

/// True if a row counts towards a limit. Its checksum is not checked again.
fn counts_towards_limit(key: &[u8], row: &[u8], now_seconds: i64) -> bool {
    Key::kind(key) != Some(KeyKind::Static) && RowView::parse_trusted(row).is_ok_and(|row| row.is_live(now_seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes() -> impl Strategy<Value = Bytes> {
        any::<Vec<u8>>().prop_map(Bytes::from)
    }

    proptest! {
        #[test]
        fn blocks_read_back(
            rows in prop::collection::vec((bytes(), bytes()), 0..4),
            context in prop::collection::vec((bytes(), bytes()), 0..3),
            more: bool,
        ) {
            let block = RowBlock { rows, context, more };
            prop_assert_eq!(RowBlock::decode(block.encode()), Ok(block));
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in bytes()) {
            let _ = RowBlock::decode(bytes);
        }
    }
}
