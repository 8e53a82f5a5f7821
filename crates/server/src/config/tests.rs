use super::*;
use crate::client_tls::ClientAuth;
use std::path::PathBuf;

fn config(text: &str) -> Result<Config, String> {
    let mut settings = Settings::default();
    settings.text(text, "henge.yaml");
    settings.config().map_err(|errors| errors.to_string())
}

#[test]
fn no_file_at_all_is_a_single_node_on_loopback() {
    let config = config("").unwrap();
    assert_eq!(config.node.seeds, vec![config.node.address]);
    assert!(config.node.rpc_address.ip().is_loopback());
}

#[test]
fn peers_are_told_the_broadcast_address_and_the_socket_is_at_the_other() {
    let node = |text: &str| config(text).unwrap().node;
    let at = |text: &str| text.parse().unwrap();
    let plain = node("listen_address: 127.0.0.3");
    assert_eq!((plain.address, plain.bound_address()), (at("127.0.0.3:7000"), at("127.0.0.3:7000")));
    let behind = node("{listen_address: 127.0.0.3, broadcast_address: 127.0.7.3, storage_port: 7001}");
    assert_eq!((behind.address, behind.bound_address()), (at("127.0.7.3:7001"), at("127.0.0.3:7001")));
    assert_eq!(behind.seeds, vec![behind.address]);
}

#[test]
fn mistakes_are_told_with_place_and_remedy() {
    let error = |text: &str| config(text).unwrap_err();
    assert_eq!(
        error("# a comment\ncluser_name: x"),
        "henge.yaml:2: no setting is called cluser_name; did you mean cluster_name?"
    );
    assert_eq!(error("num_tokens: 0"), "henge.yaml:1: num_tokens: must be a number from 1 to 1536, not \"0\"");
    assert_eq!(
        error("write_request_timeout: 10"),
        "henge.yaml:1: write_request_timeout: invalid duration \"10\": expected a number and one of us, ms, s, m, h, d, \
         such as 2000ms, 10s or 3h"
    );
    assert!(error("rpc_address: 0.0.0.0").contains("allow_insecure_clients: true"));
    assert!(error("seeds: {a: b}").contains("takes a single value"));
    assert!(error("commitlog_sync: batch").contains("group, periodic"));
    assert!(error("- a list").contains("not YAML of the form"));
}

#[test]
fn values_that_cannot_be_are_refused_by_name() {
    let refused = [
        ("log_level: verbose", "log_level: invalid level \"verbose\": expected one of off, error, warn"),
        ("log_format: jsn", "log_format: must be one of text, json, not \"jsn\"; did you mean json?"),
        ("commitlog_sync: periodc", "did you mean periodic?"),
        ("hinted_handoff_enabled: maybe", "hinted_handoff_enabled: must be one of true, false, not \"maybe\""),
        (
            "client_encryption_options: {optional: maybe}",
            "client_encryption_options_optional: must be one of true, false",
        ),
        ("client_encryption_options: {require_client_auth: maybe}", "must be one of false, optional, true"),
        ("authenticator: PasswordAutenticator", "did you mean PasswordAuthenticator?"),
        ("read_consistency_levels_warned: QORUM", "did you mean QUORUM?"),
        ("read_request_timeout: 0s", "read_request_timeout: must be from 10ms to 365d, not 0s"),
        ("write_request_timeout: 213503982d", "write_request_timeout: must be from 10ms to 365d"),
        ("commitlog_sync_period: 0ms", "commitlog_sync_period: must be from 1ms to 1h"),
        ("tombstone_purge_interval: 1ms", "tombstone_purge_interval: must be from 1s to 365d"),
        ("memory: 1B", "memory: must be at least 16MiB, not 1B"),
        ("memory: 2GB", "did you mean GiB?"),
        ("disk_reserve: automatic", "disk_reserve: invalid size \"automatic\""),
        (
            "native_transport_max_frame_size: 0B",
            "native_transport_max_frame_size: must be from 64KiB to 2047MiB, not 0B",
        ),
        (
            "native_transport_max_frame_size: 3GiB",
            "native_transport_max_frame_size: must be from 64KiB to 2047MiB, not 3GiB",
        ),
        ("rack: ''", "rack: must not be empty"),
        ("data_directory:", "data_directory: must not be empty"),
        ("listen_address: 0.0.0.0", "listen_address: must be an address that peers can reach"),
        ("broadcast_address: 0.0.0.0", "broadcast_address: must be an address that peers can reach"),
    ];
    for (text, expected) in refused {
        let error = config(text).expect_err(text);
        assert!(error.starts_with("henge.yaml:1: ") && error.contains(expected), "{error}");
    }
}

