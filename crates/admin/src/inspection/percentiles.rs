//! Percentiles of latencies, from histograms.

use henge_operator::{LatencyBucket, OperationLatencies};

/// The parts of all requests whose latencies are printed, with their names.
const PARTS: [(&str, f64); 5] = [("50%", 0.5), ("75%", 0.75), ("95%", 0.95), ("98%", 0.98), ("99%", 0.99)];
/// The columns of a coordinator, with the operations that are counted there. Views there are none of, and a read at a serial level counts as
/// a read.
const COLUMNS: [(&str, &[&str]); 6] = [
    ("Read", &["read"]),
    ("Write", &["write", "batch", "counter"]),
    ("Range", &["scan"]),
    ("CAS Read", &[]),
    ("CAS Write", &["cas"]),
    ("View Write", &[]),
];
/// The longest latency that histograms tell, in microseconds; what took longer is told as this.
const LONGEST_MICROS: u64 = 10_000_000;

/// The latencies of requests that a node coordinated, in nodetool's layout.
pub(crate) fn of_coordinator(operations: &[OperationLatencies]) -> String {
    let of = |names: &[&str]| {
        let counted = operations.iter().filter(|operation| names.contains(&operation.operation.as_str()));
        sum(counted.flat_map(|operation| &operation.latencies))
    };
    let columns = COLUMNS.map(|(_, names)| (!names.is_empty()).then(|| of(names)));
    let line = |first: &str, cells: [String; COLUMNS.len()]| {
        let cells: String = cells.iter().map(|cell| format!("{cell:>19}")).collect();
        format!("{first:<10}{cells}\n")
    };
    let row = |name: &str, value: &dyn Fn(&[LatencyBucket]) -> u64| {
        let cell = |column: &Option<Vec<LatencyBucket>>| match column {
            Some(buckets) => format!("{}.00", value(buckets)),
            None => "-".to_owned(),
        };
        line(name, columns.each_ref().map(cell))
    };
    let mut text = "proxy histograms\n".to_owned();
    text += &line("Percentile", COLUMNS.map(|(name, _)| format!("{name} Latency")));
    text += &line("", COLUMNS.map(|_| "(micros)".to_owned()));
    for (name, part) in PARTS {
        text += &row(name, &|buckets| below(buckets, part));
    }
    text += &row("Min", &|buckets| buckets.first().map_or(0, micros));
    text += &row("Max", &|buckets| buckets.last().map_or(0, micros));
    text + "\n"
}

/// Buckets of several histograms, those of one end added up; ascending.
fn sum<'a>(buckets: impl Iterator<Item = &'a LatencyBucket>) -> Vec<LatencyBucket> {
    let mut sums: Vec<LatencyBucket> = Vec::new();
    for bucket in buckets.filter(|bucket| bucket.requests > 0) {
        match sums.iter_mut().find(|sum| sum.micros_max == bucket.micros_max) {
            Some(sum) => sum.requests += bucket.requests,
            None => sums.push(*bucket),
        }
    }
    sums.sort_by_key(micros);
    sums
}

/// The end of the bucket that holds the latency that this part of all is not above; 0 without any.
fn below(buckets: &[LatencyBucket], part: f64) -> u64 {
    let all: u64 = buckets.iter().map(|bucket| bucket.requests).sum();
    let wanted = (all as f64 * part).ceil();
    let mut seen = 0;
    let found = buckets.iter().find(|bucket| {
        seen += bucket.requests;
        seen as f64 >= wanted
    });
    found.map_or(0, micros)
}

fn micros(bucket: &LatencyBucket) -> u64 {
    bucket.micros_max.unwrap_or(LONGEST_MICROS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(name: &str, latencies: &[(Option<u64>, u64)]) -> OperationLatencies {
        let bucket = |(micros_max, requests): &(Option<u64>, u64)| LatencyBucket {
            micros_max: *micros_max,
            requests: *requests,
        };
        OperationLatencies { operation: name.to_owned(), latencies: latencies.iter().map(bucket).collect() }
    }

    #[test]
    fn percentiles_stand_where_nodetool_has_them() {
        let reads = operation("read", &[(Some(50), 60), (Some(100), 38), (Some(700), 1), (None, 1)]);
        let text = of_coordinator(&[reads, operation("batch", &[(Some(70), 1)]), operation("write", &[(Some(50), 1)])]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1].len(), 10 + 6 * 19);
        assert!(lines[1].starts_with("Percentile       Read Latency      Write Latency      Range Latency"), "{text}");
        let cells = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(cells(lines[3]), ["50%", "50.00", "50.00", "0.00", "-", "0.00", "-"]);
        assert_eq!(cells(lines[4]), ["75%", "100.00", "70.00", "0.00", "-", "0.00", "-"]);
        assert_eq!(cells(lines[7])[1], "700.00");
        assert_eq!(cells(lines[8]), ["Min", "50.00", "50.00", "0.00", "-", "0.00", "-"]);
        assert_eq!(cells(lines[9])[1], "10000000.00");
    }
}
