//! A member of the ring: its identity, datacentre and rack, addresses and tokens.

use henge_base::HostId;
use henge_model::Token;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// A node that owns tokens, as the metadata log records it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The host id, which never changes; addresses are attributes and may.
    pub id: HostId,
    /// The name of the datacentre.
    pub datacenter: String,
    /// The name of the rack. Racks of one name in two datacentres are two racks.
    pub rack: String,
    /// The address for peers.
    pub address: SocketAddr,
    /// The address for clients.
    pub rpc_address: SocketAddr,
    /// The tokens, each owned by only one member.
    pub tokens: Vec<Token>,
}
