//! The configuration that settings make: each is read, then they are held against each other.

use super::visible_settings::visible_settings;
use super::{Config, ConfigError, ConfigErrors, Settings};
use crate::client_tls::{ClientAuth, ClientTlsOptions};
use crate::intake::{ConnectionLimits, IntakeLimits, Limits};
use crate::settings::{ServerSettings, Values, all, pairs};
use henge_node::Options;
use std::collections::BTreeSet;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

/// Requests under way, unless the setting says otherwise: for each thread that serves clients, and at least. Half of them are one client
/// address's, so that one connection alone, which may have 1,024, is not refused.
const REQUESTS_EACH_CORE: usize = 1_024;
const REQUESTS_MIN: usize = 2_048;
/// The share of one client address in what is under way, as a divisor: of requests, and of their bytes and those of answers.
const ADDRESS_REQUESTS_PART: usize = 2;
const ADDRESS_BYTES_PART: usize = 4;
/// The share of one connection in what its address may have, as a divisor.
const CONNECTION_PART: usize = 2;
/// The parts of memory that requests, answers and prepared statements may have on top of it, as divisors.
const REQUESTS_MEMORY_PART: usize = 10;
const ANSWERS_MEMORY_PART: usize = 4;
const STATEMENTS_MEMORY_PART: usize = 32;
/// The least bytes of prepared statements.
const STATEMENTS_BYTES_MIN: usize = 10 << 20;

/// Settings on their way to a configuration.
struct Checker<'a> {
    settings: &'a Settings,
    /// Settings whose own value is wrong: nothing that depends on them is checked.
    wrong: BTreeSet<&'static str>,
    errors: Vec<ConfigError>,
}

impl Settings {
    /// The configuration that the settings make, or all that is wrong with them.
    pub(crate) fn config(&self) -> Result<Config, ConfigErrors> {
        let mut checker = Checker { settings: self, wrong: BTreeSet::new(), errors: self.errors.clone() };
        let values = checker.values();
        let config = checker.config(values);
        if checker.errors.is_empty() { Ok(config) } else { Err(ConfigErrors(checker.errors)) }
    }
}

