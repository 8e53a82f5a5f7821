//! Messages between nodes: what each is called on the wire, who may send it, and how its body is written.
//!
//! docs/development.md says how to add one.

use crate::ground::world::Class;
use crate::peers::header::{HEADER_LEN, Kind};
use henge_base::Bytes;
use serde::{Deserialize, Serialize};

/// Bytes of the largest body that the links carry.
pub(crate) const BODY_BYTES_MAX: usize = (64 << 20) - HEADER_LEN;
/// Bytes of the largest body in MessagePack: the largest entry of the metadata log, with what is said around it.
pub(crate) const PACKED_BYTES_MAX: usize = henge_metadata::ENTRY_BYTES + (64 << 10);

/// A body that is too large, or that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message between nodes cannot be read")]
pub(crate) struct Unreadable;

/// The hosts that may send a message; others are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Callers {
    /// Every host with a certificate of the cluster: it may be no member yet.
    AnyHost,
    /// Members, and a host that proposes itself as one.
    Joining,
    /// Members of the cluster.
    Members,
}

/// The processes between which a message is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Footing {
    /// All: the message is about which process a host has.
    Any,
    /// The sender's process is admitted by the receiver.
    Admitted,
    /// The receiver's process is confirmed too: the answer rests on what its disk remembers.
    Confirmed,
}

#[cfg(test)]
impl Footing {
    /// As the manual says it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Footing::Any => "any",
            Footing::Admitted => "admitted",
            Footing::Confirmed => "admitted, by confirmed ones",
        }
    }
}

#[cfg(test)]
impl Callers {
    /// As the manual says it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Callers::AnyHost => "any host with a certificate",
            Callers::Joining => "members, and a host that joins",
            Callers::Members => "members",
        }
    }
}

/// A body of a message or of a reply.
pub(crate) trait Body: Sized {
    /// Its bytes.
    fn encode(&self) -> Bytes;
    /// Reads it.
    fn decode(body: Bytes) -> Result<Self, Unreadable>;
}

/// A message that a node sends to another.
pub(crate) trait Message: Body {
    /// Its kind on the wire.
    const KIND: Kind;
    /// The links that it takes.
    const CLASS: Class;
    /// The hosts that may send it.
    const CALLERS: Callers;
    /// The processes of these hosts between which it is served.
    const FOOTING: Footing;
    /// Bytes of the largest body.
    const BYTES_MAX: usize;
    /// The body of the reply, by name.
    #[cfg_attr(not(test), expect(dead_code))]
    const REPLY: &'static str;
    /// The body of the reply.
    type Reply: Body;
}

/// The constants of a message.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Description {
    pub(crate) kind: Kind,
    pub(crate) class: Class,
    pub(crate) callers: Callers,
    pub(crate) footing: Footing,
    pub(crate) bytes_max: usize,
    pub(crate) reply: &'static str,
}

#[cfg(test)]
impl Description {
    pub(crate) const fn of<M: Message>() -> Description {
        Description {
            kind: M::KIND,
            class: M::CLASS,
            callers: M::CALLERS,
            footing: M::FOOTING,
            bytes_max: M::BYTES_MAX,
            reply: M::REPLY,
        }
    }
}

/// Bytes that are handed on as they are.
impl Body for Bytes {
    fn encode(&self) -> Bytes {
        self.clone()
    }

    fn decode(body: Bytes) -> Result<Self, Unreadable> {
        Ok(body)
    }
}

/// Done, and nothing to say.
impl Body for () {
    fn encode(&self) -> Bytes {
        Bytes::new()
    }

    fn decode(_: Bytes) -> Result<Self, Unreadable> {
        Ok(())
    }
}

/// Named maps in MessagePack, so that fields can be added.
#[allow(clippy::expect_used)] // Only a bug can cause it.
pub(crate) fn pack<T: Serialize>(body: &T) -> Bytes {
    rmp_serde::to_vec_named(body).expect("plain structs encode").into()
}

/// Reads what [`pack`] wrote, after its size was checked.
pub(crate) fn unpack<T: for<'de> Deserialize<'de>>(body: &Bytes) -> Result<T, Unreadable> {
    if body.len() > PACKED_BYTES_MAX {
        return Err(Unreadable);
    }
    rmp_serde::from_slice(body).map_err(|_| Unreadable)
}

/// Types whose bodies are [packed](pack).
macro_rules! packed {
    ($($body:ty),* $(,)?) => {$(
        impl $crate::peers::message::Body for $body {
            fn encode(&self) -> henge_base::Bytes {
                $crate::peers::message::pack(self)
            }

            fn decode(body: henge_base::Bytes) -> Result<Self, $crate::peers::message::Unreadable> {
                $crate::peers::message::unpack(&body)
            }
        }
    )*};
}
pub(crate) use packed;
