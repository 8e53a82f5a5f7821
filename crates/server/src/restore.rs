//! The data directory of a node that starts: its own, an older copy on an operator's word, or with `--restore` one that is filled from a
//! snapshot, as that of a new cluster of one node.

use crate::config::Config;
use crate::system_clock::SystemClock;
use henge_node::{HostId, Random, RenewedCluster, renew};
use henge_rocks::{RocksEngine, RocksOptions};
use henge_storage::{DataDirectory, Engine, EngineFilesError, Renewal, Store};
use std::path::Path;
use std::sync::Arc;

/// Opens the data directory, as the options say.
pub(crate) fn open_directory(config: &Config, seed: u64) -> anyhow::Result<DataDirectory> {
    let path = &config.server.data_directory;
    if config.node.accept_older_copy {
        DataDirectory::accept_snapshot(path)?;
    }
    if let Some(snapshot) = &config.restore {
        restore(config, snapshot, seed)?;
    }
    Ok(DataDirectory::open(path, &mut Random::new(seed))?)
}

/// Fills the data directory from a snapshot, unless that was done before.
fn restore(config: &Config, snapshot: &Path, seed: u64) -> anyhow::Result<()> {
    let target = &config.server.data_directory;
    let mut random = Random::new(seed);
    let mut made = None;
    let renew = |renewal: &Renewal| {
        made = Some(renew_copy(config, renewal, &mut Random::new(seed.wrapping_mul(17)))?);
        Ok(())
    };
    let path = snapshot.display();
    if !DataDirectory::restore(target, snapshot, &mut random, renew)? {
        tracing::info!(%path, data_directory = %target.display(), "the rows of this snapshot are here already");
    }
    let Some((renewal, cluster)) = made else { return Ok(()) };
    let RenewedCluster { id, parts } = cluster;
    tracing::info!(%path, from = %renewal.0, host = %renewal.1, cluster = %id, "restored as a new cluster of one node");
    for (keyspace, part) in parts {
        let percent = (part * 100.0).round();
        tracing::warn!(
            %keyspace,
            "the node of this snapshot held {percent} % of the ring: rows of the other ranges are not in it, and are missing here"
        );
    }
    Ok(())
}

/// Makes the copied store the one of the new node; gives the old node and the new one, and the cluster.
fn renew_copy(
    config: &Config,
    renewal: &Renewal,
    random: &mut Random,
) -> Result<((HostId, HostId), RenewedCluster), EngineFilesError> {
    let hosts = (renewal.from, renewal.host);
    let options = RocksOptions { memory_bytes: config.memory, ..RocksOptions::default() };
    let engine = Arc::new(RocksEngine::open(&renewal.engine, &options)?);
    let store = Store::open(engine as Arc<dyn Engine>)?;
    // A copy that lacks a file, or an end of one, is told from a whole one.
    renewal.durable.check(store.sequence())?;
    let now = SystemClock::new(&config.server.data_directory).wall_us();
    let cluster = renew(&store, hosts, &config.node, random, now)?;
    store.close()?;
    Ok((hosts, cluster))
}
