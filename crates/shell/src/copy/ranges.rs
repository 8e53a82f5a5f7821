//! The ring in parts of equal length.

/// The parts of the tokens after the first up to the second, in order: each from after its first up to its second.
pub(crate) fn split_ring(begin: Option<i64>, end: Option<i64>, count: u32) -> Vec<(i64, i64)> {
    // No token is `i64::MIN`.
    let (begin, end) = (begin.unwrap_or(i64::MIN), end.unwrap_or(i64::MAX));
    let length = i128::from(end) - i128::from(begin);
    let bound = |number: u32| {
        let passed = length * i128::from(number) / i128::from(count.max(1));
        // It lies between the two.
        i64::try_from(i128::from(begin) + passed).unwrap_or(end)
    };
    (0..count.max(1)).map(|number| (bound(number), bound(number + 1))).filter(|(start, end)| start < end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_whole() {
        for (begin, end) in [(None, None), (Some(5), None), (None, Some(-7)), (Some(-3), Some(3)), (Some(0), Some(1))] {
            let parts = split_ring(begin, end, 12);
            assert_eq!((parts[0].0, parts[parts.len() - 1].1), (begin.unwrap_or(i64::MIN), end.unwrap_or(i64::MAX)));
            assert!(parts.windows(2).all(|pair| pair[0].1 == pair[1].0), "{parts:?}");
        }
        assert!(split_ring(Some(4), Some(4), 12).is_empty());
    }
}
