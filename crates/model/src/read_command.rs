//! Read commands. Keys sort as rows do, so a read is of one key, of one range of keys, or
//! of keys that an index named.

use crate::key::HEAD_BYTES;
use crate::{Columns, CommandError, IndexId, Key, Probe, StorageId, Terms, Token, TokenRange};
use henge_base::{Bytes, Reader, TruncatedInput, put_signed_vint, put_vint};

/// One read, as the coordinator sends it to each replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadCommand {
    /// The storage id of the table.
    pub storage_id: StorageId,
    /// The token that the read is routed by: that of the partition, or of the start of the range.
    pub token: Token,
    /// The keys of the rows to read.
    pub keys: KeyRange,
    /// True if the static row of the partition in which the keys begin has to be part of the answer.
    pub statics: bool,
    /// The columns that must be in the answer; others may be left out.
    pub columns: Columns,
    /// The most live rows to answer; dead ones are answered uncounted.
    pub limit: u32,
    /// The coordinator's clock, seconds since the epoch: cells that expire by it count as deleted. The same for all
    /// replicas and pages.
    pub now_seconds: i64,
    /// Tombstones written before this time (seconds since the epoch, at most `now_seconds`) are left out of answers and
    /// digests.
    pub purge_before: i64,
    /// An index lookup: of a range of keys only the rows that it finds are read. Replicas then answer rows and static
    /// rows, no tombstones.
    pub probe: Option<Probe>,
}

/// The keys of a read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyRange {
    /// The row at one key.
    One(Key),
    /// The rows from `start` (included) to `end` (excluded), ascending or descending by key.
    Run {
        /// The lowest key included.
        start: Bytes,
        /// The lowest key above `start` that is excluded.
        end: Bytes,
        /// True if the highest key comes first.
        reversed: bool,
    },
    /// The rows at these ascending keys, at most [`READ_KEYS_MAX`].
    Many(Vec<Bytes>),
}

/// The most keys of one command; a longer one does not decode.
pub const READ_KEYS_MAX: usize = 10_000;

const KEYS_ONE: u8 = 0;
const KEYS_RUN: u8 = 1;
const KEYS_RUN_REVERSED: u8 = 2;
const KEYS_MANY: u8 = 3;
/// Flag added to the kind: the static row is needed.
const FLAG_STATICS: u8 = 4;
/// Flag added to the kind: a probe follows.
const FLAG_PROBE: u8 = 8;
/// Flag added to the kind: timestamps of the columns follow.
const FLAG_SINCE: u8 = 16;
/// Flag of a probe: one term follows, not the two ends of a range.
const PROBE_ONE_TERM: u8 = 1;
const PROBE_WHOLE_PARTITIONS: u8 = 2;

impl ReadCommand {
    /// The command in the format that [`ReadCommand::decode`] reads.
    pub fn encode(&self) -> Bytes {
        let mut out = Vec::with_capacity(128);
        out.extend_from_slice(&self.storage_id.0.to_be_bytes());
        out.extend_from_slice(&self.token.0.to_be_bytes());
        out.extend_from_slice(&self.limit.to_be_bytes());
        put_signed_vint(&mut out, self.now_seconds);
        put_signed_vint(&mut out, self.purge_before);
        self.columns.encode(&mut out);
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let since = flag(matches!(self.columns, Columns::Since(_)), FLAG_SINCE);
        let flags = flag(self.statics, FLAG_STATICS) | flag(self.probe.is_some(), FLAG_PROBE) | since;
        out.push(flags | self.keys.kind());
        self.columns.encode_timestamps(&mut out);
        if let Some(probe) = &self.probe {
            put_probe(probe, &mut out);
        }
        self.keys.encode(&mut out);
        Bytes::from(out)
    }

