//! Requests of clients since the start, by operation, for operators.

use crate::ground::metrics::{LEVELS, Metrics, OPERATIONS, OUTCOMES};
use crate::ground::request_labels::Ending;
use henge_operator::{LatencyBucket, OperationActivity};

/// Endings of requests that the cluster did not carry out.
const FAILED: [Ending; 4] = [Ending::Unavailable, Ending::Timeout, Ending::Failure, Ending::Overloaded];

/// The operations that there was a request of, over all consistency levels.
pub(crate) fn count_by_operation(metrics: &Metrics) -> Vec<OperationActivity> {
    let operations = OPERATIONS.iter().enumerate().map(|(operation, name)| count(metrics, operation, name));
    operations.filter(|activity| activity.requests > 0).collect()
}

fn count(metrics: &Metrics, operation: usize, name: &str) -> OperationActivity {
    let places = operation * LEVELS..(operation + 1) * LEVELS;
    let requests = places.clone().flat_map(|at| (0..OUTCOMES.len()).map(move |outcome| (at, outcome)));
    let failed = places.clone().flat_map(|at| FAILED.map(|ending| (at, ending as usize)));
    OperationActivity {
        operation: name.to_owned(),
        requests: requests.map(|(at, outcome)| metrics.requests_at(at, outcome)).sum(),
        failed: failed.map(|(at, outcome)| metrics.requests_at(at, outcome)).sum(),
        latencies: latencies(metrics, places),
    }
}

/// The sums of histograms, which have the same buckets.
fn latencies(metrics: &Metrics, places: std::ops::Range<usize>) -> Vec<LatencyBucket> {
    let mut sums: Vec<LatencyBucket> = Vec::new();
    for at in places {
        for (place, (micros_max, requests)) in metrics.latency.counts(at).into_iter().enumerate() {
            match sums.get_mut(place) {
                Some(sum) => sum.requests += requests,
                None => sums.push(LatencyBucket { micros_max, requests }),
            }
        }
    }
    sums.retain(|bucket| bucket.requests > 0);
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::request_labels::Operation;
    use henge_model::Consistency;
    use std::time::Duration;

    #[test]
    fn requests_of_all_levels_are_counted_together() {
        let metrics = Metrics::default();
        assert_eq!(count_by_operation(&metrics), Vec::new());
        for (level, ending, micros) in [
            (Consistency::One, Ending::Ok, 40),
            (Consistency::Quorum, Ending::Ok, 45),
            (Consistency::Quorum, Ending::Invalid, 60),
            (Consistency::All, Ending::Unavailable, 20_000_000),
        ] {
            metrics.request(Operation::Write, level, ending, Duration::from_micros(micros));
        }
        let bucket = |micros_max, requests| LatencyBucket { micros_max, requests };
        let write = OperationActivity {
            operation: "write".to_owned(),
            requests: 4,
            failed: 1,
            latencies: vec![bucket(Some(50), 2), bucket(Some(70), 1), bucket(None, 1)],
        };
        assert_eq!(count_by_operation(&metrics), vec![write]);
    }
}
