//! Metrics that the server adds to those of its node.

use henge_node::{MetricRegistry, SampleRow, Samples};
use henge_transport::Figures;

/// The labels of `henge_node_info`.
#[derive(Debug, Default)]
pub(crate) struct NodeInfo {
    pub(crate) datacenter: String,
    pub(crate) rack: String,
    pub(crate) host_id: String,
    pub(crate) address: String,
}

/// The server's metrics.
#[derive(Debug)]
pub(crate) struct ServerMetrics {
    transport: Samples<Figures>,
}

impl ServerMetrics {
    /// Declares them, and those of the process.
    pub(crate) fn declare(registry: &MetricRegistry, info: &NodeInfo) -> ServerMetrics {
        registry.watch_process();
        registry
            .about("Always 1; the release of the program.")
            .info("henge_build_info", &[("version", env!("CARGO_PKG_VERSION"))]);
        registry.about("Always 1; this node's place, id and address for peers.").info(
            "henge_node_info",
            &[
                ("dc", info.datacenter.as_str()),
                ("rack", info.rack.as_str()),
                ("host_id", info.host_id.as_str()),
                ("address", info.address.as_str()),
            ],
        );
        ServerMetrics { transport: registry.samples(TRANSPORT) }
    }

    /// Takes the figures of the transport; called while metrics are rendered.
    pub(crate) fn take_transport(&self, figures: &Figures) {
        self.transport.take(figures);
    }
}

/// Metrics of the links between nodes.
const TRANSPORT: &[SampleRow<Figures>] = &[
    ("henge_transport_queue_bytes", "Bytes that wait to be sent to peers.", |f| f.queue_bytes as u64),
    ("henge_transport_pending_calls", "Calls to peers under way.", |f| f.pending_calls as u64),
    ("henge_transport_links", "Links to peers that were ever used.", |f| f.links as u64),
    ("henge_transport_links_up", "Links to peers that are connected.", |f| f.links_up as u64),
    ("henge_transport_inbound_connections", "Connections from peers.", |f| f.inbound as u64),
    ("henge_transport_refused_total", "Connections between nodes that were refused or broke.", |f| f.refused),
];
