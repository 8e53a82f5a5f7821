//! Every metric of a node, in one place: the prometheus package is named here and nowhere else in this crate.

use crate::ground::histogram::Counts;
use henge_base::HostId;
use henge_coordinator::{Event, WriteType};
use henge_model::Consistency;
use henge_storage::Figures;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};
use std::time::Duration;

/// Latency buckets in seconds, from 50 us to 10 s.
const BUCKETS: [f64; 17] =
    [0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];

/// What a client's request was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// SELECT.
    Read,
    /// INSERT, UPDATE, DELETE, BATCH.
    Write,
    /// Everything else.
    Other,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // As the errors of the protocol.
pub enum Ending {
    Ok,
    Unavailable,
    Timeout,
    Failure,
    Invalid,
    Overloaded,
}

const OPERATIONS: [&str; 3] = ["read", "write", "other"];
const ENDINGS: [&str; 6] = ["ok", "unavailable", "timeout", "failure", "invalid", "overloaded"];
/// One place for each level, in the order of their codes.
const LEVELS: usize = 11;

/// The metrics. Counters of the request path are looked up once, here, so that counting is one addition.
pub struct Metrics {
    registry: Registry,
    requests: Vec<IntCounter>,
    latency: Vec<Histogram>,
    round_trips: HistogramVec,
    peers: IntGaugeVec,
    events: IntCounterVec,
    engine: IntGaugeVec,
    logins: IntCounterVec,
    /// Statements refused for want of a permission.
    pub denied: IntCounter,
    /// Client connections open now.
    pub connections: IntGauge,
    /// The newest metadata epoch applied here.
    pub epoch: IntGauge,
    /// Hints owed.
    pub hints_created: IntCounter,
    /// Hints acknowledged by their replica.
    pub hints_delivered: IntCounter,
    /// Hints given up: limits, or tables that are gone.
    pub hints_dropped: IntCounter,
    /// Stored hints that were found damaged.
    pub hints_damaged: IntCounter,
    /// Batches written from the batch log, because their coordinators did not come to it.
    pub batches_replayed: IntCounter,
    /// Batches given up.
    pub batches_dropped: IntCounter,
    /// Batches in the log that were found damaged.
    pub batches_damaged: IntCounter,
    /// Clients' batches by their numbers of partitions.
    pub(crate) batches: Batches,
    /// Peer clocks that were too far ahead to follow.
    pub clock_refusals: IntCounter,
    /// Requests of peers that had too much under way.
    pub peer_requests_refused: IntCounter,
    /// Reads that failed on this replica: damage, or the disk.
    pub replica_read_errors: IntCounter,
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

impl Default for Metrics {
    fn default() -> Self {
        let registry = Registry::new();
        let make = Make { registry: &registry };
        let requests = make.counters(
            "henge_requests_total",
            "Client requests by operation, consistency level and outcome.",
            &["operation", "consistency", "outcome"],
        );
        let latency = make.histograms(
            "henge_request_duration_seconds",
            "Time from a request's arrival to its answer.",
            &["operation"],
        );
        let mut by_request = Vec::with_capacity(OPERATIONS.len() * LEVELS * ENDINGS.len());
        for operation in OPERATIONS {
            for level in Consistency::all() {
                by_request.extend(ENDINGS.map(|e| requests.with_label_values(&[operation, level.name(), e])));
            }
        }
        Metrics {
            requests: by_request,
            latency: OPERATIONS.map(|o| latency.with_label_values(&[o])).into(),
            round_trips: make.histograms("henge_peer_round_trip_seconds", "Time of calls to a peer.", &["peer"]),
            peers: make.gauges("henge_peer_up", "1 if the peer is thought to be up.", &["peer"]),
            events: make.counters("henge_coordinator_events_total", "What coordinators did on the way.", &["event"]),
            engine: make.gauges(
                "henge_engine",
                "Figures of the storage engine, by name; bytes or counts.",
                &["figure"],
            ),
            logins: make.counters("henge_logins_total", "Logins of clients by outcome.", &["outcome"]),
            denied: make.counter("henge_denied_total", "Statements refused for want of a permission."),
            connections: make.gauge("henge_client_connections", "Client connections open now."),
            epoch: make.gauge("henge_metadata_epoch", "Newest metadata epoch applied."),
            hints_created: make.counter("henge_hints_created_total", "Hints owed to replicas."),
            hints_delivered: make.counter("henge_hints_delivered_total", "Hints that replicas acknowledged."),
            hints_dropped: make.counter("henge_hints_dropped_total", "Hints given up."),
            hints_damaged: make.counter("henge_hints_damaged_total", "Stored hints found damaged."),
            batches_replayed: make
                .counter("henge_batches_replayed_total", "Logged batches written from the batch log."),
            batches: Batches::default(),
            batches_dropped: make.counter("henge_batches_dropped_total", "Logged batches given up."),
            batches_damaged: make.counter("henge_batches_damaged_total", "Logged batches found damaged."),
            clock_refusals: make.counter("henge_clock_refusals_total", "Peer clocks too far ahead to follow."),
            peer_requests_refused: make
                .counter("henge_peer_requests_refused_total", "Requests of peers that had too much under way."),
            replica_read_errors: make.counter("henge_replica_read_errors_total", "Reads that failed on this replica."),
            registry,
        }
    }
}

impl Metrics {
    /// Where the server registers its own and gathers all.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Counts a client's request.
    pub fn request(&self, operation: Operation, level: Consistency, ending: Ending, time: Duration) {
        let at = (operation as usize * LEVELS + level.code() as usize) * ENDINGS.len() + ending as usize;
        if let Some(counter) = self.requests.get(at) {
            counter.inc();
        }
        if let Some(histogram) = self.latency.get(operation as usize) {
            histogram.observe(time.as_secs_f64());
        }
    }

