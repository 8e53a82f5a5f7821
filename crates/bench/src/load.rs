//! The load of one connection: a number of requests under way at all times, or one request in each interval.

use crate::connection::{Connection, Statement};
use crate::options::BenchOptions;
use henge_base::Random;
use henge_model::{BoundValue, Consistency};
use henge_protocol::{ErrorKind, QueryParameters, Response, Values};
use henge_shell::Access;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Latencies and errors of a connection.
#[derive(Debug, Default)]
pub(crate) struct Measurements {
    /// Each request's time in microseconds.
    pub(crate) latencies: Vec<u32>,
    pub(crate) errors: u64,
    /// Those of them that say Overloaded: nothing was done.
    pub(crate) overloaded: u64,
    pub(crate) first_error: Option<String>,
}

impl Measurements {
    pub(crate) fn add(&mut self, other: Measurements) {
        self.latencies.extend(other.latencies);
        self.errors += other.errors;
        self.overloaded += other.overloaded;
        self.first_error = self.first_error.take().or(other.first_error);
    }
}

/// A phase of a run. Each draws keys and values of its own: one that repeats another's would read what was just read, and write what is
/// there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Fill,
    WarmUp,
    Measured,
}

impl Phase {
    /// The random numbers of one connection.
    fn random(self, number: u64) -> Random {
        let label = match self {
            Phase::Fill => "fill",
            Phase::WarmUp => "warm-up",
            Phase::Measured => "measured",
        };
        Random::new(number + 1).fork(label)
    }
}

/// A connection with its statement.
pub(crate) struct Load {
    connection: Connection,
    statement: Statement,
    consistency: Consistency,
    write: bool,
    conditional: bool,
    batch: bool,
    /// The text to send instead of the prepared statement's id.
    text: Option<&'static str>,
    rows: u64,
    first: u64,
    value: Vec<u8>,
    depth: usize,
    interval: Option<Duration>,
    number: u64,
    connections: u64,
    random: Random,
    /// The time at which each stream's request was sent.
    sent: Vec<Option<Instant>>,
    free: Vec<i16>,
    recorded: Measurements,
    stop: Arc<AtomicBool>,
}

impl Load {
    pub(crate) fn new(
        options: &BenchOptions,
        access: &Access,
        phase: Phase,
        number: usize,
        stop: Arc<AtomicBool>,
    ) -> anyhow::Result<Load> {
        let mut connection = Connection::open(access, options.host(number), options.version()?)?;
        let text = options.statement();
        let statement = connection.prepare(text)?;
        let depth = (options.in_flight / options.connections).clamp(1, 4096);
        let interval =
            (options.rate > 0).then(|| Duration::from_nanos(1_000_000_000 * options.connections as u64 / options.rate));
        Ok(Load {
            connection,
            statement,
            consistency: options.level()?,
            write: options.write || options.conditional || options.batch,
            batch: options.batch,
            conditional: options.conditional,
            text: options.unprepared.then_some(text),
            // A scan begins where so many rows are left.
            rows: (options.rows + 1).saturating_sub(options.rows_per_operation()).max(1),
            first: options.first,
            value: vec![0; options.value_bytes],
            depth,
            interval,
            number: number as u64,
            connections: options.connections as u64,
            random: phase.random(number as u64),
            sent: vec![None; depth],
            free: (0..depth as i16).collect(),
            recorded: Measurements::default(),
            stop,
        })
    }

    /// Sends requests until `stop` is set.
    pub(crate) fn run(mut self) -> anyhow::Result<Measurements> {
        match self.interval {
            None => self.run_closed_loop()?,
            Some(interval) => self.run_paced(interval)?,
        }
        self.drain()?;
        Ok(self.recorded)
    }

    /// Writes this connection's share of all rows.
    pub(crate) fn fill(mut self) -> anyhow::Result<Measurements> {
        let mut keys = (self.first + self.number..self.first + self.rows).step_by(self.connections as usize);
        loop {
            let mut done = false;
            while let Some(stream) = self.free.pop() {
                let Some(key) = keys.next() else {
                    self.free.push(stream);
                    done = true;
                    break;
                };
                self.send(stream, key)?;
            }
            self.connection.flush()?;
            if done {
                self.drain()?;
                return Ok(self.recorded);
            }
            self.receive(None)?;
        }
    }

    fn run_closed_loop(&mut self) -> anyhow::Result<()> {
        while !self.stop.load(Ordering::Relaxed) {
            while let Some(stream) = self.free.pop() {
                let key = self.first + self.random.below(self.rows);
                self.send(stream, key)?;
            }
            self.connection.flush()?;
            self.receive(None)?;
        }
        Ok(())
    }

    fn run_paced(&mut self, interval: Duration) -> anyhow::Result<()> {
        // Connections begin at different times within one interval.
        let mut due = Instant::now() + interval.mul_f64(self.number as f64 / self.connections as f64);
        while !self.stop.load(Ordering::Relaxed) {
            let now = Instant::now();
            if now >= due {
                due += interval;
                if let Some(stream) = self.free.pop() {
                    let key = self.first + self.random.below(self.rows);
                    self.send(stream, key)?;
                    self.connection.flush()?;
                }
            } else {
                self.receive(Some(due - now))?;
            }
        }
        Ok(())
    }

    fn drain(&mut self) -> anyhow::Result<()> {
        while self.free.len() < self.depth {
            self.receive(Some(Duration::from_secs(15)))?;
        }
        Ok(())
    }

    fn send(&mut self, stream: i16, key: u64) -> anyhow::Result<()> {
        let (key, other) = (key.to_be_bytes(), (self.first + self.random.below(self.rows)).to_be_bytes());
        let mut values = vec![BoundValue::Value(&key)];
        if self.write {
            // Every row has a value of its own: copies of one would compress to nothing on disk.
            for part in self.value.chunks_mut(8) {
                part.copy_from_slice(&self.random.next_u64().to_le_bytes()[..part.len()]);
            }
            values.push(BoundValue::Value(&self.value));
        }
        if self.batch {
            values.extend([BoundValue::Value(&other), BoundValue::Value(&self.value)]);
        }
        if self.conditional {
            values.reverse();
        }
        let parameters = QueryParameters {
            consistency: self.consistency,
            values: Values::positional(values),
            skip_metadata: true,
            ..QueryParameters::default()
        };
        match self.text {
            Some(text) => self.connection.queue_text(stream, text, parameters)?,
            None => self.connection.queue(stream, &self.statement, parameters)?,
        }
        self.sent[stream as usize] = Some(Instant::now());
        Ok(())
    }

    fn receive(&mut self, timeout: Option<Duration>) -> anyhow::Result<()> {
        if !self.connection.wait(timeout)? {
            return Ok(());
        }
        while let Some(incoming) = self.connection.next()? {
            let Some(sent) = usize::try_from(incoming.stream).ok().and_then(|s| self.sent.get_mut(s)?.take()) else {
                continue;
            };
            self.free.push(incoming.stream);
            match incoming.response {
                Response::Error(error) => {
                    self.recorded.errors += 1;
                    self.recorded.overloaded += u64::from(error.kind == ErrorKind::Overloaded);
                    self.recorded.first_error.get_or_insert_with(|| error.to_string());
                }
                _ => self.recorded.latencies.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_phase_repeats_the_numbers_of_another() {
        let mut seen = BTreeSet::new();
        for phase in [Phase::Fill, Phase::WarmUp, Phase::Measured] {
            for number in 0..4 {
                let mut random = phase.random(number);
                assert!((0..1_000).all(|_| seen.insert(random.next_u64())), "{phase:?} of connection {number}");
            }
        }
    }
}
