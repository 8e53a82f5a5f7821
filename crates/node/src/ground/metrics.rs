//! The metrics of a node: those that are counted are declared here, those that are read when they are asked for in `sampled_figures`.

use crate::ground::histogram::Counts;
use crate::ground::metric_registry::{HistogramsOnUse, MetricRegistry, PeerHistograms, Samples};
use crate::ground::request_labels::{Ending, LoginOutcome, Operation};
use crate::ground::request_metrics::RequestCounter;
use crate::ground::sampled_figures::{ENGINE, NODE, NodeFigures};
use crate::ground::worker_status::WORKERS;
use henge_base::{HostId, Micros};
use henge_coordinator::{Event, WriteType};
use henge_model::Consistency;
use henge_storage::Figures;
use prometheus::{Counter, IntCounter, IntGauge, IntGaugeVec};
use std::time::Duration;

pub(super) const OPERATIONS: [&str; 9] =
    ["read", "scan", "write", "cas", "batch", "counter", "schema", "auth", "other"];
/// Operations and levels whose histograms are there from the first scrape.
const COMMON_OPERATIONS: [Operation; 2] = [Operation::Read, Operation::Write];
const COMMON_LEVELS: [Consistency; 4] =
    [Consistency::One, Consistency::Quorum, Consistency::LocalQuorum, Consistency::LocalOne];
pub(super) const OUTCOMES: [&str; 6] = ["ok", "unavailable", "timeout", "failure", "invalid", "overloaded"];
const LOGIN_OUTCOMES: [&str; 3] = ["ok", "refused", "overloaded"];
/// The datacentres of replicas, as this node sees them.
const DISTANCES: [&str; 2] = ["own", "other"];
/// The number of levels, whose codes begin with 0.
pub(super) const LEVELS: usize = 11;
/// Names of events, in the order of [`event_index`].
const EVENTS: [&str; 12] = [
    "digest_mismatch",
    "read_repair",
    "short_read",
    "paxos_superseded",
    "paxos_finished",
    "speculative_read",
    "speculative_read_over_budget",
    "silent_replica_replaced",
    "late_replica_probed",
    "write_forwarded",
    "forwarded_write_late",
    "read_handed_over",
];

