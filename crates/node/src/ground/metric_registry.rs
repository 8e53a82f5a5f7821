//! Declares metrics, and renders them as text: the prometheus package is named here, in `metrics`, `process_metrics` and `request_metrics`,
//! nowhere else.
//!
//! A metric is declared by one call that gives its help, name and labels. All its label sets exist from then on, so that a
//! rate can be taken from the first scrape; only labels of peers come with the peers, and histograms of rare requests with these. The
//! declarations are kept for the manual.

use crate::ground::process_metrics::{PROCESS, ProcessMetrics};
use crate::ground::request_metrics::{
    LatencyHistogram, LatencyHistogramBuilder, LatencyHistograms, RequestCounter, RequestCounterBuilder,
    RequestCounters,
};
use arc_swap::ArcSwap;
use henge_base::HostId;
use parking_lot::Mutex;
use prometheus::proto::MetricType;
use prometheus::{
    Counter, CounterVec, Encoder, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

/// The label of metrics that there is one of for each peer.
const PEER: &str = "peer";

/// Metrics that contradict each other, which only a bug can cause.
#[derive(Debug, thiserror::Error)]
#[error("metrics cannot be rendered: {0}")]
pub struct RenderError(#[from] prometheus::Error);

/// A label with all its values.
pub type Label<'a> = (&'static str, &'a [&'static str]);

/// The declaration of a metric, for the manual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricDescription {
    /// Its name, which ends with its unit or with `_total`.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// Its labels with their values; a label without any has one for each peer, or a value that is the node's.
    pub labels: Vec<(&'static str, Vec<&'static str>)>,
    /// The sentence that explains it.
    pub help: &'static str,
}

/// The metrics of a process with their declarations.
#[derive(Default)]
pub struct MetricRegistry {
    registry: Registry,
    descriptions: Mutex<Vec<MetricDescription>>,
    /// Held while metrics are sampled and rendered: two scrapes at once see whole samples.
    rendering: Mutex<()>,
}

impl std::fmt::Debug for MetricRegistry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MetricRegistry")
    }
}

/// A metric about to be declared.
#[derive(Debug)]
pub struct Declaration<'a> {
    registry: &'a MetricRegistry,
    help: &'static str,
}

impl MetricRegistry {
    /// Begins a declaration with the metric's help.
    pub fn about(&self, help: &'static str) -> Declaration<'_> {
        Declaration { registry: self, help: help.trim() }
    }

    /// Metrics that are read from a source when they are rendered; those whose names end with `_total` are counters.
    pub fn samples<S>(&self, rows: &[SampleRow<S>]) -> Samples<S> {
        let declare = |(name, help, read): &SampleRow<S>| {
            let metric = if name.ends_with("_total") {
                MetricHandle::Counter(self.about(help).counter(name))
            } else {
                MetricHandle::Gauge(self.about(help).gauge(name))
            };
            SampledMetric { metric, read: *read }
        };
        Samples { rows: rows.iter().map(declare).collect() }
    }

    /// Adds the metrics of the process: memory, processor time, open files.
    pub fn watch_process(&self) {
        let described = PROCESS.map(|(name, kind, help)| MetricDescription { name, kind, labels: Vec::new(), help });
        self.descriptions.lock().extend(described);
        self.register(ProcessMetrics::for_self());
    }

    /// All declarations, by name.
    pub fn descriptions(&self) -> Vec<MetricDescription> {
        let mut all = self.descriptions.lock().clone();
        all.sort_by_key(|description| description.name);
        all
    }

    /// All metrics as Prometheus reads them, after `sample` has brought sampled ones up to date. Fails on a metric that contradicts
    /// itself, which only a bug can cause.
    pub fn render(&self, sample: impl FnOnce()) -> Result<String, RenderError> {
        let _rendering = self.rendering.lock();
        sample();
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// The content type of what is rendered.
    pub fn content_type() -> &'static str {
        prometheus::TEXT_FORMAT
    }

    /// Names are constants, each used once: registering them cannot fail.
    fn register<C: prometheus::core::Collector + 'static>(&self, metric: C) {
        self.registry.register(Box::new(metric)).expect("each metric is declared once");
    }
}

