//! Ctrl-C while a statement runs: it ends the statement, not the shell.

use std::sync::atomic::{AtomicBool, Ordering};
use tokio::signal::unix::{SignalKind, signal};

static PRESSED: AtomicBool = AtomicBool::new(false);

/// Takes Ctrl-C over for the rest of the process. Without it, Ctrl-C ends the process as usual.
pub(crate) fn listen() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut pressed = {
        let _runtime = runtime.enter();
        signal(SignalKind::interrupt())?
    };
    std::thread::spawn(move || {
        runtime.block_on(async {
            while pressed.recv().await.is_some() {
                PRESSED.store(true, Ordering::Relaxed);
            }
        });
    });
    Ok(())
}

/// True if Ctrl-C was pressed since this was asked last.
pub(crate) fn take() -> bool {
    PRESSED.swap(false, Ordering::Relaxed)
}
