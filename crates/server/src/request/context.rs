//! The context of a request, and the summary of it for metrics.

use crate::answer;
use crate::intake::ConnectionAccount;
use crate::world::ServerWorld;
use henge_node::{Consistency, Core, Ending, HostId, Mono, Operation, Warnings};
use henge_protocol::ErrorResponse;
use std::net::IpAddr;
use std::sync::Arc;

/// A finished request as metrics count it.
pub(crate) struct RequestSummary {
    pub(crate) operation: Operation,
    pub(crate) consistency: Consistency,
    pub(crate) ending: Ending,
}

/// On whose behalf a request is run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Client {
    /// The connection's keyspace.
    pub(crate) keyspace: Option<Arc<str>>,
    /// The role that is logged in; `None` where nobody has to.
    pub(crate) user: Option<Arc<str>>,
    /// The client's address.
    pub(crate) address: Option<IpAddr>,
}

/// On whose behalf a request is run, where its warnings go, and the room of its answer.
pub(super) struct RequestContext<'a> {
    pub(super) client: &'a Client,
    pub(super) account: &'a Arc<ConnectionAccount>,
    pub(super) warnings: &'a Warnings,
    /// The time at which it was received.
    pub(super) received: Mono,
}

pub(crate) fn error_response(core: &Core<ServerWorld>, error: &henge_node::Error) -> ErrorResponse {
    answer::error(error, &|host: HostId| -> Option<IpAddr> { core.rpc_address_of(host).map(|a| a.ip()) })
}
