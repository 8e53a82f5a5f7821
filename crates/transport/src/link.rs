//! A link to a peer: one QUIC connection with one stream in each direction. It connects when there is something to send,
//! and again after its connection broke or was closed because it was not used. Between a failed or broken connection and
//! the next attempt calls fail at once, as not sent.

use crate::call::{Call, CallError};
use crate::frame::{Head, Kind};
use crate::handler::{Class, Destination};
use crate::hello::{self, HelloError};
use crate::limits::{HANDSHAKE_TIMEOUT, RECONNECT_DELAY_MAX, RECONNECT_DELAY_MIN};
use crate::outbox::{Outbox, QueuedFrame};
use crate::pending_calls::PendingCalls;
use crate::state::EndpointState;
use crate::steering::first_id;
use crate::stream;
use crate::tls::SERVER_NAME;
use henge_base::{Bytes, BytesMut, HostId};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// A link: the connection to one destination for one class.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) to: Destination,
    pub(crate) class: Class,
    /// Replaced for each connection, after the frames of the broken one have been settled.
    outbox: Mutex<Arc<Outbox>>,
    pub(crate) pending: PendingCalls,
    /// Calls and messages so far.
    sent: AtomicU64,
    pub(crate) is_up: AtomicBool,
    pub(crate) is_closed: AtomicBool,
}

/// The reason why frames are no longer exchanged.
enum Ending {
    /// The connection broke, or the link was ended.
    Broken,
    /// Nothing was sent for a while.
    Idle,
}

/// A connection after the exchange of hellos.
struct OutboundConnection {
    connection: quinn::Connection,
    sender: quinn::SendStream,
    receiver: quinn::RecvStream,
    input: BytesMut,
    host: HostId,
}

impl Link {
    pub(crate) fn new(to: Destination, class: Class) -> Link {
        Link {
            to,
            class,
            outbox: Mutex::default(),
            pending: PendingCalls::default(),
            sent: AtomicU64::new(0),
            is_up: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
        }
    }

    /// Sends a request.
    pub(crate) fn call(&self, deadline: Duration, body: Bytes) -> Call {
        let deadline = Instant::now() + deadline;
        self.sent.fetch_add(1, Ordering::Relaxed);
        let Some((correlation, receiver)) = self.pending.open(deadline) else {
            return Call::Ready(Some(CallError::NotSent));
        };
        let head = Head::of(Kind::Request, correlation);
        let outbox = Arc::clone(&self.outbox.lock());
        if outbox.push(QueuedFrame { head, body, deadline: Some(deadline) }).is_err() {
            self.pending.complete(correlation, Err(CallError::NotSent));
        }
        Call::Waiting(receiver)
    }

    /// Sends a message without a reply. It may be lost.
    pub(crate) fn tell(&self, body: Bytes) {
        self.sent.fetch_add(1, Ordering::Relaxed);
        let outbox = Arc::clone(&self.outbox.lock());
        let _ = outbox.push(QueuedFrame { head: Head::of(Kind::Tell, 0), body, deadline: None });
    }

    /// Waits until nothing has been sent for as long as such a link stays open, and no call is under way.
    async fn idle(&self, state: &EndpointState) {
        let look = state.options.burst_timeout.min(state.options.unused_timeout);
        let (mut before, mut since) = (self.sent.load(Ordering::Relaxed), Instant::now());
        loop {
            sleep(look).await;
            let sent = self.sent.load(Ordering::Relaxed);
            if sent != before || self.pending.count() > 0 {
                (before, since) = (sent, Instant::now());
            } else if since.elapsed() >= state.unused_timeout(self.class) {
                return;
            }
        }
    }

    /// Bytes of bodies that wait to be sent.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.outbox.lock().bytes()
    }

    /// Ends the link permanently.
    pub(crate) fn end(&self) {
        self.is_closed.store(true, Ordering::Release);
        let outbox = Arc::clone(&self.outbox.lock());
        self.fail_waiting_frames(&outbox);
    }

    /// Closes an outbox, which refuses frames from then on. Calls that still wait in it were not sent; the outcome of those already sent is unknown.
    fn fail_waiting_frames(&self, outbox: &Outbox) {
        for waiting in outbox.close() {
            self.not_sent(waiting);
        }
        self.pending.end_all();
    }

    fn not_sent(&self, waiting: QueuedFrame) {
        self.pending.complete(waiting.head.correlation, Err(CallError::NotSent));
    }
}

