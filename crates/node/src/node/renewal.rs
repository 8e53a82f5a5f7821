//! A new cluster from the store of a node: its rows and its schema, and one member that the old cluster never meets.

use crate::cluster::membership::draft;
use crate::ground::options::Options;
use crate::node::recovery::{StartError, recover};
use henge_base::{ClusterId, HostId, Micros, Random};
use henge_metadata::{CommandRefusal, Snapshot};
use henge_storage::{EngineError, Store};

/// A store cannot be made the one of a new cluster. It is used by nobody then.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    /// Its metadata log cannot be read.
    #[error(transparent)]
    Log(#[from] StartError),
    /// There can be no such cluster.
    #[error(transparent)]
    Refused(#[from] CommandRefusal),
    /// It cannot be written.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// A cluster that was made of a node's store.
#[derive(Clone, Debug, PartialEq)]
pub struct RenewedCluster {
    /// Its id.
    pub id: ClusterId,
    /// The keyspaces of which the node held a part of the ring only, with that part, from 0 to 1.
    pub parts: Vec<(String, f64)>,
}

/// Makes a store, a copy that nobody uses, the one of a new node `host`, alone in a new cluster. It must be opened anew.
pub fn renew(
    store: &Store,
    (from, host): (HostId, HostId),
    options: &Options,
    random: &mut Random,
    now_us: Micros,
) -> Result<RenewedCluster, RenewError> {
    let (state, _) = recover(store, options.versions)?;
    let new = state.restore(&options.cluster_name, &draft(host, options), random, now_us)?;
    store.renew(Snapshot::of(&new).bytes)?;
    Ok(RenewedCluster { id: new.cluster_id, parts: state.parts_held_by(from) })
}