    pub(crate) fn login(&self, outcome: &str) {
        self.logins.with_label_values(&[outcome]).inc();
    }

    /// A call to a peer was answered.
    pub fn round_trip(&self, peer: HostId, time: Duration) {
        self.round_trips.with_label_values(&[&peer.to_string()]).observe(time.as_secs_f64());
    }

    pub(crate) fn peer_up(&self, peer: HostId, up: bool) {
        self.peers.with_label_values(&[&peer.to_string()]).set(i64::from(up));
    }

    pub(crate) fn coordinator_event(&self, event: Event) {
        self.events.with_label_values(&[name_of(event)]).inc();
    }

    /// How often a coordinator of this node did that.
    pub fn events_of(&self, event: Event) -> u64 {
        self.events.with_label_values(&[name_of(event)]).get()
    }

    /// Takes over the engine's figures; called when metrics are gathered.
    pub fn engine(&self, figures: &Figures) {
        for (name, value) in figures.named() {
            self.engine.with_label_values(&[name]).set(i64::try_from(value).unwrap_or(i64::MAX));
        }
    }
}

fn name_of(event: Event) -> &'static str {
    match event {
        Event::Superseded => "paxos_superseded",
        Event::Finished => "paxos_finished",
        Event::DigestMismatch => "digest_mismatch",
        Event::ReadRepair => "read_repair",
        Event::ShortRead => "short_read",
    }
}

/// Makes metrics. Names are constants of this file, each used once, so registering them cannot fail.
struct Make<'a> {
    registry: &'a Registry,
}

#[allow(clippy::expect_used)]
impl Make<'_> {
    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.register(IntCounterVec::new(Opts::new(name, help), labels).expect("a constant name"))
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.register(IntGaugeVec::new(Opts::new(name, help), labels).expect("a constant name"))
    }

    fn histograms(&self, name: &str, help: &str, labels: &[&str]) -> HistogramVec {
        let options = HistogramOpts::new(name, help).buckets(BUCKETS.to_vec());
        self.register(HistogramVec::new(options, labels).expect("a constant name"))
    }

    fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.register(IntCounter::new(name, help).expect("a constant name"))
    }

    fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.register(IntGauge::new(name, help).expect("a constant name"))
    }

    fn register<C: prometheus::core::Collector + Clone + 'static>(&self, metric: C) -> C {
        self.registry.register(Box::new(metric.clone())).expect("each name is registered once");
        metric
    }
}
