//! A pair of limits: one that warns and one that refuses.

/// The limits of a number; `None` means no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Threshold {
    /// The user is warned beyond this number.
    pub warn: Option<u64>,
    /// The statement is refused beyond this number.
    pub fail: Option<u64>,
}

/// The limit that was crossed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CrossedLimit {
    Warn(u64),
    Fail(u64),
}

impl Threshold {
    /// The limit that the number exceeds, if any.
    #[inline]
    pub(crate) fn above(self, value: u64) -> Option<CrossedLimit> {
        match self {
            Threshold { fail: Some(fail), .. } if value > fail => Some(CrossedLimit::Fail(fail)),
            Threshold { warn: Some(warn), .. } if value > warn => Some(CrossedLimit::Warn(warn)),
            _ => None,
        }
    }

    /// The limit that the number falls below, if any.
    pub(crate) fn below(self, value: u64) -> Option<CrossedLimit> {
        match self {
            Threshold { fail: Some(fail), .. } if value < fail => Some(CrossedLimit::Fail(fail)),
            Threshold { warn: Some(warn), .. } if value < warn => Some(CrossedLimit::Warn(warn)),
            _ => None,
        }
    }
}

impl CrossedLimit {
    /// The limit's value.
    pub(crate) fn limit(self) -> u64 {
        let (CrossedLimit::Warn(limit) | CrossedLimit::Fail(limit)) = self;
        limit
    }

    /// `warning` or `failure`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            CrossedLimit::Warn(_) => "warning",
            CrossedLimit::Fail(_) => "failure",
        }
    }

    /// `this exceeds the warning threshold of 5.`
    pub(crate) fn exceeds(self) -> String {
        format!("this exceeds the {} threshold of {}.", self.word(), self.limit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_itself_is_allowed_and_failing_comes_before_warning() {
        let both = Threshold { warn: Some(2), fail: Some(4) };
        let above: Vec<_> = [2, 3, 4, 5].map(|value| both.above(value)).to_vec();
        assert_eq!(
            above,
            [None, Some(CrossedLimit::Warn(2)), Some(CrossedLimit::Warn(2)), Some(CrossedLimit::Fail(4))]
        );
        let least = Threshold { warn: Some(3), fail: Some(2) };
        assert_eq!(
            [3, 2, 1].map(|value| least.below(value)),
            [None, Some(CrossedLimit::Warn(3)), Some(CrossedLimit::Fail(2))]
        );
        assert_eq!(Threshold::default().above(u64::MAX), None);
    }
}
