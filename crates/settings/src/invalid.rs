//! Texts that are no value of a setting.

use crate::spelling::did_you_mean;

/// A text cannot be the value of a setting. The message says what is wrong with it and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // `given` is the text, the others are what it is held to.
pub enum InvalidValue {
    /// A text is missing.
    #[error("must not be empty")]
    Empty,
    /// It is none of the words that there are.
    #[error("must be one of {}, not {given:?}{}", among.join(", "), did_you_mean(given, among.iter().copied()))]
    Choice { given: String, among: Vec<&'static str> },
    /// It is no number, or one beyond the range.
    #[error("must be a number from {low} to {high}, not {given:?}")]
    Number { given: String, low: u64, high: u64 },
    /// It is no limit of a guardrail.
    #[error("must be a positive number, or -1 to switch it off, not {given:?}")]
    Limit { given: String },
    /// It is no duration.
    #[error("invalid duration {given:?}: expected a number and one of us, ms, s, m, h, d, such as 2000ms, 10s or 3h")]
    Duration { given: String },
    /// It is no size.
    #[error(
        "invalid size {given:?}: expected a number and one of B, KiB, MiB, GiB, such as 512KiB or 16MiB{suggestion}"
    )]
    Size { given: String, suggestion: String },
    /// A duration or size is too small.
    #[error("must be at least {low}, not {given}")]
    TooSmall { given: String, low: &'static str },
    /// A duration or size is beyond the range.
    #[error("must be from {low} to {high}, not {given}")]
    OutOfRange { given: String, low: &'static str, high: &'static str },
    /// It is no address of a host.
    #[error("{given:?} is no address")]
    Address { given: String },
    /// The crate that the value is for refuses it.
    #[error("{0}")]
    Refused(String),
}
