//! Tokens: places of partitions on the ring, computed as Cassandra's Murmur3Partitioner does.

use henge_base::Reader;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A place on the ring. [`Token::MIN`] is the token of no key but the empty one, which is not allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Token(pub i64);

impl Token {
    /// The lowest token, below every key's; as the start of a range it means "from the beginning".
    pub const MIN: Token = Token(i64::MIN);
    /// The highest token.
    pub const MAX: Token = Token(i64::MAX);

    /// The token of a serialized partition key. Only the empty key has [`Token::MIN`].
    pub fn from_key(partition_key: &[u8]) -> Token {
        if partition_key.is_empty() {
            return Token::MIN;
        }
        match murmur3(partition_key) {
            i64::MIN => Token::MAX,
            hash => Token(hash),
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The tokens above `start` up to and including `end`. The range wraps round the ring if `start >= end`; equal ends are
/// the whole ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TokenRange {
    /// The highest token below the range; excluded.
    pub start: Token,
    /// The highest token of the range; included.
    pub end: Token,
}

impl TokenRange {
    /// The whole ring.
    pub const FULL: TokenRange = TokenRange { start: Token::MIN, end: Token::MIN };

    /// The range of one token.
    pub fn of_one(token: Token) -> TokenRange {
        TokenRange { start: Token(token.0.saturating_sub(1)), end: token }
    }

    /// True if it holds one token.
    pub fn is_one(&self) -> bool {
        self.start.0.checked_add(1) == Some(self.end.0)
    }

    /// True if `token` lies in the range.
    pub fn contains(&self, token: Token) -> bool {
        if self.start < self.end {
            self.start < token && token <= self.end
        } else {
            self.start < token || token <= self.end
        }
    }

    /// The range, cut where it wraps: one or two ranges with `start < end`, in token order, that hold the same keys.
    pub fn split_at_wrap(&self) -> impl Iterator<Item = TokenRange> {
        let whole = |start, end| (start < end).then_some(TokenRange { start, end });
        let parts = if self.start < self.end {
            [Some(*self), None]
        } else if self.start == self.end {
            [whole(Token::MIN, Token::MAX), None]
        } else {
            [whole(Token::MIN, self.end), whole(self.start, Token::MAX)]
        };
        parts.into_iter().flatten()
    }
}

const C1: u64 = 0x87c3_7b91_1142_53d5;
const C2: u64 = 0x4cf5_ad43_2745_937f;

/// The first half of MurmurHash3 x64 128 (Appleby, public domain) with seed 0, except that tail bytes are
/// sign-extended: Cassandra's Java does so, and every client has to follow.
fn murmur3(data: &[u8]) -> i64 {
    let (mut h1, mut h2) = (0u64, 0u64);
    let (blocks, tail) = data.as_chunks::<16>();
    for block in blocks {
        let (k1, k2) = split_block(block);
        h1 ^= mix_k1(k1);
        h1 = h1.rotate_left(27).wrapping_add(h2).wrapping_mul(5).wrapping_add(0x52dc_e729);
        h2 ^= mix_k2(k2);
        h2 = h2.rotate_left(31).wrapping_add(h1).wrapping_mul(5).wrapping_add(0x3849_5ab5);
    }
    let (mut k1, mut k2) = (0u64, 0u64);
    for (i, &byte) in tail.iter().enumerate() {
        let signed = (byte as i8) as u64;
        if i < 8 {
            k1 ^= signed << (8 * i);
        } else {
            k2 ^= signed << (8 * (i - 8));
        }
    }
    h1 ^= mix_k1(k1) ^ data.len() as u64;
    h2 ^= mix_k2(k2) ^ data.len() as u64;
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    finalize(h1).wrapping_add(finalize(h2)) as i64
}

fn split_block(block: &[u8; 16]) -> (u64, u64) {
    let all = u128::from_le_bytes(*block);
    (all as u64, (all >> 64) as u64)
}

fn mix_k1(k: u64) -> u64 {
    k.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2)
}

fn mix_k2(k: u64) -> u64 {
    k.wrapping_mul(C2).rotate_left(33).wrapping_mul(C1)
}

fn finalize(mut k: u64) -> u64 {
    k ^= k >> 33;
    k = k.wrapping_mul(0xff51_afd7_ed55_8ccd);
    k ^= k >> 33;
    k = k.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    k ^ (k >> 33)
}

/// Eight bytes that sort as tokens do: big-endian with the sign flipped.
pub(crate) fn to_sortable(token: Token) -> [u8; 8] {
    ((token.0 as u64) ^ (1 << 63)).to_be_bytes()
}

/// Reads the output of [`to_sortable`].
pub(crate) fn from_sortable(reader: &mut Reader<'_>) -> Result<Token, henge_base::TruncatedInput> {
    Ok(Token((reader.u64()? ^ (1 << 63)) as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tokens_are_those_that_drivers_compute() {
        let of = |bytes: &[u8]| Token::from_key(bytes).0;
        assert_eq!(of(&0i32.to_be_bytes()), -3_485_513_579_396_041_028);
        assert_eq!(of(&1i32.to_be_bytes()), -4_069_959_284_402_364_209);
        assert_eq!(of(&(-1i32).to_be_bytes()), 7_297_452_126_230_313_552);
        assert_eq!(of(&1i64.to_be_bytes()), 6_292_367_497_774_912_474);
        assert_eq!(of(b"a"), -8_839_064_797_231_613_815);
        assert_eq!(of(b"hello"), -3_758_069_500_696_749_310);
        assert_eq!(of(&[0x80]), -5_284_281_814_142_962_636);
        assert_eq!(of(&[0xff; 17]), -4_128_212_798_341_382_003);
        assert_eq!(of(&std::array::from_fn::<u8, 32, _>(|i| i as u8)), -4_148_501_202_978_516_977);
        assert_eq!(of(&[0, 4, 0, 0, 0, 1, 0, 0, 1, b'a', 0]), 6_516_349_416_904_725_244);
        assert_eq!(Token::from_key(b""), Token::MIN);
    }

    #[test]
    fn tokens_are_those_that_cassandra_computes() {
        // `SELECT k, token(k)` of Cassandra 5.0.6, for keys of 1 to 33 bytes.
        let recorded = include_str!("token/recorded.txt").lines().map(|line| line.split_once(' ').unwrap());
        for (key, token) in recorded {
            let digits: Vec<u8> = key.bytes().map(|c| char::from(c).to_digit(16).unwrap() as u8).collect();
            let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
            assert_eq!(Token::from_key(&bytes).0.to_string(), token, "{key}");
        }
    }

    #[test]
    fn ranges_exclude_their_start_and_wrap() {
        let plain = TokenRange { start: Token(1), end: Token(5) };
        assert!(!plain.contains(Token(1)) && plain.contains(Token(2)) && plain.contains(Token(5)));
        let wrapped = TokenRange { start: Token(5), end: Token(1) };
        assert!(!wrapped.contains(Token(5)) && wrapped.contains(Token(6)) && wrapped.contains(Token(1)));
        assert!(!wrapped.contains(Token(2)));
        assert!(TokenRange::FULL.contains(Token(7)) && TokenRange::FULL.contains(Token::MAX));
    }

    proptest! {
        #[test]
        fn cutting_a_range_keeps_its_tokens(start: i64, end: i64, token in (i64::MIN + 1)..) {
            let range = TokenRange { start: Token(start), end: Token(end) };
            let parts: Vec<_> = range.split_at_wrap().collect();
            prop_assert!(parts.iter().all(|p| p.start < p.end));
            prop_assert!(parts.windows(2).all(|w| w[0].end <= w[1].start));
            prop_assert_eq!(range.contains(Token(token)), parts.iter().any(|p| p.contains(Token(token))));
        }

        #[test]
        fn sortable_bytes_keep_order(a: i64, b: i64) {
            prop_assert_eq!(to_sortable(Token(a)).cmp(&to_sortable(Token(b))), a.cmp(&b));
            prop_assert_eq!(from_sortable(&mut Reader::new(&to_sortable(Token(a)))), Ok(Token(a)));
        }
    }
}
