//! The planned end of this node.

use super::Node;
use crate::coordinator::Parts;
use crate::ground::world::World;
use crate::work::lease;

impl<W: World> Node<W> {
    /// Tells clients and peers that this node shuts down, so that they turn to others. It goes on serving what they ask all the same.
    pub async fn announce_shutdown(&self) {
        let Parts { context, cluster, replica, .. } = self.parts();
        self.clients.end();
        cluster.tell_own_end();
        cluster.announce_shutdown(lease::seal(context, replica).await).await;
    }

    /// Refuses new requests from now on; what is under way goes on.
    pub fn drain(&self) {
        self.clients.drain();
    }
}
