//! Frames on a stream: a little-endian header, and a body.
//!
//! | at | field |
//! |---|---|
//! | 0 | version u8, 1 |
//! | 1 | kind u16 |
//! | 3 | length u32 of the body |
//! | 7 | correlation u64: the request that a reply answers |
//! | 15 | budget u32: milliseconds that the request may still take |

use crate::limits::BODY_BYTES_MAX;
use henge_base::{Bytes, BytesMut};

pub(crate) const HEADER: usize = 19;
const VERSION: u8 = 1;

/// The kind of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The sender's identity; the first frame in each direction.
    Hello,
    /// A request.
    Request,
    /// The reply to a request.
    Reply,
    /// The statement that a request will get no reply.
    NoReply,
    /// A message without a reply.
    Tell,
}

const KINDS: [Kind; 5] = [Kind::Hello, Kind::Request, Kind::Reply, Kind::NoReply, Kind::Tell];

/// The header of a frame, without the body's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) kind: Kind,
    pub(crate) correlation: u64,
    pub(crate) budget_ms: u32,
}

impl Head {
    /// A header without a budget.
    pub(crate) fn of(kind: Kind, correlation: u64) -> Head {
        Head { kind, correlation, budget_ms: 0 }
    }

    /// Appends a frame to `out`.
    pub(crate) fn put(&self, body: &[u8], out: &mut Vec<u8>) {
        let kind = KINDS.iter().position(|k| *k == self.kind).unwrap_or(KINDS.len()) as u16;
        out.push(VERSION);
        out.extend_from_slice(&kind.to_le_bytes());
        // The outbox has refused bodies beyond `BODY_BYTES_MAX`.
        out.extend_from_slice(&(body.len() as u32).to_le_bytes());
        out.extend_from_slice(&self.correlation.to_le_bytes());
        out.extend_from_slice(&self.budget_ms.to_le_bytes());
        out.extend_from_slice(body);
    }
}

/// The reason why input is not a frame. The connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("a frame of version {0}")]
    Version(u8),
    #[error("a frame of kind {0}")]
    Kind(u16),
    #[error("a frame of {0} bytes")]
    Length(u32),
}

/// Takes the next frame from the input; `None` if it is incomplete.
pub(crate) fn next(input: &mut BytesMut, limit: usize) -> Result<Option<(Head, Bytes)>, FrameError> {
    let Some((head, length)) = peek(input, limit)? else { return Ok(None) };
    if input.len() < HEADER + length {
        input.reserve(HEADER + length - input.len());
        return Ok(None);
    }
    let mut frame = input.split_to(HEADER + length).freeze();
    Ok(Some((head, frame.split_off(HEADER))))
}

fn peek(input: &[u8], limit: usize) -> Result<Option<(Head, usize)>, FrameError> {
    let Some(head) = input.first_chunk::<HEADER>() else {
        // A wrong version is refused before the header is complete, so that garbage is not waited on.
        return match input.first() {
            Some(version) if *version != VERSION => Err(FrameError::Version(*version)),
            _ => Ok(None),
        };
    };
    if head[0] != VERSION {
        return Err(FrameError::Version(head[0]));
    }
    let number = u16::from_le_bytes([head[1], head[2]]);
    let kind = *KINDS.get(usize::from(number)).ok_or(FrameError::Kind(number))?;
    let length = u32::from_le_bytes([head[3], head[4], head[5], head[6]]);
    if length as usize > limit.min(BODY_BYTES_MAX) {
        return Err(FrameError::Length(length));
    }
    let mut correlation = [0; 8];
    correlation.copy_from_slice(&head[7..15]);
    let budget_ms = u32::from_le_bytes([head[15], head[16], head[17], head[18]]);
    Ok(Some((Head { kind, correlation: u64::from_le_bytes(correlation), budget_ms }, length as usize)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_whole_however_they_are_cut() {
        let mut bytes = Vec::new();
        for (number, kind) in KINDS.into_iter().enumerate() {
            Head { kind, correlation: number as u64 + 7, budget_ms: 3 }
                .put(&vec![number as u8; number * 10], &mut bytes);
        }
        for cut in 1..bytes.len() {
            let mut input = BytesMut::new();
            let mut found = Vec::new();
            for part in bytes.chunks(cut) {
                input.extend_from_slice(part);
                while let Some((head, body)) = next(&mut input, 1 << 10).unwrap() {
                    found.push((head.kind, head.correlation, body.len()));
                }
            }
            let expected: Vec<_> = KINDS.into_iter().enumerate().map(|(n, k)| (k, n as u64 + 7, n * 10)).collect();
            assert_eq!(found, expected, "cut at {cut}");
        }
    }

    #[test]
    fn absurd_frames_are_refused_before_they_are_awaited() {
        let mut frame = Vec::new();
        Head::of(Kind::Request, 1).put(&[0; 2_000], &mut frame);
        let refused = |bytes: &[u8]| next(&mut BytesMut::from(bytes), 1 << 10);
        assert_eq!(refused(&frame[..HEADER]), Err(FrameError::Length(2_000)));
        assert_eq!(refused(b"GET / HTTP/1.1"), Err(FrameError::Version(b'G')));
        let mut unknown = frame.clone();
        unknown[1] = 99;
        assert_eq!(refused(&unknown), Err(FrameError::Kind(99)));
    }
}