#[test]
fn encryption_for_clients_is_written_as_in_cassandra_yaml() {
    let given = "client_encryption_options:\n  enabled: true\n  require_client_auth: optional\n  certificate: a.pem\n  key: a.key\n";
    let tls = config(&format!("{given}  truststore: ca.pem")).unwrap().client_tls.unwrap();
    assert_eq!((tls.optional, tls.client_auth), (false, ClientAuth::IfGiven));
    assert_eq!((tls.key, tls.truststore), (PathBuf::from("a.key"), Some(PathBuf::from("ca.pem"))));
    assert!(config(given).unwrap_err().contains("client_encryption_options_truststore: must be a PEM file for TLS"));
    assert!(config("client_encryption_options: {enabled: true}").unwrap_err().contains("must be a PEM file"));
    let misspelt = config("client_encryption_options: {certifcate: a}").unwrap_err();
    assert!(misspelt.contains("no setting is called client_encryption_options.certifcate"), "{misspelt}");
    assert_eq!(config("client_encryption_options: {optional: true}").unwrap().client_tls, None);
}

#[test]
fn clients_off_loopback_have_to_log_in() {
    let open = "rpc_address: 0.0.0.0\n";
    let config = |more: &str| config(&format!("{open}{more}"));
    assert!(config("").is_err());
    assert!(config("allow_insecure_clients: true").is_ok());
    let tls = "client_encryption_options: {enabled: true, certificate: c, key: k, truststore: t, require_client_auth: ";
    assert!(config(&format!("{tls}true}}")).is_ok());
    assert!(config(&format!("{tls}true, optional: true}}")).is_err());
    assert!(config(&format!("{tls}optional}}")).is_err());
    let both = config("authenticator:\n  class_name: PasswordAuthenticator\nauthorizer: CassandraAuthorizer").unwrap();
    assert!(both.node.authenticate && both.node.authorize);
    let full = config("authenticator: org.apache.cassandra.auth.PasswordAuthenticator").unwrap();
    assert!(full.node.authenticate && !full.node.authorize);
    assert!(config("authorizer: CassandraAuthorizer").unwrap_err().contains("it needs PasswordAuthenticator"));
    assert!(
        config("authenticator: KerberosAuthenticator")
            .unwrap_err()
            .contains("must be one of AllowAllAuthenticator, PasswordAuthenticator")
    );
}

#[test]
fn the_superusers_password_is_not_shown() {
    let mut settings = Settings::default();
    settings.environment([("HENGE_SUPERUSER_PASSWORD", "s3cret")].into_iter());
    assert_eq!(settings.config().unwrap().server.superuser_password.reveal(), Some("s3cret"));
    assert!(!settings.describe().contains("s3cret") && settings.describe().contains("superuser_password: (not shown)"));
}

#[test]
fn settings_of_cassandra_that_mean_nothing_are_named() {
    let mut settings = Settings::default();
    settings.text("concurrent_reads: 32\nrack: r2", "c.yaml");
    let told = "c.yaml:1: concurrent_reads is Cassandra's and has no effect here: threads are not counted by their work: see cores";
    assert_eq!(settings.warnings, [told]);
    assert_eq!(settings.config().unwrap().node.rack, "r2");
}

#[test]
fn the_environment_wins_over_the_file() {
    let mut settings = Settings::default();
    settings.text("rack: r2\nseeds: [127.0.0.1, \"127.0.0.2:7001\"]", "c.yaml");
    settings.environment([("HENGE_RACK", "r3")].into_iter());
    let node = settings.config().unwrap().node;
    assert_eq!((node.rack.as_str(), node.seeds.len()), ("r3", 2));
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let error = config("cluser_name: x\nnum_tokens: 0\nadmin_address: 192.0.2.1\nread_request_timeout: 5").unwrap_err();
    let lines: Vec<&str> = error.lines().map(str::trim).collect();
    assert_eq!(lines[0], "4 settings cannot be used:");
    for (line, part) in
        lines[1..].iter().zip(["yaml:1: no setting", "yaml:4: read_request", "yaml:2: num_tokens", "yaml:3: admin"])
    {
        assert!(error.contains(part), "{line}: {part}");
    }
}

