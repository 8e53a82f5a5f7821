//! Requests of coordinators to replicas.

use crate::ground::world::Class;
use crate::peers::header::Kind;
use crate::peers::message::{BODY_BYTES_MAX, Body, Callers, Footing, Message, PACKED_BYTES_MAX, Unreadable, packed};
use henge_base::{Bytes, Micros};
use henge_model::{Digest, ReadCommand, RowBlock};
use henge_paxos::{Reply, Request, SharedRequest};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A mutation to apply, encoded: the same bytes go to every replica and every disk.
#[derive(Clone, Debug)]
pub(crate) struct Write(pub(crate) Bytes);

impl Body for Write {
    fn encode(&self) -> Bytes {
        self.0.clone()
    }

    fn decode(body: Bytes) -> Result<Self, Unreadable> {
        Ok(Write(body))
    }
}

impl Message for Write {
    const KIND: Kind = Kind::Write;
    const CLASS: Class = Class::Request;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Confirmed;
    const BYTES_MAX: usize = BODY_BYTES_MAX;
    const REPLY: &'static str = "nothing";
    type Reply = ();
}

/// A read that is answered with rows.
#[derive(Clone, Debug)]
pub(crate) struct ReadRows(pub(crate) Arc<ReadCommand>);

impl Body for ReadRows {
    fn encode(&self) -> Bytes {
        self.0.encode()
    }

    fn decode(body: Bytes) -> Result<Self, Unreadable> {
        ReadCommand::decode(body).map(|command| ReadRows(Arc::new(command))).map_err(|_| Unreadable)
    }
}

impl Message for ReadRows {
    const KIND: Kind = Kind::ReadRows;
    const CLASS: Class = Class::Request;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Confirmed;
    const BYTES_MAX: usize = BODY_BYTES_MAX;
    const REPLY: &'static str = "a block of rows";
    type Reply = RowBlock;
}

impl Body for RowBlock {
    fn encode(&self) -> Bytes {
        RowBlock::encode(self)
    }

    fn decode(body: Bytes) -> Result<Self, Unreadable> {
        RowBlock::decode(body).map_err(|_| Unreadable)
    }
}

/// A read that is answered with a digest.
#[derive(Clone, Debug)]
pub(crate) struct ReadDigest(pub(crate) Arc<ReadCommand>);

impl Body for ReadDigest {
    fn encode(&self) -> Bytes {
        self.0.encode()
    }

    fn decode(body: Bytes) -> Result<Self, Unreadable> {
        ReadCommand::decode(body).map(|command| ReadDigest(Arc::new(command))).map_err(|_| Unreadable)
    }
}

impl Message for ReadDigest {
    const KIND: Kind = Kind::ReadDigest;
    const CLASS: Class = Class::Request;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Confirmed;
    const BYTES_MAX: usize = BODY_BYTES_MAX;
    const REPLY: &'static str = "16 bytes";
    type Reply = Digest;
}

impl Body for Digest {
    fn encode(&self) -> Bytes {
        Bytes::copy_from_slice(&self.0)
    }

    fn decode(body: Bytes) -> Result<Self, Unreadable> {
        body.as_ref().try_into().map(Digest).map_err(|_| Unreadable)
    }
}

/// A request to an acceptor of Paxos.
#[derive(Clone, Debug)]
pub(crate) struct Paxos(pub(crate) SharedRequest);

impl Body for Paxos {
    fn encode(&self) -> Bytes {
        self.0.bytes().clone()
    }

    fn decode(body: Bytes) -> Result<Self, Unreadable> {
        Request::decode(&body).map(|request| Paxos(request.into())).map_err(|_| Unreadable)
    }
}

impl Body for Reply {
    fn encode(&self) -> Bytes {
        Reply::encode(self)
    }

    fn decode(body: Bytes) -> Result<Self, Unreadable> {
        Reply::decode(&body).map_err(|_| Unreadable)
    }
}

impl Message for Paxos {
    const KIND: Kind = Kind::Paxos;
    const CLASS: Class = Class::Request;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Confirmed;
    const BYTES_MAX: usize = BODY_BYTES_MAX;
    const REPLY: &'static str = "the acceptor's reply";
    type Reply = Reply;
}

/// A batch to keep until it is written, or to forget.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum BatchMessage {
    /// Keep it, synced.
    Keep {
        /// The coordinator's clock when it admitted the batch.
        created: Micros,
        /// A random number.
        number: u128,
        /// Encoded mutations.
        mutations: Vec<Bytes>,
    },
    /// These are written, or owed to those replicas that lack them.
    Forget {
        /// Each as it was kept: `created` and `number`.
        batches: Vec<(Micros, u128)>,
    },
}

impl Message for BatchMessage {
    const KIND: Kind = Kind::Batch;
    const CLASS: Class = Class::Request;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Confirmed;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "nothing";
    type Reply = ();
}

/// Additions to counters, for their leader.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Count {
    /// An encoded mutation.
    pub(crate) additions: Bytes,
    /// A consistency level by its name.
    pub(crate) consistency: String,
}

impl Message for Count {
    const KIND: Kind = Kind::Count;
    const CLASS: Class = Class::Request;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Confirmed;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "how the write of the sums went";
    type Reply = CountReply;
}

/// The outcome of additions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum CountReply {
    /// As many replicas have the sums as the level asks for.
    Done,
    /// Too few replicas are up; nothing was added.
    Unavailable {
        /// Replicas that the level asks for.
        required: u32,
        /// Replicas that are up.
        alive: u32,
    },
    /// Too few acknowledged in time.
    Unknown {
        /// Replicas that did.
        received: u32,
        /// Replicas that the level asks for.
        block_for: u32,
    },
}

packed!(BatchMessage, Count, CountReply);
