//! Basic types for every crate; it depends on none of them.
//!
//! - `clock`: monotonic and wall time as plain numbers; nothing here reads a clock.
//! - `hex`: bytes as hexadecimal digits.
//! - `hlc`: the hybrid logical clock that stamps writes, ballots and messages.
//! - `id`: the identities of nodes and clusters.
//! - `random`: a seeded generator, passed to everything that needs random numbers.
//! - `steps`: a count of elementary steps, for tests of how work grows with its input.
//! - `wire`: reading and writing of bytes with every length checked.

mod clock;
mod hex;
mod hlc;
mod id;
mod random;
mod steps;
mod wire;

pub use bytes::{Bytes, BytesMut};
pub use clock::{Micros, Mono};
pub use hex::{from_hex, hex};
pub use hlc::{DriftError, Hlc, MAX_DRIFT_US, OFFSET_MAX_US, check_received_stamp};
pub use id::{ClusterId, HostId};
pub use random::Random;
pub use steps::{count_steps, steps_of};
pub use wire::{Reader, TruncatedInput, put_signed_vint, put_vint, signed_vint, vint_len};
