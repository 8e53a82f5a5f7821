//! `system.local`: this node as drivers see it.

use super::build::{TableRows, inet, int, list, text};
use crate::cluster::view::View;
use crate::ground::context::Context;
use crate::ground::world::World;
use henge_metadata::Epoch;
use henge_ring::Member;

/// The server's version for drivers. One dash: cqlsh cuts at the last one.
pub(crate) const RELEASE_VERSION: &str = "5.0.0-henge";
const CQL_VERSION: &str = "3.4.7";
const PARTITIONER: &str = "org.apache.cassandra.dht.Murmur3Partitioner";

pub(super) fn rows<W: World>(view: &View, context: &Context<W>, out: &mut TableRows<'_>) {
    let Some(member) = view.state.members.get(&context.host()) else { return };
    let listen = context.options.listen_address.unwrap_or(member.address);
    out.push(
        &[text("local")],
        &[
            ("bootstrapped", text("COMPLETED")),
            ("broadcast_address", inet(member.address.ip())),
            ("broadcast_port", int(i32::from(member.address.port()))),
            ("cluster_name", text(&view.state.name)),
            ("cql_version", text(CQL_VERSION)),
            ("data_center", text(&member.datacenter)),
            ("gossip_generation", int(i32::try_from(context.identity.generation).unwrap_or(i32::MAX))),
            ("host_id", member.id.0.as_bytes().to_vec()),
            ("listen_address", inet(listen.ip())),
            ("listen_port", int(i32::from(listen.port()))),
            ("native_protocol_version", text("5")),
            ("partitioner", text(PARTITIONER)),
            ("rack", text(&member.rack)),
            ("release_version", text(RELEASE_VERSION)),
            ("rpc_address", inet(member.rpc_address.ip())),
            ("rpc_port", int(i32::from(context.options.rpc_address.port()))),
            ("schema_version", schema_version(view)),
            ("tokens", tokens(member)),
        ],
    );
}

/// The schema's version as a UUID: the epoch, so that nodes at one epoch agree and drivers see it.
pub(super) fn schema_version(view: &View) -> Vec<u8> {
    version_of(view.epoch()).to_be_bytes().to_vec()
}

/// An epoch as the bits of a UUID.
pub(super) fn version_of(epoch: Epoch) -> u128 {
    (u128::from(epoch.lineage) << 96) | 0x4000_8000_0000_0000_0000 | u128::from(epoch.index)
}

/// The version of the schema at an epoch.
pub(crate) fn schema_version_of(epoch: Epoch) -> uuid::Uuid {
    uuid::Uuid::from_u128(version_of(epoch))
}

/// A member's tokens as the set of decimal texts that drivers parse, in text order as Cassandra sorts a set.
pub(super) fn tokens(member: &Member) -> Vec<u8> {
    let mut tokens: Vec<String> = member.tokens.iter().map(|t| t.0.to_string()).collect();
    tokens.sort();
    list(tokens.iter().map(String::as_bytes))
}