#[test]
fn a_wrong_value_hides_no_other_and_invents_none() {
    let error = config("rpc_address: 192.0.2.1\nauthenticator: PasswordAutenticator").unwrap_err();
    assert!(error.starts_with("henge.yaml:2: authenticator: must be one of"), "{error}");
}

#[test]
fn a_file_of_cassandras_is_taken() {
    let text = "seed_provider:\n  - class_name: org.apache.cassandra.locator.SimpleSeedProvider\n    parameters:\n      - seeds: \"127.0.0.1:7000,127.0.0.2\"\n\
                data_file_directories: [/var/lib/henge]\nread_request_timeout_in_ms: 7000\nnetwork_authorizer: {class_name: AllowAllNetworkAuthorizer}\n\
                audit_logging_options: {enabled: false}\nauthenticator: {class_name: PasswordAuthenticator, parameters: null}\n\
                server_encryption_options: {internode_encryption: none}\n";
    let mut settings = Settings::default();
    settings.text(text, "cassandra.yaml");
    let config = settings.config().unwrap();
    assert_eq!((config.node.seeds.len(), config.node.read_timeout.as_secs(), config.node.authenticate), (2, 7, true));
    assert_eq!(config.server.data_directory, PathBuf::from("/var/lib/henge"));
    assert_eq!(settings.warnings.len(), 5, "{:?}", settings.warnings);
}

#[test]
fn what_cassandra_has_and_henge_has_not_is_refused_with_a_remedy() {
    let error = |text: &str| config(text).unwrap_err();
    assert!(error("audit_logging_options: {enabled: true}").contains("there is no audit log"));
    assert!(error("partitioner: RandomPartitioner").contains("Murmur3Partitioner is the only partitioner"));
    assert!(error("data_file_directories: [a, b]").contains("name one"));
    assert!(error("network_authorizer: CassandraNetworkAuthorizer").contains("leave it out"));
    assert!(error("seed_provider: [{class_name: K8SeedProvider}]").contains("only SimpleSeedProvider"));
}

#[test]
fn guardrails_are_written_as_in_cassandra_yaml() {
    let guardrails = |text: &str| config(text).map(|config| config.node.guardrails);
    let default = guardrails("").unwrap();
    assert_eq!((default.batches.size.warn, default.batches.size.fail), (Some(5 << 10), Some(50 << 10)));
    assert_eq!((default.batches.partitions, default.tombstones.fail), (Some(10), Some(100_000)));
    assert!(!default.are_set() && !default.concern_requests());
    let given = guardrails(
        "page_size_fail_threshold: 500\ncollection_size_warn_threshold: 1KiB\nmaximum_timestamp_warn_threshold: 1d\n\
         read_consistency_levels_disallowed: [ANY, EACH_QUORUM]\ntable_properties_warned: [Comment]\n\
         drop_keyspace_enabled: false\nbatch_size_warn_threshold: null",
    )
    .unwrap();
    assert_eq!((given.reads.page_size.warn, given.reads.page_size.fail), (None, Some(500)));
    assert_eq!(given.writes.collection_size.warn, Some(1_024));
    assert_eq!(given.writes.maximum_timestamp.warn, Some(86_400_000_000));
    assert_eq!(given.reads.levels.disallowed.len(), 2);
    assert!(given.schema.table_properties.warned.contains("comment") && !given.schema.drop_keyspace);
    assert_eq!(given.batches.size.warn, None);
    assert!(given.are_set() && given.concern_requests());
}

#[test]
fn mistakes_in_guardrails_are_told() {
    let error = |text: &str| config(text).unwrap_err();
    assert!(error("page_size_warn_treshold: 5").ends_with("did you mean page_size_warn_threshold?"));
    assert!(error("page_size_warn_threshold: 0").contains("must be a positive number, or -1 to switch it off"));
    assert!(error("page_size_warn_threshold: 5\npage_size_fail_threshold: 4").contains("must not be higher than"));
    assert!(error("collection_size_fail_threshold: 5").contains("invalid size \"5\""));
    assert!(error("table_properties_ignored: [coment]").contains("\"coment\" is no property of tables"));
    assert!(error("read_consistency_levels_warned: MOST").contains("\"MOST\" is no consistency level"));
    assert!(error("minimum_replication_factor_fail_threshold: 3").contains("default_keyspace_rf"));
}
