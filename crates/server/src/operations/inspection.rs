//! Reports on this node alone, as nodetool has them.

#![allow(clippy::unnecessary_wraps)] // As all reports.

use super::{Operations, failure};
use crate::log_filter::{LogFilter, LoggerLevel, ROOT};
use crate::memory;
use henge_node::{ClientFacts, PoolFacts, UnknownPlace};
use henge_operator::{
    Compaction, ConnectedClient, Endpoints, Everything, Failure, FailureKind, GossipState, KeyspaceSelection,
    LoggingLevel, LoggingLevels, NodeInfo, OperationLatencies, PartitionSelection, RingDescription, ThreadPool,
};
use henge_rocks::{RocksEngine, RocksOptions};

impl Operations {
    /// The node itself.
    pub(super) fn node_info(&self, _: &Everything) -> Result<NodeInfo, Failure> {
        let own = self.node.host();
        let member = self.node.members().into_iter().find(|report| report.member.id == own);
        let figures = self.store.figures();
        let info = NodeInfo {
            host_id: own.to_string(),
            release_version: self.node.release_version().to_owned(),
            henge_version: env!("CARGO_PKG_VERSION").to_owned(),
            is_gossip_active: !self.node.is_ending(),
            is_binary_active: self.node.serves_clients() && !self.node.is_ending(),
            load_bytes: figures.live_data_bytes,
            generation: self.node.generation(),
            uptime_seconds: self.node.uptime_seconds(),
            resident_bytes: memory::resident(),
            memory_bytes_max: memory::available(),
            cache_bytes: figures.cache_bytes,
            cache_capacity_bytes: figures.cache_capacity_bytes,
            cache_misses: figures.memory_misses,
            cache_requests: figures.memory_misses + figures.memory_hits,
            ..NodeInfo::default()
        };
        let Some(report) = member else { return Ok(info) };
        let mut tokens: Vec<i64> = report.member.tokens.iter().map(|token| token.0).collect();
        tokens.sort_unstable();
        Ok(NodeInfo {
            datacenter: report.member.datacenter,
            rack: report.member.rack,
            tokens,
            is_bootstrapped: !report.is_joining,
            is_leaving: report.is_leaving,
            ..info
        })
    }

    /// Gossip, member by member.
    pub(super) fn gossip(&self, _: &Everything) -> Result<Vec<GossipState>, Failure> {
        Ok(self.node.gossip_states())
    }

    /// Threads that take work from a queue.
    pub(super) fn thread_pools(&self, _: &Everything) -> Result<Vec<ThreadPool>, Failure> {
        let pool = |pool: PoolFacts| ThreadPool {
            name: pool.name,
            active: pool.active,
            pending: pool.pending.unwrap_or(0),
            completed: pool.completed,
        };
        Ok(self.node.thread_pools().into_iter().map(pool).collect())
    }

    /// Compaction.
    pub(super) fn compaction(&self, _: &Everything) -> Result<Compaction, Failure> {
        let figures = self.store.figures();
        Ok(Compaction {
            threads: u64::from(RocksOptions::default().background_threads),
            pending: figures.compactions_pending,
            pending_bytes: figures.compaction_pending_bytes,
            running: figures.compactions_running,
            level0_files: figures.level0_files,
            bytes_per_second_max: RocksEngine::background_bytes_per_second_max(),
        })
    }

    /// Latencies of requests by operation.
    pub(super) fn latencies(&self, _: &Everything) -> Result<Vec<OperationLatencies>, Failure> {
        Ok(self.node.operation_latencies())
    }

    /// The replicas of a partition.
    pub(super) fn endpoints(&self, partition: &PartitionSelection) -> Result<Endpoints, Failure> {
        let PartitionSelection { keyspace, table, key } = partition;
        self.node.endpoints(keyspace, table, key).map_err(|unknown| {
            let kind = match unknown {
                UnknownPlace::Key(..) => FailureKind::Invalid,
                UnknownPlace::Keyspace(_) | UnknownPlace::Table(..) => FailureKind::NotFound,
            };
            Failure::new(kind, unknown)
        })
    }

    /// The ranges of a keyspace.
    pub(super) fn describe_ring(&self, selection: &KeyspaceSelection) -> Result<RingDescription, Failure> {
        let keyspace = selection.keyspace.as_deref().ok_or_else(|| failure("no keyspace is named"))?;
        let unknown = || Failure::new(FailureKind::NotFound, format!("No such keyspace: {keyspace}"));
        self.node.describe_ring(keyspace).ok_or_else(unknown)
    }

    /// The connections of clients.
    pub(super) fn clients(&self, _: &Everything) -> Result<Vec<ConnectedClient>, Failure> {
        Ok(self.node.connected_clients().into_iter().map(connected_client).collect())
    }

    /// The levels of the log.
    pub(super) fn logging_levels(&self, _: &Everything) -> Result<LoggingLevels, Failure> {
        let filter = self.log.filter();
        let level = |known: &LoggerLevel| LoggingLevel {
            logger: known.logger.clone().unwrap_or_else(|| ROOT.to_owned()),
            level: known.level.clone(),
        };
        let levels = LogFilter::parse(&filter).map(|filter| filter.levels().iter().map(level).collect());
        Ok(LoggingLevels { filter, levels: levels.unwrap_or_default() })
    }
}

fn connected_client(client: ClientFacts) -> ConnectedClient {
    let option = |key: &str| client.options.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
    ConnectedClient {
        address: client.address.to_string(),
        is_encrypted: client.tls.is_some(),
        protocol_version: client.protocol_version,
        keyspace: client.keyspace,
        requests: client.requests,
        driver: option("DRIVER_NAME"),
        driver_version: option("DRIVER_VERSION"),
        user: client.username,
        cipher: client.tls.as_ref().map(|tls| tls.cipher_suite.clone()),
        tls: client.tls.map(|tls| tls.protocol),
    }
}
