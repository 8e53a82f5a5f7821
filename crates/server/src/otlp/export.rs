//! The task that takes spans from the node and sends them, a batch at a time. While the collector is away they wait in the node's queue,
//! which is bounded; what does not fit there is counted and lost.

use super::collector::Collector;
use super::message::{Service, body};
use super::sender::{SendError, send};
use bytes::Bytes;
use henge_node::{HostId, MemberReport, Metrics, Node, SpanQueue, World};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The longest time that a span waits for others to be sent with.
const BATCH_DELAY: Duration = Duration::from_secs(1);
/// Between two attempts while the collector is away: the first time, and doubled up to the last.
const RETRY_DELAY: Duration = Duration::from_secs(1);
const RETRY_DELAY_MAX: Duration = Duration::from_secs(30);
/// The longest time for the last spans once the server shuts down.
const FINISH_TIMEOUT: Duration = Duration::from_secs(2);

/// The export of a server.
pub(crate) struct SpanExport {
    task: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

/// Begins to export.
pub(crate) fn start<W: World>(collector: Collector, cluster: String, node: Node<W>) -> SpanExport {
    let (stop, stopped) = watch::channel(false);
    let (spans, metrics) = (Arc::clone(node.spans()), Arc::clone(node.metrics()));
    let services = move || services(&node, &cluster);
    tracing::info!(endpoint = %collector.endpoint, "spans of sampled requests are exported");
    let exporter = Exporter { collector, spans, metrics, services, is_away: false };
    SpanExport { task: tokio::spawn(exporter.run(stopped)), stop }
}

impl SpanExport {
    /// Sends what waits, if that can be done soon.
    pub(crate) async fn finish(self) {
        self.stop.send_replace(true);
        let abort = self.task.abort_handle();
        if tokio::time::timeout(FINISH_TIMEOUT, self.task).await.is_err() {
            abort.abort();
        }
    }
}

/// The members as their spans name them.
fn services<W: World>(node: &Node<W>, cluster: &str) -> BTreeMap<HostId, Service> {
    let service = |MemberReport { member, .. }: MemberReport| {
        let (address, cluster) = (member.address.to_string(), cluster.to_owned());
        (member.id, Service { cluster, address, datacenter: member.datacenter, rack: member.rack })
    };
    node.members().into_iter().map(service).collect()
}

struct Exporter<S> {
    collector: Collector,
    spans: Arc<SpanQueue>,
    metrics: Arc<Metrics>,
    services: S,
    /// True once the collector could not be reached, until it can.
    is_away: bool,
}

impl<S: Fn() -> BTreeMap<HostId, Service>> Exporter<S> {
    async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            tokio::select! {
                () = tokio::time::sleep(BATCH_DELAY) => {}
                () = self.spans.wait_for_batch() => {}
                _ = stopped.changed() => {}
            }
            self.send_waiting().await;
        }
    }

    /// Sends batches until none is left.
    async fn send_waiting(&mut self) {
        loop {
            let batch = self.spans.take_batch();
            if batch.is_empty() {
                return;
            }
            let (count, services) = (batch.len() as u64, (self.services)());
            match body(&batch, |host| services.get(&host).cloned()) {
                Ok(body) => self.send_batch(Bytes::from(body), count).await,
                Err(error) => {
                    tracing::warn!(%error, "spans cannot be written as JSON, and are lost");
                    self.metrics.spans_dropped.inc_by(count);
                }
            }
        }
    }

    /// Sends one batch, again and again while the collector is away.
    async fn send_batch(&mut self, body: Bytes, count: u64) {
        let mut delay = RETRY_DELAY;
        loop {
            match send(&self.collector, body.clone()).await {
                Ok(refused) => {
                    self.metrics.spans_exported.inc_by(count.saturating_sub(refused));
                    self.metrics.spans_dropped.inc_by(refused.min(count));
                    if std::mem::take(&mut self.is_away) {
                        tracing::info!(endpoint = %self.collector.endpoint, "the collector of spans is back");
                    }
                    return;
                }
                Err(error) if error.is_passing() => self.note_absence(&error),
                Err(error) => {
                    tracing::warn!(endpoint = %self.collector.endpoint, %error, "the collector refuses spans, which are lost");
                    self.metrics.spans_dropped.inc_by(count);
                    return;
                }
            }
            tokio::time::sleep(delay).await;
            delay = (delay * 2).min(RETRY_DELAY_MAX);
        }
    }

    fn note_absence(&mut self, error: &SendError) {
        if !std::mem::replace(&mut self.is_away, true) {
            tracing::warn!(endpoint = %self.collector.endpoint, %error, "spans cannot be sent; they wait while there is room");
        }
    }
}
