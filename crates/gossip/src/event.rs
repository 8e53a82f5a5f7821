//! What the detector concluded.

use henge_base::HostId;

/// A change in who seems to be alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The host answers.
    Up(HostId),
    /// Nothing was heard of the host for too long, or it started anew.
    Down(HostId),
}
