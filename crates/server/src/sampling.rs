//! The choice of requests that are sampled: those whose client says so by a `traceparent` (W3C Trace Context) in the custom payload, and a
//! share of the others.

use henge_node::{Random, SpanParent};
use henge_protocol::{Flags, Frame};
use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;

/// The keys of the custom payload.
const TRACE_PARENT: &str = "traceparent";
const TRACE_STATE: &str = "tracestate";
/// Bytes of a `traceparent` of version 00, and of the part that later versions begin with.
const TRACE_PARENT_BYTES: usize = 55;
/// Bytes of a `tracestate`; a longer one is left out.
const TRACE_STATE_BYTES_MAX: usize = 512;
/// The flag of a `traceparent` that is sampled.
const SAMPLED: u8 = 1;

/// A share of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SampleShare {
    /// Of 2^64 random numbers those below it count; `u64::MAX` is all.
    below: u64,
}

/// A text is no share.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a number from 0 to 1, such as 0.01, not {0:?}")]
pub(crate) struct BadShare(String);

impl FromStr for SampleShare {
    type Err = BadShare;

    fn from_str(text: &str) -> Result<SampleShare, BadShare> {
        let share = text.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
        // A float beyond the range becomes the end of the range.
        share
            .map(|share| SampleShare { below: (share * u64::MAX as f64) as u64 })
            .ok_or_else(|| BadShare(text.to_owned()))
    }
}

/// Chooses the requests of one connection.
#[derive(Debug)]
pub(crate) struct Sampler {
    share: SampleShare,
    random: Random,
}

impl Sampler {
    pub(crate) fn new(share: SampleShare) -> Sampler {
        // The standard library's source of chance: numbers of traces are no secrets, but must differ.
        Sampler { share, random: Random::new(RandomState::new().hash_one(0)) }
    }

    /// The place of a request in the trace of its client, if it is sampled.
    pub(crate) fn sample(&mut self, frame: &Frame) -> Option<SpanParent> {
        let share = self.share.below;
        let has_payload = frame.header.flags.contains(Flags::CUSTOM_PAYLOAD);
        if let Some((parent, is_sampled)) = has_payload.then(|| trace_parent(frame)).flatten() {
            return is_sampled.then_some(parent);
        }
        if share == 0 || (share < u64::MAX && self.random.next_u64() >= share) {
            return None;
        }
        Some(SpanParent { trace: self.random.bytes(), span: None, state: None })
    }
}

/// The span of the client that a frame tells, and whether that is sampled.
fn trace_parent(frame: &Frame) -> Option<(SpanParent, bool)> {
    let value = |key: &str| frame.payload().find(|(name, _)| *name == key).map(|(_, value)| value);
    let (mut parent, is_sampled) = parse_parent(value(TRACE_PARENT)?)?;
    parent.state = value(TRACE_STATE).and_then(parse_state).map(Into::into);
    Some((parent, is_sampled))
}

/// Reads `00-<trace, 32 digits>-<span, 16 digits>-<flags, 2 digits>`; of a later version what it has in common with that.
fn parse_parent(text: &[u8]) -> Option<(SpanParent, bool)> {
    let (known, more) = text.split_at_checked(TRACE_PARENT_BYTES)?;
    let dashes = [2, 35, 52].iter().all(|at| known[*at] == b'-');
    let [version] = hex(&known[..2])?;
    let (trace, span, [flags]) = (hex(&known[3..35])?, hex(&known[36..52])?, hex(&known[53..])?);
    let is_complete = more.is_empty() || (version > 0 && more[0] == b'-');
    let is_good = dashes && is_complete && version != 0xff && trace != [0; 16] && span != [0; 8];
    is_good.then_some((SpanParent { trace, span: Some(span), state: None }, flags & SAMPLED != 0))
}

/// Bytes of lower case hexadecimal digits.
fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

fn parse_state(text: &[u8]) -> Option<&str> {
    let is_good = text.len() <= TRACE_STATE_BYTES_MAX && text.iter().all(|byte| matches!(byte, b' '..=b'~'));
    std::str::from_utf8(text).ok().filter(|text| is_good && !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_node::Bytes;
    use henge_protocol::{Header, Opcode, Version};

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn frame(entries: &[(&str, &str)]) -> Frame {
        let mut body = (entries.len() as u16).to_be_bytes().to_vec();
        for (key, value) in entries {
            body.extend_from_slice(&(key.len() as u16).to_be_bytes());
            body.extend_from_slice(key.as_bytes());
            body.extend_from_slice(&(value.len() as i32).to_be_bytes());
            body.extend_from_slice(value.as_bytes());
        }
        let flags = if entries.is_empty() { Flags::default() } else { Flags::CUSTOM_PAYLOAD };
        let header =
            Header { version: Version::V4, flags, stream: 0, opcode: Opcode::Query, length: body.len() as u32 };
        Frame { header, body: Bytes::from(body) }
    }

    fn sampler(share: &str) -> Sampler {
        Sampler::new(share.parse().unwrap())
    }

    #[test]
    fn a_client_decides_for_its_requests() {
        let told =
            sampler("0").sample(&frame(&[("other", "x"), (TRACE_STATE, "a=b"), (TRACE_PARENT, PARENT)])).unwrap();
        assert_eq!(told.trace[..2], [0x4b, 0xf9]);
        assert_eq!(told.span, Some([0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]));
        assert_eq!(told.state.as_deref(), Some("a=b"));
        let unsampled = PARENT.replace("-01", "-00");
        assert_eq!(sampler("1").sample(&frame(&[(TRACE_PARENT, &unsampled)])), None);
    }

    #[test]
    fn what_is_no_parent_is_ignored() {
        let bad = [
            "",
            "00",
            &PARENT.to_uppercase(),
            &PARENT.replace("00-", "ff-"),
            &format!("{PARENT}-more"),
            &PARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            &PARENT.replace("00f067aa0ba902b7", &"0".repeat(16)),
            &PARENT.replace("-00f0", "_00f0"),
        ];
        for text in bad {
            assert_eq!(sampler("0").sample(&frame(&[(TRACE_PARENT, text)])), None, "{text}");
            let own = sampler("1").sample(&frame(&[(TRACE_PARENT, text)])).unwrap();
            assert_eq!(own.span, None, "{text}");
        }
        let later = format!("{}-more", PARENT.replacen("00-", "01-", 1));
        assert!(sampler("0").sample(&frame(&[(TRACE_PARENT, &later)])).is_some());
        let state =
            |text: &str| sampler("0").sample(&frame(&[(TRACE_PARENT, PARENT), (TRACE_STATE, text)])).unwrap().state;
        assert_eq!(["", "ä", &"x".repeat(513)].map(state), [None, None, None]);
    }

    #[test]
    fn a_share_of_the_others_is_sampled() {
        let count = |share: &str| {
            let mut sampler = sampler(share);
            (0..10_000).filter(|_| sampler.sample(&frame(&[])).is_some()).count()
        };
        assert_eq!((count("0"), count("1"), count("1.0")), (0, 10_000, 10_000));
        assert!((800..1_200).contains(&count("0.1")), "{}", count("0.1"));
        for text in ["-1", "1.1", "NaN", "a", ""] {
            assert_eq!(text.parse::<SampleShare>(), Err(BadShare(text.to_owned())));
        }
    }
}
