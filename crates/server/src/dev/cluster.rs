//! The nodes that a `henge dev` has started, and the actions on them.

use super::action::DevAction;
use super::options::DevOptions;
use super::plan::{self, Plan};
use super::process::{NodeProcess, POLL_INTERVAL};
use anyhow::{Context, bail, ensure};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Time that nodes may take to serve, and to stop.
const START_TIMEOUT: Duration = Duration::from_secs(90);
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// The nodes of one cluster.
pub(super) struct Cluster<'o> {
    options: &'o DevOptions,
    /// Set when the cluster is to stop.
    stop: Arc<AtomicBool>,
    nodes: Vec<NodeProcess>,
}

impl<'o> Cluster<'o> {
    pub(super) fn new(options: &'o DevOptions, stop: Arc<AtomicBool>) -> Cluster<'o> {
        Cluster { options, stop, nodes: Vec::new() }
    }

    pub(super) fn options(&self) -> &DevOptions {
        self.options
    }

    pub(super) fn nodes(&self) -> &[NodeProcess] {
        &self.nodes
    }

    /// True once somebody has it stop.
    pub(super) fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    pub(super) fn start(&mut self, plans: Vec<Plan>) -> anyhow::Result<()> {
        for plan in plans {
            self.nodes.push(NodeProcess::start(plan, self.options)?);
        }
        Ok(())
    }

    pub(super) fn write_pids(&mut self) -> anyhow::Result<()> {
        self.nodes.iter_mut().try_for_each(NodeProcess::write_pid)
    }

    /// Waits until all nodes serve: only those that were started here count, and each says so itself.
    pub(super) fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let nodes = 0..self.nodes.len();
        self.wait_for(nodes)
    }

    fn wait_for(&mut self, nodes: std::ops::Range<usize>) -> anyhow::Result<()> {
        let (began, nodes) = (Instant::now(), &mut self.nodes[nodes]);
        while !self.stop.load(Ordering::Relaxed) && !nodes.iter().all(NodeProcess::is_ready) {
            for node in nodes.iter_mut() {
                if let Some(end) = node.end_message()? {
                    bail!("{end}: {} (its log: {})", node.last_words(), node.log().display());
                }
            }
            if began.elapsed() > START_TIMEOUT {
                let late = nodes.iter().filter(|node| !node.is_ready()).map(|node| node.log().display().to_string());
                let late: Vec<String> = late.collect();
                bail!("not all nodes serve after {} s; see {}", START_TIMEOUT.as_secs(), late.join(", "));
            }
            std::thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }

    /// Says of nodes that have ended without being asked to.
    pub(super) fn say_ends(&mut self) -> anyhow::Result<()> {
        for node in &mut self.nodes {
            if let Some(end) = node.end_message()? {
                say!("{end}; the others go on (its log: {})", node.log().display());
            }
        }
        Ok(())
    }

    /// Carries out what another terminal asked for; the text for it.
    pub(super) fn carry_out(&mut self, action: &DevAction) -> anyhow::Result<String> {
        match action {
            DevAction::Status => Ok(self.status()),
            DevAction::Stop { node: None } => {
                self.stop.store(true, Ordering::Relaxed);
                Ok("stopping all nodes".to_owned())
            }
            DevAction::Stop { node: Some(number) } => {
                self.stop_node(*number).map(|()| format!("node {number} has stopped"))
            }
            DevAction::Kill { node: number } => {
                let node = self.running(*number)?;
                node.expect_end();
                node.kill().context("it cannot be killed")?;
                Ok(format!("node {number} was killed"))
            }
            DevAction::Start { node } => self.start_node(*node),
            DevAction::Restart { node } => {
                self.stop_node(*node)?;
                self.start_node(*node)
            }
            DevAction::Add { datacenter, rack } => self.add(datacenter.clone(), rack.clone()),
        }
    }

    fn status(&mut self) -> String {
        let mut text = String::new();
        for node in &mut self.nodes {
            let state = match (node.has_ended(), node.is_ready()) {
                (true, _) => "ended",
                (false, true) => "serving",
                (false, false) => "starting",
            };
            let (plan, pid) = (node.plan(), node.pid());
            let (number, place, address) = (plan.number, &plan.place, plan.config.node.rpc_address);
            let (datacenter, rack) = (&place.datacenter, &place.rack);
            text.push_str(&format!("{number:>3}  {address:<21}  pid {pid:<7}  {datacenter}  {rack}  {state}\n"));
        }
        text
    }

    fn node(&mut self, number: usize) -> anyhow::Result<&mut NodeProcess> {
        let count = self.nodes.len();
        let node = number.checked_sub(1).and_then(|at| self.nodes.get_mut(at));
        node.with_context(|| format!("there is no node {number}: they are 1 to {count}"))
    }

    fn running(&mut self, number: usize) -> anyhow::Result<&mut NodeProcess> {
        let node = self.node(number)?;
        ensure!(!node.has_ended(), "node {number} has ended");
        Ok(node)
    }

    fn stop_node(&mut self, number: usize) -> anyhow::Result<()> {
        let node = self.running(number)?;
        node.terminate();
        node.expect_end();
        node.wait_or_kill(Instant::now() + STOP_TIMEOUT);
        Ok(())
    }

    fn start_node(&mut self, number: usize) -> anyhow::Result<String> {
        let (began, options) = (Instant::now(), self.options);
        let node = self.node(number)?;
        ensure!(node.has_ended(), "node {number} runs already");
        node.start_again(options)?;
        self.wait_for(number - 1..number)?;
        Ok(format!("node {number} serves after {:.1} s", began.elapsed().as_secs_f64()))
    }

    fn add(&mut self, datacenter: Option<String>, rack: Option<String>) -> anyhow::Result<String> {
        let plans: Vec<Plan> = self.nodes.iter().map(|node| node.plan().clone()).collect();
        let plan = plan::next_plan(self.options, &plans, datacenter, rack)?;
        plan::check_unused(std::slice::from_ref(&plan), self.options.address)?;
        let mut node = NodeProcess::start(plan, self.options)?;
        node.write_pid()?;
        self.nodes.push(node);
        let number = self.nodes.len();
        if let Err(error) = self.wait_for(number - 1..number) {
            // What could not join is no node of this cluster.
            if let Some(mut node) = self.nodes.pop() {
                node.terminate();
                node.wait_or_kill(Instant::now() + STOP_TIMEOUT);
            }
            return Err(error);
        }
        let address = self.nodes[number - 1].plan().config.node.rpc_address;
        Ok(format!("node {number} serves on {address}"))
    }

    /// SIGTERM to all, then patience, then SIGKILL.
    pub(super) fn end(&mut self) {
        self.nodes.iter().for_each(NodeProcess::terminate);
        let deadline = Instant::now() + STOP_TIMEOUT;
        self.nodes.iter_mut().for_each(|node| node.wait_or_kill(deadline));
    }
}
