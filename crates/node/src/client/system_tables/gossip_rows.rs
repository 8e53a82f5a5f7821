//! `system_views.gossip_info`: what gossip says of the members, and what the cluster's log says of them beside it. Only what is gossiped
//! has a version.

use super::build::{TableRows, bigint, inet, int, small, text};
use super::local::{RELEASE_VERSION, version_of};
use super::source::SystemTables;
use crate::ground::world::World;
use henge_gossip::{Fact, HostFacts};
use henge_metadata::Epoch;
use henge_ring::Member;

pub(super) fn rows<W: World>(node: &SystemTables<W>, out: &mut TableRows<'_>) {
    let told = node.cluster.gossip_facts();
    let view = node.cluster.view();
    for told in told {
        // A member that is leaving may still be talked of.
        let Some(member) = view.state.members.get(&told.host) else { continue };
        push(&told, member, node, out);
    }
}

fn push<W: World>(told: &HostFacts, member: &Member, node: &SystemTables<W>, out: &mut TableRows<'_>) {
    let (address, clients) = (member.address, member.rpc_address);
    let mut columns = vec![
        ("dc", text(&member.datacenter)),
        ("generation", small(told.generation)),
        ("heartbeat", small(told.version)),
        ("host_id", text(member.id.to_string())),
        ("internal_address_and_port", text(address.to_string())),
        ("internal_ip", text(address.ip().to_string())),
        ("native_address_and_port", text(clients.to_string())),
        ("rack", text(&member.rack)),
        ("release_version", text(RELEASE_VERSION)),
        ("rpc_address", text(clients.ip().to_string())),
    ];
    if let Some(first) = member.tokens.iter().min() {
        let status = format!("NORMAL,{}", first.0);
        columns.extend([("status", text(&status)), ("status_with_port", text(&status))]);
    }
    for (fact, version) in &told.facts {
        match fact {
            Fact::Epoch { lineage, index } => {
                let epoch = Epoch { lineage: *lineage, index: *index };
                columns.extend([
                    ("schema", text(uuid::Uuid::from_u128(version_of(epoch)).to_string())),
                    ("schema_version", small(*version)),
                ]);
            }
            Fact::ClockOffset { ahead_ms } => {
                columns.extend([("clock_offset_ms", bigint(*ahead_ms)), ("clock_offset_ms_version", small(*version))]);
            }
            Fact::Load { bytes } => {
                columns.extend([("load", text(bytes.to_string())), ("load_version", small(*version))]);
            }
        }
    }
    if let Some(process) = node.context.world.surroundings() {
        columns.push(("hostname", text(process.hostname(address.ip()))));
    }
    out.push(&[inet(address.ip()), int(i32::from(address.port()))], &columns);
}
