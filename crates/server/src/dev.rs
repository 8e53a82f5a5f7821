//! `henge dev`: a cluster on this machine, each node a process of its own on 127.0.0.N, with an authority made for it.

use crate::certificates::{AUTHORITY, AUTHORITY_KEY, make_authority, write};
use anyhow::{Context, bail, ensure};
use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long nodes may take to serve, and to stop.
const START: Duration = Duration::from_secs(90);
const STOP: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);
/// What each node may use for cache and write buffers, unless told otherwise after `--`.
const MEMORY: &str = "memory=256MiB";
/// Nodes at most: addresses 127.0.0.1 to 127.0.0.200.
const NODES: usize = 200;

/// Starts a cluster of several nodes on this machine.
#[derive(Clone, Debug, clap::Args)]
pub struct DevOptions {
    /// How many nodes, in one datacentre.
    #[arg(long, default_value_t = 3, conflicts_with = "datacenters")]
    nodes: usize,
    /// Datacentres with their nodes, such as dc1:3,dc2:3.
    #[arg(long)]
    datacenters: Option<String>,
    /// Where everything is kept.
    #[arg(long, default_value = "./henge-dev")]
    directory: PathBuf,
    /// Further arguments for every `henge server`.
    #[arg(last = true)]
    server: Vec<String>,
}

/// One node to be.
struct Plan {
    number: usize,
    datacenter: String,
}

impl Plan {
    fn address(&self) -> String {
        format!("127.0.0.{}", self.number)
    }

    fn folder(&self, directory: &Path) -> PathBuf {
        directory.join(format!("node{}", self.number))
    }
}

/// Runs `henge dev`.
pub fn dev(options: &DevOptions) -> anyhow::Result<i32> {
    let plans = plans(options)?;
    fs::create_dir_all(&options.directory)
        .with_context(|| format!("{} cannot be made", options.directory.display()))?;
    if !options.directory.join(AUTHORITY).exists() {
        make_authority(&options.directory, crate::certificates::DEVELOPMENT_DAYS)?;
    }
    let stop = stop_flag()?;
    let mut children = Vec::new();
    for plan in &plans {
        children.push(start(plan, options)?);
    }
    let outcome = watch(&plans, &mut children, options, &stop);
    end(&mut children);
    outcome.map(|()| 0)
}

fn plans(options: &DevOptions) -> anyhow::Result<Vec<Plan>> {
    let text = options.datacenters.clone().unwrap_or_else(|| format!("datacenter1:{}", options.nodes));
    let mut plans = Vec::new();
    for part in text.split(',') {
        let (datacenter, count) =
            part.split_once(':').with_context(|| format!("{part:?} is not of the form name:nodes"))?;
        let count: usize = count.parse().with_context(|| format!("{count:?} is no number of nodes"))?;
        for _ in 0..count {
            plans.push(Plan { number: plans.len() + 1, datacenter: datacenter.to_owned() });
        }
    }
    ensure!((1..=NODES).contains(&plans.len()), "a cluster here has 1 to {NODES} nodes, not {}", plans.len());
    Ok(plans)
}

fn start(plan: &Plan, options: &DevOptions) -> anyhow::Result<Child> {
    let folder = plan.folder(&options.directory);
    // The node makes its own certificate at its first start: only then has it a host id.
    let certificates = folder.join("certs");
    fs::create_dir_all(&certificates)?;
    for (name, secret) in [(AUTHORITY, false), (AUTHORITY_KEY, true)] {
        write(&certificates.join(name), &fs::read_to_string(options.directory.join(name))?, secret)?;
    }
    let log = File::options().create(true).append(true).open(folder.join("henge.log"))?;
    let address = plan.address();
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("server")
        .arg("--data-directory")
        .arg(fs::canonicalize(&folder)?.join("data"))
        .args(["--listen-address", &address, "--rpc-address", &address, "--metrics-address", &address])
        .args(["--admin-address", &address])
        .args(["--seeds", "127.0.0.1:7000", "--datacenter", &plan.datacenter])
        .arg("--development-certificates")
        .arg(fs::canonicalize(&certificates)?)
        // Several nodes share this machine: each by itself would take half of its memory.
        .args(["--set", MEMORY])
        .args(&options.server)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    let child = command.spawn().context("a node cannot be started")?;
    fs::write(folder.join("henge.pid"), format!("{}\n", child.id()))?;
    Ok(child)
}

/// Waits for all nodes to serve, says so, and goes on until it is told to stop.
fn watch(plans: &[Plan], children: &mut [Child], options: &DevOptions, stop: &AtomicBool) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut said = false;
    let mut gone = vec![false; plans.len()];
    while !stop.load(Ordering::Relaxed) {
        for (at, child) in children.iter_mut().enumerate() {
            if !gone[at]
                && let Some(status) = child.try_wait()?
            {
                gone[at] = true;
                let log = plans[at].folder(&options.directory).join("henge.log");
                ensure!(said, "node {} ended with {status}; see {}", plans[at].number, log.display());
                println!(
                    "node {} ended with {status}; the others go on (its log: {})",
                    plans[at].number,
                    log.display()
                );
            }
        }
        if !said && plans.iter().all(serves) {
            said = true;
            let (count, time) = (plans.len(), began.elapsed().as_secs_f64());
            println!("ready: {count} nodes after {time:.1} s, logs in {}/nodeN/henge.log", options.directory.display());
            println!("connect with: henge shell 127.0.0.1 9042   (or cqlsh 127.0.0.1); Ctrl-C stops all");
        }
        if !said && began.elapsed() > START {
            bail!("not all nodes serve after {} s; see the logs in {}", START.as_secs(), options.directory.display());
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}

/// A node opens its port for clients once it is a member.
fn serves(plan: &Plan) -> bool {
    let address = SocketAddr::from(([127, 0, 0, plan.number as u8], 9042));
    TcpStream::connect_timeout(&address, Duration::from_millis(100)).is_ok()
}

fn stop_flag() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Signals are taken over before any node is started.
    let (ready, waiting) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        runtime.block_on(async {
            let told = crate::server::told_to_stop();
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
fn end(children: &mut [Child]) {
    for child in children.iter() {
        if let Some(pid) = rustix::process::Pid::from_raw(child.id() as i32) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
    }
    let began = Instant::now();
    for child in children.iter_mut() {
        while matches!(child.try_wait(), Ok(None)) && began.elapsed() < STOP {
            std::thread::sleep(LOOK);
        }
        if matches!(child.try_wait(), Ok(None)) {
            let _ = child.kill();
        }
        let _ = child.wait();
    }
}
