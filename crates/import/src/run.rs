//! The whole import.

use crate::copy::{Copier, Copying};
use crate::options::ImportOptions;
use crate::pace::Pace;
use crate::progress::Progress;
use crate::ranges::range;
use crate::schema::{self, Schema};
use crate::state::{Header, RangeOutcome, State};
use crate::table::{Form, Table, tells_element_times};
use anyhow::{Context, ensure};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

/// The exit code of an import after which rows may be missing.
const INCOMPLETE: i32 = 2;
/// The times that a range is tried in one run, by new connections each time.
const TRIES_MAX: u32 = 5;
/// The pause before the second try; it doubles.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// Ranges that may fail before the import ends early: something is wrong with all of them.
const FAILURES_MAX: usize = 16;
/// Failures and refusals that are printed.
const LINES_MAX: usize = 20;

/// Imports a keyspace or a table; gives the exit code of the process.
pub fn import(options: &ImportOptions) -> anyhow::Result<i32> {
    let (source, target) = (options.source(), options.target());
    let (tables, header) = prepare(options)?;
    let state = State::open(&options.state_path(), header)?;
    let work = ranges_left(options, &tables, &state);
    let total = tables.len() as u64 * u64::from(options.ranges);
    let progress = Progress::new(total - work.len() as u64, total);
    let pace = Pace::new(options.rate);
    let copying = Copying {
        source: &source,
        target: &target,
        consistency: options.consistency,
        page_rows: options.page_rows,
        verifies: !options.no_verify,
        began_us: state.header.began_us,
        pace: &pace,
        progress: &progress,
    };
    let import =
        Import { tables: &tables, ranges: options.ranges, state: &state, copying: &copying, work: Mutex::new(work) };
    let failures = import.run(options)?;
    Ok(report(options, &tables, &state, &failures))
}

/// Connects to both sides, makes the schema, and finds out what can be kept.
fn prepare(options: &ImportOptions) -> anyhow::Result<(Vec<Table>, Header)> {
    let mut source = options.source().connect().context("the source")?;
    let mut target = options.target().connect().context("the target")?;
    let (cluster, host) = schema::identify(&mut source).context("the source")?;
    schema::identify(&mut target).context("the target")?;
    ensure!(!schema::hosts(&mut target)?.contains(&host), "the source and the target are one cluster");
    let (keyspace, table) = (options.selection.keyspace.as_str(), options.selection.table.as_deref());
    let Schema { tables, .. } = schema::read(&mut source, keyspace, table).context("the source")?;
    ensure!(!tables.is_empty(), "the source has no tables in {keyspace}");
    if !options.no_schema {
        let refused = schema::make(&mut source, &mut target, (keyspace, table), options.replication.as_deref())?;
        refused.iter().take(LINES_MAX).for_each(|line| eprintln!("not kept: {line}"));
    }
    let own = schema::read(&mut source, keyspace, table)?;
    schema::check_same(&own, &schema::read(&mut target, keyspace, table).context("the target")?)?;
    let mut prepared = Vec::new();
    for mut table in tables {
        table.has_element_times =
            tells_element_times(&table, &mut source)? && tells_element_times(&table, &mut target)?;
        losses(&table).iter().for_each(|line| eprintln!("not kept: {}.{}: {line}", table.keyspace, table.name));
        prepared.push(table);
    }
    let began = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let header = Header {
        selection: options.selection.to_string(),
        source: format!("{cluster} {}", host.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        ranges: options.ranges,
        began_us: i64::try_from(began.as_micros()).unwrap_or(i64::MAX),
    };
    Ok((prepared, header))
}

/// The things that an import of a table cannot keep, in sentences.
fn losses(table: &Table) -> Vec<&'static str> {
    let has = |form: fn(&Form) -> bool| table.values.iter().any(|column| form(&column.form));
    let mut losses = Vec::new();
    if table.is_counter() {
        losses.push("counters have their values, not their shards and times; nobody may count in the target meanwhile");
        return losses;
    }
    if !table.has_element_times && has(|form| !matches!(form, Form::Single)) {
        losses.push(
            "the source does not tell the times of elements and fields (Cassandra does from 5.0 on): they are written as new as the \
             newest column of their row, and do not expire",
        );
    } else if has(|form| matches!(form, Form::List)) {
        losses.push("a list has one time, that of its newest element, and expires with the last of them");
    }
    losses
}

fn ranges_left(options: &ImportOptions, tables: &[Table], state: &State) -> VecDeque<(usize, u32)> {
    let is_left =
        |table: &Table, number: u32| !state.range(&table.name, number).outcome.is_some_and(|done| done.is_well());
    let of_table = |(place, table)| {
        (0..options.ranges).filter(move |number| is_left(table, *number)).map(move |number| (place, number))
    };
    tables.iter().enumerate().flat_map(of_table).collect()
}

