//! The settings of a server: those of its node, its own, and the guardrails.
//!
//! - `guardrails`: the settings of guardrails; `cassandra`: names of `cassandra.yaml` that are no settings here.

mod cassandra;
mod guardrails;

pub(crate) use cassandra::{CassandraName, find as find_in_cassandra};
#[cfg(test)]
pub(crate) use cassandra::{IGNORED, REFUSED};
pub(crate) use guardrails::pairs;

use crate::client_tls::ClientAuth;
use crate::logging::check_filter;
use crate::otlp::{BadEndpoint, OtlpEndpoint};
use crate::sampling::{BadShare, SampleShare};
use henge_node::Options;
use henge_settings::kind::{address, choice, flag, list, number, path, secret, size};
use henge_settings::{InvalidValue, Kind, Secret, Section, Setting, nearest as nearest_of, settings};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::LazyLock;

settings! {
    /// The settings of the server around a node.
    pub(crate) struct ServerSettings {
        Cluster {
            /// Nodes of the cluster, where a new node looks for it: address or address:port, comma-separated. Empty: this node alone.
            seeds: Vec<String> = list("addresses").cassandra("seed_provider.parameters");
        }
        Addresses {
            /// The address that this node is bound to for peers, who reach it there unless it has a broadcast_address.
            listen_address: IpAddr = address("127.0.0.1");
            /// The address that this node tells its peers, where something between them passes on what is sent to it, such as a
            /// translation of addresses; the port is storage_port too. Empty: listen_address.
            broadcast_address: Option<IpAddr> = address("").or("");
            /// The UDP port between nodes.
            storage_port: u16 = number(7_000, 1..=65_535);
            /// The address at which clients reach this node.
            rpc_address: IpAddr = address("127.0.0.1");
            /// The TCP port for clients.
            native_transport_port: u16 = number(9_042, 1..=65_535);
            /// The address of /metrics, /livez and /readyz.
            metrics_address: IpAddr = address("127.0.0.1");
            /// The TCP port of /metrics, /livez and /readyz; 0 switches them off.
            metrics_port: u16 = number(9_180, 0..=65_535);
            /// The address of admin_port, on loopback: nobody has to authenticate there.
            admin_address: IpAddr = address("127.0.0.1");
            /// A TCP port for henge admin beside the socket in the data directory, for every user of the machine; 0: none.
            admin_port: u16 = number(0, 0..=65_535);
        }
        Security {
            /// The folder with ca.pem, node.pem and node.key. Empty: certificates for development are made in the data directory.
            certificates: Option<PathBuf> = path("").or("");
            /// Serve clients on addresses other than loopback although nobody has to authenticate.
            allow_insecure_clients: bool = flag(false);
            /// The password of the superuser cassandra, which the first start with passwords makes. Empty: a random one, printed once.
            superuser_password: Secret = secret();
            /// Make cassandra a superuser with superuser_password again at this start, for when nobody can log in.
            superuser_reset: bool = flag(false);
        }
        Encryption {
            /// Serve TLS on the port for clients. All settings of client_encryption_options may also be written as a map, as in
            /// cassandra.yaml.
            encrypt_clients as "client_encryption_options_enabled": bool =
                flag(false).cassandra("client_encryption_options.enabled");
            /// Serve clients without TLS as well, on the same port.
            encryption_is_optional as "client_encryption_options_optional": bool =
                flag(false).cassandra("client_encryption_options.optional");
            /// The node's certificate for clients, with its intermediates: a PEM file. A changed file is read without a restart.
            client_certificate as "client_encryption_options_certificate": Option<PathBuf> =
                path("").or("").hidden_from_clients().cassandra("client_encryption_options.certificate");
            /// The private key of that certificate: a PEM file.
            client_key as "client_encryption_options_key": Option<PathBuf> =
                path("").or("").hidden_from_clients().cassandra("client_encryption_options.key");
            /// true: clients need a certificate. optional: one that they show must be good. false: none is asked for.
            client_auth as "client_encryption_options_require_client_auth": ClientAuth = choice(
                "false",
                [("false", ClientAuth::No), ("optional", ClientAuth::IfGiven), ("true", ClientAuth::Required)],
            ).cassandra("client_encryption_options.require_client_auth");
            /// The authorities whose signatures count on certificates of clients: a PEM file.
            client_truststore as "client_encryption_options_truststore": Option<PathBuf> =
                path("").or("").hidden_from_clients().cassandra("client_encryption_options.truststore");
        }
        Durability {
            /// The folder of all data.
            data_directory: PathBuf = path("./henge-data").cassandra("data_file_directories");
            /// Bytes that writes leave free on the disk. auto: a twentieth of the disk, 32 MiB at least and 1 GiB at most.
            disk_reserve: Option<u64> = size("auto", ..).or("auto");
        }
        Limits {
            /// The largest request of a client.
            max_frame as "native_transport_max_frame_size": usize = size("16MiB", "64KiB"..="2047MiB");
            /// Connections of clients. More are closed at once.
            max_connections as "native_transport_max_concurrent_connections": usize = number(10_000, 1..=1_048_576);
            /// Connections of the clients of one address. More are closed at once. auto: half of all.
            max_address_connections as "native_transport_max_concurrent_connections_per_ip": Option<usize> =
                number("auto", 1..=1_048_576).or("auto");
            /// Requests of clients under way. More are answered Overloaded. auto: 1024 for each thread that serves clients, 2048 at least; one client
            /// address has half of them.
            requests_max as "native_transport_max_concurrent_requests": Option<usize> =
                number("auto", 1..=16_777_216).or("auto");
            /// Bytes of requests of clients under way. More are answered Overloaded. auto: a tenth of memory, and the largest request at
            /// least.
            request_bytes_max as "native_transport_max_request_data_in_flight": Option<usize> = size("auto", ..).or("auto");
            /// The same of the clients of one address. A connection that has half of them under way is not read from. auto: a quarter of that,
            /// and the largest request at least.
            address_bytes_max as "native_transport_max_request_data_in_flight_per_ip": Option<usize> =
                size("auto", ..).or("auto");
            /// Bytes of prepared statements that are kept; one client address has half of them at most. auto: a thirty-second of memory,
            /// and 10 MiB at least.
            statement_bytes_max as "prepared_statements_cache_size": Option<usize> = size("auto", "64KiB"..).or("auto");
        }
        Resources {
            /// Bytes of cache and write buffers together. auto: half of the machine's memory, or of the cgroup's limit if that is less.
            memory: Option<usize> = size("auto", "16MiB"..).or("auto");
            /// Threads that serve clients. 0: one for each processor.
            cores: usize = number(0, 0..=1_024);
        }
        Logging {
            /// A level, or a filter such as info,henge_node=debug. RUST_LOG in the environment wins.
            log_level: String = Kind::new("info", "off, error, warn, info, debug, or a filter", |text| {
                check_filter(text).map(|()| text.to_owned()).map_err(|error| InvalidValue::Refused(error.to_string()))
            });
            /// The form of a line of the log. json: a flat object with the host id of the node, and of the peer that a line is about.
            log_json as "log_format": bool = choice("text", [("text", false), ("json", true)]);
            /// The collector that takes spans of sampled requests, as JSON by OTLP over HTTP; without a path it is asked at /v1/traces.
            /// Empty: no request is sampled.
            otlp_endpoint: Option<OtlpEndpoint> = Kind::new("", "a URL such as http://localhost:4318", |text| {
                text.parse().map_err(|error: BadEndpoint| InvalidValue::Refused(error.to_string()))
            }).or("");
            /// The PEM file of the authorities by which the certificate of a collector with https counts. Empty: those of the system.
            otlp_authorities: Option<PathBuf> = path("").or("");
            /// The share of the requests without a traceparent that are sampled too.
            sample_share as "otlp_sample_share": SampleShare = Kind::new("0", "0 to 1, such as 0.01", |text| {
                text.parse().map_err(|error: BadShare| InvalidValue::Refused(error.to_string()))
            });
        }
    }
    fields {}
}

