//! How much may wait, and for how long.

use std::time::Duration;

/// Longest body of a frame: 64 MiB.
pub(crate) const BODY_BYTES: usize = 64 << 20;
/// Longest hello: it is read before anything is known of the peer.
pub(crate) const HELLO_BYTES: usize = 4 << 10;
/// Frames waiting to be sent on one link: 32 MiB. Beyond it calls end in `NotSent`.
pub(crate) const QUEUE_BYTES: usize = 32 << 20;
/// Calls under way on one link.
pub(crate) const PENDING: usize = 1 << 16;
/// Bytes read from a stream at once.
pub(crate) const READ_BYTES: usize = 256 << 10;
/// How long a handshake with hellos may take.
pub(crate) const HANDSHAKE: Duration = Duration::from_secs(5);
/// First and longest wait between attempts to reach a peer.
pub(crate) const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// How often overdue calls are looked for.
pub(crate) const SWEEP: Duration = Duration::from_millis(10);
/// Refused peers that are remembered, so that each is logged once.
pub(crate) const REFUSED: usize = 1_000;
/// Connections from peers at any time.
pub(crate) const INBOUND: usize = 10_000;
