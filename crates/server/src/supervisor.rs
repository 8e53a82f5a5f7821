//! Word to the service manager that started the process, as systemd's `Type=notify` wants it.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// A change that the manager is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Clients are served.
    Ready,
    /// The process is about to end.
    Stopping,
}

/// Tells the manager, if there is one: it names its socket in `NOTIFY_SOCKET`. One that cannot be reached is told of in the log.
pub(crate) fn tell(change: Change) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET").filter(|socket| !socket.is_empty()) else { return };
    if let Err(error) = send(&socket, change) {
        tracing::warn!(socket = %socket.display(), %error, "the service manager cannot be told of the node's state");
    }
}

fn send(socket: &OsStr, change: Change) -> io::Result<()> {
    let text = match change {
        Change::Ready => "READY=1",
        Change::Stopping => "STOPPING=1",
    };
    // A name that begins with @ is no file, but one of the kernel's abstract names.
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(text.as_bytes(), &address).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_sockets_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let name = format!("henge-test-{}", std::process::id());
        let sockets = [
            (path.clone().into_os_string(), UnixDatagram::bind(&path).unwrap()),
            (
                format!("@{name}").into(),
                UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(name.as_bytes()).unwrap()).unwrap(),
            ),
        ];
        for (name, socket) in sockets {
            let mut text = [0; 32];
            send(&name, Change::Ready).unwrap();
            let length = socket.recv(&mut text).unwrap();
            assert_eq!(&text[..length], b"READY=1");
        }
    }

    #[test]
    fn a_socket_that_is_gone_is_an_error() {
        assert!(send(OsStr::new("/nonexistent/notify"), Change::Stopping).is_err());
    }
}
