//! Mutations: rows of one partition, encoded once by the coordinator. The same bytes go to every replica and every
//! disk.
//!
//! `01 | issued (8 bytes) | member (2 bytes) | count vint | (key vint-bytes, row vint-bytes)*`, numbers big-endian
//!
//! Without the first byte and the member in the first format, where `issued` begins with a zero: that of times after 1970 does for
//! more than two thousand years.

use crate::limits::MUTATION_ROWS_MAX;
use crate::{Key, RowError, RowView, Token, WriteId};
use henge_base::{Bytes, Reader, TruncatedInput, put_vint, vint_len};

/// The byte that mutations begin with.
const FORMAT: u8 = 1;
/// The byte that mutations of the first format begin with.
const FIRST_FORMAT: u8 = 0;
/// Bytes before the rows.
const HEAD_BYTES: usize = 11;

/// Rows to merge, all with the same token. Decoding copies nothing: keys and rows are slices of one buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutation {
    /// Its identity, unchanged in hints and the batch log.
    pub id: WriteId,
    /// Each row's key and encoding, CRC included.
    pub rows: Vec<(Bytes, Bytes)>,
}

/// The reason why bytes are not a mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MutationError {
    /// The structure is broken, or the number of rows is zero or above the maximum.
    #[error("malformed mutation")]
    Malformed,
    /// A row does not decode.
    #[error("in a mutation: {0}")]
    Row(#[from] RowError),
    /// A key is too short to hold a token, or the keys have several tokens.
    #[error("the keys of a mutation do not share one token")]
    Tokens,
}

impl From<TruncatedInput> for MutationError {
    fn from(_: TruncatedInput) -> Self {
        MutationError::Malformed
    }
}

impl Mutation {
    /// A mutation of one row.
    pub fn single(id: WriteId, key: Bytes, row: Bytes) -> Mutation {
        Mutation { id, rows: vec![(key, row)] }
    }

    /// The token of the rows; `None` if there are no rows or the first key is too short to hold a token.
    pub fn token(&self) -> Option<Token> {
        self.rows.first().and_then(|(key, _)| Key::token(key))
    }

    /// The length of [`Mutation::encode`]'s output in bytes.
    pub fn encoded_len(&self) -> usize {
        let part = |bytes: &Bytes| vint_len(bytes.len() as u64) + bytes.len();
        let rows: usize = self.rows.iter().map(|(key, row)| part(key) + part(row)).sum();
        HEAD_BYTES + vint_len(self.rows.len() as u64) + rows
    }

    /// The mutation in the format that this module describes.
    pub fn encode(&self) -> Bytes {
        let mut out = Vec::with_capacity(self.encoded_len());
        out.push(FORMAT);
        out.extend_from_slice(&self.id.issued.to_be_bytes());
        out.extend_from_slice(&self.id.member.to_be_bytes());
        put_rows(&self.rows, &mut out);
        Bytes::from(out)
    }

    /// Decodes and checks a mutation: all rows are complete with valid checksums, all keys have one token.
    pub fn decode(bytes: Bytes) -> Result<Mutation, MutationError> {
        let mut reader = Reader::new(&bytes);
        let id = take_id(&mut reader)?;
        let rows = take_rows(&bytes, &mut reader, MUTATION_ROWS_MAX)?;
        let mutation = Mutation { id, rows };
        let token = mutation.token().ok_or(MutationError::Tokens)?;
        for (key, row) in &mutation.rows {
            if Key::token(key) != Some(token) {
                return Err(MutationError::Tokens);
            }
            RowView::parse(key, row)?;
        }
        if reader.is_empty() { Ok(mutation) } else { Err(MutationError::Malformed) }
    }
}

/// Reads all that stands before the rows.
fn take_id(reader: &mut Reader<'_>) -> Result<WriteId, MutationError> {
    match reader.rest().first() {
        Some(&FIRST_FORMAT) => Ok(WriteId::of_repair(reader.i64()?)),
        Some(&FORMAT) => {
            reader.u8()?;
            Ok(WriteId { issued: reader.i64()?, member: reader.u16()? })
        }
        _ => Err(MutationError::Malformed),
    }
}

