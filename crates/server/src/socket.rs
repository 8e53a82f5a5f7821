//! A client's socket, encrypted or not.

use crate::client_tls::ClientTls;
use henge_base::BytesMut;
use henge_node::TlsFacts;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::server::TlsStream;

/// Bytes asked of the socket at once.
pub(crate) const READ_BYTES_MAX: usize = 64 << 10;
/// The longest time in which a client chooses TLS or plaintext, and agrees on keys.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest time to tell a client that the connection ends.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// The first byte of a TLS connection (a handshake record); a CQL request begins with its version, which is far below.
const TLS_RECORD: u8 = 0x16;

/// A socket.
pub(crate) enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Socket {
    /// Agrees with the client on encryption, as far as it is switched on. `None`: the client went, or the server stops.
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

    /// Waits for bytes and takes what there is; false at the end of the stream. Nothing is lost if this is dropped before it is ready.
    pub(crate) async fn receive(&mut self, input: &mut BytesMut) -> io::Result<bool> {
        match self {
            Socket::Plain(stream) => {
                stream.readable().await?;
                input.reserve(READ_BYTES_MAX);
                match stream.try_read_buf(input) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
                    count => Ok(count? > 0),
                }
            }
            Socket::Tls(stream) => {
                input.reserve(READ_BYTES_MAX);
                match stream.read_buf(input).await {
                    // Many clients go without the message that TLS has for it; frames have their own lengths.
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
                    count => Ok(count? > 0),
                }
            }
        }
    }

    /// Sends some of the bytes and says how many.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Plain(stream) => stream.write(bytes).await,
            Socket::Tls(stream) => stream.write(bytes).await,
        }
    }

    /// Sees to it that what was sent is on its way.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        match self {
            Socket::Plain(_) => Ok(()),
            Socket::Tls(stream) => stream.flush().await,
        }
    }

    /// The parameters agreed on with the client, if it is encrypted.
    pub(crate) fn tls(&self) -> Option<TlsFacts> {
        let Socket::Tls(stream) = self else { return None };
        let session = stream.get_ref().1;
        let protocol = format!("{:?}", session.protocol_version()?).replace('_', ".");
        // Its names of suites tell those of TLS 1.3 apart, which IANA does not.
        let cipher_suite = format!("{:?}", session.negotiated_cipher_suite()?.suite()).replace("TLS13_", "TLS_");
        Some(TlsFacts { protocol, cipher_suite })
    }

    /// Tells the client's kernel that the first part of a frame is here. Many drivers send large requests in several writes, of which
    /// Nagle's algorithm holds the last one back until then; a delayed acknowledgement would cost 40 ms for each such request.
    pub(crate) fn acknowledge(&self) {
        let stream = match self {
            Socket::Plain(stream) => stream,
            Socket::Tls(stream) => stream.get_ref().0,
        };
        let _ = rustix::net::sockopt::set_tcp_quickack(stream, true);
    }

    /// Ends the connection in its protocol's way.
    pub(crate) async fn close(&mut self) {
        if let Socket::Tls(stream) = self {
            let _ = tokio::time::timeout(CLOSE_TIMEOUT, stream.shutdown()).await;
        }
    }
}

/// The first byte, which stays to be read; `None` at the end of the stream.
async fn first_byte(stream: &TcpStream) -> io::Result<Option<u8>> {
    let mut first = [0];
    Ok((stream.peek(&mut first).await? > 0).then_some(first[0]))
}
