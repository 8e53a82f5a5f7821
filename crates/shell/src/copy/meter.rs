//! The progress of a COPY, in cqlsh's words.

use std::fs::{File, remove_file};
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// Counts rows, and tells how many there are in a second.
pub(crate) struct Meter {
    began: Instant,
    reported: Instant,
    interval: Duration,
    /// Rows since the last report, and all.
    recent: u64,
    pub(crate) total: u64,
    rate: f64,
    file: Option<File>,
    /// False where nothing may be printed between the rows.
    is_shown: bool,
}

impl Meter {
    /// A meter that reports so often, and writes each report to a file as well if it has the name of one.
    pub(crate) fn new(interval: Duration, file: Option<&str>, is_shown: bool) -> io::Result<Meter> {
        let open = |name: &str| {
            let _ = remove_file(name); // It is not there the first time.
            File::create(name).map_err(|error| io::Error::new(error.kind(), format!("{name}: {error}")))
        };
        let (file, now) = (file.map(open).transpose()?, Instant::now());
        Ok(Meter { began: now, reported: now, interval, recent: 0, total: 0, rate: 0.0, file, is_shown })
    }

    /// Counts rows. `share` is the part of the work that is done, from 0 to 1, where it is known.
    pub(crate) fn add(&mut self, rows: u64, share: Option<f64>, out: &mut dyn Write) -> io::Result<()> {
        self.recent += rows;
        if self.recent > 0 && self.reported.elapsed() >= self.interval {
            self.report(share, out)?;
        }
        Ok(())
    }

    /// Prints how it stands.
    pub(crate) fn report(&mut self, share: Option<f64>, out: &mut dyn Write) -> io::Result<()> {
        let (now, recent) = (Instant::now(), self.recent);
        let seconds = now.duration_since(self.reported).as_secs_f64().max(1e-9);
        let newest = recent as f64 / seconds;
        // The mean of the last two, as in cqlsh.
        self.rate = if self.rate == 0.0 { newest } else { (self.rate + newest) / 2.0 };
        (self.total, self.recent, self.reported) = (self.total + recent, 0, now);
        let average = self.total as f64 / self.began.elapsed().as_secs_f64().max(1e-9);
        let mut line =
            format!("Processed: {} rows; Rate: {:7.0} rows/s; Avg. rate: {average:7.0} rows/s", self.total, self.rate);
        if let Some(share) = share.filter(|share| *share > 0.0) {
            line += &format!("; ETA: {}", format_clock(self.began.elapsed().mul_f64((1.0 / share.min(1.0)) - 1.0)));
        }
        if let Some(file) = &mut self.file {
            writeln!(file, "{line}")?;
        }
        if self.is_shown {
            write!(out, "{line}\r")?;
            out.flush()?;
        }
        Ok(())
    }

    /// The time since the begin, such as `1 minute and 2.345 seconds`.
    pub(crate) fn describe_time(&self) -> String {
        describe(self.began.elapsed())
    }
}

/// Hours, minutes and seconds, such as `0:01:02`.
fn format_clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn describe(time: Duration) -> String {
    let whole = time.as_secs();
    let units = [(whole / 86_400, "day"), (whole / 3_600 % 24, "hour"), (whole / 60 % 60, "minute")];
    let mut words: Vec<String> = units
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}{}", if count > 1 { "s" } else { "" }))
        .collect();
    words.push(format!("{:.3} seconds", time.as_secs_f64() % 60.0));
    let last = words.pop().unwrap_or_default();
    match words.len() {
        0 => last,
        1 => format!("{} and {last}", words[0]),
        _ => format!("{}, and {last}", words.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_count_all_rows() {
        let mut out = Vec::new();
        let mut meter = Meter::new(Duration::MAX, None, true).unwrap();
        meter.add(3, None, &mut out).unwrap();
        assert!(out.is_empty());
        meter.add(2, None, &mut out).unwrap();
        meter.report(Some(0.5), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("Processed: 5 rows; Rate: ") && text.ends_with("; ETA: 0:00:00\r"), "{text}");
    }

    #[test]
    fn times_are_told_in_words() {
        assert_eq!(describe(Duration::from_millis(1_500)), "1.500 seconds");
        assert_eq!(describe(Duration::from_millis(62_345)), "1 minute and 2.345 seconds");
        assert_eq!(describe(Duration::from_secs(2 * 86_400 + 3_600)), "2 days, 1 hour, and 0.000 seconds");
        assert_eq!(format_clock(Duration::from_secs(3_725)), "1:02:05");
    }
}
