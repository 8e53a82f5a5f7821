//! The configuration: defaults, then the file, then the environment, then the command line.

use crate::client_tls::{ClientAuth, ClientTlsOptions};
use crate::duration::{duration, size};
use crate::setting::{IGNORED, SETTINGS, nearest};
use henge_node::Options;
use henge_storage::SyncMode;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the environment's names begin with.
const PREFIX: &str = "HENGE_";

/// Settings that a file may give as a map, as in cassandra.yaml: each of its keys is a setting whose name begins with the map's.
const MAPS: &[&str] = &["client_encryption_options"];

/// Settings that name a class of Cassandra's, which a file may give as `{class_name: ...}` and with its package.
const CLASSES: &[&str] = &["authenticator", "authorizer"];
const PACKAGE: &str = "org.apache.cassandra.auth.";
/// The setting that nobody is shown.
const SECRET: &str = "superuser_password";

/// A configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub(crate) struct ConfigError {
    /// The file with the line, the variable, or the flag.
    pub(crate) place: String,
    /// What is wrong, and what would be right.
    pub(crate) reason: String,
}

/// Settings as text with where each comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    values: BTreeMap<&'static str, (String, String)>,
    /// What is worth saying but no error.
    pub(crate) warnings: Vec<String>,
}

/// What a server goes by.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The node's part of it.
    pub(crate) node: Options,
    /// The password of the first role, if it is given.
    pub(crate) superuser_password: Option<String>,
    /// Make it whatever roles there are.
    pub(crate) superuser_reset: bool,
    pub(crate) data_directory: PathBuf,
    pub(crate) certificates: Option<PathBuf>,
    pub(crate) development_certificates: Option<PathBuf>,
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) admin: Option<SocketAddr>,
    /// `None`: clients are served without TLS.
    pub(crate) client_tls: Option<ClientTlsOptions>,
    pub(crate) max_frame: usize,
    pub(crate) max_connections: usize,
    pub(crate) memory: usize,
    /// Bytes that writes leave free on the disk, if it is given.
    pub(crate) disk_reserve: Option<u64>,
    pub(crate) cores: usize,
    pub(crate) log_level: String,
    pub(crate) log_json: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let value = |s: &crate::setting::Setting| (s.name, (s.default.to_owned(), "default".to_owned()));
        Settings { values: SETTINGS.iter().map(value).collect(), warnings: Vec::new() }
    }
}

