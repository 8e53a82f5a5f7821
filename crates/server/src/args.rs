//! The command line of `henge server` and `henge check-config`.

use crate::config::{Config, ConfigError, Settings, template};
use std::path::PathBuf;

/// Starts a node. Without any options: alone, on loopback, with its data in ./henge-data.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ServerOptions {
    /// The configuration file.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Where everything is kept.
    #[arg(long)]
    pub data_directory: Option<String>,
    /// The address peers reach this node at.
    #[arg(long)]
    pub listen_address: Option<String>,
    /// The UDP port between nodes.
    #[arg(long)]
    pub storage_port: Option<String>,
    /// The address clients reach this node at.
    #[arg(long)]
    pub rpc_address: Option<String>,
    /// The TCP port for clients.
    #[arg(long)]
    pub native_transport_port: Option<String>,
    /// The address of metrics and health.
    #[arg(long)]
    pub metrics_address: Option<String>,
    /// Its port; 0 switches it off.
    #[arg(long)]
    pub metrics_port: Option<String>,
    /// The address for henge admin; loopback.
    #[arg(long)]
    pub admin_address: Option<String>,
    /// Where to find the cluster: address:port, comma-separated.
    #[arg(long)]
    pub seeds: Option<String>,
    /// The cluster's name.
    #[arg(long)]
    pub cluster_name: Option<String>,
    /// This node's datacentre.
    #[arg(long)]
    pub datacenter: Option<String>,
    /// This node's rack.
    #[arg(long)]
    pub rack: Option<String>,
    /// Tokens this node takes.
    #[arg(long)]
    pub num_tokens: Option<String>,
    /// Folder with ca.pem, node.pem and node.key.
    #[arg(long)]
    pub certificates: Option<String>,
    /// Folder with ca.pem and ca.key, by which this node makes its own certificate. For development.
    #[arg(long, conflicts_with = "certificates")]
    pub development_certificates: Option<PathBuf>,
    /// Create the cluster here, whoever the seeds are.
    #[arg(long)]
    pub bootstrap: bool,
    /// Any other setting, as name=value.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
}

impl ServerOptions {
    /// All settings: defaults, file, environment, then these.
    pub(crate) fn settings(&self) -> Result<Settings, ConfigError> {
        let mut settings = Settings::default();
        if let Some(path) = &self.config {
            settings.file(path)?;
        }
        settings.environment(std::env::vars_os())?;
        let flags = [
            ("data_directory", &self.data_directory),
            ("listen_address", &self.listen_address),
            ("storage_port", &self.storage_port),
            ("rpc_address", &self.rpc_address),
            ("native_transport_port", &self.native_transport_port),
            ("metrics_address", &self.metrics_address),
            ("metrics_port", &self.metrics_port),
            ("admin_address", &self.admin_address),
            ("seeds", &self.seeds),
            ("cluster_name", &self.cluster_name),
            ("datacenter", &self.datacenter),
            ("rack", &self.rack),
            ("num_tokens", &self.num_tokens),
            ("certificates", &self.certificates),
        ];
        for (name, value) in flags {
            if let Some(value) = value {
                settings.set(name, Some(value.clone()), &format!("--{}", name.replace('_', "-")))?;
            }
        }
        for pair in &self.set {
            let (name, value) = pair.split_once('=').ok_or_else(|| ConfigError {
                place: "--set".to_owned(),
                reason: format!("invalid setting {pair:?}: expected NAME=VALUE"),
            })?;
            settings.set(name, Some(value.to_owned()), "--set")?;
        }
        Ok(settings)
    }

    /// The configuration they make.
    pub(crate) fn config(&self) -> Result<(Config, Vec<String>), ConfigError> {
        let settings = self.settings()?;
        let mut config = settings.config()?;
        config.node.bootstrap = self.bootstrap;
        config.development_certificates = self.development_certificates.clone();
        Ok((config, settings.warnings))
    }
}

/// Checks a configuration and prints what is in effect.
#[derive(Clone, Debug, clap::Args)]
pub struct CheckOptions {
    /// The configuration file.
    file: Option<PathBuf>,
    /// Print a documented file with every setting at its default.
    #[arg(long)]
    template: bool,
}

/// Runs `henge check-config`.
pub fn check_config(options: &CheckOptions) -> anyhow::Result<i32> {
    if options.template {
        print!("{}", template());
        return Ok(0);
    }
    let server = ServerOptions { config: options.file.clone(), ..ServerOptions::default() };
    let settings = server.settings()?;
    settings.config()?;
    settings.warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
    print!("{}", settings.describe());
    Ok(0)
}
