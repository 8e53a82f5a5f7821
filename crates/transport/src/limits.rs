//! Bounds on sizes, numbers and times.

use std::time::Duration;

/// Maximum bytes of a frame's body.
pub(crate) const BODY_BYTES_MAX: usize = 64 << 20;
/// Maximum bytes of a hello. Small, because it is read before the peer is accepted.
pub(crate) const HELLO_BYTES_MAX: usize = 4 << 10;
/// Maximum bytes of bodies that wait on one link. Beyond it, calls end in `NotSent`.
pub(crate) const QUEUE_BYTES_MAX: usize = 32 << 20;
/// Maximum calls in progress on one link.
pub(crate) const PENDING_CALLS_MAX: usize = 1 << 16;
/// Maximum bytes of one read from a stream.
pub(crate) const READ_BYTES_MAX: usize = 256 << 10;
/// Maximum time for a handshake, including the hellos.
pub(crate) const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// The first delay between attempts to connect to a peer; each failure doubles it.
pub(crate) const RECONNECT_DELAY_MIN: Duration = Duration::from_millis(50);
/// The longest delay between attempts to connect to a peer.
pub(crate) const RECONNECT_DELAY_MAX: Duration = Duration::from_secs(2);
/// The shortest time between two searches for overdue calls.
pub(crate) const OVERDUE_CHECK_INTERVAL: Duration = Duration::from_millis(10);
/// Maximum remembered refusals; each is logged once, later ones are not logged.
pub(crate) const LOGGED_REFUSALS_MAX: usize = 1_000;
/// Maximum connections from peers.
pub(crate) const INBOUND_CONNECTIONS_MAX: usize = 10_000;
/// Maximum cores with links of their own; others share them. It bounds the connections of two nodes.
pub(crate) const DIALING_CORES_MAX: usize = 8;
/// Maximum time in which peers are notified that this endpoint is closed.
pub(crate) const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
