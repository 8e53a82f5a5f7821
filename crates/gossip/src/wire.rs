//! Messages as bytes, with numbers of members in place of host ids. Integers are variable-length ([`put_vint`]), so that
//! the heartbeat of a member takes about nine bytes and a thousand of them fit into one message.
//!
//! | Part | Fields |
//! |---|---|
//! | message | tag, lists of digests and deltas, each behind its length |
//! | digest | number, generation, version |
//! | delta | digest, version - since, facts behind their number |
//! | fact | kind, version of the delta - version of the fact, values behind their number |

use crate::limits::MESSAGE_BYTES_MAX;
use crate::{Delta, Digest, Fact, Members, Message};
use henge_base::{Reader, TruncatedInput, put_vint, vint_len};

const OPEN: u8 = 0;
const OPEN_WHOLE: u8 = 1;
const ANSWER: u8 = 2;
const CLOSE: u8 = 3;
/// Values of one fact: more are no fact of any release.
const FACT_VALUES_MAX: u64 = 8;

/// Bytes that are no message of gossip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

impl From<TruncatedInput> for Unreadable {
    fn from(_: TruncatedInput) -> Unreadable {
        Unreadable
    }
}

impl Message {
    /// The bytes of a message. What it says of hosts that are no members is left out.
    pub fn encode(&self, members: &Members) -> Vec<u8> {
        let mut out = Vec::with_capacity(MESSAGE_BYTES_MAX);
        match self {
            Message::Open { digests, whole } => {
                out.push(if *whole { OPEN_WHOLE } else { OPEN });
                put_digests(&mut out, digests, members);
            }
            Message::Answer { deltas, wants } => {
                out.push(ANSWER);
                put_deltas(&mut out, deltas, members);
                put_digests(&mut out, wants, members);
            }
            Message::Close { deltas } => {
                out.push(CLOSE);
                put_deltas(&mut out, deltas, members);
            }
        }
        out
    }

    /// Reads a message. What it says of numbers that no member has, and of kinds of facts that this release does not
    /// know, is left out.
    pub fn decode(bytes: &[u8], members: &Members) -> Result<Message, Unreadable> {
        if bytes.len() > MESSAGE_BYTES_MAX {
            return Err(Unreadable);
        }
        let mut from = Reader::new(bytes);
        let message = match from.u8()? {
            tag @ (OPEN | OPEN_WHOLE) => {
                Message::Open { digests: digests(&mut from, members)?, whole: tag == OPEN_WHOLE }
            }
            ANSWER => Message::Answer { deltas: deltas(&mut from, members)?, wants: digests(&mut from, members)? },
            CLOSE => Message::Close { deltas: deltas(&mut from, members)? },
            _ => return Err(Unreadable),
        };
        if from.is_empty() { Ok(message) } else { Err(Unreadable) }
    }
}

impl Digest {
    /// Bytes of the digest in a message, at most.
    pub(crate) fn wire_len(&self) -> usize {
        vint_len(u64::from(u16::MAX)) + vint_len(self.generation) + vint_len(self.version)
    }
}

impl Delta {
    /// Bytes of the delta in a message, at most.
    pub(crate) fn wire_len(&self) -> usize {
        let facts = self.facts.iter().map(|(fact, _)| {
            let (_, values) = fact.to_values();
            2 + vint_len(self.upto.version) + values.into_iter().flatten().map(vint_len).sum::<usize>()
        });
        self.upto.wire_len() + vint_len(self.upto.version) + 1 + facts.sum::<usize>()
    }
}

fn put_digests(out: &mut Vec<u8>, digests: &[Digest], members: &Members) {
    let known = digests.iter().filter_map(|digest| Some((members.number_of(digest.host)?, digest)));
    put_vint(out, known.clone().count() as u64);
    known.for_each(|(number, digest)| put_digest(out, number, digest));
}

fn put_digest(out: &mut Vec<u8>, number: u16, digest: &Digest) {
    put_vint(out, u64::from(number));
    put_vint(out, digest.generation);
    put_vint(out, digest.version);
}

fn put_deltas(out: &mut Vec<u8>, deltas: &[Delta], members: &Members) {
    let known = deltas.iter().filter_map(|delta| Some((members.number_of(delta.upto.host)?, delta)));
    put_vint(out, known.clone().count() as u64);
    for (number, delta) in known {
        put_digest(out, number, &delta.upto);
        put_vint(out, delta.upto.version.saturating_sub(delta.since));
        put_vint(out, delta.facts.len() as u64);
        for (fact, version) in &delta.facts {
            let (kind, values) = fact.to_values();
            out.push(kind);
            put_vint(out, delta.upto.version.saturating_sub(*version));
            let values: Vec<u64> = values.into_iter().flatten().collect();
            put_vint(out, values.len() as u64);
            values.into_iter().for_each(|value| put_vint(out, value));
        }
    }
}