impl Settings {
    /// Takes a file's settings.
    pub(crate) fn file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let place = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|e| ConfigError { place: place.clone(), reason: e.to_string() })?;
        self.text(&text, &place)
    }

    /// Takes settings in YAML.
    pub(crate) fn text(&mut self, text: &str, place: &str) -> Result<(), ConfigError> {
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(());
        }
        let parsed: BTreeMap<String, serde_json::Value> = serde_saphyr::from_str(text).map_err(|e| ConfigError {
            place: place.to_owned(),
            reason: format!("not YAML of the form name: value ({e})"),
        })?;
        for (name, value) in parsed {
            let line = text.lines().position(|l| l.starts_with(&format!("{name}:"))).map_or(0, |at| at + 1);
            let place = format!("{place}:{line}");
            match value {
                serde_json::Value::Object(parts) if MAPS.contains(&name.as_str()) => {
                    for (part, value) in parts {
                        self.set(&format!("{name}_{part}"), plain(&value), &place)?;
                    }
                }
                serde_json::Value::Object(parts)
                    if CLASSES.contains(&name.as_str()) && parts.contains_key("class_name") =>
                {
                    self.set(&name, plain(&parts["class_name"]), &place)?;
                }
                value => self.set(&name, plain(&value), &place)?,
            }
        }
        Ok(())
    }

    /// Takes the environment's settings.
    pub(crate) fn environment(&mut self, variables: impl Iterator<Item = (String, String)>) -> Result<(), ConfigError> {
        for (variable, value) in variables {
            let known = variable.strip_prefix(PREFIX).map(str::to_lowercase);
            // Other programs' variables may begin alike: only names of settings count.
            if let Some(name) = known.filter(|n| SETTINGS.iter().any(|s| s.name == n)) {
                self.set(&name, Some(value), &variable)?;
            }
        }
        Ok(())
    }

    /// Sets one.
    pub(crate) fn set(&mut self, name: &str, value: Option<String>, place: &str) -> Result<(), ConfigError> {
        let Some(setting) = SETTINGS.iter().find(|s| s.name == name) else {
            if IGNORED.contains(&name) {
                self.warnings.push(format!("{place}: {name} is Cassandra's and means nothing here"));
                return Ok(());
            }
            let near = nearest(name).map_or(String::new(), |n| format!("; did you mean {n}?"));
            return Err(ConfigError { place: place.to_owned(), reason: format!("no setting is called {name}{near}") });
        };
        let value = value.ok_or_else(|| ConfigError {
            place: place.to_owned(),
            reason: format!("{name} takes a single value, such as {:?}", setting.default),
        })?;
        self.values.insert(setting.name, (value, place.to_owned()));
        Ok(())
    }

    /// Every setting as it is in effect, with where it comes from.
    pub(crate) fn describe(&self) -> String {
        let line = |s: &crate::setting::Setting| {
            let (value, place) = &self.values[s.name];
            let shown = match value.as_str() {
                "" => "\"\"",
                _ if s.name == SECRET => "(not shown)",
                value => value,
            };
            format!("{}: {shown}   # {place}\n", s.name)
        };
        SETTINGS.iter().map(line).collect()
    }

    /// The configuration they make.
    pub(crate) fn config(&self) -> Result<Config, ConfigError> {
        let listen = self.address("listen_address", "storage_port")?;
        let rpc_address = self.address("rpc_address", "native_transport_port")?;
        let (authenticate, authorize) = self.access()?;
        let client_tls = self.client_tls()?;
        let certified = client_tls.as_ref().is_some_and(ClientTlsOptions::proves_clients);
        if !rpc_address.ip().is_loopback() && !authenticate && !certified && !self.flag("allow_insecure_clients")? {
            return Err(self.wrong(
                "rpc_address",
                "clients off loopback would not have to authenticate; set authenticator: PasswordAuthenticator, or \
                 allow_insecure_clients: true if that network is yours alone",
            ));
        }
        let mut seeds = self.seeds()?;
        if seeds.is_empty() {
            seeds.push(listen);
        }
        let node = Options {
            cluster_name: self.text_of("cluster_name").to_owned(),
            datacenter: self.text_of("datacenter").to_owned(),
            rack: self.text_of("rack").to_owned(),
            address: listen,
            rpc_address,
            num_tokens: self.number("num_tokens", 1, 1_536)? as u32,
            seeds,
            sync: self.sync_mode()?,
            sync_period: self.time("commitlog_sync_period")?,
            write_timeout: self.time("write_request_timeout")?,
            read_timeout: self.time("read_request_timeout")?,
            range_timeout: self.time("range_request_timeout")?,
            metadata_timeout: self.time("metadata_request_timeout")?,
            max_hint_window: self.time("max_hint_window")?,
            hinted_handoff: self.flag("hinted_handoff_enabled")?,
            purge_interval: self.time("tombstone_purge_interval")?,
            authenticate,
            authorize,
            masking: self.flag("dynamic_data_masking_enabled")?,
            ..Options::default()
        };
        let metrics_port = self.number("metrics_port", 0, 65_535)? as u16;
        let metrics = SocketAddr::new(self.ip("metrics_address")?, metrics_port);
        let admin_port = self.number("admin_port", 0, 65_535)? as u16;
        let admin = SocketAddr::new(self.ip("admin_address")?, admin_port);
        if !admin.ip().is_loopback() {
            return Err(self.wrong(
                "admin_address",
                "nobody has to authenticate there: it must be an address of this machine alone, as 127.0.0.1",
            ));
        }
        let certificates = self.text_of("certificates");
        Ok(Config {
            node,
            superuser_reset: self.flag("superuser_reset")?,
            superuser_password: Some(self.text_of(SECRET).to_owned()).filter(|password| !password.is_empty()),
            data_directory: PathBuf::from(self.text_of("data_directory")),
            certificates: (!certificates.is_empty()).then(|| PathBuf::from(certificates)),
            development_certificates: None,
            metrics: (metrics_port > 0).then_some(metrics),
            admin: (admin_port > 0).then_some(admin),
            client_tls,
            max_frame: self.bytes("native_transport_max_frame_size")?,
            max_connections: self.number("native_transport_max_concurrent_connections", 1, 1 << 20)? as usize,
            memory: self.memory()?,
            disk_reserve: self.disk_reserve()?,
            cores: self.number("cores", 0, 1_024)? as usize,
            log_level: self.text_of("log_level").to_owned(),
            log_json: self.choice("log_format", &["text", "json"])? == "json",
        })
    }

    fn text_of(&self, name: &'static str) -> &str {
        self.values.get(name).map_or("", |(value, _)| value)
    }

    fn wrong(&self, name: &'static str, reason: &str) -> ConfigError {
        let place = self.values.get(name).map_or("", |(_, place)| place);
        ConfigError { place: place.to_owned(), reason: format!("{name}: {reason}") }
    }

    fn choice(&self, name: &'static str, among: &[&'static str]) -> Result<&'static str, ConfigError> {
        let found = among.iter().find(|c| **c == self.text_of(name));
        found.copied().ok_or_else(|| self.wrong(name, &format!("must be one of {}", among.join(", "))))
    }

    fn flag(&self, name: &'static str) -> Result<bool, ConfigError> {
        Ok(self.choice(name, &["true", "false"])? == "true")
    }

    fn number(&self, name: &'static str, low: u64, high: u64) -> Result<u64, ConfigError> {
        let number = self.text_of(name).parse::<u64>().ok().filter(|n| (low..=high).contains(n));
        number.ok_or_else(|| self.wrong(name, &format!("must be a number from {low} to {high}")))
    }

    fn time(&self, name: &'static str) -> Result<Duration, ConfigError> {
        duration(self.text_of(name)).map_err(|reason| self.wrong(name, &reason))
    }

    fn bytes(&self, name: &'static str) -> Result<usize, ConfigError> {
        size(self.text_of(name)).map(|s| s as usize).map_err(|reason| self.wrong(name, &reason))
    }

    fn ip(&self, name: &'static str) -> Result<IpAddr, ConfigError> {
        let text = self.text_of(name);
        let resolved = (text, 0).to_socket_addrs().ok().and_then(|mut found| found.next());
        resolved.map(|a| a.ip()).ok_or_else(|| self.wrong(name, &format!("{text:?} is no address")))
    }

    fn address(&self, host: &'static str, port: &'static str) -> Result<SocketAddr, ConfigError> {
        Ok(SocketAddr::new(self.ip(host)?, self.number(port, 1, 65_535)? as u16))
    }

    fn seeds(&self) -> Result<Vec<SocketAddr>, ConfigError> {
        let port = self.number("storage_port", 1, 65_535)? as u16;
        let seed = |text: &str| {
            let full = if text.contains(':') { text.to_owned() } else { format!("{text}:{port}") };
            let resolved = full.to_socket_addrs().ok().and_then(|mut found| found.next());
            resolved.ok_or_else(|| self.wrong("seeds", &format!("{text:?} is no address or address:port")))
        };
        self.text_of("seeds").split(',').map(str::trim).filter(|s| !s.is_empty()).map(seed).collect()
    }

    fn sync_mode(&self) -> Result<SyncMode, ConfigError> {
        let periodic = self.choice("commitlog_sync", &["group", "periodic"])? == "periodic";
        Ok(if periodic { SyncMode::Unsynced } else { SyncMode::Synced })
    }

    /// Whether clients log in, and whether they need permissions.
    fn access(&self) -> Result<(bool, bool), ConfigError> {
        let class = |name: &'static str, none: &'static str, some: &'static str| {
            let given = self.text_of(name);
            match given.strip_prefix(PACKAGE).unwrap_or(given) {
                given if given == none => Ok(false),
                given if given == some => Ok(true),
                _ => Err(self.wrong(name, &format!("must be {none} or {some}"))),
            }
        };
        let authenticate = class("authenticator", "AllowAllAuthenticator", "PasswordAuthenticator")?;
        let authorize = class("authorizer", "AllowAllAuthorizer", "CassandraAuthorizer")?;
        if authorize && !authenticate {
            return Err(
                self.wrong("authorizer", "permissions are of roles that log in: it needs PasswordAuthenticator")
            );
        }
        Ok((authenticate, authorize))
    }

    fn client_tls(&self) -> Result<Option<ClientTlsOptions>, ConfigError> {
        if !self.flag("client_encryption_options_enabled")? {
            return Ok(None);
        }
        let path = |name: &'static str| {
            let text = self.text_of(name);
            (!text.is_empty()).then(|| PathBuf::from(text))
        };
        let needed = |name: &'static str| path(name).ok_or_else(|| self.wrong(name, "must be a PEM file for TLS"));
        let auth = "client_encryption_options_require_client_auth";
        let client_auth = match self.choice(auth, &["false", "optional", "true"])? {
            "false" => ClientAuth::No,
            "optional" => ClientAuth::IfGiven,
            _ => ClientAuth::Required,
        };
        let truststore = match client_auth {
            ClientAuth::No => None,
            _ => Some(needed("client_encryption_options_truststore")?),
        };
        Ok(Some(ClientTlsOptions {
            optional: self.flag("client_encryption_options_optional")?,
            client_auth,
            certificate: needed("client_encryption_options_certificate")?,
            key: needed("client_encryption_options_key")?,
            truststore,
        }))
    }

    /// `None` is left to the size of the disk.
    fn disk_reserve(&self) -> Result<Option<u64>, ConfigError> {
        match self.text_of("disk_reserve") {
            "auto" => Ok(None),
            _ => self.bytes("disk_reserve").map(|bytes| Some(bytes as u64)),
        }
    }

    fn memory(&self) -> Result<usize, ConfigError> {
        match self.text_of("memory") {
            "auto" => Ok((crate::memory::available() / 2) as usize),
            _ => self.bytes("memory"),
        }
    }
}

