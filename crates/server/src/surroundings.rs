//! This process, as the node's system tables show it.

use crate::client_tls::ClientTls;
use crate::hosts;
use crate::machine::read_machine;
use crate::world::ServerWorld;
use henge_node::{ClientFacts, PoolFacts, QueryFacts, StatementCounts, Surroundings};
use henge_operator::{BackupOrder, MachineHealth, MemberBackup};
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

    fn machine_health(&self) -> MachineHealth {
        let of_peers = self.endpoint.get().map_or(0, |endpoint| endpoint.figures().certificate_expiry_seconds);
        let of_clients = self.process.client_tls.get().map_or(0, ClientTls::expiry_seconds);
        read_machine(&self.directory, &[("peers", of_peers), ("clients", of_clients)])
    }

    fn back_up(&self, order: &BackupOrder, tokens: Vec<i64>) -> MemberBackup {
        match self.backups.get() {
            Some(backups) => backups.back_up(order, tokens),
            None => MemberBackup { error: Some("it is still starting".to_owned()), ..MemberBackup::default() },
        }
    }

    fn hostname(&self, address: IpAddr) -> String {
        hosts::host_name(address)
    }
}
