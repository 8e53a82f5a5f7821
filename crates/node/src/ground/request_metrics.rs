//! The metrics that every request is counted in: a counter and a histogram of latencies, kept in parts by thread and added up when they
//! are asked for. Those of the prometheus package are one place for all threads, at which requests of several cores met.

use crate::ground::per_thread::PerThread;
use prometheus::core::{Metric, MetricVec, MetricVecBuilder};
use prometheus::{Opts, proto};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper ends of latency buckets in microseconds, six for each power of ten from 50 us to 10 s: a quantile is off by a half at most.
const BUCKET_ENDS_US: [u64; 33] = [
    50, 70, 100, 150, 200, 300, 500, 700, 1_000, 1_500, 2_000, 3_000, 5_000, 7_000, 10_000, 15_000, 20_000, 30_000,
    50_000, 70_000, 100_000, 150_000, 200_000, 300_000, 500_000, 700_000, 1_000_000, 1_500_000, 2_000_000, 3_000_000,
    5_000_000, 7_000_000, 10_000_000,
];

/// Counters by their labels.
pub(crate) type RequestCounters = MetricVec<RequestCounterBuilder>;
/// Histograms by their labels.
pub(crate) type LatencyHistograms = MetricVec<LatencyHistogramBuilder>;

/// A number that only rises.
#[derive(Clone, Debug)]
pub(crate) struct RequestCounter {
    labels: Vec<proto::LabelPair>,
    counts: Arc<PerThread<AtomicU64>>,
}

impl RequestCounter {
    pub(crate) fn inc(&self) {
        self.counts.own().fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.counts.used().map(|count| count.load(Ordering::Relaxed)).sum()
    }
}

impl Metric for RequestCounter {
    fn metric(&self) -> proto::Metric {
        let mut counter = proto::Counter::default();
        counter.set_value(self.get() as f64);
        let mut metric = proto::Metric::from_label(self.labels.clone());
        metric.set_counter(counter);
        metric
    }
}

/// A distribution of latencies.
#[derive(Clone, Debug)]
pub(crate) struct LatencyHistogram {
    labels: Vec<proto::LabelPair>,
    parts: Arc<PerThread<Latencies>>,
}

/// The latencies that one thread, or a few, observed.
#[derive(Debug)]
struct Latencies {
    /// One for each end, and one for those that are longer.
    buckets: [AtomicU64; BUCKET_ENDS_US.len() + 1],
    sum_ns: AtomicU64,
}

impl Default for Latencies {
    fn default() -> Self {
        Latencies { buckets: [const { AtomicU64::new(0) }; BUCKET_ENDS_US.len() + 1], sum_ns: AtomicU64::new(0) }
    }
}

impl LatencyHistogram {
    pub(crate) fn observe(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let at = BUCKET_ENDS_US.partition_point(|end| end * 1_000 < nanos);
        let latencies = self.parts.own();
        latencies.buckets[at].fetch_add(1, Ordering::Relaxed);
        latencies.sum_ns.fetch_add(nanos, Ordering::Relaxed);
    }

    /// The latencies in each bucket, with its upper end in microseconds, and those that are longer than all.
    pub(crate) fn counts(&self) -> Vec<(Option<u64>, u64)> {
        let ends = BUCKET_ENDS_US.iter().copied().map(Some).chain([None]);
        let sum = |at: usize| self.parts.used().map(|part| part.buckets[at].load(Ordering::Relaxed)).sum();
        ends.enumerate().map(|(at, end)| (end, sum(at))).collect()
    }
}

impl Metric for LatencyHistogram {
    fn metric(&self) -> proto::Metric {
        let (mut total, mut buckets) = (0, Vec::with_capacity(BUCKET_ENDS_US.len()));
        for (end, count) in self.counts() {
            total += count;
            let Some(end) = end else { break };
            let mut bucket = proto::Bucket::default();
            bucket.set_upper_bound(end as f64 / 1e6);
            bucket.set_cumulative_count(total);
            buckets.push(bucket);
        }
        let nanos: u64 = self.parts.used().map(|part| part.sum_ns.load(Ordering::Relaxed)).sum();
        let mut histogram = proto::Histogram::default();
        histogram.set_bucket(buckets);
        histogram.set_sample_count(total);
        histogram.set_sample_sum(nanos as f64 / 1e9);
        let mut metric = proto::Metric::from_label(self.labels.clone());
        metric.set_histogram(histogram);
        metric
    }
}

