//! The server: a node with its sockets, threads and files.
//!
//! Modules import downwards only, in this order:
//!
//! - `dev`, `init`, `cert`, `cert_request`: commands beside the server.
//! - `server`: from start to clean end. `restore`: a new cluster from a snapshot. `superuser`: the first role. `peers`: requests of other nodes. `http`,
//!   `http_server`: health and metrics, and HTTP with bounds.
//! - `cores`, `core_thread`, `connection`, `login`, `socket`: clients, from a thread to a message.
//! - `request`: one request from its frame to its answer. `answer`: from what a node says to what the protocol says.
//!   `client_warnings`: warnings to clients in the log.
//! - `admin`, `admin_socket`, `operations`: the requests of an operator, and the ways to send them. `caller`: who sent one.
//! - `surroundings`: this process as system tables show it. `world`: the clocks, tasks, disk and peers of a node.
//!   `machine`: the limits and the kernel under it. `node_backups`: its part of a backup. `system_clock`: the wall clock, which tests set wrong. `process`, `clients`, `request_text`: who is connected and what they have in flight. `statement`: statements as the
//!   protocol describes them. `lanes`: threads for the disk. `hosts`: names of addresses.
//! - `signals`, `args`, `sockets`, `config`, `settings`: the configuration, and the addresses that it names.
//! - `sampling`: which requests are sampled. `otlp`: the export of their spans.
//! - `open_connections`, `intake`: accounts of what clients have open and in flight. `client_tls`: their encryption.
//!   `peer_certificates`, `certificates`: the identity between nodes. `changed_files`: files that are read again. `memory`, `descriptors`, `logging`, `log_filter`, `metrics`,
//!   `panics`: of the process. `refusals`: failed logins and refused connections in the log.

// Above the seams: real clocks, threads and maps are allowed here.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

/// Prints a line of a process that goes on when nobody reads what it prints.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}

mod admin;
mod admin_socket;
mod answer;
mod args;
mod caller;
mod cert;
mod cert_request;
mod certificates;
mod changed_files;
mod client_tls;
mod client_warnings;
mod clients;
mod config;
mod connection;
mod core_thread;
mod cores;
mod descriptors;
mod dev;
mod hosts;
mod http;
mod http_server;
mod init;
mod intake;
mod lanes;
mod log_filter;
mod logging;
mod login;
mod machine;
#[cfg(test)]
mod manual;
mod memory;
mod metrics;
#[cfg(test)]
mod module_order;
mod node_backups;
mod open_connections;
mod operations;
mod otlp;
mod panics;
mod peer_certificates;
mod peers;
mod process;
mod refusals;
mod request;
mod request_text;
mod restore;
mod sampling;
mod server;
mod settings;
mod signals;
mod socket;
mod sockets;
mod statement;
mod superuser;
mod supervisor;
mod surroundings;
mod system_clock;
mod world;

pub use args::{CheckOptions, ServerOptions, check_config};
pub use cert::{CertOptions, cert};
pub use dev::{DevOptions, dev};
pub use init::{InitOptions, init};
pub use server::server;