impl Checker<'_> {
    /// The value of each setting; that of a wrong one is left at its default.
    fn values(&mut self) -> Values {
        let mut values = Values::default();
        for setting in all() {
            if let Err(error) = setting.set(&mut values, self.settings.text_of(setting.name)) {
                self.refuse(setting.name, &[], &error.to_string());
                self.wrong.insert(setting.name);
            }
        }
        values
    }

    /// Refuses a setting, unless it depends on one that is wrong itself.
    fn refuse(&mut self, name: &'static str, depends_on: &[&'static str], reason: &str) {
        if std::iter::once(&name).chain(depends_on).any(|name| self.wrong.contains(name)) {
            return;
        }
        let place = self.settings.values.get(name).map_or("", |(_, place)| place);
        self.errors.push(ConfigError { place: place.to_owned(), reason: format!("{name}: {reason}") });
    }

    fn config(&mut self, values: Values) -> Config {
        let Values { node, server } = values;
        let client_tls = self.client_tls(&server);
        let node = self.node(node, &server, client_tls.as_ref());
        if !server.admin_address.is_loopback() {
            let reason = "nobody has to authenticate there: it must be an address of this machine alone, as 127.0.0.1";
            self.refuse("admin_address", &[], reason);
        }
        let port = |address, port| (port > 0).then(|| SocketAddr::new(address, port));
        let memory = server.memory.unwrap_or_else(|| (crate::memory::available() / 2) as usize);
        let cores = match server.cores {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            cores => cores,
        };
        let mut config = Config {
            metrics: port(server.metrics_address, server.metrics_port),
            admin: port(server.admin_address, server.admin_port),
            intake: self.intake(&server, memory, cores),
            node: Options {
                statement_bytes_max: server
                    .statement_bytes_max
                    .unwrap_or(STATEMENTS_BYTES_MIN.max(memory / STATEMENTS_MEMORY_PART)),
                ..node
            },
            development_certificates: None,
            restore: None,
            client_tls,
            memory,
            cores,
            visible_settings: Vec::new(),
            server,
        };
        config.visible_settings = visible_settings(self.settings, &config);
        config
    }

    fn node(&mut self, node: Options, server: &ServerSettings, client_tls: Option<&ClientTlsOptions>) -> Options {
        let addresses =
            [("listen_address", Some(server.listen_address)), ("broadcast_address", server.broadcast_address)];
        for (name, _) in addresses.iter().filter(|(_, address)| address.is_some_and(|address| address.is_unspecified()))
        {
            self.refuse(name, &[], "must be an address that peers can reach, not a wildcard");
        }
        let listen = SocketAddr::new(server.listen_address, server.storage_port);
        let address = SocketAddr::new(server.broadcast_address.unwrap_or(server.listen_address), server.storage_port);
        let rpc_address = SocketAddr::new(server.rpc_address, server.native_transport_port);
        let authenticates = node.authenticate || client_tls.is_some_and(ClientTlsOptions::proves_clients);
        if !rpc_address.ip().is_loopback() && !authenticates && !server.allow_insecure_clients {
            self.refuse(
                "rpc_address",
                &["authenticator", "allow_insecure_clients", "client_encryption_options_enabled"],
                "clients off loopback would not have to authenticate; set authenticator: PasswordAuthenticator, or \
                 allow_insecure_clients: true if that network is yours alone",
            );
        }
        if node.authorize && !node.authenticate {
            let reason = "permissions are of roles that log in: it needs PasswordAuthenticator";
            self.refuse("authorizer", &["authenticator"], reason);
        }
        self.guardrails(&node);
        let mut seeds = self.seeds(server);
        if seeds.is_empty() {
            seeds.push(address);
        }
        Options { address, listen_address: Some(listen), rpc_address, seeds, ..node }
    }

    fn seeds(&mut self, server: &ServerSettings) -> Vec<SocketAddr> {
        let mut seeds = Vec::new();
        for seed in &server.seeds {
            let full = if seed.contains(':') { seed.clone() } else { format!("{seed}:{}", server.storage_port) };
            match full.to_socket_addrs().ok().and_then(|mut found| found.next()) {
                Some(address) => seeds.push(address),
                None => self.refuse("seeds", &["storage_port"], &format!("{seed:?} is no address or address:port")),
            }
        }
        seeds
    }

    fn client_tls(&mut self, server: &ServerSettings) -> Option<ClientTlsOptions> {
        if !server.encrypt_clients {
            return None;
        }
        let mut file = |name, path: &Option<PathBuf>| {
            if path.is_none() {
                self.refuse(name, &[], "must be a PEM file for TLS");
            }
            path.clone().unwrap_or_default()
        };
        let truststore = (server.client_auth != ClientAuth::No)
            .then(|| file("client_encryption_options_truststore", &server.client_truststore));
        Some(ClientTlsOptions {
            optional: server.encryption_is_optional,
            client_auth: server.client_auth,
            certificate: file("client_encryption_options_certificate", &server.client_certificate),
            key: file("client_encryption_options_key", &server.client_key),
            truststore,
        })
    }

    fn intake(&mut self, server: &ServerSettings, memory: usize, cores: usize) -> IntakeLimits {
        let requests = server.requests_max.unwrap_or(REQUESTS_MIN.max(REQUESTS_EACH_CORE * cores));
        let bytes = server.request_bytes_max.unwrap_or(server.max_frame.max(memory / REQUESTS_MEMORY_PART));
        let address_bytes = server.address_bytes_max.unwrap_or(server.max_frame.max(bytes / ADDRESS_BYTES_PART));
        let settings =
            ["native_transport_max_request_data_in_flight", "native_transport_max_request_data_in_flight_per_ip"];
        for (name, bytes) in settings.into_iter().zip([bytes, address_bytes]) {
            if bytes < server.max_frame {
                let reason = "must not be less than native_transport_max_frame_size";
                self.refuse(name, &["native_transport_max_frame_size"], reason);
            }
        }
        let answers = server.max_frame.max(memory / ANSWERS_MEMORY_PART);
        let address_answers = server.max_frame.max(answers / ADDRESS_BYTES_PART);
        IntakeLimits {
            node: Limits { requests, bytes, answers },
            address: Limits {
                requests: requests.div_ceil(ADDRESS_REQUESTS_PART),
                bytes: address_bytes,
                answers: address_answers,
            },
            connection: ConnectionLimits {
                bytes: address_bytes / CONNECTION_PART,
                answers: address_answers / CONNECTION_PART,
            },
        }
    }

    fn guardrails(&mut self, node: &Options) {
        let mut guardrails = node.guardrails.clone();
        for pair in pairs() {
            let limits = pair.of(&mut guardrails);
            let (Some(warn), Some(fail)) = (limits.warn, limits.fail) else { continue };
            match pair.is_minimum {
                false if warn > fail => self.refuse(pair.warn, &[pair.fail], "must not be higher than what is refused"),
                true if warn < fail => {
                    self.refuse(pair.warn, &[pair.fail], "must not be lower than the number that is refused");
                }
                _ => {}
            }
        }
        let (default, schema) = (u64::from(node.default_keyspace_rf), &guardrails.schema);
        let is_too_low = schema.minimum_replication_factor.fail.is_some_and(|least| default < least);
        if is_too_low || schema.maximum_replication_factor.fail.is_some_and(|most| default > most) {
            self.refuse("default_keyspace_rf", &[], "must be a replication factor that guardrails allow");
        }
    }
}
