//! Signals of the process.

use crate::args::ServerOptions;
use crate::logging::Log;
use std::future::Future;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// Reads `log_level` again at each SIGHUP, which would end the process otherwise.
pub(crate) fn reload_on_hangup(options: ServerOptions, log: Arc<Log>) -> anyhow::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            let level = options.config().map(|(config, _)| config.server.log_level).map_err(anyhow::Error::new);
            match level.and_then(|level| log.set_level(&level).map(|()| level)) {
                Ok(level) => {
                    tracing::info!(log_level = level, "SIGHUP: log_level was read again; other settings need a restart")
                }
                Err(error) => tracing::warn!(%error, "SIGHUP: log_level stays as it is"),
            }
        }
    });
    Ok(())
}

/// Completes at SIGTERM or SIGINT.
pub(crate) fn shutdown_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
