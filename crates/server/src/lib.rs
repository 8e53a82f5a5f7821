//! The server: a node with its sockets, threads and files.
//!
//! Modules import downwards only, in this order:
//!
//! - `dev`, `cert`: commands beside the server.
//! - `server`: from start to clean end. `superuser`: the first role. `peers`: what peers' bytes come through. `http`,
//!   `http_server`: health and metrics, HTTP with bounds.
//! - `cores`, `connection`, `login`: clients, from a thread to a message. `socket`, `client_tls`: what their bytes come
//!   through.
//! - `request`: one request from its frame to its answer. `statement`: statements as the protocol describes them;
//!   `answer`: from what a node says to what the protocol says. `intake`: accounts of what clients have under way;
//!   `client_warnings`: the log of warnings.
//! - `admin`, `admin_socket`, `operations`: what an operator asks for, and the ways to ask.
//! - `surroundings`, `hosts`: the process as system tables show it. `world`, `lanes`: the node's outside. `process`,
//!   `clients`, `request_text`: who is connected and what they have under way.
//! - `args`, `config`, `settings`, `memory`: the configuration. `sockets`, `certificates`: a server's addresses and who it
//!   is. `descriptors`, `logging`, `metrics`, `panics`: of the process.

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
#[cfg(test)]
mod module_order;
mod operations;
mod panics;
mod peers;
mod process;
mod request;
mod request_text;
mod server;
mod settings;
mod socket;
mod sockets;
mod statement;
mod superuser;
mod surroundings;
mod world;

pub use args::{CheckOptions, ServerOptions, check_config};
pub use cert::{CertOptions, cert};
pub use dev::{DevOptions, dev};
pub use server::server;