impl Declaration<'_> {
    /// A number that only rises.
    pub fn counter(self, name: &'static str) -> IntCounter {
        let counter = IntCounter::with_opts(self.options(name)).expect("the name of a metric is valid");
        self.declare(name, "counter", &[], counter)
    }

    /// A number that rises and falls.
    pub fn gauge(self, name: &'static str) -> IntGauge {
        let gauge = IntGauge::with_opts(self.options(name)).expect("the name of a metric is valid");
        self.declare(name, "gauge", &[], gauge)
    }

    /// A counter for each combination of labels, the last label changing fastest.
    pub fn counters(self, name: &'static str, labels: &[Label<'_>]) -> Vec<IntCounter> {
        let vector = IntCounterVec::new(self.options(name), &names(labels)).expect("the name of a metric is valid");
        let all = combinations(labels).iter().map(|values| vector.with_label_values(values)).collect();
        self.declare(name, "counter", labels, vector);
        all
    }

    /// A counter of fractions for each combination of labels, the last label changing fastest.
    pub fn float_counters(self, name: &'static str, labels: &[Label<'_>]) -> Vec<Counter> {
        let vector = CounterVec::new(self.options(name), &names(labels)).expect("the name of a metric is valid");
        let all = combinations(labels).iter().map(|values| vector.with_label_values(values)).collect();
        self.declare(name, "counter", labels, vector);
        all
    }

    /// A gauge for each combination of labels, the last label changing fastest.
    pub fn gauges(self, name: &'static str, labels: &[Label<'_>]) -> Vec<IntGauge> {
        let vector = IntGaugeVec::new(self.options(name), &names(labels)).expect("the name of a metric is valid");
        let all = combinations(labels).iter().map(|values| vector.with_label_values(values)).collect();
        self.declare(name, "gauge", labels, vector);
        all
    }

    /// A counter of what every request counts, for each combination of labels, the last label changing fastest.
    pub(crate) fn request_counters(self, name: &'static str, labels: &[Label<'_>]) -> Vec<RequestCounter> {
        let options = self.options(name).variable_labels(owned_names(&names(labels)));
        let vector = RequestCounters::create(MetricType::COUNTER, RequestCounterBuilder, options)
            .expect("the name of a metric is valid");
        let all = combinations(labels).iter().map(|values| vector.with_label_values(values)).collect();
        self.declare(name, "counter", labels, vector);
        all
    }

    /// A histogram of latencies for each combination of labels, the last label changing fastest. Each comes into being when it is first
    /// asked for: a histogram is dozens of series, and few of many combinations are ever used.
    pub fn histograms_on_use(self, name: &'static str, labels: &[Label<'_>]) -> HistogramsOnUse {
        let vector = self.histogram_vector(name, &names(labels));
        let slots = combinations(labels).into_iter().map(|values| (values, OnceLock::new())).collect();
        HistogramsOnUse { vector: self.declare(name, "histogram", labels, vector), slots }
    }

    /// A histogram of latencies for each peer.
    pub fn histogram_by_peer(self, name: &'static str) -> PeerHistograms {
        let vector = self.histogram_vector(name, &[PEER]);
        PeerHistograms { vector: self.declare(name, "histogram", &[(PEER, &[])], vector), known: ArcSwap::default() }
    }

    /// A gauge for each peer.
    pub fn gauge_by_peer(self, name: &'static str) -> IntGaugeVec {
        let vector = IntGaugeVec::new(self.options(name), &[PEER]).expect("the name of a metric is valid");
        self.declare(name, "gauge", &[(PEER, &[])], vector)
    }

    /// A gauge for each peer that is always 1 and says something by its labels, of which `peer` is the first.
    pub fn peer_infos<const N: usize>(self, name: &'static str, others: [&'static str; N]) -> PeerInfos<N> {
        let names: Vec<&'static str> = std::iter::once(PEER).chain(others).collect();
        let vector = IntGaugeVec::new(self.options(name), &names).expect("the name of a metric is valid");
        let described: Vec<Label<'_>> = names.iter().map(|name| (*name, &[] as &[&'static str])).collect();
        PeerInfos { vector: self.declare(name, "gauge", &described, vector) }
    }

    /// A gauge that is always 1 and says something by its labels.
    pub fn info(self, name: &'static str, labels: &[(&'static str, &str)]) {
        let names: Vec<&'static str> = labels.iter().map(|(name, _)| *name).collect();
        let values: Vec<&str> = labels.iter().map(|(_, value)| *value).collect();
        let vector = IntGaugeVec::new(self.options(name), &names).expect("the name of a metric is valid");
        vector.with_label_values(&values).set(1);
        let described: Vec<Label<'_>> = names.iter().map(|name| (*name, &[] as &[&'static str])).collect();
        self.declare(name, "gauge", &described, vector);
    }

    fn options(&self, name: &str) -> Opts {
        Opts::new(name, self.help)
    }

    fn histogram_vector(&self, name: &str, labels: &[&str]) -> LatencyHistograms {
        let options = self.options(name).variable_labels(owned_names(labels));
        LatencyHistograms::create(MetricType::HISTOGRAM, LatencyHistogramBuilder, options)
            .expect("the name of a metric is valid")
    }

    fn declare<C: prometheus::core::Collector + Clone + 'static>(
        self,
        name: &'static str,
        kind: &'static str,
        labels: &[Label<'_>],
        metric: C,
    ) -> C {
        let labels = labels.iter().map(|(label, values)| (*label, values.to_vec())).collect();
        self.registry.descriptions.lock().push(MetricDescription { name, kind, labels, help: self.help });
        self.registry.register(metric.clone());
        metric
    }
}

