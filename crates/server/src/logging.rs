//! Logs through tracing, to standard error.

use anyhow::Context;
use std::io;
use tracing_subscriber::EnvFilter;

/// Starts logging. `RUST_LOG` wins over the configured level.
pub(crate) fn start(level: &str, json: bool) -> anyhow::Result<()> {
    let filter = match std::env::var("RUST_LOG") {
        Ok(filter) => filter,
        Err(_) => level.to_owned(),
    };
    let filter = EnvFilter::try_new(&filter).with_context(|| format!("log_level: {filter:?} is no filter"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(false);
    let started = if json { builder.json().try_init() } else { builder.try_init() };
    // Started already: tests do that.
    let _ = started;
    Ok(())
}
