//! The position at which a page stopped. Any node can continue from it. A forged one is refused, or reads rows that its
//! bearer may read anyway.

use henge_base::{Bytes, Reader};

/// Bytes of the longest key in a page state: a partition key and clustering of 64 KiB each, escaped.
const KEY_BYTES_MAX: usize = 512 << 10;
const FORMAT: u8 = 1;
const FORMAT_ROW_SHOWN: u8 = 2;
/// The format with the number of rows answered of the partition.
const FORMAT_ROW_COUNT: u8 = 3;

/// A position in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageState {
    /// The index of the current piece of a read by keys; 0 of a scan, whose position is its key alone.
    pub piece: u32,
    /// The result rows that LIMIT still allows; `u32::MAX` for no limit.
    pub remaining: u32,
    /// True if a row of that key's partition was shown, so that its static row is not shown by itself.
    pub shown: bool,
    /// The number of rows of that partition that were answered, if PER PARTITION LIMIT counts them.
    pub given: u32,
    /// The last key answered, or of a scan a bound below the next one; empty if the piece of a read by keys has not begun.
    pub key: Bytes,
}

/// The bytes are not a page state of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid value for the paging state")]
pub struct PageStateError;

impl PageState {
    /// The state in the format that [`PageState::decode`] reads.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(9 + self.key.len());
        let format = match (self.given, self.shown) {
            (0, false) => FORMAT,
            (0, true) => FORMAT_ROW_SHOWN,
            _ => FORMAT_ROW_COUNT,
        };
        out.push(format);
        out.extend_from_slice(&self.piece.to_be_bytes());
        out.extend_from_slice(&self.remaining.to_be_bytes());
        if format == FORMAT_ROW_COUNT {
            out.extend_from_slice(&self.given.to_be_bytes());
        }
        out.extend_from_slice(&self.key);
        out
    }

    /// Decodes the output of [`PageState::encode`].
    pub fn decode(bytes: &[u8]) -> Result<PageState, PageStateError> {
        let mut reader = Reader::new(bytes);
        let mut fields = || Ok((reader.u8()?, reader.u32()?, reader.u32()?));
        let (format, piece, remaining) = fields().map_err(|_: henge_base::TruncatedInput| PageStateError)?;
        let given = match format {
            FORMAT | FORMAT_ROW_SHOWN => 0,
            FORMAT_ROW_COUNT => reader.u32().map_err(|_| PageStateError)?,
            _ => return Err(PageStateError),
        };
        if reader.rest().len() > KEY_BYTES_MAX {
            return Err(PageStateError);
        }
        let key = Bytes::copy_from_slice(reader.rest());
        // If rows of a partition were answered, one was shown.
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