/// Appends a count, then that many keys and rows.
pub(crate) fn put_rows(rows: &[(Bytes, Bytes)], out: &mut Vec<u8>) {
    put_vint(out, rows.len() as u64);
    for part in rows.iter().flat_map(|(key, row)| [key, row]) {
        put_vint(out, part.len() as u64);
        out.extend_from_slice(part);
    }
}

/// Reads the output of [`put_rows`] as slices of `whole`, which `reader` reads. Fails above `most` rows.
pub(crate) fn take_rows(
    whole: &Bytes,
    reader: &mut Reader<'_>,
    most: usize,
) -> Result<Vec<(Bytes, Bytes)>, TruncatedInput> {
    let count = usize::try_from(reader.vint()?).map_err(|_| TruncatedInput)?;
    // Each row takes at least two bytes of lengths; a larger count is false and must not reserve memory.
    if count > most.min(reader.rest().len() / 2) {
        return Err(TruncatedInput);
    }
    let mut rows = Vec::with_capacity(count);
    for _ in 0..count {
        let (key, row) = (reader.vint_bytes()?, reader.vint_bytes()?);
        rows.push((whole.slice_ref(key), whole.slice_ref(row)));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Marker, Row, encode_row};
    use proptest::prelude::*;

    fn key(token: u8, rest: u8) -> Bytes {
        Bytes::from(vec![0, 0, 0, 1, token, 0, 0, 0, 0, 0, 0, 0, rest, 0, 0, 2])
    }

    fn row(key: &[u8]) -> Bytes {
        let mut out = Vec::new();
        encode_row(key, &Row { marker: Some(Marker { timestamp: 7, expiry: None }), ..Row::default() }, &mut out);
        out.into()
    }

    #[test]
    fn it_reads_back_and_shares_the_buffer() {
        let rows = [key(1, 1), key(1, 2)].map(|key| (key.clone(), row(&key)));
        let mutation = Mutation { id: WriteId { issued: -5, member: 258 }, rows: rows.to_vec() };
        let bytes = mutation.encode();
        assert_eq!(bytes.len(), mutation.encoded_len());
        let back = Mutation::decode(bytes.clone()).unwrap();
        assert_eq!(back, mutation);
        assert!(bytes.as_ptr_range().contains(&back.rows[1].1.as_ptr()));
    }

    #[test]
    fn mutations_have_the_recorded_bytes_and_those_of_the_first_format_are_read() {
        let (key, issued) = (key(1, 1), 0x0006_4000_0000_0005);
        let mutation = Mutation::single(WriteId { issued, member: 258 }, key.clone(), row(&key));
        let bytes = mutation.encode();
        assert_eq!(bytes[..12], [1, 0, 6, 0x40, 0, 0, 0, 0, 5, 1, 2, 1]);
        let first = [&bytes[1..9], &bytes[11..]].concat();
        let read = Mutation::decode(first.into()).unwrap();
        assert_eq!((read.id.issued, read.id.member(), &read.rows), (issued, None, &mutation.rows));
        let unknown = [&[2], &bytes[1..]].concat();
        assert_eq!(Mutation::decode(unknown.into()), Err(MutationError::Malformed));
    }

    #[test]
    fn two_tokens_a_false_checksum_and_no_rows_are_refused() {
        let (a, b) = (key(1, 1), key(2, 1));
        let two = Mutation { id: WriteId::of_repair(0), rows: vec![(a.clone(), row(&a)), (b.clone(), row(&b))] };
        assert_eq!(Mutation::decode(two.encode()), Err(MutationError::Tokens));
        let swapped = Mutation::single(WriteId::of_repair(0), a.clone(), row(&b));
        assert_eq!(Mutation::decode(swapped.encode()), Err(MutationError::Row(RowError::Corrupt)));
        assert_eq!(
            Mutation::decode(Mutation { id: WriteId::of_repair(0), rows: vec![] }.encode()),
            Err(MutationError::Tokens)
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let _ = Mutation::decode(bytes.into());
        }
    }
}
