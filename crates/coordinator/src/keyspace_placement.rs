//! The placement of a keyspace.

use henge_model::Replication;
use henge_ring::{Epoch, Placement};
use std::ops::Deref;
use std::sync::Arc;

/// The placement of a keyspace, shared. Every request takes it several times, and all cores count its references: so there is one count.
#[derive(Clone, Debug)]
pub struct KeyspacePlacement(Arc<PlacedKeyspace>);

impl From<PlacedKeyspace> for KeyspacePlacement {
    fn from(placed: PlacedKeyspace) -> Self {
        KeyspacePlacement(Arc::new(placed))
    }
}

impl Deref for KeyspacePlacement {
    type Target = PlacedKeyspace;
    fn deref(&self) -> &PlacedKeyspace {
        &self.0
    }
}

/// A keyspace as a coordinator sees it at one epoch.
#[derive(Clone, Debug)]
pub struct PlacedKeyspace {
    /// Its name.
    pub keyspace: Arc<str>,
    /// The epoch.
    pub epoch: Epoch,
    /// Its replication setting. The answers that a level needs follow from the setting, not from the nodes that exist.
    pub replication: Arc<Replication>,
    /// The replicas of each range.
    pub placement: Arc<Placement>,
    /// While a plan moves ranges of it, the placement whose replicas are read on the other side of the plan's step: once reads have moved,
    /// or before they had. Cut by `placement` too: a range of it has one set of replicas in each.
    pub across: Option<Arc<Placement>>,
}