    /// Decodes a command; keys are slices of `bytes`.
    pub fn decode(bytes: Bytes) -> Result<ReadCommand, CommandError> {
        let mut reader = Reader::new(&bytes);
        let (storage_id, token, limit) = (StorageId(reader.u32()?), Token(reader.i64()?), reader.u32()?);
        let (now_seconds, purge_before) = (reader.signed_vint()?, reader.signed_vint()?);
        let columns = Columns::decode(&mut reader)?;
        let kind = reader.u8()?;
        let columns = if kind & FLAG_SINCE != 0 { columns.decode_timestamps(&mut reader)? } else { columns };
        let probe = if kind & FLAG_PROBE != 0 { Some(take_probe(&bytes, &mut reader)?) } else { None };
        let (statics, keys) = (
            kind & FLAG_STATICS != 0,
            take_keys(kind & !(FLAG_STATICS | FLAG_PROBE | FLAG_SINCE), &bytes, &mut reader)?,
        );
        Ok(ReadCommand { storage_id, token, keys, statics, columns, limit, now_seconds, purge_before, probe })
    }
}

impl ReadCommand {
    /// The tokens that the keys to read may have.
    pub fn tokens(&self) -> TokenRange {
        let (first, last) = match &self.keys {
            KeyRange::One(_) => return TokenRange::of_one(self.token),
            KeyRange::Run { start, end, .. } => (Key::token(start), last_token_below(end)),
            KeyRange::Many(keys) => {
                let token_of = |key: Option<&Bytes>| Key::token(key?);
                (token_of(keys.first()), token_of(keys.last()))
            }
        };
        let (first, last) = (first.unwrap_or(Token::MIN), last.unwrap_or(Token::MAX));
        TokenRange { start: TokenRange::of_one(first).start, end: last.max(first) }
    }
}

/// The highest token that a key below `end` may have; `None` if `end` has none.
fn last_token_below(end: &[u8]) -> Option<Token> {
    let token = Key::token(end)?;
    Some(if end.len() > HEAD_BYTES { token } else { Token(token.0.saturating_sub(1)) })
}

impl KeyRange {
    fn kind(&self) -> u8 {
        match self {
            KeyRange::One(_) => KEYS_ONE,
            KeyRange::Run { reversed: false, .. } => KEYS_RUN,
            KeyRange::Run { reversed: true, .. } => KEYS_RUN_REVERSED,
            KeyRange::Many(_) => KEYS_MANY,
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            KeyRange::One(key) => out.extend_from_slice(key.bytes()),
            KeyRange::Run { start, end, .. } => {
                put_bytes(start, out);
                out.extend_from_slice(end);
            }
            KeyRange::Many(keys) => {
                put_vint(out, keys.len() as u64);
                keys.iter().for_each(|key| put_bytes(key, out));
            }
        }
    }
}

fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_vint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends the index's id, flags, and the terms.
fn put_probe(probe: &Probe, out: &mut Vec<u8>) {
    put_vint(out, u64::from(probe.index.0));
    let whole = if probe.whole_partitions { PROBE_WHOLE_PARTITIONS } else { 0 };
    match &probe.terms {
        Terms::One(term) => {
            out.push(PROBE_ONE_TERM | whole);
            put_bytes(term, out);
        }
        Terms::Range { start, end } => {
            out.push(whole);
            put_bytes(start, out);
            put_bytes(end, out);
        }
    }
}

fn take_probe(whole: &Bytes, reader: &mut Reader<'_>) -> Result<Probe, CommandError> {
    let index = IndexId(u32::try_from(reader.vint()?).map_err(|_| CommandError)?);
    let flags = reader.u8()?;
    let mut bytes = || Ok::<_, TruncatedInput>(whole.slice_ref(reader.vint_bytes()?));
    let terms = match flags & !PROBE_WHOLE_PARTITIONS {
        0 => Terms::Range { start: bytes()?, end: bytes()? },
        PROBE_ONE_TERM => Terms::One(bytes()?),
        _ => return Err(CommandError),
    };
    Ok(Probe { index, whole_partitions: flags & PROBE_WHOLE_PARTITIONS != 0, terms })
}