/// A scalar as text.
fn plain(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(flag) => Some(flag.to_string()),
        serde_json::Value::Null => Some(String::new()),
        serde_json::Value::Array(items) => items.iter().map(plain).collect::<Option<Vec<_>>>().map(|i| i.join(",")),
        serde_json::Value::Object(_) => None,
    }
}

/// The documented configuration file with every setting at its default.
pub(crate) fn template() -> String {
    let mut out = String::from(
        "# Henge's settings. Every line is optional; what is commented out is the default. Names and units are those of cassandra.yaml\n\
         # where a setting exists there. Each can be overridden by an environment variable: HENGE_ and its name in capitals.\n",
    );
    for setting in SETTINGS {
        let default = if setting.default.is_empty() { "\"\"" } else { setting.default };
        out += &format!("\n# {}\n# {}: {default}\n", setting.meaning, setting.name);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Result<Config, String> {
        let mut settings = Settings::default();
        settings.text(text, "henge.yaml").and_then(|()| settings.config()).map_err(|e| e.to_string())
    }

    #[test]
    fn no_file_at_all_is_a_single_node_on_loopback() {
        let config = config("").unwrap();
        assert_eq!(config.node.seeds, vec![config.node.address]);
        assert!(config.node.rpc_address.ip().is_loopback());
    }

    #[test]
    fn mistakes_are_told_with_place_and_remedy() {
        let error = |text: &str| config(text).unwrap_err();
        assert_eq!(
            error("# a comment\ncluser_name: x"),
            "henge.yaml:2: no setting is called cluser_name; did you mean cluster_name?"
        );
        assert_eq!(error("num_tokens: 0"), "henge.yaml:1: num_tokens: must be a number from 1 to 1536");
        assert_eq!(
            error("write_request_timeout: 10"),
            "henge.yaml:1: write_request_timeout: \"10\" is no duration, such as 2000ms, 10s or 3h"
        );
        assert!(error("rpc_address: 0.0.0.0").contains("allow_insecure_clients: true"));
        assert!(error("seeds: {a: b}").contains("takes a single value"));
        assert!(error("commitlog_sync: batch").contains("group, periodic"));
        assert!(error("- a list").contains("not YAML of the form"));
    }

    #[test]
    fn encryption_for_clients_is_written_as_in_cassandra_yaml() {
        let given = "client_encryption_options:\n  enabled: true\n  require_client_auth: optional\n  certificate: a.pem\n  key: a.key\n";
        let tls = config(&format!("{given}  truststore: ca.pem")).unwrap().client_tls.unwrap();
        assert_eq!((tls.optional, tls.client_auth), (false, ClientAuth::IfGiven));
        assert_eq!((tls.key, tls.truststore), (PathBuf::from("a.key"), Some(PathBuf::from("ca.pem"))));
        assert!(
            config(given).unwrap_err().contains("client_encryption_options_truststore: must be a PEM file for TLS")
        );
        assert!(config("client_encryption_options: {enabled: true}").unwrap_err().contains("must be a PEM file"));
        assert!(config("client_encryption_options: {protocol: TLS}").unwrap_err().contains("no setting is called"));
        assert_eq!(config("client_encryption_options: {optional: true}").unwrap().client_tls, None);
    }

    #[test]
    fn clients_off_loopback_have_to_log_in() {
        let open = "rpc_address: 0.0.0.0\n";
        let config = |more: &str| config(&format!("{open}{more}"));
        assert!(config("").is_err());
        assert!(config("allow_insecure_clients: true").is_ok());
        let tls =
            "client_encryption_options: {enabled: true, certificate: c, key: k, truststore: t, require_client_auth: ";
        assert!(config(&format!("{tls}true}}")).is_ok());
        assert!(config(&format!("{tls}true, optional: true}}")).is_err());
        assert!(config(&format!("{tls}optional}}")).is_err());
        let both =
            config("authenticator:\n  class_name: PasswordAuthenticator\nauthorizer: CassandraAuthorizer").unwrap();
        assert!(both.node.authenticate && both.node.authorize);
        let full = config("authenticator: org.apache.cassandra.auth.PasswordAuthenticator").unwrap();
        assert!(full.node.authenticate && !full.node.authorize);
        assert!(config("authorizer: CassandraAuthorizer").unwrap_err().contains("it needs PasswordAuthenticator"));
        assert!(
            config("authenticator: KerberosAuthenticator").unwrap_err().contains("must be AllowAllAuthenticator or")
        );
    }

    #[test]
    fn the_superusers_password_is_not_shown() {
        let mut settings = Settings::default();
        settings.environment([("HENGE_SUPERUSER_PASSWORD".to_owned(), "s3cret".to_owned())].into_iter()).unwrap();
        assert_eq!(settings.config().unwrap().superuser_password.as_deref(), Some("s3cret"));
        assert!(
            !settings.describe().contains("s3cret") && settings.describe().contains("superuser_password: (not shown)")
        );
    }

    #[test]
    fn settings_of_cassandra_that_mean_nothing_are_named() {
        let mut settings = Settings::default();
        settings.text("concurrent_reads: 32\nrack: r2", "c.yaml").unwrap();
        assert_eq!(settings.warnings, ["c.yaml:1: concurrent_reads is Cassandra's and means nothing here"]);
        assert_eq!(settings.config().unwrap().node.rack, "r2");
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let mut settings = Settings::default();
        settings.text("rack: r2\nseeds: [127.0.0.1, \"127.0.0.2:7001\"]", "c.yaml").unwrap();
        settings.environment([("HENGE_RACK".to_owned(), "r3".to_owned())].into_iter()).unwrap();
        let node = settings.config().unwrap().node;
        assert_eq!((node.rack.as_str(), node.seeds.len()), ("r3", 2));
    }

    #[test]
    fn the_documented_file_is_the_template() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/henge.yaml");
        assert_eq!(
            std::fs::read_to_string(path).unwrap(),
            template(),
            "write it again with: henge check-config --template"
        );
    }
}
