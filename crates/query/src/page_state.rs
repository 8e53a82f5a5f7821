//! Where a page stopped. Any node can go on from it; a forged one is refused or reads rows that its bearer may read anyway.

use henge_base::{Bytes, Reader};

/// Longest key that a page state may carry: a partition key and clustering of 64 KiB each, escaped.
const KEY_BYTES_MAX: usize = 512 << 10;
const FORMAT: u8 = 1;
const FORMAT_SHOWN: u8 = 2;
/// With the count of rows answered of the partition.
const FORMAT_COUNTED: u8 = 3;

/// A place in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageState {
    /// Which piece of the read was under way.
    pub piece: u32,
    /// Result rows still allowed by LIMIT; `u32::MAX` for no limit.
    pub remaining: u32,
    /// Whether a row of that key's partition was there: a static row alone is then no row any more.
    pub shown: bool,
    /// How many rows of that partition were answered, where PER PARTITION LIMIT counts them.
    pub given: u32,
    /// The last key that was answered; empty when the piece has not begun.
    pub key: Bytes,
}

/// Not a page state of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid value for the paging state")]
pub struct PageStateError;

impl PageState {
    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(9 + self.key.len());
        let format = match (self.given, self.shown) {
            (0, false) => FORMAT,
            (0, true) => FORMAT_SHOWN,
            _ => FORMAT_COUNTED,
        };
        out.push(format);
        out.extend_from_slice(&self.piece.to_be_bytes());
        out.extend_from_slice(&self.remaining.to_be_bytes());
        if format == FORMAT_COUNTED {
            out.extend_from_slice(&self.given.to_be_bytes());
        }
        out.extend_from_slice(&self.key);
        out
    }

    /// Reads what [`PageState::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<PageState, PageStateError> {
        let mut reader = Reader::new(bytes);
        let mut fields = || Ok((reader.u8()?, reader.u32()?, reader.u32()?));
        let (format, piece, remaining) = fields().map_err(|_: henge_base::Truncated| PageStateError)?;
        let given = match format {
            FORMAT | FORMAT_SHOWN => 0,
            FORMAT_COUNTED => reader.u32().map_err(|_| PageStateError)?,
            _ => return Err(PageStateError),
        };
        if reader.rest().len() > KEY_BYTES_MAX {
            return Err(PageStateError);
        }
        let key = Bytes::copy_from_slice(reader.rest());
        // Of a partition of which rows were answered one was there.
        Ok(PageState { piece, remaining, shown: format != FORMAT, given, key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_round_trip_and_rubbish_is_refused() {
        for (shown, given) in [(false, 0), (true, 0), (true, 5)] {
            let state = PageState { piece: 3, remaining: 7, shown, given, key: Bytes::from_static(b"key") };
            assert_eq!(PageState::decode(&state.encode()), Ok(state));
        }
        assert_eq!(PageState::decode(b""), Err(PageStateError));
        assert_eq!(PageState::decode(&[9; 20]), Err(PageStateError));
    }
}
