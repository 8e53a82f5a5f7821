//! A node of `henge dev` as a process. It ends with the process that started it, whatever ends that.

use super::options::DevOptions;
use super::plan::Plan;
use crate::certificates::{AUTHORITY, AUTHORITY_KEY, write};
use crate::server::READY;
use anyhow::Context;
use rustix::process::{Pid, Signal, getpid, getppid, kill_process, set_parent_process_death_signal};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The pause between two looks at a process.
pub(super) const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Bytes at the end of a log that are searched for an error.
const LOG_TAIL_BYTES: u64 = 64 << 10;

/// A node that was started.
pub(super) struct NodeProcess {
    plan: Plan,
    child: Child,
    /// Set once the node serves clients.
    ready: Arc<AtomicBool>,
    /// Length of the log before this start.
    log_start: u64,
    wrote_pid: bool,
    is_gone: bool,
}

impl NodeProcess {
    pub(super) fn start(plan: Plan, options: &DevOptions) -> anyhow::Result<NodeProcess> {
        let certificates = plan.certificates();
        fs::create_dir_all(&certificates).with_context(|| format!("{} cannot be made", certificates.display()))?;
        for (name, secret) in [(AUTHORITY, false), (AUTHORITY_KEY, true)] {
            write(&certificates.join(name), &fs::read_to_string(options.directory.join(name))?, secret)?;
        }
        let log = File::options().create(true).append(true).open(plan.folder.join("henge.log"))?;
        let log_start = log.metadata()?.len();
        let mut child = spawn(&plan, log.try_clone()?).context("a node cannot be started")?;
        let ready = Arc::new(AtomicBool::new(false));
        if let Some(output) = child.stdout.take() {
            let ready = Arc::clone(&ready);
            std::thread::spawn(move || copy_output(output, log, &ready));
        }
        Ok(NodeProcess { plan, child, ready, log_start, wrote_pid: false, is_gone: false })
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Starts a node that has ended again.
    pub(super) fn start_again(&mut self, options: &DevOptions) -> anyhow::Result<()> {
        let _ = self.child.wait();
        *self = NodeProcess::start(self.plan.clone(), options)?;
        self.write_pid()
    }

    /// True once the process has ended.
    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Notes an end that was asked for, so that nobody is told of it.
    pub(super) fn expect_end(&mut self) {
        self.is_gone = true;
    }

    /// Kills it, as a crash would.
    pub(super) fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(|_| ())
    }

    /// Its process id.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn log(&self) -> PathBuf {
        self.plan.folder.join("henge.log")
    }

    fn pid_file(&self) -> PathBuf {
        self.plan.folder.join("henge.pid")
    }

    /// True once this very process serves clients.
    pub(super) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    pub(super) fn write_pid(&mut self) -> anyhow::Result<()> {
        let path = self.pid_file();
        fs::write(&path, format!("{}\n", self.child.id()))
            .with_context(|| format!("{} cannot be written", path.display()))?;
        self.wrote_pid = true;
        Ok(())
    }

    /// A sentence about its end, once.
    pub(super) fn end_message(&mut self) -> io::Result<Option<String>> {
        if self.is_gone {
            return Ok(None);
        }
        let status = self.child.try_wait()?;
        self.is_gone = status.is_some();
        Ok(status.map(|status| format!("node {} ended with {status}", self.plan.number)))
    }

    /// The error that it ended with, or the last line of its log.
    pub(super) fn last_words(&self) -> String {
        let text = self.log_tail().unwrap_or_default();
        let error = text.lines().rev().find_map(|line| line.strip_prefix("error: "));
        error.or(text.lines().next_back()).unwrap_or("it logged nothing").to_owned()
    }

    fn log_tail(&self) -> io::Result<String> {
        let mut log = File::open(self.log())?;
        let start = self.log_start.max(log.metadata()?.len().saturating_sub(LOG_TAIL_BYTES));
        log.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        log.take(LOG_TAIL_BYTES).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    pub(super) fn terminate(&self) {
        if let Some(pid) = Pid::from_raw(self.child.id() as i32).filter(|_| !self.is_gone) {
            let _ = kill_process(pid, Signal::TERM);
        }
    }

    /// Waits for its end; from the deadline on, kills it.
    pub(super) fn wait_or_kill(&mut self, deadline: Instant) {
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(POLL_INTERVAL);
        }
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
        if self.wrote_pid {
            let _ = fs::remove_file(self.pid_file());
        }
    }
}

fn spawn(plan: &Plan, log: File) -> io::Result<Child> {
    let parent = getpid();
    let end_with_parent = move || {
        set_parent_process_death_signal(Some(Signal::TERM))?;
        // A parent that has ended already sends no signal.
        if getppid() == Some(parent) { Ok(()) } else { Err(io::Error::other("henge dev has ended")) }
    };
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("server").args(&plan.arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    // SAFETY: between fork and exec the closure makes two system calls and touches no memory that another thread may hold a lock for.
    unsafe { command.pre_exec(end_with_parent) };
    command.spawn()
}

/// Copies a node's output to its log, and notes when it says that it serves.
fn copy_output(output: ChildStdout, mut log: File, ready: &AtomicBool) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        let _ = log.write_all(format!("{line}\n").as_bytes());
        if line.starts_with(READY) {
            ready.store(true, Ordering::Relaxed);
        }
    }
}
