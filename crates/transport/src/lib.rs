//! Authenticated QUIC links between nodes, which carry requests, replies and messages as bytes.
//!
//! - `certificate`, `identity`, `tls`: who is who; there is no plaintext path.
//! - `endpoint`: the socket; `link`: to a peer; `inbound`: from peers; `hello`: the first words; `stream`, `frame`: what goes over them.
//! - `outbox`, `pending`, `handler`: frames and calls that wait; `options`, `limits`: for how long, and how many.

// Above the seams: real clocks, threads and maps are allowed here.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod certificate;
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
mod pending;
mod stream;
mod tls;

pub use certificate::{Authority, CertificateError, Issued, NodeCertificate};
pub use endpoint::{BindError, Endpoint, Figures};
pub use handler::{Call, CallError, Class, Destination, Handler, Hello, ReplyHandle};
pub use identity::{Identity, IdentityError};
pub use options::Options;
