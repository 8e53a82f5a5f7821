//! The admin socket: a Unix socket in the data directory, which the node's own user alone can connect to.

use henge_operator::route;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tokio::net::UnixListener;

/// Listens in a data directory, which this process has locked: a socket that is there is left over from its former life.
pub(crate) fn listen(directory: &Path) -> io::Result<UnixListener> {
    let path = directory.join(route::SOCKET);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let folder = File::open(directory)?;
    let listener = UnixListener::bind(short_path(&folder, route::SOCKET))?;
    fs::set_permissions(&path, Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// A socket's path by the descriptor of its folder: an address holds 107 bytes, less than the path of a folder may have.
pub(crate) fn short_path(folder: &File, name: &str) -> PathBuf {
    Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_is_its_users_alone_however_deep_its_folder_is() {
        let folder = std::env::temp_dir().join(format!("henge-{}", std::process::id())).join("deep".repeat(40));
        fs::create_dir_all(&folder).unwrap();
        let first = listen(&folder).unwrap();
        drop(first);
        let _second = listen(&folder).unwrap();
        let mode = fs::metadata(folder.join(route::SOCKET)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::remove_dir_all(folder.parent().unwrap()).unwrap();
    }
}
