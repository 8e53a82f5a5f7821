//! The command line options, as in cqlsh.

use std::path::PathBuf;

/// A CQL shell.
#[derive(Clone, Default, clap::Args)]
pub struct ShellOptions {
    /// The node to connect to; 127.0.0.1 unless `cqlshrc` names another one.
    #[arg(env = "CQLSH_HOST")]
    pub host: Option<String>,
    /// Its port for clients; 9042 unless `cqlshrc` names another one.
    #[arg(env = "CQLSH_PORT")]
    pub port: Option<u16>,
    /// Run these statements and end.
    #[arg(short, long, conflicts_with = "file", allow_hyphen_values = true)]
    pub execute: Option<String>,
    /// Run the statements of a file and end.
    #[arg(short, long)]
    pub file: Option<PathBuf>,
    /// The keyspace to begin in.
    #[arg(short, long)]
    pub keyspace: Option<String>,
    /// The role to log in as.
    #[arg(short, long)]
    pub username: Option<String>,
    /// Its password, by default that of CQLSH_PASSWORD. Left out, it is asked for; on the command line others may see
    /// it, of which a warning tells.
    #[arg(short, long)]
    pub password: Option<String>,
    /// Do not warn of a password on the command line.
    #[arg(long)]
    pub insecure_password_without_warning: bool,
    /// Use TLS.
    #[arg(long)]
    pub ssl: bool,
    /// The authorities' certificates, as PEM: whom to believe the node's.
    #[arg(long, env = "SSL_CERTFILE")]
    pub ssl_certfile: Option<PathBuf>,
    /// The consistency level to begin with.
    #[arg(long, default_value = "ONE")]
    pub consistency_level: String,
    /// Seconds to wait for a connection; 5 unless `cqlshrc` tells others.
    #[arg(long)]
    pub connect_timeout: Option<u64>,
    /// Seconds to wait for an answer; 10 unless `cqlshrc` tells others.
    #[arg(long)]
    pub request_timeout: Option<u64>,
    /// The file of settings, as cqlsh has it. [default: ~/.cassandra/cqlshrc]
    #[arg(long, value_name = "FILE")]
    pub cqlshrc: Option<PathBuf>,
    /// The file with role and password, in a section `[plain_text_auth]`. [default: `credentials` beside `cqlshrc`]
    #[arg(long, value_name = "FILE")]
    pub credentials: Option<PathBuf>,
    /// Keep no lines for the next session.
    #[arg(long)]
    pub disable_history: bool,
    /// Never use colours.
    #[arg(long)]
    pub no_color: bool,
    /// Always use colours.
    #[arg(short = 'C', long, conflicts_with = "no_color")]
    pub color: bool,
    /// The version of the native protocol: 3, 4 or 5. Left out, it is 5, and 4 if the server does not speak it.
    #[arg(long, value_name = "VERSION")]
    pub protocol_version: Option<String>,
    /// The version of CQL that the server has to speak, such as 3.4.7. Left out, any will do.
    #[arg(long, value_name = "VERSION")]
    pub cqlversion: Option<String>,
    /// Prompt as at a terminal, whatever the input is.
    #[arg(short, long)]
    pub tty: bool,
    /// Tell on standard error what the shell connects with, and failures in all their parts.
    #[arg(long)]
    pub debug: bool,
    /// Accepted for scripts of cqlsh: input and output are UTF-8 whatever it names, and a warning tells of another one.
    #[arg(long)]
    pub encoding: Option<String>,
    /// Accepted for scripts of cqlsh: HELP prints and opens no page, of which a warning tells.
    #[arg(long)]
    pub browser: Option<String>,
    /// Accepted for scripts of cqlsh: no coverage data are collected, of which a warning tells.
    #[arg(long)]
    pub coverage: bool,
    /// Print the version of the shell and end.
    #[arg(short = 'v', long)]
    pub version: bool,
}

impl ShellOptions {
    /// A sentence for each option that is given and has no effect.
    pub(crate) fn warn_of_no_effect(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.encoding.as_deref().is_some_and(|name| !is_utf8(name)) {
            warnings.push("--encoding has no effect: input and output are UTF-8.".to_owned());
        }
        if self.browser.as_deref().is_some_and(|browser| !browser.is_empty()) {
            warnings.push("--browser has no effect: HELP opens no page.".to_owned());
        }
        if self.coverage {
            warnings.push("--coverage has no effect: no coverage data are collected.".to_owned());
        }
        warnings
    }
}

/// True of the names that Python has for UTF-8.
pub(crate) fn is_utf8(name: &str) -> bool {
    matches!(name.to_ascii_lowercase().replace(['-', '_', ' '], "").as_str(), "utf8" | "u8" | "utf" | "cp65001")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_without_effect_are_told() {
        let options = |encoding: &str, browser: &str| ShellOptions {
            encoding: Some(encoding.to_owned()),
            browser: Some(browser.to_owned()),
            ..ShellOptions::default()
        };
        assert_eq!(options("UTF-8", "").warn_of_no_effect(), Vec::<String>::new());
        let told = ShellOptions { coverage: true, ..options("latin1", "firefox") }.warn_of_no_effect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told.iter().all(|warning| warning.contains("has no effect")), "{told:?}");
    }
}
