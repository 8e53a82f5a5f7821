//! A request that ended, on its way back to its connection.

use crate::clients::Slot;
use crate::intake::{Admission, AnswerLease};
use crate::request::{Answer, RequestSummary};
use henge_node::Trace;
use henge_protocol::Header;
use std::sync::Arc;
use std::time::Instant;

/// A request that ended.
pub(super) struct EndedRequest {
    pub(super) header: Header,
    pub(super) answer: Answer,
    /// For the user.
    pub(super) warnings: Vec<String>,
    pub(super) summary: RequestSummary,
    pub(super) began: Instant,
    pub(super) trace: Option<Arc<Trace>>,
    /// Its slot in the register of requests in flight.
    pub(super) slot: Option<Slot>,
    /// It counts as in flight until it is answered; messages of a login are not counted.
    pub(super) _admitted: Option<Admission>,
    /// The room of its answer.
    pub(super) room: Option<AnswerLease>,
}
