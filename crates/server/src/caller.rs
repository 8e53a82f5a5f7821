//! The other end of a connection over HTTP, as lines of the log name it.

use std::fmt;
use std::net::SocketAddr;
use tokio::net::UnixStream;

/// The program at the other end of a connection, as far as the system knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// It came over TCP, where nobody authenticates.
    Address(SocketAddr),
    /// It came over a Unix socket. The kernel tells who has opened that.
    User { uid: u32, process: Option<i32> },
    /// It came over a Unix socket, and the kernel tells nothing.
    Unknown,
}

impl Caller {
    /// The process at the other end of a Unix socket.
    pub(crate) fn of(stream: &UnixStream) -> Caller {
        match stream.peer_cred() {
            Ok(peer) => Caller::User { uid: peer.uid(), process: peer.pid() },
            Err(_) => Caller::Unknown,
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Caller::Address(address) => address.fmt(f),
            Caller::User { uid, process: Some(process) } => write!(f, "uid {uid}, process {process}"),
            Caller::User { uid, process: None } => write!(f, "uid {uid}"),
            Caller::Unknown => f.write_str("unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_other_end_of_a_unix_socket_is_a_user_and_a_process() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let uid = rustix::process::getuid().as_raw();
        let process = i32::try_from(std::process::id()).unwrap();
        assert_eq!(Caller::of(&ours), Caller::User { uid, process: Some(process) });
        assert_eq!(Caller::of(&ours).to_string(), format!("uid {uid}, process {process}"));
        assert_eq!(Caller::Address(([127, 0, 0, 1], 7).into()).to_string(), "127.0.0.1:7");
    }
}