/// Makes counters for a [`MetricVec`].
#[derive(Clone, Debug)]
pub(crate) struct RequestCounterBuilder;

impl MetricVecBuilder for RequestCounterBuilder {
    type M = RequestCounter;
    type P = Opts;

    fn build<V: AsRef<str>>(&self, options: &Opts, values: &[V]) -> prometheus::Result<RequestCounter> {
        Ok(RequestCounter { labels: labels(options, values), counts: Arc::default() })
    }
}

/// Makes histograms for a [`MetricVec`].
#[derive(Clone, Debug)]
pub(crate) struct LatencyHistogramBuilder;

impl MetricVecBuilder for LatencyHistogramBuilder {
    type M = LatencyHistogram;
    type P = Opts;

    fn build<V: AsRef<str>>(&self, options: &Opts, values: &[V]) -> prometheus::Result<LatencyHistogram> {
        Ok(LatencyHistogram { labels: labels(options, values), parts: Arc::default() })
    }
}

/// Labels in the order of their names, as the package sorts its own.
fn labels<V: AsRef<str>>(options: &Opts, values: &[V]) -> Vec<proto::LabelPair> {
    let pair = |(name, value): (&String, &V)| {
        let mut pair = proto::LabelPair::default();
        pair.set_name(name.clone());
        pair.set_value(value.as_ref().to_owned());
        pair
    };
    let mut pairs: Vec<proto::LabelPair> = options.variable_labels.iter().zip(values).map(pair).collect();
    pairs.sort();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus::{Encoder, Registry, TextEncoder};

    fn render(collector: impl prometheus::core::Collector + 'static) -> String {
        let registry = Registry::new();
        registry.register(Box::new(collector)).unwrap();
        let mut text = Vec::new();
        TextEncoder::new().encode(&registry.gather(), &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    fn options() -> Opts {
        Opts::new("x", "Help.").variable_labels(vec!["b".to_owned(), "a".to_owned()])
    }

    #[test]
    fn all_threads_are_counted() {
        let counters = RequestCounters::create(proto::MetricType::COUNTER, RequestCounterBuilder, options()).unwrap();
        let (counter, idle) = (counters.with_label_values(&["1", "2"]), counters.with_label_values(&["1", "3"]));
        std::thread::scope(|scope| {
            for _ in 0..40 {
                scope.spawn(|| (0..100).for_each(|_| counter.inc()));
            }
        });
        assert_eq!((counter.get(), idle.get()), (4_000, 0));
        let text = render(counters);
        assert!(text.contains("x{a=\"2\",b=\"1\"} 4000\n") && text.contains("x{a=\"3\",b=\"1\"} 0\n"), "{text}");
    }

    #[test]
    fn latencies_are_told_as_the_package_tells_them() {
        let ours = LatencyHistograms::create(proto::MetricType::HISTOGRAM, LatencyHistogramBuilder, options()).unwrap();
        let bounds = BUCKET_ENDS_US.map(|end| end as f64 / 1e6).to_vec();
        let named = prometheus::HistogramOpts::new("x", "Help.").buckets(bounds);
        let theirs = prometheus::HistogramVec::new(named, &["b", "a"]).unwrap();
        let (one, other) = (ours.with_label_values(&["1", "2"]), theirs.with_label_values(&["1", "2"]));
        for micros in [0, 1, 49, 50, 51, 70, 8_192, 500_000, 10_000_000, 10_000_001, 64_000_000] {
            one.observe(Duration::from_micros(micros));
            other.observe(Duration::from_micros(micros).as_secs_f64());
        }
        // Theirs adds fractions of seconds, which are not exact.
        let without_sum =
            |text: String| text.lines().filter(|line| !line.contains("_sum")).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(one.metric().get_histogram().get_sample_sum(), 84.508_414);
        assert_eq!(without_sum(render(ours)), without_sum(render(theirs)));
    }
}
