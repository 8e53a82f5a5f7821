//! Writes that a replica forwards to others of its datacentre, and what these tell the coordinator.
//!
//! Laid by hand, little-endian, with the encoded mutation at the end: it is handed on as it came.

use crate::ground::world::Class;
use crate::peers::header::Kind;
use crate::peers::message::{BODY_BYTES_MAX, Body, Callers, Footing, Message, Unreadable};
use fields::Fields;
use henge_base::{Bytes, HostId};
use henge_coordinator::Refusal;

mod fields;

/// The most replicas that one message has forwarded to: as many as its count can say.
pub(crate) const FORWARD_HOSTS_MAX: usize = u8::MAX as usize;

/// A mutation to apply, and to forward to other replicas. The epoch in its header goes with it.
///
/// | field | bytes |
/// |---|---|
/// | number of the write, among those that its coordinator has forwarded | 8 |
/// | count of others | 1 |
/// | each of them | 16 |
/// | mutation | the rest |
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ForwardWrite {
    pub(crate) number: u64,
    /// At most [`FORWARD_HOSTS_MAX`].
    pub(crate) others: Vec<HostId>,
    pub(crate) mutation: Bytes,
}

impl Body for ForwardWrite {
    fn encode(&self) -> Bytes {
        debug_assert!(self.others.len() <= FORWARD_HOSTS_MAX);
        let mut out = Vec::with_capacity(9 + 16 * self.others.len() + self.mutation.len());
        out.extend_from_slice(&self.number.to_le_bytes());
        out.push(self.others.len() as u8);
        self.others.iter().for_each(|host| out.extend_from_slice(host.0.as_bytes()));
        out.extend_from_slice(&self.mutation);
        out.into()
    }

    fn decode(body: Bytes) -> Result<Self, Unreadable> {
        let mut fields = Fields(body);
        let number = fields.long()?;
        let count = fields.byte()?;
        let others = (0..count).map(|_| fields.host()).collect::<Result<_, _>>()?;
        Ok(ForwardWrite { number, others, mutation: fields.0 })
    }
}

impl Message for ForwardWrite {
    const KIND: Kind = Kind::ForwardWrite;
    const CLASS: Class = Class::Request;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Confirmed;
    const BYTES_MAX: usize = BODY_BYTES_MAX;
    const REPLY: &'static str = "nothing";
    type Reply = ();
}

/// A mutation to apply for a coordinator, which is told of the outcome by a [`WriteOutcome`]. The reply to the forwarder says only
/// that it was taken in.
///
/// | field | bytes |
/// |---|---|
/// | coordinator | 16 |
/// | number of the write | 8 |
/// | mutation | the rest |
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ForwardedWrite {
    pub(crate) coordinator: HostId,
    pub(crate) number: u64,
    pub(crate) mutation: Bytes,
}

impl Body for ForwardedWrite {
    fn encode(&self) -> Bytes {
        let mut out = Vec::with_capacity(24 + self.mutation.len());
        out.extend_from_slice(self.coordinator.0.as_bytes());
        out.extend_from_slice(&self.number.to_le_bytes());
        out.extend_from_slice(&self.mutation);
        out.into()
    }

    fn decode(body: Bytes) -> Result<Self, Unreadable> {
        let mut fields = Fields(body);
        Ok(ForwardedWrite { coordinator: fields.host()?, number: fields.long()?, mutation: fields.0 })
    }
}

impl Message for ForwardedWrite {
    const KIND: Kind = Kind::ForwardedWrite;
    const CLASS: Class = Class::Request;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Confirmed;
    const BYTES_MAX: usize = BODY_BYTES_MAX;
    const REPLY: &'static str = "nothing";
    type Reply = ();
}

/// The outcome of a forwarded write at its sender; or, from the forwarder, that a replica could not be sent it.
///
/// | field | bytes |
/// |---|---|
/// | number of the write | 8 |
/// | replica | 16 |
/// | 0, or the code of a refusal | 4 |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WriteOutcome {
    pub(crate) number: u64,
    pub(crate) replica: HostId,
    pub(crate) outcome: Result<(), Refusal>,
}

impl Body for WriteOutcome {
    fn encode(&self) -> Bytes {
        let code = self.outcome.map_or_else(Refusal::code, |()| 0);
        [&self.number.to_le_bytes()[..], self.replica.0.as_bytes(), &code.to_le_bytes()].concat().into()
    }

    fn decode(body: Bytes) -> Result<Self, Unreadable> {
        let mut fields = Fields(body);
        let (number, replica, code) = (fields.long()?, fields.host()?, fields.word()?);
        // A code of a later release is a refusal for a reason that this one does not know.
        let outcome = if code == 0 { Ok(()) } else { Err(Refusal::of_code(code).unwrap_or(Refusal::Other)) };
        Ok(WriteOutcome { number, replica, outcome })
    }
}

impl Message for WriteOutcome {
    const KIND: Kind = Kind::WriteOutcome;
    const CLASS: Class = Class::Request;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Admitted;
    const BYTES_MAX: usize = 64;
    const REPLY: &'static str = "nothing";
    type Reply = ();
}