fn names<'a>(labels: &[Label<'a>]) -> Vec<&'static str> {
    labels.iter().map(|(name, _)| *name).collect()
}

fn owned_names(labels: &[&str]) -> Vec<String> {
    labels.iter().map(|label| (*label).to_owned()).collect()
}

/// All combinations of values, in order.
fn combinations(labels: &[Label<'_>]) -> Vec<Vec<&'static str>> {
    let mut all: Vec<Vec<&'static str>> = vec![Vec::new()];
    for (_, values) in labels {
        let mut longer = Vec::with_capacity(all.len() * values.len());
        for one in &all {
            longer.extend(values.iter().map(|value| [one.as_slice(), &[*value]].concat()));
        }
        all = longer;
    }
    all
}

/// Histograms of latencies that come into being when they are first asked for.
#[derive(Debug)]
pub struct HistogramsOnUse {
    vector: LatencyHistograms,
    slots: Vec<(Vec<&'static str>, OnceLock<LatencyHistogram>)>,
}

impl HistogramsOnUse {
    /// The histogram of a combination of labels, by its place.
    pub(crate) fn get(&self, at: usize) -> Option<&LatencyHistogram> {
        let (values, slot) = self.slots.get(at)?;
        Some(slot.get_or_init(|| self.vector.with_label_values(values)))
    }

    /// The counts of a histogram's buckets, each with its upper end in microseconds, and of what is above them; none of one never asked
    /// for.
    pub(crate) fn counts(&self, at: usize) -> Vec<(Option<u64>, u64)> {
        self.slots.get(at).and_then(|(_, slot)| slot.get()).map_or_else(Vec::new, LatencyHistogram::counts)
    }
}

/// A histogram of latencies for each peer, which is looked up by its host id without a text being made of it.
#[derive(Debug)]
pub struct PeerHistograms {
    vector: LatencyHistograms,
    known: ArcSwap<BTreeMap<HostId, LatencyHistogram>>,
}

impl PeerHistograms {
    /// Adds a latency to the histogram of a peer.
    pub(crate) fn observe(&self, peer: HostId, time: Duration) {
        if let Some(histogram) = self.known.load().get(&peer) {
            return histogram.observe(time);
        }
        let histogram = self.vector.with_label_values(&[&peer.to_string()]);
        histogram.observe(time);
        self.known.rcu(|known| {
            let mut known = BTreeMap::clone(known);
            known.insert(peer, histogram.clone());
            known
        });
    }
}

/// Gauges that say something of each peer by their labels.
#[derive(Debug)]
pub struct PeerInfos<const N: usize> {
    vector: IntGaugeVec,
}

impl<const N: usize> PeerInfos<N> {
    /// Takes the peers of now, each with its other labels: what was told of others is gone. Called while metrics are rendered.
    pub fn take(&self, peers: impl IntoIterator<Item = (HostId, [String; N])>) {
        self.vector.reset();
        for (peer, others) in peers {
            let values: Vec<String> = std::iter::once(peer.to_string()).chain(others).collect();
            self.vector.with_label_values(&values).set(1);
        }
    }
}

/// Name, help and value of a metric that is read from a source.
pub type SampleRow<S> = (&'static str, &'static str, fn(&S) -> u64);

/// Metrics that are read from a source.
pub struct Samples<S> {
    rows: Vec<SampledMetric<S>>,
}

struct SampledMetric<S> {
    metric: MetricHandle,
    read: fn(&S) -> u64,
}

enum MetricHandle {
    Counter(IntCounter),
    Gauge(IntGauge),
}

impl<S> std::fmt::Debug for Samples<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Samples")
    }
}

impl<S> Samples<S> {
    /// Takes the values of now; called while metrics are rendered.
    pub fn take(&self, source: &S) {
        for row in &self.rows {
            let value = (row.read)(source);
            match &row.metric {
                // A source that began anew must not make a counter fall.
                MetricHandle::Counter(counter) => counter.inc_by(value.saturating_sub(counter.get())),
                MetricHandle::Gauge(gauge) => gauge.set(i64::try_from(value).unwrap_or(i64::MAX)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_label_sets_are_there_from_the_beginning() {
        let registry = MetricRegistry::default();
        let counters = registry.about("Things.").counters("x_total", &[("a", &["1", "2"]), ("b", &["3", "4"])]);
        counters[2].inc();
        let text = registry.render(|| ()).unwrap();
        for line in ["x_total{a=\"1\",b=\"3\"} 0", "x_total{a=\"2\",b=\"3\"} 1", "# TYPE x_total counter"] {
            assert!(text.contains(line), "{text}");
        }
    }

    #[test]
    fn sampled_counters_never_fall() {
        let registry = MetricRegistry::default();
        let rows: [SampleRow<u64>; 2] = [("y_total", "Ys.", |n| *n), ("y_bytes", "Bytes of ys.", |n| *n)];
        let samples = registry.samples(&rows);
        assert!(registry.render(|| samples.take(&5)).unwrap().contains("y_total 5"));
        let text = registry.render(|| samples.take(&3)).unwrap();
        assert!(text.contains("y_total 5") && text.contains("y_bytes 3"), "{text}");
    }

    #[test]
    fn peers_that_are_gone_are_told_no_more() {
        let registry = MetricRegistry::default();
        let infos = registry.about("Peers.").peer_infos("p_info", ["dc"]);
        let [one, other] = [1, 2].map(|number| HostId(uuid::Uuid::from_u128(number)));
        let count = |text: &str| text.lines().filter(|line| line.starts_with("p_info{")).count();
        let all = || infos.take([(one, ["a".to_owned()]), (other, ["b".to_owned()])]);
        assert_eq!(count(&registry.render(all).unwrap()), 2);
        let text = registry.render(|| infos.take([(other, ["c".to_owned()])])).unwrap();
        assert_eq!(count(&text), 1, "{text}");
        assert!(text.contains(&format!("p_info{{dc=\"c\",peer=\"{other}\"}} 1")), "{text}");
    }

    #[test]
    fn declarations_are_kept() {
        let registry = MetricRegistry::default();
        registry.about(" Who.").info("who_info", &[("name", "x")]);
        let expected =
            MetricDescription { name: "who_info", kind: "gauge", labels: vec![("name", vec![])], help: "Who." };
        assert_eq!(registry.descriptions(), [expected]);
    }
}
