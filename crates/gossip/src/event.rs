//! Conclusions of the detector.

use henge_base::HostId;

/// A change in which hosts seem alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The host has answered this node and is heard of.
    Up(HostId),
    /// The host was not heard of for too long, or it restarted.
    Down(HostId),
}
