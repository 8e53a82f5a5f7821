//! The first frame in each direction: the sender's identity and the connection's class. If certificate and frame
//! differ, the certificate is right.

use crate::frame::{FrameError, Head, Kind, next};
use crate::handler::{Class, Hello, Refusal};
use crate::identity::{Names, peer_chain, read_names};
use crate::limits::{HELLO_BYTES_MAX, READ_BYTES_MAX};
use henge_base::{BytesMut, ClusterId, HostId};
use std::net::SocketAddr;

const FORMAT: u8 = 1;
const CLUSTER_BYTES: usize = 16;

/// The reason why a connection was refused or ended.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum HelloError {
    #[error("its certificate names no host")]
    NoHost,
    #[error("it said nothing that can be understood")]
    Malformed,
    #[error("its certificate is for another cluster")]
    OtherCluster,
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("host {found} answers where {expected} should")]
    OtherHost { found: HostId, expected: HostId },
    #[error(transparent)]
    Unreadable(#[from] FrameError),
    #[error("its certificate is not accepted any more: {0}")]
    Distrusted(rustls::Error),
    #[error("the connection ended: {0}")]
    Lost(String),
    /// Nobody refused anybody: the peer stopped, or had no more use for the connection.
    #[error("the peer ended the connection before it was made")]
    Abandoned,
}

impl HelloError {
    /// The error of a connection that ended before the hellos were exchanged.
    pub(crate) fn from_connection_error(error: &quinn::ConnectionError) -> HelloError {
        match error {
            // An application's close becomes this code while the handshake is under way (RFC 9000, 10.2.3).
            quinn::ConnectionError::ConnectionClosed(close)
                if close.error_code == quinn::TransportErrorCode::APPLICATION_ERROR =>
            {
                HelloError::Abandoned
            }
            _ => HelloError::Lost(format!("{error}{}", certificate_alert(error).map_or("", remedy))),
        }
    }
}

/// The alert of TLS about a certificate that either end reports: 40 to 51 or 116 (RFC 8446, 6.2), to which QUIC adds 0x100
/// (RFC 9001, 4.8).
fn certificate_alert(error: &quinn::ConnectionError) -> Option<u64> {
    let code = match error {
        quinn::ConnectionError::TransportError(error) => u64::from(error.code),
        quinn::ConnectionError::ConnectionClosed(close) => u64::from(close.error_code),
        _ => return None,
    };
    code.checked_sub(0x100).filter(|alert| matches!(alert, 40..=51 | 116))
}

fn remedy(alert: u64) -> &'static str {
    match alert {
        44 => "; the authority has revoked the certificate of one of the two: that node needs a new one",
        45 => {
            "; the certificate of one of the two has expired, or the clock of the other is wrong: renew it with \
             henge cert request and sign"
        }
        _ => "; both nodes need certificates that the authority in ca.pem of the other has signed",
    }
}

/// The hello frame of this node.
pub(crate) fn encode(class: Class, cluster: Option<ClusterId>, release: &str) -> Vec<u8> {
    let mut body = vec![FORMAT, class.number(), u8::from(cluster.is_some())];
    body.extend_from_slice(&cluster.map_or([0; CLUSTER_BYTES], |c| c.0.into_bytes()));
    body.extend_from_slice(release.as_bytes());
    body.truncate(HELLO_BYTES_MAX);
    let mut out = Vec::new();
    Head::of(Kind::Hello, 0).put(&body, &mut out);
    out
}

/// Waits for the peer's hello. Bytes that follow it stay in `input`.
pub(crate) async fn receive(
    connection: &quinn::Connection,
    stream: &mut quinn::RecvStream,
    input: &mut BytesMut,
    address: SocketAddr,
) -> Result<Hello, HelloError> {
    let Names { host, cluster: certified } = verified_names(connection).ok_or(HelloError::NoHost)?;
    loop {
        match next(input, HELLO_BYTES_MAX) {
            Ok(Some((head, body))) if head.kind == Kind::Hello => {
                let (class, cluster, release) = decode(&body).ok_or(HelloError::Malformed)?;
                if certified.is_some() && cluster.is_some() && certified != cluster {
                    return Err(HelloError::OtherCluster);
                }
                return Ok(Hello { host, cluster, release, class, address });
            }
            Ok(None) => {}
            _ => return Err(HelloError::Malformed),
        }
        match stream.read_chunk(READ_BYTES_MAX, true).await {
            Ok(Some(chunk)) => input.extend_from_slice(&chunk.bytes),
            Ok(None) => return Err(HelloError::Lost("the peer closed it".to_owned())),
            Err(error) => return Err(HelloError::Lost(reason(connection, &error))),
        }
    }
}

/// The reason that the peer gave when it closed the connection, or else the error.
fn reason(connection: &quinn::Connection, error: &quinn::ReadError) -> String {
    match connection.close_reason() {
        Some(quinn::ConnectionError::ApplicationClosed(close)) => {
            format!("the peer refuses us: {}", String::from_utf8_lossy(&close.reason))
        }
        _ => error.to_string(),
    }
}

fn decode(body: &[u8]) -> Option<(Class, Option<ClusterId>, String)> {
    let (head, rest) = body.split_at_checked(3)?;
    let (cluster, release) = rest.split_first_chunk::<CLUSTER_BYTES>()?;
    if head[0] != FORMAT {
        return None;
    }
    let class = *Class::ALL.get(usize::from(head[1]))?;
    let cluster = (head[2] == 1).then(|| ClusterId(uuid::Uuid::from_bytes(*cluster)));
    Some((class, cluster, String::from_utf8_lossy(release).into_owned()))
}

/// The names in the peer's certificate, whose chain has been verified.
fn verified_names(connection: &quinn::Connection) -> Option<Names> {
    read_names(peer_chain(connection)?.first()?)
}
