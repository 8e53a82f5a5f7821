//! Leaves and their tokens: a leaf is all tokens that begin with the same bits.

use henge_model::{Token, TokenRange};

/// A token's place in the order of tokens, from 0 on.
fn place(token: Token) -> u64 {
    (token.0 as u64) ^ (1 << 63)
}

fn token_at(place: u64) -> Token {
    Token((place ^ (1 << 63)) as i64)
}

/// The leaf of a token.
pub fn leaf_of(token: Token, bits: u8) -> u32 {
    (place(token) >> (64 - u32::from(bits))) as u32
}

/// The leaf at fewer bits that a leaf lies in.
pub(crate) fn ancestor(leaf: u32, bits: u8, above: u8) -> u32 {
    leaf >> (bits - above)
}

/// The parts of ranges that lie in the leaves from `first` to `last`. The ranges are ascending, disjoint and do not wrap, and so are the
/// parts.
pub fn spans(ranges: &[TokenRange], first: u32, last: u32, bits: u8) -> Vec<TokenRange> {
    let width = 64 - u32::from(bits);
    let (low, high) = (u64::from(first) << width, (u64::from(last) << width) | ((1 << width) - 1));
    // The lowest token is no key's, so that a range that should begin with it may exclude it.
    let (start, end) = (token_at(low.saturating_sub(1)), token_at(high));
    let cut = ranges.iter().map(|range| TokenRange { start: range.start.max(start), end: range.end.min(end) });
    cut.filter(|range| range.start < range.end).collect()
}

/// The leaves that ranges reach into, ascending, each once.
pub(crate) fn leaves_of(ranges: &[TokenRange], bits: u8) -> impl Iterator<Item = u32> + '_ {
    let mut next = 0;
    ranges.iter().flat_map(move |range| {
        let first = leaf_of(Token(range.start.0.saturating_add(1)), bits).max(next);
        let last = leaf_of(range.end, bits);
        next = last + 1;
        first..=last
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn range(start: i64, end: i64) -> TokenRange {
        TokenRange { start: Token(start), end: Token(end) }
    }

    #[test]
    fn leaves_are_equal_parts_of_the_ring() {
        let of = |token| leaf_of(Token(token), 6);
        assert_eq!([i64::MIN, -1, 0, i64::MAX].map(of), [0, 31, 32, 63]);
        assert_eq!(ancestor(leaf_of(Token(77), 20), 20, 6), of(77));
    }

    #[test]
    fn ranges_are_cut_at_leaves() {
        let quarter = 1i64 << 62;
        let ranges = [range(i64::MIN, -5), range(7, i64::MAX)];
        // With 2 bits a leaf is a quarter of the ring.
        assert_eq!(spans(&ranges, 0, 0, 2), [range(i64::MIN, -quarter - 1)]);
        assert_eq!(spans(&ranges, 1, 2, 2), [range(-quarter - 1, -5), range(7, quarter - 1)]);
        assert_eq!(spans(&ranges, 3, 3, 2), [range(quarter - 1, i64::MAX)]);
        assert_eq!(spans(&ranges, 0, 3, 2), ranges);
        assert_eq!(leaves_of(&ranges, 2).collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(leaves_of(&[range(0, 5), range(9, 12)], 2).collect::<Vec<_>>(), [2]);
    }
}