/// Runs a link until it is ended or the endpoint is closed.
pub(crate) async fn run(state: Arc<EndpointState>, quinn: quinn::Endpoint, link: Arc<Link>) {
    tokio::select! {
        () = reconnect_until_closed(&state, &quinn, &link) => {}
        () = link.pending.sweep() => {}
    }
}

async fn reconnect_until_closed(state: &EndpointState, quinn: &quinn::Endpoint, link: &Arc<Link>) {
    let mut backoff = RECONNECT_DELAY_MIN;
    while !link.is_closed.load(Ordering::Acquire) && !state.is_closed() {
        let outbox = Arc::clone(&link.outbox.lock());
        outbox.wait_for_frames().await;
        if link.is_closed.load(Ordering::Acquire) {
            return;
        }
        match timeout(HANDSHAKE_TIMEOUT, connect(state, quinn, link))
            .await
            .unwrap_or(Err(HelloError::Lost("no answer".to_owned())))
        {
            Ok(connected) => {
                backoff = RECONNECT_DELAY_MIN;
                link.is_up.store(true, Ordering::Relaxed);
                state.link_up(link.class);
                let ending = exchange_frames(state, link, &outbox, connected).await;
                state.link_down(link.class);
                link.is_up.store(false, Ordering::Relaxed);
                if matches!(ending, Ending::Idle) {
                    // What was queued this moment stays queued, and connects again.
                    continue;
                }
            }
            Err(error) => state.log_refusal(link.to.address.ip(), &error),
        }
        link.fail_waiting_frames(&outbox);
        // Jitter keeps the nodes of a cluster from connecting to a peer at the same moment.
        sleep(backoff.mul_f64(0.5 + state.jitter())).await;
        backoff = (backoff * 2).min(RECONNECT_DELAY_MAX);
        *link.outbox.lock() = Arc::default();
    }
}

/// Connects, exchanges hellos, and checks that the peer is the host expected and is admitted.
async fn connect(
    state: &EndpointState,
    quinn: &quinn::Endpoint,
    link: &Link,
) -> Result<OutboundConnection, HelloError> {
    let lost = |reason: String| HelloError::Lost(reason);
    let (mut config, class, first_core) = (state.client_config(), link.class, state.first_core);
    config.initial_dst_cid_provider(Arc::new(move || first_id(class, first_core)));
    let connecting = quinn.connect_with(config, link.to.address, SERVER_NAME);
    let connection =
        connecting.map_err(|e| lost(e.to_string()))?.await.map_err(|e| HelloError::from_connection_error(&e))?;
    let (mut sender, mut receiver) = connection.open_bi().await.map_err(|e| HelloError::from_connection_error(&e))?;
    let hello = hello::encode(link.class, state.cluster(), &state.options.release);
    sender.write_all(&hello).await.map_err(|e| lost(e.to_string()))?;
    let mut input = BytesMut::new();
    let peer_hello = hello::receive(&connection, &mut receiver, &mut input, link.to.address).await?;
    if let Some(expected) = link.to.host.filter(|h| *h != peer_hello.host) {
        connection.close(1u32.into(), b"another host was expected here");
        return Err(HelloError::OtherHost { found: peer_hello.host, expected });
    }
    if let Err(refusal) = state.handler.admit(&peer_hello) {
        connection.close(1u32.into(), refusal.to_string().as_bytes());
        return Err(refusal.into());
    }
    Ok(OutboundConnection { connection, sender, receiver, input, host: peer_hello.host })
}

/// Transfers frames in both directions until either one ends.
async fn exchange_frames(
    state: &EndpointState,
    link: &Arc<Link>,
    outbox: &Outbox,
    connected: OutboundConnection,
) -> Ending {
    let OutboundConnection { connection, sender, mut receiver, input, host } = connected;
    let write = stream::write(outbox, sender, |late| link.not_sent(late));
    let read = stream::read(&mut receiver, input, |head, body| {
        let outcome = match head.kind {
            Kind::Reply => Ok(body),
            Kind::NoReply => Err(CallError::Unknown),
            // A peer sends its requests over a link of its own.
            _ => return,
        };
        if let Some(time) = link.pending.complete(head.correlation, outcome) {
            state.handler.round_trip(host, link.class, time);
        }
    });
    let (ending, reason) = tokio::select! {
        () = write => (Ending::Broken, String::new()),
        ended = read => (Ending::Broken, ended.err().map(|e| e.to_string()).unwrap_or_default()),
        () = link.idle(state) => (Ending::Idle, "unused".to_owned()),
        error = state.distrust(&connection) => (Ending::Broken, HelloError::Distrusted(error).to_string()),
    };
    connection.close(0u32.into(), reason.as_bytes());
    ending
}
