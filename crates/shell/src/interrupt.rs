//! Ctrl-C during a statement: it cancels the statement and does not end the shell.

use std::sync::atomic::{AtomicBool, Ordering};
use tokio::signal::unix::{SignalKind, signal};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static LISTENS: AtomicBool = AtomicBool::new(false);

/// Handles Ctrl-C from now on. Before this call, Ctrl-C ends the process as usual.
pub(crate) fn listen() -> anyhow::Result<()> {
    if LISTENS.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut pressed = {
        let _runtime = runtime.enter();
        signal(SignalKind::interrupt())?
    };
    std::thread::spawn(move || {
        runtime.block_on(async {
            while pressed.recv().await.is_some() {
                INTERRUPTED.store(true, Ordering::Relaxed);
            }
        });
    });
    Ok(())
}

/// True if Ctrl-C was pressed since the last call.
pub(crate) fn take_interrupt() -> bool {
    INTERRUPTED.swap(false, Ordering::Relaxed)
}
