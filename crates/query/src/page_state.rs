//! Where a page stopped. Any node can go on from it; a forged one is refused or reads rows that its bearer may read anyway.

use henge_base::{Bytes, Reader};

/// Longest key that a page state may carry: a partition key and clustering of 64 KiB each, escaped.
const KEY_BYTES_MAX: usize = 512 << 10;
const FORMAT: u8 = 1;
const FORMAT_SHOWN: u8 = 2;

/// A place in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageState {
    /// Which piece of the read was under way.
    pub piece: u32,
    /// Result rows still allowed by LIMIT; `u32::MAX` for no limit.
    pub remaining: u32,
    /// Whether a row of that key's partition was answered: a static row alone is then no row any more.
    pub shown: bool,
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
        out.push(if self.shown { FORMAT_SHOWN } else { FORMAT });
        out.extend_from_slice(&self.piece.to_be_bytes());
        out.extend_from_slice(&self.remaining.to_be_bytes());
        out.extend_from_slice(&self.key);
        out
    }

    /// Reads what [`PageState::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<PageState, PageStateError> {
        let mut reader = Reader::new(bytes);
        let mut fields = || Ok((reader.u8()?, reader.u32()?, reader.u32()?));
        let (format, piece, remaining) = fields().map_err(|_: henge_base::Truncated| PageStateError)?;
        if !matches!(format, FORMAT | FORMAT_SHOWN) || reader.rest().len() > KEY_BYTES_MAX {
            return Err(PageStateError);
        }
        Ok(PageState { piece, remaining, shown: format == FORMAT_SHOWN, key: Bytes::copy_from_slice(reader.rest()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_round_trip_and_rubbish_is_refused() {
        for shown in [false, true] {
            let state = PageState { piece: 3, remaining: 7, shown, key: Bytes::from_static(b"key") };
            assert_eq!(PageState::decode(&state.encode()), Ok(state));
        }
        assert_eq!(PageState::decode(b""), Err(PageStateError));
        assert_eq!(PageState::decode(&[9; 20]), Err(PageStateError));
    }
}
