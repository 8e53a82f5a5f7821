//! The command line of `henge server` and `henge check-config`.

use crate::config::{Config, ConfigErrors, Settings, template};
use crate::settings::{Values, all};
use clap::{Arg, ArgAction, ArgMatches, Command};
use henge_node::HostId;
use henge_settings::{Secrecy, Section, Setting};
use std::path::PathBuf;
use std::sync::LazyLock;

/// Starts a node. Without any options: alone, on loopback, with its data in ./henge-data.
#[derive(Clone, Debug, Default)]
pub struct ServerOptions {
    own: OwnOptions,
    /// Settings that have an option of their own, as text.
    given: Vec<(&'static str, String)>,
}

/// Options that are no settings.
#[derive(Clone, Debug, Default, clap::Args)]
struct OwnOptions {
    /// The configuration file.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The folder with ca.pem and ca.key, by which this node makes its own certificate. For development.
    #[arg(long, conflicts_with = "certificates")]
    development_certificates: Option<PathBuf>,
    /// Create the cluster here, if this node has none, whoever the seeds are. Needed off loopback if they name only this node.
    #[arg(long)]
    bootstrap: bool,
    /// Go on from a data directory that is an older copy of this node's, and accept that what it lacks is lost.
    #[arg(long)]
    accept_older_copy: bool,
    /// Join in place of the member of this host id, which is down for good: the node takes its tokens, and its rows come from the other
    /// replicas. A node that is a member already ignores it.
    #[arg(long, value_name = "HOST_ID", value_parser = parse_host_id)]
    replace: Option<HostId>,
    /// Make a new cluster of one node from this snapshot (henge admin snapshot), or from this copy of a data directory: its rows, schema and
    /// roles, in an empty data directory. A node that was made so before goes on.
    #[arg(long, value_name = "SNAPSHOT", conflicts_with_all = ["replace", "accept_older_copy"])]
    restore: Option<PathBuf>,
    /// Any setting, as name=value.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
}

/// Settings with their options, which have hyphens in their names. Secrets have none: other users see the command line.
static OPTIONS: LazyLock<Vec<(&'static Setting<Values>, String)>> = LazyLock::new(|| {
    let public = all().iter().filter(|setting| setting.secrecy != Secrecy::Secret);
    public.map(|setting| (setting, setting.name.replace('_', "-"))).collect()
});

/// A text that is no host id.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no host id, as henge admin metadata prints them")]
struct InvalidHostId(String);

fn parse_host_id(text: &str) -> Result<HostId, InvalidHostId> {
    text.parse().map(HostId).map_err(|_| InvalidHostId(text.to_owned()))
}

impl clap::Args for ServerOptions {
    fn augment_args(command: Command) -> Command {
        let about = "Starts a node. Without any options: alone, on loopback, with its data in ./henge-data.";
        let mut command = OwnOptions::augment_args(command).about(about);
        for (setting, option) in OPTIONS.iter() {
            let default =
                if setting.default.is_empty() { String::new() } else { format!(" [default: {}]", setting.default) };
            let argument = Arg::new(setting.name)
                .long(option.as_str())
                .value_name("VALUE")
                .action(ArgAction::Set)
                .help(format!("{}{default}", setting.help))
                .help_heading(setting.section.title())
                // Guardrails are many, and have a page of their own.
                .hide(setting.section == Section::Guardrails);
            command = command.arg(argument);
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for ServerOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = OPTIONS.iter().filter_map(|(setting, _)| {
            let text = matches.get_one::<String>(setting.name)?;
            Some((setting.name, text.clone()))
        });
        Ok(ServerOptions { own: OwnOptions::from_arg_matches(matches)?, given: given.collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl ServerOptions {
    /// All settings: defaults, file, environment, then these.
    fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        if let Some(path) = &self.own.config {
            settings.file(path);
        }
        settings.environment(std::env::vars_os());
        for (name, text) in &self.given {
            settings.set(name, text, &format!("--{}", name.replace('_', "-")));
        }
        for pair in &self.own.set {
            match pair.split_once('=') {
                Some((name, text)) => settings.set(name, text, "--set"),
                None => settings.refuse("--set", format!("invalid setting {pair:?}: expected NAME=VALUE")),
            }
        }
        settings
    }

    /// The configuration they make, with warnings.
    pub(crate) fn config(&self) -> Result<(Config, Vec<String>), ConfigErrors> {
        let settings = self.settings();
        let mut config = settings.config()?;
        config.node.bootstrap = self.own.bootstrap;
        config.node.accept_older_copy = self.own.accept_older_copy;
        config.node.replace = self.own.replace;
        config.restore = self.own.restore.clone();
        config.development_certificates = self.own.development_certificates.clone();
        Ok((config, settings.warnings))
    }
}

/// The files of a node that a command beside the server works on.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct NodeFiles {
    /// The node's configuration file.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The node's data directory, if no configuration names it.
    #[arg(long)]
    data_directory: Option<PathBuf>,
}

impl NodeFiles {
    /// The configuration of the node, as `henge server` would take it.
    pub(crate) fn config(&self) -> Result<Config, ConfigErrors> {
        let own = OwnOptions { config: self.config.clone(), ..OwnOptions::default() };
        let directory =
            self.data_directory.as_ref().map(|path| ("data_directory", path.to_string_lossy().into_owned()));
        ServerOptions { own, given: directory.into_iter().collect() }.config().map(|(config, _)| config)
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
    let own = OwnOptions { config: options.file.clone(), ..OwnOptions::default() };
    let settings = ServerOptions { own, given: Vec::new() }.settings();
    settings.warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
    settings.config()?;
    print!("{}", settings.describe());
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    #[command(no_binary_name = true)]
    struct ServerCommand {
        #[command(flatten)]
        options: ServerOptions,
    }

    #[test]
    fn every_setting_but_secrets_has_an_option() {
        let parse = |arguments: &[&str]| ServerCommand::try_parse_from(arguments).map(|command| command.options);
        let given =
            parse(&["--read-request-timeout", "3s", "--page-size-warn-threshold=7", "--set", "rack=r9"]).unwrap();
        let (config, _) = given.config().unwrap();
        assert_eq!((config.node.read_timeout.as_secs(), config.node.rack.as_str()), (3, "r9"));
        assert_eq!(config.node.guardrails.reads.page_size.warn, Some(7));
        assert!(parse(&["--superuser-password", "x"]).is_err());
        let wrong = parse(&["--num-tokens", "0"]).unwrap().config().unwrap_err().to_string();
        assert_eq!(wrong, "--num-tokens: num_tokens: must be a number from 1 to 1536, not \"0\"");
    }
}
