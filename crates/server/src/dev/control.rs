//! The socket through which another terminal reaches a running `henge dev`: one action as a line of JSON, answered by a
//! line that says how it went, and text.

use super::action::DevAction;
use crate::admin_socket::short_path;
use anyhow::{Context, bail, ensure};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The socket's name in the cluster's folder.
const SOCKET: &str = "dev.sock";
/// Bytes of the longest action.
const ACTION_BYTES_MAX: u64 = 4 << 10;
/// Bytes of the longest answer.
const ANSWER_BYTES_MAX: u64 = 1 << 20;
/// The time for an action to arrive, and for its answer to be taken.
const IO_TIMEOUT: Duration = Duration::from_secs(2);
/// The first line of an answer.
const DONE: &str = "done";
const FAILED: &str = "failed";

/// The listening end.
pub(super) struct Control {
    listener: UnixListener,
    path: PathBuf,
}

/// An action that waits for its answer.
pub(super) struct PendingAction {
    pub(super) action: DevAction,
    stream: UnixStream,
}

impl Control {
    /// Listens in the folder of a cluster whose addresses and data this process has for itself.
    pub(super) fn listen(directory: &Path) -> anyhow::Result<Control> {
        let path = directory.join(SOCKET);
        let listener = bind(directory, &path).with_context(|| format!("{} cannot be made", path.display()))?;
        Ok(Control { listener, path })
    }

    /// The next action, if one has come. One that cannot be read is dropped.
    pub(super) fn next(&self) -> Option<PendingAction> {
        let (stream, _) = self.listener.accept().ok()?;
        stream.set_nonblocking(false).ok()?;
        stream.set_read_timeout(Some(IO_TIMEOUT)).ok()?;
        stream.set_write_timeout(Some(IO_TIMEOUT)).ok()?;
        let mut line = String::new();
        BufReader::new((&stream).take(ACTION_BYTES_MAX)).read_line(&mut line).ok()?;
        let action = serde_json::from_str(&line).ok()?;
        Some(PendingAction { action, stream })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn bind(directory: &Path, path: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let folder = File::open(directory)?;
    let listener = UnixListener::bind(short_path(&folder, SOCKET))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

impl PendingAction {
    /// Answers; whoever asked may have gone.
    pub(super) fn answer(mut self, outcome: &anyhow::Result<String>) {
        let text = match outcome {
            Ok(text) => format!("{DONE}\n{text}"),
            Err(error) => format!("{FAILED}\n{error:#}"),
        };
        let _ = self.stream.write_all(text.as_bytes());
    }
}

/// Has the `henge dev` of a folder carry out an action; its answer.
pub(super) fn ask(directory: &Path, action: &DevAction) -> anyhow::Result<String> {
    let nobody = || format!("no henge dev runs in {}: start one there, or name its --directory", directory.display());
    let folder = File::open(directory).with_context(nobody)?;
    let mut stream = UnixStream::connect(short_path(&folder, SOCKET)).with_context(nobody)?;
    writeln!(stream, "{}", serde_json::to_string(action)?)?;
    let mut answer = String::new();
    stream.take(ANSWER_BYTES_MAX).read_to_string(&mut answer)?;
    ensure!(!answer.is_empty(), "henge dev ended before it answered");
    match answer.split_once('\n') {
        Some((DONE, text)) => Ok(text.to_owned()),
        Some((FAILED, error)) => bail!("{error}"),
        _ => bail!("an answer that this release does not know: {answer}"),
    }
}
