//! Imports between the modules of this crate go one way.

use henge_manual::ModuleGraph;
use std::path::Path;

/// From the ground up: each may import itself and those before it.
const MODULES: [&str; 54] = [
    "panics",
    "metrics",
    "log_filter",
    "logging",
    "refusals",
    "descriptors",
    "memory",
    "certificates",
    "changed_files",
    "client_tls",
    "intake",
    "open_connections",
    "otlp",
    "sampling",
    "settings",
    "config",
    "sockets",
    "args",
    "signals",
    "hosts",
    "lanes",
    "statement",
    "request_text",
    "clients",
    "machine",
    "process",
    "system_clock",
    "node_backups",
    "world",
    "surroundings",
    "caller",
    "operations",
    "admin_socket",
    "admin",
    "client_warnings",
    "answer",
    "request",
    "socket",
    "login",
    "connection",
    "core_thread",
    "cores",
    "http_server",
    "http",
    "peers",
    "peer_certificates",
    "superuser",
    "supervisor",
    "restore",
    "server",
    "init",
    "cert_request",
    "cert",
    "dev",
];

#[test]
fn modules_import_one_way_and_none_import_each_other() {
    let graph = ModuleGraph::read(Path::new("src"));
    assert!(graph.imports().count() > 100, "the sources are not read");
    graph.assert_one_way(&MODULES);
}
