//! The report of a measurement.

use crate::load::Measurements;
use crate::options::BenchOptions;
use std::fmt;
use std::time::Duration;

/// One measurement.
#[derive(Debug)]
pub(crate) struct Report {
    title: String,
    operations: usize,
    time: Duration,
    cpu: Option<Duration>,
    resident: u64,
    latencies: Vec<u32>,
    pub(crate) errors: u64,
    overloaded: u64,
    first_error: Option<String>,
}

impl Report {
    pub(crate) fn new(
        options: &BenchOptions,
        recorded: Measurements,
        time: Duration,
        cpu: Duration,
        resident: u64,
    ) -> Report {
        let mut latencies = recorded.latencies;
        latencies.sort_unstable();
        let load =
            if options.rate > 0 { format!("{}/s", options.rate) } else { format!("{} in flight", options.in_flight) };
        let operation = match (options.write || options.batch, options.scan) {
            (true, _) => "write",
            (_, true) => "scanned row",
            _ => "read",
        };
        Report {
            title: format!("{operation} {} {load} over {} connections", options.consistency, options.connections),
            operations: latencies.len() * options.rows_per_operation() as usize,
            time,
            cpu: (!options.pids.is_empty()).then_some(cpu),
            resident,
            latencies,
            errors: recorded.errors,
            overloaded: recorded.overloaded,
            first_error: recorded.first_error,
        }
    }

    /// The latency in milliseconds that `permille` of the requests stay below.
    fn percentile(&self, permille: usize) -> f64 {
        let at = (self.latencies.len() * permille / 1_000).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(at).map_or(0.0, |us| f64::from(*us) / 1_000.0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.operations as f64 / self.time.as_secs_f64();
        let (half, most) = (self.percentile(500), self.percentile(990));
        write!(f, "{}: {rate:.0}/s, p50 {half:.2} ms, p99 {most:.2} ms", self.title)?;
        if let Some(cpu) = self.cpu {
            let each = cpu.as_secs_f64() * 1e6 / self.operations.max(1) as f64;
            let share = cpu.as_secs_f64() / self.time.as_secs_f64();
            write!(f, ", servers {each:.2} us of CPU each ({share:.2} cores), {} MB resident", self.resident >> 20)?;
        }
        if let Some(error) = &self.first_error {
            write!(f, ", {} ERRORS, {} of them Overloaded, the first: {error}", self.errors, self.overloaded)?;
        }
        Ok(())
    }
}
