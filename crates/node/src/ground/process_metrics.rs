//! The metrics of the process: those of the prometheus package, with processor time in fractions of a second, where the package counts
//! whole ones: the rate of a node that does little was 0 or 1 over short windows.

use prometheus::core::{Collector, Desc};
use prometheus::process_collector::ProcessCollector;
use prometheus::proto::{Counter, MetricFamily};

/// Name, kind and help of each.
pub(super) const PROCESS: [(&str, &str, &str); 7] = [
    (CPU, "counter", "Total user and system CPU time spent in seconds."),
    ("process_max_fds", "gauge", "Maximum number of open file descriptors."),
    ("process_open_fds", "gauge", "Number of open file descriptors."),
    ("process_resident_memory_bytes", "gauge", "Resident memory size in bytes."),
    ("process_start_time_seconds", "gauge", "Start time of the process since unix epoch in seconds."),
    ("process_threads", "gauge", "Number of OS threads in the process."),
    ("process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes."),
];
const CPU: &str = "process_cpu_seconds_total";
const STAT: &str = "/proc/self/stat";
/// Ticks of `/proc/self/stat` in a second: USER_HZ of Linux on x86 and ARM.
const TICKS_PER_SECOND: f64 = 100.0;

/// Collects them.
pub(super) struct ProcessMetrics {
    package: ProcessCollector,
}

impl ProcessMetrics {
    pub(super) fn for_self() -> ProcessMetrics {
        ProcessMetrics { package: ProcessCollector::for_self() }
    }
}

impl Collector for ProcessMetrics {
    fn desc(&self) -> Vec<&Desc> {
        self.package.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut families = self.package.collect();
        let seconds = std::fs::read_to_string(STAT).ok().and_then(|stat| cpu_seconds(&stat));
        let Some(seconds) = seconds else {
            // Whole seconds now and fractions later would be a counter that falls.
            families.retain(|family| family.name() != CPU);
            return families;
        };
        for family in families.iter_mut().filter(|family| family.name() == CPU) {
            for metric in family.mut_metric().iter_mut() {
                let mut counter = Counter::default();
                counter.set_value(seconds);
                metric.set_counter(counter);
            }
        }
        families
    }
}

/// User and system time of a process in the text of its `stat`. The name of the program, in parentheses, may have spaces in it.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    // proc_pid_stat(5): utime and stime are fields 14 and 15; the first one after the name is field 3.
    let mut ticks = fields.split_whitespace().skip(11).map(|field| field.parse::<u64>().ok());
    let (user, system) = (ticks.next()??, ticks.next()??);
    Some((user + system) as f64 / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_has_fractions_whatever_the_program_is_called() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 10 0 0 0 123 45 9 9 20 0 3 0 55 1000 10";
        assert_eq!(cpu_seconds(stat), Some(1.68));
        assert_eq!(cpu_seconds("7 (a) S 1"), None);
    }

    #[test]
    fn all_that_are_described_are_collected() {
        let metrics = ProcessMetrics::for_self();
        let mut names: Vec<String> = metrics.collect().iter().map(|family| family.name().to_owned()).collect();
        names.sort_unstable();
        assert_eq!(names, PROCESS.map(|(name, _, _)| name));
    }
}