/// Makes the struct and its `Default`: a row is a metric's help, field, type and declaration.
macro_rules! metrics {
    (
        $(#[$about:meta])*
        pub struct $struct:ident {
            $($(#[doc = $help:literal])+ $visibility:vis $field:ident : $type:ty = $kind:ident $arguments:tt;)*
        }
    ) => {
        $(#[$about])*
        pub struct $struct {
            registry: MetricRegistry,
            engine: Samples<Figures>,
            node: Samples<NodeFigures>,
            /// Clients' batches by their numbers of partitions, for `system_views`.
            pub(crate) batches: Batches,
            $($(#[doc = $help])+ $visibility $field: $type,)*
        }

        impl Default for $struct {
            fn default() -> Self {
                let registry = MetricRegistry::default();
                let levels: Vec<&'static str> = Consistency::all().map(Consistency::name).collect();
                let levels = levels.as_slice();
                let metrics = $struct {
                    $($field: metrics!(@declare registry levels concat!($($help),+), $kind $arguments),)*
                    engine: registry.samples(ENGINE),
                    node: registry.samples(NODE),
                    batches: Batches::default(),
                    registry,
                };
                metrics.show_common();
                metrics
            }
        }
    };
    (@declare $registry:ident $levels:ident $help:expr, by_level ($method:ident $name:literal $($label:ident)?)) => {
        $registry.about($help).$method($name, &[("operation", &OPERATIONS), ("consistency", $levels), $(("outcome", &$label))?])
    };
    (@declare $registry:ident $levels:ident $help:expr, $kind:ident $arguments:tt) => {
        $registry.about($help).$kind $arguments
    };
}

metrics! {
    /// The metrics. Those of the request path are looked up once, here, so that counting is one addition.
    pub struct Metrics {
        /// Requests of clients by operation, consistency level and outcome.
        requests: Vec<RequestCounter> = by_level(request_counters "henge_requests_total" OUTCOMES);
        /// Time from the arrival of a client's request to its answer, by operation and consistency level.
        pub(super) latency: HistogramsOnUse = by_level(histograms_on_use "henge_request_duration_seconds");
        /// Time from a call to a peer to its answer.
        round_trips: PeerHistograms = histogram_by_peer("henge_peer_round_trip_seconds");
        /// Rows that this node read for comparisons with other replicas.
        pub(crate) repair_rows_compared: IntCounter = counter("henge_repair_rows_compared_total");
        /// Rows that comparisons which this node led brought to replicas.
        pub repair_rows_mended: IntCounter = counter("henge_repair_rows_mended_total");
        /// Bytes of these rows.
        pub(crate) repair_bytes_mended: IntCounter = counter("henge_repair_bytes_mended_total");
        /// Comparisons that this node led to their end.
        pub(crate) repair_sessions: IntCounter = counter("henge_repair_sessions_total");
        /// Comparisons that ended early: a replica did not answer, a range has moved, or a row cannot be read.
        pub(crate) repair_sessions_failed: IntCounter = counter("henge_repair_sessions_failed_total");
        /// 1 if this node takes the peer for up, else 0.
        peers: IntGaugeVec = gauge_by_peer("henge_peer_up");
        /// Events of requests that this node coordinates: replicas that differ, rows that replicas lacked, reads asked for more, rounds of
        /// Paxos that gave way or were finished for another, reads that asked one replica more, or might not, and forwarded writes.
        events: Vec<IntCounter> = counters("henge_coordinator_events_total", &[("event", &EVENTS)]);
        /// Mutations that this node sent to replicas, by the datacentre of the replica. Hints and repairs by streams are not counted.
        mutations_sent: Vec<IntCounter> = counters("henge_mutations_sent_total", &[("datacenter", &DISTANCES)]);
        /// Bytes of these mutations.
        mutation_bytes_sent: Vec<IntCounter> = counters("henge_mutations_sent_bytes_total", &[("datacenter", &DISTANCES)]);
        /// Logins of clients by outcome.
        logins: Vec<IntCounter> = counters("henge_logins_total", &[("outcome", &LOGIN_OUTCOMES)]);
        /// Statements refused because the role lacks a permission.
        pub denied: IntCounter = counter("henge_denied_total");
        /// Connections of clients that are open.
        pub connections: IntGauge = gauge("henge_client_connections");
        /// Connections of clients that may be open at a time.
        pub connections_limit: IntGauge = gauge("henge_client_connections_limit");
        /// Connections of clients that were closed at once, for there were as many as may be, of all clients or of one address.
        pub connections_refused: IntCounter = counter("henge_client_connections_refused_total");
        /// The newest epoch of the metadata that this node has applied; nodes of a cluster should agree.
        pub epoch: IntGauge = gauge("henge_metadata_epoch");
        /// Hints kept for replicas.
        pub hints_created: IntCounter = counter("henge_hints_created_total");
        /// Hints that their replicas acknowledged.
        pub hints_delivered: IntCounter = counter("henge_hints_delivered_total");
        /// Bytes of hints that their replicas acknowledged.
        pub hint_bytes_delivered: IntCounter = counter("henge_hints_delivered_bytes_total");
        /// Hints whose ranges had moved: the replicas that have them now are owed hints instead.
        pub hints_replanned: IntCounter = counter("henge_hints_replanned_total");
        /// Hints that an operator had removed.
        pub hints_truncated: IntCounter = counter("henge_hints_truncated_total");
        /// Hints given up, for limits or for tables that are gone: only repair brings what they held.
        pub hints_dropped: IntCounter = counter("henge_hints_dropped_total");
        /// Stored hints that were found damaged; they are kept until they are older than max_hint_window.
        pub hints_damaged: IntCounter = counter("henge_hints_damaged_total");
        /// Logged batches written from the batch log, because their coordinators did not finish them.
        pub batches_replayed: IntCounter = counter("henge_batches_replayed_total");
        /// Logged batches given up.
        pub batches_dropped: IntCounter = counter("henge_batches_dropped_total");
        /// Logged batches that were found damaged; they are kept until they are older than max_hint_window.
        pub batches_damaged: IntCounter = counter("henge_batches_damaged_total");
        /// Partitions whose conditional writes were left undecided, and that this node settled.
        pub partitions_settled: IntCounter = counter("henge_partitions_settled_total");
        /// Microseconds that the clock of each peer is ahead of this node's, by the last comparison.
        peer_clock_offsets: IntGaugeVec = gauge_by_peer("henge_peer_clock_offset_microseconds");
        /// Microseconds that this node's clock is ahead of the middle one of the peers that it compared itself with last.
        pub(crate) clock_offset: IntGauge = gauge("henge_clock_offset_microseconds");
        /// 1 if this node's clock is trusted, 0 if it coordinates no writes for it.
        pub(crate) clock_trusted: IntGauge = gauge("henge_clock_trusted");
        /// Writes and ballots refused because their stamps are too far ahead of this node's clock.
        pub(crate) stamps_refused: IntCounter = counter("henge_stamps_refused_total");
        /// Clocks of peers that were too far ahead to follow.
        pub clock_refusals: IntCounter = counter("henge_clock_refusals_total");
        /// Requests of peers that had too many under way on this node.
        pub peer_requests_refused: IntCounter = counter("henge_peer_requests_refused_total");
        /// Requests of peers, and disk jobs of reads and conditional writes, that were not begun because their time had passed.
        pub requests_late: IntCounter = counter("henge_requests_late_total");
        /// Bytes of rows sent to nodes that gain ranges from this one.
        pub stream_bytes_sent: IntCounter = counter("henge_stream_sent_bytes_total");
        /// Bytes of rows that came for ranges that this node gains.
        pub stream_bytes_received: IntCounter = counter("henge_stream_received_bytes_total");
        /// Steps that background workers took, failed ones too: the workers are those of system_views.workers.
        worker_steps: Vec<IntCounter> = counters("henge_worker_steps_total", &[("worker", &WORKERS)]);
        /// Steps of background workers that failed. They are taken again.
        worker_failures: Vec<IntCounter> = counters("henge_worker_failures_total", &[("worker", &WORKERS)]);
        /// Time that steps of background workers took, with their waits for disks and peers.
        worker_seconds: Vec<Counter> = float_counters("henge_worker_seconds_total", &[("worker", &WORKERS)]);
        /// Seconds since 1970 at which the last step of a background worker succeeded; 0 before the first one.
        worker_last_step: Vec<IntGauge> = gauges("henge_worker_last_step_timestamp_seconds", &[("worker", &WORKERS)]);
        /// Spans of sampled requests that the collector at otlp_endpoint has taken.
        pub spans_exported: IntCounter = counter("henge_otlp_spans_exported_total");
        /// Spans of sampled requests that were lost: too many waited for the collector, or it refused them.
        pub spans_dropped: IntCounter = counter("henge_otlp_spans_dropped_total");
        /// Reads that failed on this replica, for damaged rows or the disk.
        pub replica_read_errors: IntCounter = counter("henge_replica_read_errors_total");
    }
}

/// Batches without conditions, by their numbers of partitions.
#[derive(Debug, Default)]
pub(crate) struct Batches {
    pub(crate) logged: Counts,
    pub(crate) unlogged: Counts,
    pub(crate) counter: Counts,
}

impl Batches {
    pub(crate) fn add(&self, write_type: WriteType, partitions: usize) {
        let counts = match write_type {
            WriteType::Batch => &self.logged,
            WriteType::Counter => &self.counter,
            _ => &self.unlogged,
        };
        counts.add(partitions as u64);
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// The registry of all metrics, to which the server adds its own.
    pub fn registry(&self) -> &MetricRegistry {
        &self.registry
    }

    /// Has what every cluster uses in the first scrape.
    fn show_common(&self) {
        for (operation, level) in COMMON_OPERATIONS.iter().flat_map(|of| COMMON_LEVELS.map(|level| (*of, level))) {
            self.latency.get(operation as usize * LEVELS + level.code() as usize);
        }
    }

    /// Counts a client's request.
    pub fn request(&self, operation: Operation, level: Consistency, ending: Ending, time: Duration) {
        let at = operation as usize * LEVELS + level.code() as usize;
        if let Some(counter) = self.requests.get(at * OUTCOMES.len() + ending as usize) {
            counter.inc();
        }
        if let Some(histogram) = self.latency.get(at) {
            histogram.observe(time);
        }
    }

    /// The requests that ended so, by the place of their operation and level.
    pub(super) fn requests_at(&self, at: usize, outcome: usize) -> u64 {
        self.requests.get(at * OUTCOMES.len() + outcome).map_or(0, RequestCounter::get)
    }

    pub(crate) fn login(&self, outcome: LoginOutcome) {
        if let Some(counter) = self.logins.get(outcome as usize) {
            counter.inc();
        }
    }

    /// Counts a mutation that was sent to a replica of this node's own datacentre, or of another one.
    pub(crate) fn mutation_sent(&self, is_near: bool, bytes: usize) {
        let at = usize::from(!is_near);
        self.mutations_sent[at].inc();
        self.mutation_bytes_sent[at].inc_by(bytes as u64);
    }

    /// Counts a call to a peer that was answered.
    pub fn round_trip(&self, peer: HostId, time: Duration) {
        self.round_trips.observe(peer, time);
    }

    pub(crate) fn peer_clock_offset(&self, peer: HostId, offset_us: i64) {
        self.peer_clock_offsets.with_label_values(&[&peer.to_string()]).set(offset_us);
    }

    pub(crate) fn peer_up(&self, peer: HostId, up: bool) {
        self.peers.with_label_values(&[&peer.to_string()]).set(i64::from(up));
    }

    pub(crate) fn coordinator_event(&self, event: Event) {
        if let Some(counter) = self.events.get(event_index(event)) {
            counter.inc();
        }
    }

    /// The number of times that coordinators of this node had an event.
    pub fn events_of(&self, event: Event) -> u64 {
        self.events.get(event_index(event)).map_or(0, IntCounter::get)
    }

    /// Counts a step of the worker at a place in [`WORKERS`], with the wall clock's time at which it succeeded.
    pub(crate) fn worker_step(&self, worker: usize, succeeded: Option<Micros>, time: Duration) {
        self.worker_steps[worker].inc();
        self.worker_seconds[worker].inc_by(time.as_secs_f64());
        match succeeded {
            Some(now_us) => self.worker_last_step[worker].set(now_us / 1_000_000),
            None => self.worker_failures[worker].inc(),
        }
    }

    /// Takes the node's figures; called while metrics are rendered.
    pub fn take_node(&self, figures: &NodeFigures) {
        self.node.take(figures);
    }

    /// Takes the engine's figures; called while metrics are rendered.
    pub fn take_engine(&self, figures: &Figures) {
        self.engine.take(figures);
    }
}

fn event_index(event: Event) -> usize {
    match event {
        Event::DigestMismatch => 0,
        Event::ReadRepair => 1,
        Event::ShortRead => 2,
        Event::Superseded => 3,
        Event::Finished => 4,
        Event::Speculation => 5,
        Event::SpeculationLimit => 6,
        Event::SilentReplica => 7,
        Event::Probe => 8,
        Event::Forward => 9,
        Event::LateForward => 10,
        Event::Handover => 11,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::worker_status::worker_index;

    #[test]
    fn a_request_counts_under_its_own_labels() {
        let metrics = Metrics::default();
        metrics.request(Operation::Write, Consistency::LocalQuorum, Ending::Timeout, Duration::from_millis(3));
        let text = metrics.registry().render(|| ()).unwrap();
        let labels = "consistency=\"LOCAL_QUORUM\",operation=\"write\"";
        assert!(text.contains(&format!("henge_requests_total{{{labels},outcome=\"timeout\"}} 1")), "{text}");
        assert!(text.contains(&format!("henge_request_duration_seconds_count{{{labels}}} 1")));
        assert!(text.contains("henge_request_duration_seconds_count{consistency=\"ONE\",operation=\"read\"} 0"));
        assert!(!text.contains("henge_request_duration_seconds_count{consistency=\"ALL\",operation=\"cas\"}"));
        assert!(text.contains("henge_logins_total{outcome=\"refused\"} 0"));
        assert!(text.contains("henge_coordinator_events_total{event=\"read_repair\"} 0"));
    }

    #[test]
    fn steps_of_workers_count_under_their_names() {
        let metrics = Metrics::default();
        metrics.worker_step(worker_index("purge"), Some(7_900_000), Duration::from_millis(1500));
        metrics.worker_step(worker_index("purge"), None, Duration::from_millis(500));
        let text = metrics.registry().render(|| ()).unwrap();
        for line in [
            "henge_worker_steps_total{worker=\"purge\"} 2",
            "henge_worker_failures_total{worker=\"purge\"} 1",
            "henge_worker_seconds_total{worker=\"purge\"} 2",
            "henge_worker_last_step_timestamp_seconds{worker=\"purge\"} 7",
            "henge_worker_last_step_timestamp_seconds{worker=\"repair\"} 0",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }

    #[test]
    fn names_end_with_their_unit_or_say_what_is_counted() {
        for description in Metrics::default().registry().descriptions() {
            let name = description.name;
            assert_eq!(name.ends_with("_total"), description.kind == "counter", "{name}");
            assert!(name.ends_with("_seconds") || description.kind != "histogram", "{name}");
        }
    }
}
