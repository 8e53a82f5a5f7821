//! Metrics that the server adds to those of its node.

use henge_node::{HostId, MemberReport, MetricRegistry, PeerInfos, SampleRow, Samples};
use henge_transport::Figures;

/// The labels of `henge_node_info`.
#[derive(Debug, Default)]
pub(crate) struct NodeInfo {
    pub(crate) datacenter: String,
    pub(crate) rack: String,
    pub(crate) host_id: String,
    pub(crate) address: String,
}

impl NodeInfo {
    pub(crate) fn of(node: &henge_node::Options, host_id: String) -> NodeInfo {
        let (datacenter, rack) = (node.datacenter.clone(), node.rack.clone());
        NodeInfo { datacenter, rack, host_id, address: node.address.to_string() }
    }
}

/// The server's metrics.
#[derive(Debug)]
pub(crate) struct ServerMetrics {
    transport: Samples<Figures>,
    files: Samples<FileFigures>,
    /// With the address and the datacentre of each.
    peers: PeerInfos<2>,
}

/// Figures of files beside the engine's.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FileFigures {
    /// The end of the validity of the certificate for clients, in seconds since the epoch; 0 without one.
    pub(crate) client_certificate_expiry_seconds: u64,
    /// Bytes that removing all snapshots would free.
    pub(crate) snapshot_bytes: u64,
}

impl ServerMetrics {
    /// Declares them, and those of the process.
    pub(crate) fn declare(registry: &MetricRegistry, info: &NodeInfo) -> ServerMetrics {
        registry.watch_process();
        registry
            .about("Always 1; the release of the program.")
            .info("henge_build_info", &[("version", env!("CARGO_PKG_VERSION"))]);
        registry.about("Always 1; this node's place, id, address for peers and release.").info(
            "henge_node_info",
            &[
                ("dc", info.datacenter.as_str()),
                ("rack", info.rack.as_str()),
                ("host_id", info.host_id.as_str()),
                ("address", info.address.as_str()),
                ("version", env!("CARGO_PKG_VERSION")),
            ],
        );
        let peers = registry.about("Always 1 for each other member; its host id, address for peers and datacentre.");
        ServerMetrics {
            transport: registry.samples(TRANSPORT),
            files: registry.samples(FILES),
            peers: peers.peer_infos("henge_peer_info", ["address", "dc"]),
        }
    }

    /// Takes the figures of the transport; called while metrics are rendered.
    pub(crate) fn take_transport(&self, figures: &Figures) {
        self.transport.take(figures);
    }

    /// Takes the members other than this node; called while metrics are rendered.
    pub(crate) fn take_peers(&self, own: HostId, members: Vec<MemberReport>) {
        let peers = members.into_iter().map(|report| report.member).filter(|member| member.id != own);
        self.peers.take(peers.map(|member| (member.id, [member.address.to_string(), member.datacenter])));
    }

    /// Takes the figures of files; called while metrics are rendered.
    pub(crate) fn take_files(&self, figures: &FileFigures) {
        self.files.take(figures);
    }
}

const FILES: &[SampleRow<FileFigures>] = &[
    (
        "henge_client_certificate_expiry_timestamp_seconds",
        "Seconds since 1970 at which the certificate for clients expires; 0 without one.",
        |f| f.client_certificate_expiry_seconds,
    ),
    ("henge_snapshot_bytes", "Bytes that removing all snapshots would free, at most a minute ago.", |f| {
        f.snapshot_bytes
    }),
];

/// Metrics of the links between nodes.
const TRANSPORT: &[SampleRow<Figures>] = &[
    ("henge_transport_queue_bytes", "Bytes that wait to be sent to peers.", |f| f.queue_bytes as u64),
    ("henge_transport_pending_calls", "Calls to peers under way.", |f| f.pending_calls as u64),
    ("henge_transport_links", "Links to peers that were ever used.", |f| f.links as u64),
    ("henge_transport_links_up", "Links to peers that are connected.", |f| f.links_up as u64),
    ("henge_transport_inbound_connections", "Connections from peers.", |f| f.inbound as u64),
    ("henge_transport_refused_total", "Connections between nodes that were refused or broke.", |f| f.refused),
    (
        "henge_peer_certificate_expiry_timestamp_seconds",
        "Seconds since 1970 at which this node's certificate for its peers expires.",
        |f| f.certificate_expiry_seconds,
    ),
];
