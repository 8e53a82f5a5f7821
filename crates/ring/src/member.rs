//! A member of the ring: who it is, where it stands, and the tokens it answers for.

use henge_base::HostId;
use henge_model::Token;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// A node that owns tokens, as the metadata log has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its identity; addresses are attributes and may change.
    pub id: HostId,
    /// Its datacentre.
    pub datacenter: String,
    /// Its rack. Racks of one name in two datacentres are two racks.
    pub rack: String,
    /// Where peers reach it.
    pub address: SocketAddr,
    /// Where clients reach it.
    pub rpc_address: SocketAddr,
    /// Its tokens, each owned by one member only.
    pub tokens: Vec<Token>,
}
