//! `henge dev`: a cluster on this machine, each node a process of its own on an address of its own, with an authority made for it.
//!
//! - `plan`: the nodes, checked before anything is started or written; `process`: one of them.

mod options;
mod plan;
mod process;

pub use options::DevOptions;

use crate::certificates::{AUTHORITY, DEVELOPMENT_DAYS, make_authority};
use anyhow::{Context, bail, ensure};
use plan::Plan;
use process::{NodeProcess, POLL_INTERVAL};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Time that nodes may take to serve, and to stop.
const START_TIMEOUT: Duration = Duration::from_secs(90);
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// Runs `henge dev`.
pub fn dev(options: &DevOptions) -> anyhow::Result<i32> {
    let plans = plan::plans(options)?;
    plan::check_unused(&plans, options.address)?;
    fs::create_dir_all(&options.directory)
        .with_context(|| format!("{} cannot be made", options.directory.display()))?;
    if !options.directory.join(AUTHORITY).exists() {
        make_authority(&options.directory, DEVELOPMENT_DAYS)?;
    }
    let stop = stop_flag()?;
    let mut nodes = Vec::new();
    let outcome = run(plans, options, &mut nodes, &stop);
    end(&mut nodes);
    outcome.map(|()| 0)
}

/// Starts the nodes, says when all serve, and goes on until it is told to stop.
fn run(plans: Vec<Plan>, options: &DevOptions, nodes: &mut Vec<NodeProcess>, stop: &AtomicBool) -> anyhow::Result<()> {
    let began = Instant::now();
    for plan in plans {
        nodes.push(NodeProcess::start(plan, options)?);
    }
    wait_until_ready(nodes, began, stop)?;
    if stop.load(Ordering::Relaxed) {
        return Ok(());
    }
    // Not before: a start that fails leaves the files of a running cluster alone.
    nodes.iter_mut().try_for_each(NodeProcess::write_pid)?;
    announce(nodes, began.elapsed(), options);
    while !stop.load(Ordering::Relaxed) {
        for node in nodes.iter_mut() {
            if let Some(end) = node.end_message()? {
                say!("{end}; the others go on (its log: {})", node.log().display());
            }
        }
        std::thread::sleep(POLL_INTERVAL);
    }
    Ok(())
}

/// Ready are only the nodes that were started here: each says so itself.
fn wait_until_ready(nodes: &mut [NodeProcess], began: Instant, stop: &AtomicBool) -> anyhow::Result<()> {
    while !stop.load(Ordering::Relaxed) && !nodes.iter().all(NodeProcess::is_ready) {
        for node in nodes.iter_mut() {
            if let Some(end) = node.end_message()? {
                bail!("{end}: {} (its log: {})", node.last_words(), node.log().display());
            }
        }
        if began.elapsed() > START_TIMEOUT {
            let late: Vec<String> =
                nodes.iter().filter(|node| !node.is_ready()).map(|node| node.log().display().to_string()).collect();
            bail!("not all nodes serve after {} s; see {}", START_TIMEOUT.as_secs(), late.join(", "));
        }
        std::thread::sleep(POLL_INTERVAL);
    }
    Ok(())
}

fn announce(nodes: &[NodeProcess], time: Duration, options: &DevOptions) {
    let (count, folder) = (nodes.len(), options.directory.display());
    say!("ready: {count} nodes after {:.1} s, logs in {folder}/nodeN/henge.log", time.as_secs_f64());
    let Some(first) = nodes.first().map(|node| node.plan().config.node.rpc_address) else { return };
    let (host, port) = (first.ip(), first.port());
    say!("connect with: henge shell {host} {port}   (or cqlsh {host} {port}); Ctrl-C stops all");
}

fn stop_flag() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Signals are taken over before any node is started.
    let (ready, waiting) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        runtime.block_on(async {
            let told = crate::server::shutdown_signal();
            let _ = ready.send(told.is_ok());
            if let Ok(told) = told {
                told.await;
                flag.store(true, Ordering::Relaxed);
            }
        });
    });
    ensure!(waiting.recv().unwrap_or(false), "signals cannot be taken over");
    Ok(stop)
}

/// SIGTERM to all, then patience, then SIGKILL.
fn end(nodes: &mut [NodeProcess]) {
    nodes.iter().for_each(NodeProcess::terminate);
    let deadline = Instant::now() + STOP_TIMEOUT;
    nodes.iter_mut().for_each(|node| node.wait_or_kill(deadline));
}
