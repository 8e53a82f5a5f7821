//! Authenticated QUIC links between nodes, which carry requests, replies and messages as bytes.
//!
//! - `certificate`, `certificate_request`, `revocation`, `trust`, `identity`, `provider`, `tls`: authentication; there is no plaintext path.
//! - `endpoint`: all of them; `port`, `udp_socket`: the UDP port and its sockets; `dialer`: the links of a thread; `link`: connections to
//!   peers; `inbound`: connections from peers; `core_number`: the thread that a link belongs to; `steering`, `hello`, `stream`, `frame`:
//!   the bytes on them.
//! - `outbox`, `pending_calls`, `call`, `handler`: queued frames and waiting calls; `state`: what links and connections share of their
//!   endpoint; `options`, `limits`: settings and bounds.

// This crate is above the seams: real clocks, threads and hash maps are allowed.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod call;
mod certificate;
mod certificate_request;
mod core_number;
mod dialer;
mod endpoint;
mod frame;
mod handler;
mod hello;
mod identity;
mod inbound;
mod limits;
mod link;
mod options;
mod outbox;
mod pending_calls;
mod port;
mod provider;
mod revocation;
mod state;
mod steering;
mod stream;
mod tls;
mod trust;
mod udp_socket;

pub use call::{Call, CallError};
pub use certificate::{Authority, IssuedCertificate, NodeCertificate};
pub use certificate_request::{CertificateRequest, SignedRequest};
pub use core_number::{current_core, enter_core};
pub use endpoint::{BindError, Endpoint, Figures};
pub use handler::{Class, Destination, Handler, Hello, Refusal, ReplyHandle};
pub use identity::{Identity, IdentityError, Validity};
pub use options::Options;
pub use revocation::CertificateError;
