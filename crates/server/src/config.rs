//! The configuration: defaults, then the file, then the environment, then the command line.
//!
//! - `source`, `environment`: settings as text, with where each comes from; `read`: as what they mean.
//! - `guardrails`: those of guardrails, which are a group of their own.

mod environment;
mod guardrails;
mod read;
mod source;
#[cfg(test)]
mod tests;

pub(crate) use source::{Settings, template};

use crate::client_tls::{ClientAuth, ClientTlsOptions};
use crate::intake::IntakeLimits;
use crate::logging::check_filter;
use crate::shown::shown;
use crate::spelling::did_you_mean;
use henge_node::Options;
use henge_storage::SyncMode;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

/// Where Cassandra's classes of authentication are.
const PACKAGE: &str = "org.apache.cassandra.auth.";
/// Requests under way for each thread that serves clients, and at least, unless told otherwise: one connection alone, which may have
/// 1,024, is not refused, and a node that answers 1,000 a second answers in time.
const REQUESTS_MIN: usize = 1_024;
const REQUESTS_EACH_CORE: usize = 512;
/// The setting that nobody is shown.
const SECRET: &str = "superuser_password";

const HOUR: Duration = Duration::from_secs(3_600);
const YEAR: Duration = Duration::from_secs(365 * 86_400);
/// Bytes of the largest request: enough for a login at least, and no more than the protocol's lengths can say.
const FRAME_MIN: usize = 64 << 10;
const FRAME_MAX: usize = 2_047 << 20;
/// Bytes that the storage engine's cache and write buffers need at least.
const MEMORY_MIN: usize = 16 << 20;

/// A configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub(crate) struct ConfigError {
    /// The file with the line, the variable, or the flag.
    pub(crate) place: String,
    /// What is wrong, and what would be right.
    pub(crate) reason: String,
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
    /// What clients may have under way.
    pub(crate) intake: IntakeLimits,
    pub(crate) memory: usize,
    /// Bytes that writes leave free on the disk, if it is given.
    pub(crate) disk_reserve: Option<u64>,
    pub(crate) cores: usize,
    /// Every setting as clients may see it.
    pub(crate) shown: Vec<(String, Option<String>)>,
    pub(crate) log_level: String,
    pub(crate) log_json: bool,
}