fn take_keys(kind: u8, whole: &Bytes, reader: &mut Reader<'_>) -> Result<KeyRange, CommandError> {
    match kind {
        KEYS_ONE => Ok(KeyRange::One(Key(whole.slice_ref(reader.rest())))),
        KEYS_RUN | KEYS_RUN_REVERSED => {
            let start = whole.slice_ref(reader.vint_bytes()?);
            Ok(KeyRange::Run { start, end: whole.slice_ref(reader.rest()), reversed: kind == KEYS_RUN_REVERSED })
        }
        KEYS_MANY => {
            let count = reader.vint()?;
            if count > READ_KEYS_MAX as u64 {
                return Err(CommandError);
            }
            let keys = (0..count).map(|_| Ok(whole.slice_ref(reader.vint_bytes()?)));
            keys.collect::<Result<_, TruncatedInput>>().map(KeyRange::Many).map_err(CommandError::from)
        }
        _ => Err(CommandError),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ColumnId;
    use proptest::prelude::*;

    fn bytes() -> impl Strategy<Value = Bytes> {
        any::<Vec<u8>>().prop_map(Bytes::from)
    }

    fn columns() -> impl Strategy<Value = Columns> {
        let some = prop::collection::btree_set(any::<u32>(), 0..5);
        let since = proptest::collection::btree_map(any::<u32>(), any::<i64>(), 0..5);
        prop_oneof![
            Just(Columns::All),
            some.prop_map(|c| Columns::Some(c.into_iter().map(ColumnId).collect())),
            since.prop_map(|c| Columns::Since(c.into_iter().map(|(id, since)| (ColumnId(id), since)).collect())),
        ]
    }

    fn keys() -> impl Strategy<Value = KeyRange> {
        let run = (bytes(), bytes(), any::<bool>());
        prop_oneof![
            bytes().prop_map(|key| KeyRange::One(Key(key))),
            run.prop_map(|(start, end, reversed)| KeyRange::Run { start, end, reversed }),
            prop::collection::vec(bytes(), 0..4).prop_map(KeyRange::Many),
        ]
    }

    fn probe() -> impl Strategy<Value = Probe> {
        let range = (bytes(), bytes()).prop_map(|(start, end)| Terms::Range { start, end });
        let terms = prop_oneof![bytes().prop_map(Terms::One), range];
        let probe = |(index, whole_partitions, terms)| Probe { index: IndexId(index), whole_partitions, terms };
        (any::<u32>(), any::<bool>(), terms).prop_map(probe)
    }

    #[test]
    fn tokens_are_those_of_the_keys() {
        let command = |keys| ReadCommand {
            storage_id: StorageId(9),
            token: Token(7),
            keys,
            statics: false,
            columns: Columns::All,
            limit: 1,
            now_seconds: 0,
            purge_before: 0,
            probe: None,
        };
        let tokens = |keys| {
            let TokenRange { start, end } = command(keys).tokens();
            (start.0, end.0)
        };
        let run =
            |(start, end): (Vec<u8>, Vec<u8>)| KeyRange::Run { start: start.into(), end: end.into(), reversed: false };
        let key =
            |token: i64| Bytes::from([&9_u32.to_be_bytes()[..], &(token ^ i64::MIN).to_be_bytes(), b"p"].concat());
        assert_eq!(tokens(KeyRange::One(Key(key(7)))), (6, 7));
        assert_eq!(tokens(KeyRange::Many(vec![key(-3), key(5)])), (-4, 5));
        let all = (i64::MIN, i64::MAX);
        for (from, to) in [(10, 20), (-5, 6), all] {
            assert_eq!(tokens(run(Key::table_range(StorageId(9), Token(from), Token(to)))), (from, to));
        }
        let partition = (key(7).to_vec(), Key::prefix_end(&key(7)));
        assert_eq!(tokens(run(partition)), (6, 7));
        assert!(command(KeyRange::One(Key(key(7)))).tokens().is_one());
    }

    proptest! {
        #[test]
        fn commands_read_back(
            (storage_id, token, limit) in any::<(u32, i64, u32)>(),
            (now_seconds, purge_before) in any::<(i64, i64)>(),
            (keys, statics) in (keys(), any::<bool>()),
            columns in columns(),
            probe in prop::option::of(probe()),
        ) {
            let (storage_id, token) = (StorageId(storage_id), Token(token));
            let command =
                ReadCommand { storage_id, token, keys, statics, columns, limit, now_seconds, purge_before, probe };
            prop_assert_eq!(ReadCommand::decode(command.encode()), Ok(command));
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in bytes()) {
            let _ = ReadCommand::decode(bytes);
        }
    }
}
