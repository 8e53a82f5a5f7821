//! A UDP socket that wakes its thread for datagrams that arrive, and for nothing else.
//!
//! quinn's own socket asks to be told when it may be written to as well. Linux then tells so whenever the network has taken a datagram
//! that was sent, which costs a thread a turn of its event loop for each. A UDP socket can nearly always be written to, so this one asks
//! only once it could not.

use quinn::udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState};
use quinn::{AsyncTimer, AsyncUdpSocket, Runtime, TokioRuntime, UdpPoller};
use std::fmt;
use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// The wait before a full socket is tried again if it cannot be watched, for want of file descriptors.
const RETRY_DELAY: Duration = Duration::from_millis(1);

/// quinn's runtime on tokio, with sockets of [`UdpSocket`].
#[derive(Debug)]
pub(crate) struct QuicRuntime;

impl Runtime for QuicRuntime {
    fn new_timer(&self, due: Instant) -> Pin<Box<dyn AsyncTimer>> {
        TokioRuntime.new_timer(due)
    }

    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        TokioRuntime.spawn(future);
    }

    fn wrap_udp_socket(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        Ok(Arc::new(UdpSocket::new(socket)?))
    }

    fn now(&self) -> Instant {
        TokioRuntime.now()
    }
}

/// A socket of the runtime that it was made in.
#[derive(Debug)]
struct UdpSocket {
    socket: AsyncFd<std::net::UdpSocket>,
    state: UdpSocketState,
    /// True from a send for which there was no room until there is room again.
    is_full: AtomicBool,
}

impl UdpSocket {
    fn new(socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
        // Makes it non-blocking too.
        let state = UdpSocketState::new((&socket).into())?;
        let socket = watch(socket, Interest::READABLE)?;
        Ok(UdpSocket { socket, state, is_full: AtomicBool::new(false) })
    }

    /// Waits until a full socket has room. The event is asked for on a duplicate of the descriptor, which ends with the wait.
    async fn has_room(self: Arc<Self>) -> io::Result<()> {
        let duplicate = self.socket.get_ref().try_clone();
        match duplicate.and_then(|duplicate| watch(duplicate, Interest::WRITABLE)) {
            Ok(watched) => drop(watched.writable().await?),
            Err(_) => tokio::time::sleep(RETRY_DELAY).await,
        }
        self.is_full.store(false, Ordering::Relaxed);
        Ok(())
    }
}

/// Registers a socket with the runtime that this is called in.
fn watch(socket: std::net::UdpSocket, interest: Interest) -> io::Result<AsyncFd<std::net::UdpSocket>> {
    // SAFETY: a `std::net::UdpSocket` owns its descriptor, always gives the same one, and is open until it is dropped.
    Ok(unsafe { AsyncFd::register_with_interest(socket, interest) }?)
}

impl AsyncUdpSocket for UdpSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(RoomPoller { socket: self, waiting: None })
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        let sent = self.state.send(self.socket.get_ref().into(), transmit);
        if sent.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
            self.is_full.store(true, Ordering::Relaxed);
        }
        sent
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let room = buffers.len().min(meta.len()).min(BATCH_SIZE);
        loop {
            let mut ready = ready!(self.socket.poll_read_ready(context))?;
            let received = self.state.recv(self.socket.get_ref().into(), buffers, meta);
            // With room left nothing more had arrived, and what arrives from now on is told anew. So it is after an error, which is of
            // one datagram: an endpoint outlives it.
            if !matches!(received, Ok(number) if number == room) {
                ready.clear_ready();
            }
            match received {
                Ok(number) => return Poll::Ready(Ok(number)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => tracing::debug!(%error, "could not receive a datagram"),
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.state.max_gso_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.state.gro_segments()
    }

    fn may_fragment(&self) -> bool {
        self.state.may_fragment()
    }
}

/// A connection's wait for room in its socket.
struct RoomPoller {
    socket: Arc<UdpSocket>,
    waiting: Option<Pin<Box<dyn Future<Output = io::Result<()>> + Send + Sync>>>,
}

impl fmt::Debug for RoomPoller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RoomPoller").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl UdpPoller for RoomPoller {
    fn poll_writable(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.waiting.is_none() {
            if !self.socket.is_full.load(Ordering::Relaxed) {
                return Poll::Ready(Ok(()));
            }
            self.waiting = Some(Box::pin(Arc::clone(&self.socket).has_room()));
        }
        let Some(waiting) = &mut self.waiting else { return Poll::Ready(Ok(())) };
        let result = ready!(waiting.as_mut().poll(context));
        self.waiting = None;
        Poll::Ready(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    fn bind() -> Arc<UdpSocket> {
        Arc::new(UdpSocket::new(std::net::UdpSocket::bind("127.0.0.1:0").unwrap()).unwrap())
    }

    fn send(from: &UdpSocket, to: &UdpSocket, contents: &[u8]) {
        let destination = to.local_addr().unwrap();
        from.try_send(&Transmit { destination, ecn: None, contents, segment_size: None, src_ip: None }).unwrap();
    }

    /// The first bytes of the datagrams of one call, which are short.
    async fn receive(socket: &UdpSocket) -> Vec<u8> {
        let mut bytes = [[0; 8]; BATCH_SIZE];
        let mut meta = [RecvMeta::default(); BATCH_SIZE];
        let number = {
            let mut buffers = bytes.each_mut().map(|buffer| IoSliceMut::new(buffer));
            poll_fn(|context| socket.poll_recv(context, &mut buffers, &mut meta)).await.unwrap()
        };
        bytes[..number].iter().map(|datagram| datagram[0]).collect()
    }

    async fn receive_all(socket: &UdpSocket, number: usize) -> Vec<u8> {
        let mut received = Vec::new();
        while received.len() < number {
            received.extend(receive(socket).await);
        }
        received
    }

    #[tokio::test]
    async fn all_that_arrived_is_received_however_much_at_once() {
        let (one, other) = (bind(), bind());
        for burst in [1, BATCH_SIZE - 1, BATCH_SIZE, BATCH_SIZE + 1, 3 * BATCH_SIZE] {
            (0..burst).for_each(|number| send(&one, &other, &[number as u8]));
            let received = receive_all(&other, burst).await;
            assert_eq!(received, (0..burst).map(|number| number as u8).collect::<Vec<_>>());
        }
    }

    #[tokio::test]
    async fn a_waiting_receiver_is_woken_each_time() {
        let (one, other) = (bind(), bind());
        let receiver = tokio::spawn({
            let other = Arc::clone(&other);
            async move { receive_all(&other, 100).await }
        });
        for number in 0..100 {
            send(&one, &other, &[number]);
            tokio::task::yield_now().await;
        }
        assert_eq!(receiver.await.unwrap(), (0..100).collect::<Vec<u8>>());
    }

    #[tokio::test]
    async fn a_full_socket_is_waited_for_and_others_are_not() {
        let socket = bind();
        let mut poller = Arc::clone(&socket).create_io_poller();
        let room = poll_fn(|context| Poll::Ready(poller.as_mut().poll_writable(context))).await;
        assert!(matches!(room, Poll::Ready(Ok(()))), "nothing was sent");
        socket.is_full.store(true, Ordering::Relaxed);
        let room = poll_fn(|context| Poll::Ready(poller.as_mut().poll_writable(context))).await;
        assert!(room.is_pending(), "the event has not come yet");
        poll_fn(|context| poller.as_mut().poll_writable(context)).await.unwrap();
        assert!(!socket.is_full.load(Ordering::Relaxed));
    }
}
