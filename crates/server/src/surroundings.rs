//! This process, as the node's system tables show it.

use crate::hosts;
use crate::world::ServerWorld;
use henge_node::{ClientFacts, PoolFacts, QueryFacts, StatementCounts, Surroundings};
use std::net::IpAddr;

impl Surroundings for ServerWorld {
    fn settings(&self) -> Vec<(String, Option<String>)> {
        self.process.settings.clone()
    }

    fn clients(&self) -> Vec<ClientFacts> {
        self.process.clients.facts()
    }

    fn queries(&self) -> Vec<QueryFacts> {
        self.process.clients.queries()
    }

    fn pools(&self) -> Vec<PoolFacts> {
        let core = |core: usize| {
            let (active, completed) = self.process.clients.load(core);
            PoolFacts { name: format!("core-{core}"), active, limit: None, completed, pending: None }
        };
        let mut pools = self.lanes.pools();
        pools.extend((0..self.process.cores).map(core));
        pools
    }

    fn executed_statements(&self) -> StatementCounts {
        self.process.clients.executed_statements()
    }

    fn hostname(&self, address: IpAddr) -> String {
        hosts::host_name(address)
    }
}
