//! The ring in parts.

/// Tokens from after `start` up to `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TokenRange {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

/// The part of a number in the ring of Murmur3, of so many parts. No token is `i64::MIN`.
pub(crate) fn range(number: u32, of: u32) -> TokenRange {
    let bound = |number: u32| {
        let passed = (1_u128 << 64) * u128::from(number) / u128::from(of.max(1));
        // Within 64 bits, since `number` is at most `of`.
        i64::try_from(i128::from(i64::MIN) + passed as i128).unwrap_or(i64::MAX)
    };
    TokenRange { start: bound(number), end: bound(number + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_whole_ring() {
        for of in [1, 2, 3, 256, 65_536] {
            let ranges: Vec<TokenRange> = (0..of).map(|number| range(number, of)).collect();
            assert_eq!((ranges[0].start, ranges[ranges.len() - 1].end), (i64::MIN, i64::MAX), "{of}");
            assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start && pair[0].start < pair[0].end));
        }
    }
}
