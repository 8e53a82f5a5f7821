//! Vocabulary below the domain: every crate may name it, and it names nobody.
//!
//! - `clock`: monotonic and wall time as plain numbers; nothing here reads a clock.
//! - `hlc`: the hybrid logical clock that stamps writes, ballots and messages.
//! - `id`: who a node is, and which cluster it belongs to.
//! - `random`: a seeded generator, handed in wherever chance is needed.
//! - `wire`: reading and writing bytes with every length checked.

mod clock;
mod hlc;
mod id;
mod random;
mod wire;

pub use bytes::{Bytes, BytesMut};
pub use clock::{Micros, Mono};
pub use hlc::{DriftError, Hlc, MAX_DRIFT_US};
pub use id::{ClusterId, HostId};
pub use random::Random;
pub use wire::{Reader, Truncated, put_signed_vint, put_vint, signed_vint, vint_len};
