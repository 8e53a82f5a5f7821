//! The state of this node, for operators who look at it as nodetool does.

use super::partition_key_text::{UnknownPlace, statement_of_key, token_of};
use super::{MemberReport, Node};
use crate::client::system_tables::{RELEASE_VERSION, schema_version_of};
use crate::ground::request_activity::count_by_operation;
use crate::ground::surroundings::{ClientFacts, PoolFacts};
use crate::ground::world::World;
use henge_base::HostId;
use henge_gossip::{Fact, HostFacts};
use henge_metadata::Epoch;
use henge_operator::{
    DescribedRange, DescribedReplica, Endpoints, GossipFact, GossipState, OperationLatencies, RingDescription,
};
use henge_ring::{Member, PlacedRange};

impl<W: World> Node<W> {
    /// The version that drivers are told.
    pub fn release_version(&self) -> &'static str {
        RELEASE_VERSION
    }

    /// Seconds since the start.
    pub fn uptime_seconds(&self) -> u64 {
        self.parts().context.now().mono.0 / 1_000_000
    }

    /// The number of this start of the host.
    pub fn generation(&self) -> u64 {
        self.parts().context.identity.generation
    }

    /// True once this node has told its peers that it shuts down.
    pub fn is_ending(&self) -> bool {
        self.clients.is_ending()
    }

    /// True while clients are served, or were served until a shutdown that has begun.
    pub fn serves_clients(&self) -> bool {
        self.parts().cluster.departure().serves_clients()
    }

    /// The threads of the process; none where no process is around the node.
    pub fn thread_pools(&self) -> Vec<PoolFacts> {
        self.parts().context.world.surroundings().map(|process| process.pools()).unwrap_or_default()
    }

    /// The connections of clients; none where no process is around the node.
    pub fn connected_clients(&self) -> Vec<ClientFacts> {
        self.parts().context.world.surroundings().map(|process| process.clients()).unwrap_or_default()
    }

    /// The latencies of requests that this node coordinated, of operations that there was a request of.
    pub fn operation_latencies(&self) -> Vec<OperationLatencies> {
        let operations = count_by_operation(&self.parts().context.metrics).into_iter();
        operations.map(|o| OperationLatencies { operation: o.operation, latencies: o.latencies }).collect()
    }

    /// Members in gossip, with what the metadata log says of them.
    pub fn gossip_states(&self) -> Vec<GossipState> {
        let (members, told) = (self.members(), self.parts().cluster.gossip_facts());
        let state =
            |told: &HostFacts| Some(gossip_state(told, members.iter().find(|report| report.member.id == told.host)?));
        told.iter().filter_map(state).collect()
    }

    /// The replicas that are read of a partition, whose key is text as `nodetool getendpoints` takes it.
    pub fn endpoints(&self, keyspace: &str, table: &str, key: &str) -> Result<Endpoints, UnknownPlace> {
        let view = self.parts().cluster.view();
        let placed = view.keyspace_placement(keyspace).ok_or_else(|| UnknownPlace::Keyspace(keyspace.to_owned()))?;
        let found = view
            .schema
            .table(keyspace, table)
            .ok_or_else(|| UnknownPlace::Table(keyspace.to_owned(), table.to_owned()))?;
        let unfit = |reason| UnknownPlace::Key(key.to_owned(), format!("{keyspace}.{table}"), reason);
        let statement = statement_of_key(found, key)
            .ok_or_else(|| unfit(format!("expected {} values, parted by colons", found.partition_key.len())))?;
        let token = token_of(&statement, &view.schema).map_err(unfit)?;
        let address = |host: HostId| view.state.members.get(&host).map(|member| member.address.ip().to_string());
        let replicas = placed.placement.replicas(token);
        let addresses = replicas.iter().flat_map(|placed| placed.read.iter()).filter_map(address).collect();
        Ok(Endpoints { token: token.0, addresses })
    }

    /// The ranges of a keyspace, with the replicas that are read; `None` if there is no such keyspace.
    pub fn describe_ring(&self, keyspace: &str) -> Option<RingDescription> {
        let view = self.parts().cluster.view();
        let placed = view.keyspace_placement(keyspace)?;
        let replica = |host: HostId| view.state.members.get(&host).map(described_replica);
        let range = |placed: PlacedRange<'_>| DescribedRange {
            start: placed.range.start.0,
            end: placed.range.end.0,
            replicas: placed.read.iter().filter_map(replica).collect(),
        };
        let ranges = placed.placement.ranges().map(range).collect();
        Some(RingDescription { schema_version: schema_version_of(view.epoch()).to_string(), ranges })
    }
}

fn described_replica(member: &Member) -> DescribedReplica {
    DescribedReplica {
        address: member.address.ip().to_string(),
        clients_address: member.rpc_address.ip().to_string(),
        datacenter: member.datacenter.clone(),
        rack: member.rack.clone(),
    }
}

fn gossip_state(told: &HostFacts, report: &MemberReport) -> GossipState {
    let member = &report.member;
    let status = match (report.is_joining, report.is_leaving) {
        (true, _) => "BOOT",
        (false, true) => "LEAVING",
        (false, false) => "NORMAL",
    };
    let fact = |name: &str, version, value: String| GossipFact { name: name.to_owned(), version, value };
    let mut facts: Vec<GossipFact> = Vec::new();
    facts.extend(member.tokens.iter().min().map(|first| fact("STATUS", 0, format!("{status},{}", first.0))));
    for (told, version) in &told.facts {
        facts.push(match told {
            Fact::Load { bytes } => fact("LOAD", *version, bytes.to_string()),
            Fact::Epoch { lineage, index } => {
                let epoch = Epoch { lineage: *lineage, index: *index };
                fact("SCHEMA", *version, schema_version_of(epoch).to_string())
            }
            Fact::ClockOffset { ahead_ms } => fact("CLOCK_OFFSET_MS", *version, ahead_ms.to_string()),
        });
    }
    facts.extend([
        fact("DC", 0, member.datacenter.clone()),
        fact("RACK", 0, member.rack.clone()),
        fact("RELEASE_VERSION", 0, RELEASE_VERSION.to_owned()),
        fact("INTERNAL_IP", 0, member.address.ip().to_string()),
        fact("RPC_ADDRESS", 0, member.rpc_address.ip().to_string()),
        fact("HOST_ID", 0, member.id.to_string()),
        fact("INTERNAL_ADDRESS_AND_PORT", 0, member.address.to_string()),
        fact("NATIVE_ADDRESS_AND_PORT", 0, member.rpc_address.to_string()),
        fact("TOKENS", 0, "<hidden>".to_owned()),
    ]);
    let address = member.address.ip().to_string();
    GossipState { address, generation: told.generation, heartbeat: told.version, facts }
}