fn digests(from: &mut Reader<'_>, members: &Members) -> Result<Vec<Digest>, Unreadable> {
    let mut digests = Vec::new();
    for _ in 0..from.vint()? {
        digests.extend(digest(from, members)?);
    }
    Ok(digests)
}

/// A digest; `None` if no member has its number.
fn digest(from: &mut Reader<'_>, members: &Members) -> Result<Option<Digest>, Unreadable> {
    let number = u16::try_from(from.vint()?).map_err(|_| Unreadable)?;
    let (generation, version) = (from.vint()?, from.vint()?);
    Ok(members.host_of(number).map(|host| Digest { host, generation, version }))
}

fn deltas(from: &mut Reader<'_>, members: &Members) -> Result<Vec<Delta>, Unreadable> {
    let mut deltas = Vec::new();
    for _ in 0..from.vint()? {
        let number = u16::try_from(from.vint()?).map_err(|_| Unreadable)?;
        let (generation, version) = (from.vint()?, from.vint()?);
        let since = version.checked_sub(from.vint()?).ok_or(Unreadable)?;
        let facts = facts(from, version)?;
        let upto = members.host_of(number).map(|host| Digest { host, generation, version });
        deltas.extend(upto.map(|upto| Delta { upto, since, facts }));
    }
    Ok(deltas)
}

fn facts(from: &mut Reader<'_>, latest: u64) -> Result<Vec<(Fact, u64)>, Unreadable> {
    let mut facts = Vec::new();
    for _ in 0..from.vint()? {
        let kind = from.u8()?;
        let version = latest.checked_sub(from.vint()?).ok_or(Unreadable)?;
        let count = from.vint()?;
        if count > FACT_VALUES_MAX {
            return Err(Unreadable);
        }
        let values = (0..count).map(|_| from.vint()).collect::<Result<Vec<u64>, _>>()?;
        facts.extend(Fact::from_values(kind, &values).map(|fact| (fact, version)));
    }
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_base::HostId;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn host(at: u16) -> HostId {
        HostId(Uuid::from_u128(u128::from(at) + 1))
    }

    fn members() -> Members {
        (0..1000).map(|at| (host(at), at)).collect()
    }

    fn digest_of(at: u16) -> Digest {
        Digest { host: host(at), generation: 40, version: 3_000_000 }
    }

    #[test]
    fn a_thousand_heartbeats_fit_into_a_message_and_a_thousand_digests_too() {
        let digests: Vec<Digest> = (0..1000).map(digest_of).collect();
        let beats = digests.iter().map(|upto| Delta { upto: *upto, since: upto.version - 3, facts: Vec::new() });
        let beats: Vec<Delta> = beats.collect();
        for message in [Message::Open { digests, whole: true }, Message::Close { deltas: beats[..800].to_vec() }] {
            let bytes = message.encode(&members());
            assert!(bytes.len() < MESSAGE_BYTES_MAX, "{} bytes", bytes.len());
            assert_eq!(Message::decode(&bytes, &members()), Ok(message));
        }
    }

    #[test]
    fn strangers_and_unknown_facts_are_left_out() {
        let fact = Fact::Load { bytes: 7 };
        let delta = |at| Delta { upto: digest_of(at), since: 0, facts: vec![(fact, 5)] };
        let message = Message::Answer { deltas: vec![delta(1), delta(2)], wants: vec![digest_of(2)] };
        let bytes = message.encode(&members());
        let fewer: Members = [(host(1), 1)].into_iter().collect();
        let left = Message::Answer { deltas: vec![delta(1)], wants: vec![] };
        assert_eq!(Message::decode(&bytes, &fewer), Ok(left.clone()));
        assert_eq!(Message::decode(&message.encode(&fewer), &members()), Ok(left));
        assert_eq!(Fact::from_values(200, &[1]), None);
        assert_eq!(Fact::from_values(0, &[1]), None, "an epoch has two values");
    }

    proptest! {
        #[test]
        fn random_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(message) = Message::decode(&bytes, &members()) {
                let again = message.encode(&members());
                prop_assert_eq!(Message::decode(&again, &members()), Ok(message));
            }
        }
    }
}