/// The work of all connections.
struct Import<'a> {
    tables: &'a [Table],
    ranges: u32,
    state: &'a State,
    copying: &'a Copying<'a>,
    /// Ranges that nobody has begun, by the places of their tables.
    work: Mutex<VecDeque<(usize, u32)>>,
}

impl Import<'_> {
    /// Copies all ranges; gives the failures of those that could not be.
    fn run(&self, options: &ImportOptions) -> anyhow::Result<Vec<String>> {
        let failures = Mutex::new(Vec::new());
        let interval = Duration::from_secs(options.progress_seconds.into());
        std::thread::scope(|scope| {
            scope.spawn(|| self.copying.progress.tell(interval));
            let workers: Vec<_> = (0..options.connections).map(|_| scope.spawn(|| self.work(&failures))).collect();
            let outcomes: Vec<_> = workers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
            self.copying.progress.end();
            let of_worker = |outcome: std::thread::Result<anyhow::Result<()>>| {
                outcome.unwrap_or_else(|_| Err(anyhow::anyhow!("a thread of the import ended by a bug")))
            };
            outcomes.into_iter().try_for_each(of_worker)
        })?;
        Ok(failures.into_inner())
    }

    /// Copies ranges until none is left, or too many have failed.
    fn work(&self, failures: &Mutex<Vec<String>>) -> anyhow::Result<()> {
        let mut copier = None;
        while failures.lock().len() < FAILURES_MAX {
            let Some((place, number)) = self.work.lock().pop_front() else { return Ok(()) };
            let table = &self.tables[place];
            match self.copy(&mut copier, table, number)? {
                Ok(outcome) => {
                    self.state.end(&table.name, number, outcome)?;
                    self.copying.progress.add_range();
                }
                Err(error) => failures.lock().push(format!("{}, range {number}: {error:#}", table.full_name())),
            }
        }
        Ok(())
    }

    /// Copies a range, with new connections after each failure. The outer error is one of the state's file.
    fn copy<'c>(
        &'c self,
        copier: &mut Option<Copier<'c>>,
        table: &Table,
        number: u32,
    ) -> anyhow::Result<anyhow::Result<RangeOutcome>> {
        let mut tries = 0;
        loop {
            let attempt = self.state.begin(&table.name, number)?;
            let mut copy = || {
                let mut own = copier.take().map_or_else(|| Copier::connect(self.copying), Ok)?;
                let outcome = own.copy(table, range(number, self.ranges), attempt)?;
                *copier = Some(own);
                Ok(outcome)
            };
            let outcome: anyhow::Result<RangeOutcome> = copy();
            tries += 1;
            if outcome.is_ok() || tries == TRIES_MAX {
                return Ok(outcome);
            }
            std::thread::sleep(RETRY_DELAY * 2_u32.pow(tries - 1));
        }
    }
}

/// Prints what became of each table; gives the exit code.
fn report(options: &ImportOptions, tables: &[Table], state: &State, failures: &[String]) -> i32 {
    let mut is_complete = true;
    for table in tables {
        let outcomes: Vec<RangeOutcome> =
            (0..options.ranges).filter_map(|number| state.range(&table.name, number).outcome).collect();
        let sum = |of: fn(&RangeOutcome) -> u64| outcomes.iter().map(of).sum::<u64>();
        let verified = outcomes.iter().filter(|outcome| outcome.is_verified).count();
        let (missing, different, surplus) = (sum(|o| o.missing), sum(|o| o.different), sum(|o| o.surplus));
        say(&format!(
            "{}.{}: {} rows, {} of {} ranges copied, {verified} compared",
            table.keyspace,
            table.name,
            sum(|outcome| outcome.rows),
            outcomes.len(),
            options.ranges
        ));
        if missing + different > 0 {
            say(&format!("  {missing} rows are missing in the target, {different} are different"));
        }
        if surplus > 0 {
            say(&format!("  {surplus} rows are in the target alone, or newer there"));
        }
        is_complete &= outcomes.len() == options.ranges as usize && missing + different == 0;
    }
    failures.iter().take(LINES_MAX).for_each(|failure| eprintln!("failed: {failure}"));
    match is_complete {
        true if options.no_verify => say("All ranges are copied; nothing was compared"),
        true => say("All rows of the source are in the target"),
        false => say(&format!("Not complete: the same command goes on from {}", options.state_path().display())),
    }
    if is_complete { 0 } else { INCOMPLETE }
}

/// Prints a line. A reader that has gone away, as `head` does, is no failure.
fn say(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{line}");
}
