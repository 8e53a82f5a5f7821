//! The metrics and spans of a node, for who shows them elsewhere.

use super::Node;
use crate::ground::metrics::Metrics;
use crate::ground::spans::SpanQueue;
use crate::ground::world::World;
use std::sync::Arc;

impl<W: World> Node<W> {
    /// The metrics.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.parts().context.metrics
    }

    /// The spans of sampled requests, which wait to be exported.
    pub fn spans(&self) -> &Arc<SpanQueue> {
        &self.parts().context.spans
    }
}
