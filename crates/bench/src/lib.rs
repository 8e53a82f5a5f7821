//! `henge bench`: a load of single-row reads or writes over the native protocol, against Henge or Apache Cassandra alike, and what it
//! costs the servers in CPU per operation.
//!
//! - `options`: the command line; `connection`: one blocking connection; `load`: the requests of one connection.
//! - `probe`: the time of a sync.
//! - `process`: CPU time and memory of the server processes; `report`: the printed report.

// Above the seams: real clocks, threads and maps are allowed here.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod connection;
mod load;
mod options;
mod probe;
mod process;
mod report;

pub use options::BenchOptions;

use connection::Connection;
use henge_shell::Access;
use load::{Load, Measurements, Phase};
use report::Report;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The longest time until all servers know the schema.
const SCHEMA_TIMEOUT: Duration = Duration::from_secs(30);

/// Runs a measurement and prints it.
pub fn bench(options: &BenchOptions) -> anyhow::Result<i32> {
    if let Some(folder) = &options.probe {
        println!("{}", probe::sync(folder)?);
        return Ok(0);
    }
    let access = options.find_access()?;
    prepare_schema(options, &access)?;
    let stop = Arc::new(AtomicBool::new(false));
    if options.fill {
        let began = Instant::now();
        fill(options, &access)?;
        println!("wrote {} rows in {:.1} s", options.rows, began.elapsed().as_secs_f64());
    }
    let warm = measure(options, &access, Phase::WarmUp, options.warm_up, &stop)?;
    drop(warm);
    let report = measure(options, &access, Phase::Measured, options.seconds, &stop)?;
    println!("{report}");
    Ok(i32::from(report.errors > 0))
}

fn prepare_schema(options: &BenchOptions, access: &Access) -> anyhow::Result<()> {
    let mut connection = Connection::open(access, options.host(0), options.version()?)?;
    connection.run(&format!(
        "CREATE KEYSPACE IF NOT EXISTS bench WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': {}}}",
        options.replication
    ))?;
    connection.run("CREATE TABLE IF NOT EXISTS bench.data (k bigint PRIMARY KEY, v blob)")?;
    connection.run("CREATE TABLE IF NOT EXISTS bench.wide (k bigint, c bigint, v blob, PRIMARY KEY (k, c))")?;
    (0..options.hosts.len()).try_for_each(|host| wait_for_table(options, access, host))
}

/// Waits until a server knows the table, which another server may have made.
fn wait_for_table(options: &BenchOptions, access: &Access, host: usize) -> anyhow::Result<()> {
    let mut connection = Connection::open(access, options.host(host), options.version()?)?;
    let end = Instant::now() + SCHEMA_TIMEOUT;
    loop {
        match connection.run("SELECT k FROM bench.wide LIMIT 1") {
            Err(_) if Instant::now() < end => std::thread::sleep(Duration::from_millis(100)),
            outcome => return outcome,
        }
    }
}

/// Writes every row once.
fn fill(options: &BenchOptions, access: &Access) -> anyhow::Result<()> {
    let options = BenchOptions {
        write: true,
        conditional: false,
        batch: false,
        unprepared: false,
        rate: 0,
        in_flight: 256.max(options.in_flight),
        ..options.clone()
    };
    let stop = Arc::new(AtomicBool::new(false));
    let threads: Vec<_> = (0..options.connections)
        .map(|number| {
            Load::new(&options, access, Phase::Fill, number, Arc::clone(&stop))
                .map(|load| std::thread::spawn(move || load.fill()))
        })
        .collect::<anyhow::Result<_>>()?;
    join_all(threads).map(|_| ())
}

/// Sends requests for so many seconds; none at all for 0.
fn measure(
    options: &BenchOptions,
    access: &Access,
    phase: Phase,
    seconds: u64,
    stop: &Arc<AtomicBool>,
) -> anyhow::Result<Report> {
    stop.store(seconds == 0, Ordering::Relaxed);
    let loads: Vec<Load> = (0..options.connections)
        .map(|number| Load::new(options, access, phase, number, Arc::clone(stop)))
        .collect::<anyhow::Result<_>>()?;
    let before = process::cpu(&options.pids)?;
    let began = Instant::now();
    let threads: Vec<_> = loads.into_iter().map(|load| std::thread::spawn(move || load.run())).collect();
    std::thread::sleep(Duration::from_secs(seconds));
    stop.store(true, Ordering::Relaxed);
    let recorded = join_all(threads)?;
    let time = began.elapsed();
    let cpu = process::cpu(&options.pids)?.saturating_sub(before);
    Ok(Report::new(options, recorded, time, cpu, process::resident(&options.pids)?))
}

fn join_all(threads: Vec<std::thread::JoinHandle<anyhow::Result<Measurements>>>) -> anyhow::Result<Measurements> {
    let mut all = Measurements::default();
    for thread in threads {
        let one = thread.join().map_err(|_| anyhow::anyhow!("a connection's thread ended in a panic"))??;
        all.add(one);
    }
    Ok(all)
}
