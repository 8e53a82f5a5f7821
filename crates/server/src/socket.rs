//! A client's socket, encrypted or not.

use crate::client_tls::ClientTls;
use bytes::BytesMut;
use henge_node::TlsFacts;
use rustix::net::sockopt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::server::TlsStream;

/// Bytes asked of the socket at once.
pub(crate) const READ_BYTES_MAX: usize = 64 << 10;
/// The longest time in which a client chooses TLS or plaintext, and agrees on keys.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest time to tell a client that the connection ends.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// TCP keepalive: idle time before the first probe, time between probes, and probes without an answer before the connection is closed. The
/// end of a client's machine is noticed within two minutes.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_PROBES: u32 = 6;
/// The first byte of a TLS connection (a handshake record); a CQL request begins with its version, which is far below.
const TLS_RECORD: u8 = 0x16;

/// A socket.
pub(crate) enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Bytes that a socket moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transfer {
    /// So many came in; none at the end of the stream.
    Received(usize),
    /// So many went out.
    Sent(usize),
}

impl Socket {
    /// Accepts a connection, with a TLS handshake where encryption is enabled. `None` if the client closes it or the server stops.
    pub(crate) async fn accept(
        stream: TcpStream,
        tls: Option<&ClientTls>,
        stop: &mut watch::Receiver<bool>,
    ) -> io::Result<Option<Socket>> {
        let Some(tls) = tls else { return Ok(Some(Socket::Plain(stream))) };
        let agreed = async {
            if tls.optional() {
                match first_byte(&stream).await? {
                    Some(TLS_RECORD) => {}
                    Some(_) => return Ok(Some(Socket::Plain(stream))),
                    None => return Ok(None),
                }
            }
            Ok(Some(Socket::Tls(Box::new(tls.acceptor().accept(stream).await?))))
        };
        tokio::select! {
            agreed = tokio::time::timeout(HANDSHAKE_TIMEOUT, agreed) => agreed.map_err(|_| io::ErrorKind::TimedOut)?,
            _ = stop.wait_for(|stopped| *stopped) => Ok(None),
        }
    }

    /// Waits until bytes can be received into `input`, if it is given, or sent out of `output`, and does the first that is possible. Nothing
    /// is lost if this is dropped before it is ready.
    pub(crate) async fn transfer(&mut self, input: Option<&mut BytesMut>, output: &[u8]) -> io::Result<Transfer> {
        let mut input = input;
        poll_fn(|context| {
            if let Poll::Ready(sent) = self.poll_send(context, output) {
                return Poll::Ready(sent.map(Transfer::Sent));
            }
            match &mut input {
                Some(input) => self.poll_receive(context, input).map_ok(Transfer::Received),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// Sends some of the bytes, if the socket takes any now, and says how many.
    pub(crate) fn send_now(&mut self, output: &[u8]) -> io::Result<Option<usize>> {
        match self.poll_send(&mut Context::from_waker(Waker::noop()), output) {
            Poll::Ready(sent) => sent.map(Some),
            Poll::Pending => Ok(None),
        }
    }

    /// Sends bytes, or what TLS holds of earlier ones. Ready with a number above zero only.
    fn poll_send(&mut self, context: &mut Context<'_>, output: &[u8]) -> Poll<io::Result<usize>> {
        if output.is_empty() {
            if let Socket::Tls(stream) = self {
                // An error shows at the next read, which every connection waits for or gives up.
                let _ = Pin::new(stream).poll_flush(context);
            }
            return Poll::Pending;
        }
        let sent = match self {
            Socket::Plain(stream) => ready!(Pin::new(stream).poll_write(context, output)),
            Socket::Tls(stream) => ready!(Pin::new(&mut *stream).poll_write(context, output)),
        };
        Poll::Ready(sent.and_then(|count| if count > 0 { Ok(count) } else { Err(io::ErrorKind::WriteZero.into()) }))
    }

    /// Receives the bytes that have arrived; zero at the end of the stream.
    fn poll_receive(&mut self, context: &mut Context<'_>, input: &mut BytesMut) -> Poll<io::Result<usize>> {
        match self {
            Socket::Plain(stream) => {
                // No memory is reserved before there is something to read.
                ready!(stream.poll_read_ready(context))?;
                input.reserve(READ_BYTES_MAX);
                // Of a read that does not fill the buffer tokio knows that the socket is empty, and does not ask it again.
                pin!(stream.read_buf(input)).poll(context)
            }
            Socket::Tls(stream) => {
                input.reserve(READ_BYTES_MAX);
                match ready!(pin!(stream.read_buf(input)).poll(context)) {
                    // Many clients close without TLS's close_notify. A truncated frame is noticed by its length.
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Poll::Ready(Ok(0)),
                    count => Poll::Ready(count),
                }
            }
        }
    }

    /// The parameters agreed on with the client, if it is encrypted.
    pub(crate) fn tls(&self) -> Option<TlsFacts> {
        let Socket::Tls(stream) = self else { return None };
        let session = stream.get_ref().1;
        let protocol = format!("{:?}", session.protocol_version()?).replace('_', ".");
        // rustls names suites of TLS 1.3 with a prefix of their own, which IANA's names lack.
        let cipher_suite = format!("{:?}", session.negotiated_cipher_suite()?.suite()).replace("TLS13_", "TLS_");
        Some(TlsFacts { protocol, cipher_suite })
    }

    /// Acknowledges the first part of a frame at once. Many drivers send a large request in several writes, and Nagle's algorithm holds the
    /// last one back until the acknowledgement, which the kernel would delay by 40 ms.
    pub(crate) fn acknowledge(&self) {
        let stream = match self {
            Socket::Plain(stream) => stream,
            Socket::Tls(stream) => stream.get_ref().0,
        };
        let _ = sockopt::set_tcp_quickack(stream, true);
    }

    /// Ends the connection in its protocol's way.
    pub(crate) async fn close(&mut self) {
        if let Socket::Tls(stream) = self {
            let _ = tokio::time::timeout(CLOSE_TIMEOUT, stream.shutdown()).await;
        }
    }

    /// Ends the connection, and takes what the client sends until it knows: bytes that nobody reads would have the system reset the
    /// connection, and the last answers might be lost.
    pub(crate) async fn part(&mut self) {
        let end = async {
            let mut ignored = [0; 1_024];
            match self {
                Socket::Plain(stream) => {
                    stream.shutdown().await?;
                    while stream.read(&mut ignored).await? > 0 {}
                }
                Socket::Tls(stream) => {
                    stream.shutdown().await?;
                    while stream.read(&mut ignored).await? > 0 {}
                }
            }
            io::Result::Ok(())
        };
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, end).await;
    }
}

/// Enables keepalive, so that dead clients are noticed, and disables Nagle's algorithm. An option that the system refuses is left as it is.
pub(crate) fn tune(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let _ = sockopt::set_socket_keepalive(stream, true);
    let _ = sockopt::set_tcp_keepidle(stream, KEEPALIVE_IDLE);
    let _ = sockopt::set_tcp_keepintvl(stream, KEEPALIVE_INTERVAL);
    let _ = sockopt::set_tcp_keepcnt(stream, KEEPALIVE_PROBES);
}

/// Peeks at the first byte; `None` at the end of the stream.
async fn first_byte(stream: &TcpStream) -> io::Result<Option<u8>> {
    let mut first = [0];
    Ok((stream.peek(&mut first).await? > 0).then_some(first[0]))
}
