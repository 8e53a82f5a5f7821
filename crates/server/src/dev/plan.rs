//! The nodes of a cluster to be: their addresses, folders and arguments, checked before anything is started or written.

use super::options::DevOptions;
use crate::args::ServerOptions;
use crate::config::Config;
use crate::sockets::{SocketError, Sockets};
use anyhow::{Context, anyhow, ensure};
use clap::Parser;
use henge_storage::DataDirectory;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

/// Memory for cache and write buffers of each node, unless told otherwise after `--`: several nodes share this machine, and each by
/// itself would take half of it.
const MEMORY: &str = "memory=256MiB";
/// Nodes at most.
const NODES_MAX: usize = 200;

/// One node to be.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) number: usize,
    pub(super) place: Place,
    pub(super) folder: PathBuf,
    /// The arguments of its `henge server`.
    pub(super) arguments: Vec<String>,
    /// The configuration they make.
    pub(super) config: Config,
}

impl Plan {
    /// The folder of its certificates: the node makes its own at its first start, when it has a host id.
    pub(super) fn certificates(&self) -> PathBuf {
        self.folder.join("certs")
    }
}

/// The command line of a server, as it will read it.
#[derive(Parser)]
#[command(no_binary_name = true)]
struct ServerCommand {
    #[command(flatten)]
    options: ServerOptions,
}

/// The datacentre and the rack of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) datacenter: String,
    pub(super) rack: String,
}

/// The nodes that the options ask for.
pub(super) fn plans(options: &DevOptions) -> anyhow::Result<Vec<Plan>> {
    let datacenters = datacenters(options)?;
    let mut plans: Vec<Plan> = Vec::new();
    for datacenter in datacenters {
        plans.push(next_plan(options, &plans, Some(datacenter), None)?);
    }
    ensure!(!plans.is_empty(), "a cluster here has 1 to {NODES_MAX} nodes, not 0");
    Ok(plans)
}

/// The node after `plans`: in the datacentre of the last of them and in the next of its racks, unless told otherwise.
pub(super) fn next_plan(
    options: &DevOptions,
    plans: &[Plan],
    datacenter: Option<String>,
    rack: Option<String>,
) -> anyhow::Result<Plan> {
    ensure!(plans.len() < NODES_MAX, "a cluster here has 1 to {NODES_MAX} nodes");
    ensure!(options.racks > 0, "a datacentre has at least one rack");
    let last = || plans.last().map(|plan| plan.place.datacenter.clone());
    let datacenter = datacenter.or_else(last).unwrap_or_else(|| "datacenter1".to_owned());
    let beside = plans.iter().filter(|plan| plan.place.datacenter == datacenter).count();
    let rack = rack.unwrap_or_else(|| format!("rack{}", beside % options.racks + 1));
    let directory = std::path::absolute(&options.directory)?;
    plan(options, &directory, plans.len() + 1, Place { datacenter, rack })
}

/// Each node's datacentre.
fn datacenters(options: &DevOptions) -> anyhow::Result<Vec<String>> {
    let Some(text) = &options.datacenters else {
        return Ok(vec!["datacenter1".to_owned(); options.nodes]);
    };
    let mut all = Vec::new();
    for part in text.split(',') {
        let (name, count) = part.split_once(':').with_context(|| format!("{part:?} is not of the form name:nodes"))?;
        let count: usize = count.parse().with_context(|| format!("{count:?} is no number of nodes"))?;
        ensure!(count <= NODES_MAX, "a cluster here has at most {NODES_MAX} nodes, not {count}");
        all.extend(std::iter::repeat_n(name.to_owned(), count));
    }
    Ok(all)
}

fn plan(options: &DevOptions, directory: &Path, number: usize, place: Place) -> anyhow::Result<Plan> {
    let address = Ipv4Addr::from_bits(options.address.to_bits().saturating_add(number as u32 - 1)).to_string();
    let folder = directory.join(format!("node{number}"));
    let path = |name: &str| folder.join(name).display().to_string();
    let own = [
        ["--data-directory", &path("data")],
        ["--listen-address", &address],
        ["--rpc-address", &address],
        ["--metrics-address", &address],
        ["--admin-address", &address],
        // A cluster of one's own machine, each node by its address.
        ["--admin-port", &henge_operator::route::PORT.to_string()],
        // Without a port: storage_port may be another one.
        ["--seeds", &options.address.to_string()],
        ["--datacenter", &place.datacenter],
        ["--set", &format!("rack={}", place.rack)],
        ["--development-certificates", &path("certs")],
        ["--set", MEMORY],
    ];
    let mut arguments: Vec<String> = own.as_flattened().iter().map(|part| (*part).to_owned()).collect();
    arguments.extend(options.server.iter().cloned());
    let command = ServerCommand::try_parse_from(&arguments)
        .map_err(|error| anyhow!("in the arguments behind --: {}", error.to_string().trim_start_matches("error: ")))?;
    let (config, _) = command.options.config()?;
    Ok(Plan { number, place, folder, arguments, config })
}

/// Fails if an address or a data directory is in use.
pub(super) fn check_unused(plans: &[Plan], first: Ipv4Addr) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let _runtime = runtime.enter();
    // Kept until all are bound: two nodes might have one address.
    let mut sockets = Vec::new();
    for plan in plans {
        DataDirectory::check_unused(&plan.config.server.data_directory)?;
        sockets.push(Sockets::bind(&plan.config).map_err(|error| match error {
            SocketError::InUse { transport, address, .. } => anyhow!(
                "{transport} {address} is in use: stop the program that has it, or start this cluster beside it with --address {}",
                beside(first)
            ),
            error => anyhow!(error),
        })?);
    }
    Ok(())
}

/// An address for another cluster, a step of 256 further.
fn beside(first: Ipv4Addr) -> Ipv4Addr {
    let [a, b, c, d] = first.octets();
    Ipv4Addr::new(a, b, c.wrapping_add(1), d)
}
