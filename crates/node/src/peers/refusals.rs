//! Refusals of a replica: as a coordinator sees them, and as the status of a reply.

use crate::ground::world::CallError;
use crate::peers::header::{Header, Status};
use henge_base::Bytes;
use henge_coordinator::{Refusal, ReplicaError};

/// Header and body of a reply that went well; the error that a coordinator sees of any other.
pub(crate) fn outcome(reply: Result<Bytes, CallError>) -> Result<(Header, Bytes), ReplicaError> {
    let reply = reply.map_err(|e| match e {
        CallError::NotSent => ReplicaError::NotSent,
        CallError::Unknown => ReplicaError::Unknown,
    })?;
    let (header, body) = Header::split(&reply).map_err(|_| ReplicaError::Unknown)?;
    let refused = |refusal| Err(ReplicaError::Refused(refusal));
    match header.status {
        Status::Ok => Ok((header, body)),
        Status::StaleEpoch => refused(Refusal::StaleEpoch),
        Status::UnknownTable => refused(Refusal::UnknownTable),
        Status::Stalled => refused(Refusal::Stalled),
        Status::Full => refused(Refusal::Full),
        Status::Corrupt => refused(Refusal::Corrupt),
        Status::Fenced => refused(Refusal::Fenced),
        Status::NoIndex => refused(Refusal::NoIndex),
        Status::Behind => refused(Refusal::Behind),
        Status::Overloaded => refused(Refusal::Overloaded),
        Status::Unsupported | Status::Failed => refused(Refusal::Other),
    }
}

/// The status that tells a peer of a refusal.
pub(crate) fn status(error: ReplicaError) -> Status {
    match error {
        ReplicaError::Refused(Refusal::StaleEpoch) => Status::StaleEpoch,
        ReplicaError::Refused(Refusal::UnknownTable) => Status::UnknownTable,
        ReplicaError::Refused(Refusal::Stalled) => Status::Stalled,
        ReplicaError::Refused(Refusal::Full) => Status::Full,
        ReplicaError::Refused(Refusal::Corrupt) => Status::Corrupt,
        ReplicaError::Refused(Refusal::Fenced) => Status::Fenced,
        ReplicaError::Refused(Refusal::NoIndex) => Status::NoIndex,
        ReplicaError::Refused(Refusal::Behind) => Status::Behind,
        ReplicaError::Refused(Refusal::Overloaded) => Status::Overloaded,
        _ => Status::Failed,
    }
}
