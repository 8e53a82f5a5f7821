//! `system.peers` and `system.peers_v2`: the other members. Drivers read either; every column is filled in.

use super::build::{TableRows, inet, int, text};
use super::local::{RELEASE_VERSION, schema_version, tokens};
use crate::cluster::view::View;
use henge_base::HostId;

pub(super) fn rows(view: &View, own: HostId, out: &mut TableRows<'_>, with_port: bool) {
    // A newcomer serves no clients before its plan has ended.
    for peer in view.state.members.values().filter(|m| m.id != own && !view.state.is_newcomer(m.id)) {
        let mut key = vec![inet(peer.address.ip())];
        if with_port {
            key.push(int(i32::from(peer.address.port())));
        }
        out.push(
            &key,
            &[
                ("data_center", text(&peer.datacenter)),
                ("host_id", peer.id.0.as_bytes().to_vec()),
                ("native_address", inet(peer.rpc_address.ip())),
                ("native_port", int(i32::from(peer.rpc_address.port()))),
                ("preferred_ip", inet(peer.address.ip())),
                ("preferred_port", int(i32::from(peer.address.port()))),
                ("rack", text(&peer.rack)),
                ("release_version", text(RELEASE_VERSION)),
                ("rpc_address", inet(peer.rpc_address.ip())),
                ("schema_version", schema_version(view)),
                ("tokens", tokens(peer)),
            ],
        );
    }
}
