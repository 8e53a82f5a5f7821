//! The server: a node with its sockets, threads and files.
//!
//! - `server`: from start to clean end; `args`, `config`, `settings`, `memory`: its configuration; `logging`, `metrics`, `http`: its log, metrics and health.
//! - `descriptors`: those of clients and the rest.
//! - `operations`, `admin`, `admin_socket`: what an operator asks for, and the ways to ask; `http_server`: HTTP with bounds.
//! - `sockets`: the addresses of a server; `socket`, `client_tls`: what clients' bytes come through; `cores`, `connection`, `login`, `request`, `statement`, `answer`: clients.
//! - `clients`, `task`: who they are and what they have under way; `settings_view`, `hosts`, `process`: what system tables say of this process.
//! - `world`, `lanes`, `peers`: the node's outside; `certificates`: who it is.
//! - `superuser`: the first role; `cert`, `dev`: commands beside it.

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
mod cert;
mod certificates;
mod client_tls;
mod client_warnings;
mod clients;
mod config;
mod connection;
mod cores;
mod descriptors;
mod dev;
mod hosts;
mod http;
mod http_server;
mod intake;
mod lanes;
mod logging;
mod login;
#[cfg(test)]
mod manual;
mod memory;
mod metrics;
mod operations;
mod panics;
mod peers;
mod process;
mod request;
mod server;
mod settings;
mod settings_view;
mod socket;
mod sockets;
mod statement;
mod superuser;
mod task;
mod world;

pub use args::{CheckOptions, ServerOptions, check_config};
pub use cert::{CertOptions, cert};
pub use dev::{DevOptions, dev};
pub use server::server;
