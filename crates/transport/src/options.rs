//! The settings of an endpoint.

use crate::handler::Class;
use henge_base::ClusterId;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// The UDP payload on loopback, in bytes. quinn sends ten packets per call, for which Linux allows 64 KiB.
const LOOPBACK_MTU: u16 = 6_400;

/// Time after which an unused connection is closed: longer than the rounds in which each of a view of partners has its
/// turn, so that partners stay connected.
const UNUSED_TIMEOUT: Duration = Duration::from_secs(45);

/// The same of a connection for bulk, which is used in bursts, and of one for control while there are many.
const BURST_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections for control that stay open while they are not used: more than those of gossip. A node that told something to all members
/// of a large cluster closes the others soon.
const CONTROL_LINKS_MAX: usize = 64;

/// Packets that a peer may receive without acknowledging at once; it does so after 25 ms in any case, and with
/// whatever else it sends. QUIC allows one, so that a second reply costs a packet, unless another request goes out first.
const UNACKNOWLEDGED_PACKETS_MAX: u32 = 4;

/// The settings of an endpoint.
#[derive(Clone, Debug)]
pub struct Options {
    /// The cluster of this node, sent to peers.
    pub cluster: Option<ClusterId>,
    /// The release of this node, sent to peers.
    pub release: String,
    /// The UDP payload to every peer in bytes; `None` for path MTU discovery, or a fixed large payload on loopback.
    pub max_mtu: Option<u16>,
    /// Time of silence after which a peer is disconnected.
    pub idle_timeout: Duration,
    /// Time after which a connection on which this node sent nothing is closed. The next message opens another.
    pub unused_timeout: Duration,
    /// The same of a connection for bulk, and of one for control while more than 64 of them are open.
    pub burst_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            cluster: None,
            release: String::new(),
            max_mtu: None,
            idle_timeout: Duration::from_secs(8),
            unused_timeout: UNUSED_TIMEOUT,
            burst_timeout: BURST_TIMEOUT,
        }
    }
}

impl Options {
    /// Time after which a connection of a class is closed on which nothing was sent, while so many for control are open.
    pub(crate) fn unused_timeout_of(&self, class: Class, control_links: usize) -> Duration {
        let is_brief = match class {
            Class::Control => control_links > CONTROL_LINKS_MAX,
            Class::Request => false,
            Class::Bulk => true,
        };
        if is_brief { self.burst_timeout.min(self.unused_timeout) } else { self.unused_timeout }
    }

    /// The QUIC settings for an endpoint that listens on `local`.
    pub(crate) fn transport(&self, local: SocketAddr) -> Arc<quinn::TransportConfig> {
        let mut transport = quinn::TransportConfig::default();
        let keep_alive = self.idle_timeout / 4;
        // A timeout beyond QUIC's range means no timeout.
        transport.max_idle_timeout(self.idle_timeout.try_into().ok());
        transport.keep_alive_interval(Some(keep_alive));
        transport.initial_rtt(Duration::from_millis(5));
        transport.send_fairness(false);
        let mut acknowledgements = quinn::AckFrequencyConfig::default();
        acknowledgements.ack_eliciting_threshold(UNACKNOWLEDGED_PACKETS_MAX.into());
        transport.ack_frequency_config(Some(acknowledgements));
        transport.stream_receive_window(quinn::VarInt::from_u32(8 << 20));
        transport.receive_window(quinn::VarInt::from_u32(16 << 20));
        transport.send_window(16 << 20);
        transport.max_concurrent_bidi_streams(quinn::VarInt::from_u32(4));
        transport.max_concurrent_uni_streams(quinn::VarInt::from_u32(0));
        transport.datagram_receive_buffer_size(None);
        if let Some(mtu) = self.max_mtu.or(is_loopback(local.ip()).then_some(LOOPBACK_MTU)) {
            transport.initial_mtu(mtu);
            transport.mtu_discovery_config(None);
        }
        Arc::new(transport)
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unused_connections_stay_open_for_as_long_as_their_class_and_their_number_let_them() {
        let options = Options::default();
        let seconds = |class, control_links| options.unused_timeout_of(class, control_links).as_secs();
        for control_links in [1, CONTROL_LINKS_MAX, CONTROL_LINKS_MAX + 1, 1_000] {
            let is_crowded = control_links > CONTROL_LINKS_MAX;
            assert_eq!(seconds(Class::Control, control_links), if is_crowded { 10 } else { 45 });
            assert_eq!(seconds(Class::Request, control_links), 45);
            assert_eq!(seconds(Class::Bulk, control_links), 10);
        }
    }
}