impl Settings {
    /// The configuration they make.
    pub(crate) fn config(&self) -> Result<Config, ConfigError> {
        let listen = self.address("listen_address", "storage_port")?;
        if listen.ip().is_unspecified() {
            return Err(self.wrong("listen_address", "must be an address that peers can reach, not a wildcard"));
        }
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
            cluster_name: self.name("cluster_name")?.to_owned(),
            datacenter: self.name("datacenter")?.to_owned(),
            rack: self.name("rack")?.to_owned(),
            address: listen,
            rpc_address,
            num_tokens: self.number("num_tokens", 1, 1_536)? as u32,
            seeds,
            sync: self.sync_mode()?,
            sync_period: self.time_within("commitlog_sync_period", Duration::from_millis(1), HOUR)?,
            write_timeout: self.request_timeout("write_request_timeout")?,
            read_timeout: self.request_timeout("read_request_timeout")?,
            range_timeout: self.request_timeout("range_request_timeout")?,
            metadata_timeout: self.request_timeout("metadata_request_timeout")?,
            max_hint_window: self.time_within("max_hint_window", Duration::ZERO, YEAR)?,
            hinted_handoff: self.flag("hinted_handoff_enabled")?,
            drop_compact_storage: self.flag("drop_compact_storage_enabled")?,
            purge_interval: self.time_within("tombstone_purge_interval", Duration::from_secs(1), YEAR)?,
            authenticate,
            authorize,
            masking: self.flag("dynamic_data_masking_enabled")?,
            default_keyspace_rf: self.number("default_keyspace_rf", 1, 1_000)? as u32,
            guardrails: self.guardrails()?,
            peer_requests_max: self.number("internode_max_concurrent_requests", 1, 1 << 20)? as usize,
            peer_bytes_max: self.bytes("internode_application_receive_queue_reserve_endpoint_capacity")?,
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
        let config = Config {
            node,
            superuser_reset: self.flag("superuser_reset")?,
            superuser_password: Some(self.text_of(SECRET).to_owned()).filter(|password| !password.is_empty()),
            data_directory: PathBuf::from(self.name("data_directory")?),
            certificates: (!certificates.is_empty()).then(|| PathBuf::from(certificates)),
            development_certificates: None,
            metrics: (metrics_port > 0).then_some(metrics),
            admin: (admin_port > 0).then_some(admin),
            client_tls,
            max_frame: self.bytes_within("native_transport_max_frame_size", FRAME_MIN, FRAME_MAX)?,
            max_connections: self.number("native_transport_max_concurrent_connections", 1, 1 << 20)? as usize,
            intake: self.intake()?,
            memory: self.memory()?,
            disk_reserve: self.disk_reserve()?,
            cores: self.cores()?,
            log_level: self.log_level()?,
            log_json: self.choice("log_format", &["text", "json"])? == "json",
            shown: Vec::new(),
        };
        Ok(Config { shown: shown(self, &config), ..config })
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
                given => Err(self.wrong(
                    name,
                    &format!("must be {none} or {some}, not {given:?}{}", did_you_mean(given, [none, some])),
                )),
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
        let enabled = self.flag("client_encryption_options_enabled")?;
        let optional = self.flag("client_encryption_options_optional")?;
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
        if !enabled {
            return Ok(None);
        }
        let truststore = match client_auth {
            ClientAuth::No => None,
            _ => Some(needed("client_encryption_options_truststore")?),
        };
        Ok(Some(ClientTlsOptions {
            optional,
            client_auth,
            certificate: needed("client_encryption_options_certificate")?,
            key: needed("client_encryption_options_key")?,
            truststore,
        }))
    }

    fn log_level(&self) -> Result<String, ConfigError> {
        let level = self.text_of("log_level");
        check_filter(level).map_err(|reason| self.wrong("log_level", &reason))?;
        Ok(level.to_owned())
    }

    /// Cassandra takes no shorter timeout either; a longer one than a year overflows deadlines sooner or later.
    fn request_timeout(&self, name: &'static str) -> Result<Duration, ConfigError> {
        self.time_within(name, Duration::from_millis(10), YEAR)
    }

    /// `None` is left to the size of the disk.
    fn disk_reserve(&self) -> Result<Option<u64>, ConfigError> {
        match self.text_of("disk_reserve") {
            "auto" => Ok(None),
            _ => self.bytes("disk_reserve").map(|bytes| Some(bytes as u64)),
        }
    }

    /// Threads that serve clients.
    fn cores(&self) -> Result<usize, ConfigError> {
        Ok(match self.number("cores", 0, 1_024)? {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            cores => cores as usize,
        })
    }

    /// What clients may have under way.
    fn intake(&self) -> Result<IntakeLimits, ConfigError> {
        let (requests, bytes) =
            ("native_transport_max_concurrent_requests", "native_transport_max_request_data_in_flight");
        let requests_max = match self.text_of(requests) {
            "auto" => REQUESTS_MIN.max(REQUESTS_EACH_CORE * self.cores()?),
            _ => self.number(requests, 1, 1 << 24)? as usize,
        };
        let largest = self.bytes("native_transport_max_frame_size")?;
        let bytes_max = match self.text_of(bytes) {
            "auto" => largest.max(self.memory()? / 10),
            _ => self.bytes(bytes)?,
        };
        if bytes_max < largest {
            return Err(self.wrong(bytes, "must not be less than native_transport_max_frame_size"));
        }
        Ok(IntakeLimits { requests_max, bytes_max })
    }

    fn memory(&self) -> Result<usize, ConfigError> {
        match self.text_of("memory") {
            "auto" => Ok((crate::memory::available() / 2) as usize),
            _ => self.bytes_within("memory", MEMORY_MIN, usize::MAX),
        }
    }
}