/// The values of all settings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    pub(crate) node: Options,
    pub(crate) server: ServerSettings,
}

static ALL: LazyLock<Vec<Setting<Values>>> = LazyLock::new(|| {
    let node = Options::settings().into_iter().map(|setting| setting.within(|values: &mut Values| &mut values.node));
    let server =
        ServerSettings::settings().into_iter().map(|setting| setting.within(|values: &mut Values| &mut values.server));
    let guardrails = guardrails::settings()
        .into_iter()
        .map(|setting| setting.within(|values: &mut Values| &mut values.node.guardrails));
    let mut all: Vec<Setting<Values>> = node.chain(server).chain(guardrails).collect();
    all.sort_by_key(|setting| setting.section);
    all
});

/// All settings, in the order of the configuration file.
pub(crate) fn all() -> &'static [Setting<Values>] {
    &ALL
}

/// The settings of a section.
pub(crate) fn of_section(section: Section) -> impl Iterator<Item = &'static Setting<Values>> {
    all().iter().filter(move |setting| setting.section == section)
}

/// The setting of a name, which may be Cassandra's.
pub(crate) fn find(name: &str) -> Option<&'static Setting<Values>> {
    let by_name = all().iter().find(|setting| setting.name == name);
    by_name.or_else(|| all().iter().find(|setting| setting.cassandra == Some(name)))
}

/// True if settings stand within a map of this name in `cassandra.yaml`.
pub(crate) fn is_map(name: &str) -> bool {
    let map_of =
        |setting: &Setting<Values>| setting.cassandra.and_then(|full| full.split_once('.')).map(|(map, _)| map);
    all().iter().any(|setting| map_of(setting) == Some(name))
}

/// The setting whose name is nearest to a name that is none.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    nearest_of(name, all().iter().map(|setting| setting.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        assert_eq!(nearest("cluser_name"), Some("cluster_name"));
        assert_eq!(nearest("read_request_timout"), Some("read_request_timeout"));
        assert_eq!(nearest("xyzzy"), None);
    }

    #[test]
    fn every_default_is_a_value_of_its_setting() {
        for setting in all() {
            assert_eq!(setting.set(&mut Values::default(), &setting.default), Ok(()), "{}", setting.name);
        }
    }

    #[test]
    fn every_setting_says_what_it_does() {
        for setting in all() {
            assert!(setting.help.ends_with('.') && setting.help.len() > 10, "{}: {}", setting.name, setting.help);
        }
    }
}
