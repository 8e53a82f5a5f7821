//! `henge dev`: a cluster on this machine, each node a process of its own on an address of its own, with an authority made for it.
//!
//! - `plan`: the nodes, checked before anything is started or written; `process`: one of them; `cluster`: all of them.
//! - `action`, `control`: the actions that another terminal may ask for, and the socket through which it asks.

mod action;
mod cluster;
mod control;
mod options;
mod plan;
mod process;

pub use options::DevOptions;

use crate::certificates::{AUTHORITY, DEVELOPMENT_DAYS, make_authority};
use anyhow::{Context, ensure};
use cluster::Cluster;
use control::Control;
use plan::Plan;
use process::POLL_INTERVAL;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Runs `henge dev`.
pub fn dev(options: &DevOptions) -> anyhow::Result<i32> {
    if let Some(action) = &options.action {
        say!("{}", control::ask(&options.directory, action)?.trim_end());
        return Ok(0);
    }
    let plans = plan::plans(options)?;
    plan::check_unused(&plans, options.address)?;
    fs::create_dir_all(&options.directory)
        .with_context(|| format!("{} cannot be made", options.directory.display()))?;
    if !options.directory.join(AUTHORITY).exists() {
        make_authority(&options.directory, DEVELOPMENT_DAYS)?;
    }
    let mut cluster = Cluster::new(options, stop_flag()?);
    let outcome = run(&mut cluster, plans);
    cluster.end();
    outcome.map(|()| 0)
}

/// Starts the nodes, says when all serve, and does as it is asked until it is told to stop.
fn run(cluster: &mut Cluster<'_>, plans: Vec<Plan>) -> anyhow::Result<()> {
    let began = Instant::now();
    cluster.start(plans)?;
    cluster.wait_until_ready()?;
    if cluster.is_stopping() {
        return Ok(());
    }
    // Not before: a start that fails leaves the files of a running cluster alone.
    cluster.write_pids()?;
    let control = Control::listen(&cluster.options().directory)?;
    announce(cluster, began.elapsed());
    while !cluster.is_stopping() {
        while let Some(asked) = control.next() {
            let outcome = cluster.carry_out(&asked.action);
            asked.answer(&outcome);
        }
        cluster.say_ends()?;
        std::thread::sleep(POLL_INTERVAL);
    }
    Ok(())
}

fn announce(cluster: &Cluster<'_>, time: Duration) {
    let (count, folder) = (cluster.nodes().len(), cluster.options().directory.display());
    say!("ready: {count} nodes after {:.1} s, logs in {folder}/nodeN/henge.log", time.as_secs_f64());
    let Some(first) = cluster.nodes().first().map(|node| node.plan().config.node.rpc_address) else { return };
    let (host, port) = (first.ip(), first.port());
    say!("connect with: henge shell {host} {port}   (or cqlsh {host} {port}); Ctrl-C stops all");
    say!("from another terminal: henge dev status | stop | start N | restart N | kill N | add");
    say!(
        "act on a node with: henge admin --data-directory {folder}/node1/data tablestats   (henge admin --help lists the rest)"
    );
}

fn stop_flag() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Signals are taken over before any node is started.
    let (ready, waiting) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        runtime.block_on(async {
            let told = crate::signals::shutdown_signal();
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
