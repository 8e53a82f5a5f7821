//! `henge shell`: an interactive CQL shell with cqlsh's flags and layout.
//!
//! - `options`, `ini`, `cqlshrc`: the command line, and the file for what it leaves open.
//! - `credentials`, `tls`, `target`, `preferences`: what follows from both.
//! - `interactive`: prompt and history. `banner`: what stands above it. `completion`: what Tab offers there.
//! - `session`: the execution of statements. `command`, `help`: own commands. `settings`: what they set.
//! - `connection`, `stream`, `failure`, `interrupt`: requests to the server, and what may end them.
//! - `read`: rows that the shell reads for itself. `replicas`, `trace`: what it makes of them.
//! - `client`: a client for other programs in which a person writes statements; `data_client`: one for those that move data.
//! - `copy`: COPY.
//! - `number`, `timestamp`: the text of values.
//! - `splitter`, `token`, `path`: statements found in a text, and files named in them. `capture`: results that go to a file.
//! - `table`, `describe`, `value`, `results`, `pager`, `paint`, `error`: output.

// This crate is above the seams: real clocks, threads and hash maps are allowed.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod banner;
mod capture;
mod client;
mod command;
mod completion;
mod connection;
mod copy;
mod cqlshrc;
mod credentials;
mod data_client;
mod describe;
mod error;
mod failure;
mod help;
mod ini;
mod interactive;
mod interrupt;
mod number;
mod options;
mod pager;
mod paint;
mod path;
mod preferences;
mod read;
mod replicas;
mod results;
mod session;
mod settings;
mod splitter;
mod stream;
mod table;
mod target;
mod timestamp;
mod tls;
mod token;
mod trace;
mod value;

pub use client::{Client, Login, Page, Statement, StatementError};
pub use data_client::{DataClient, DataError};
pub use options::ShellOptions;

use anyhow::Context;
use command::parse_level;
use connection::Connection;
use cqlshrc::Cqlshrc;
use credentials::Credentials;
use paint::Paint;
use preferences::Preferences;
use session::{Output, Session};
use std::io::{IsTerminal, Read, Write};
use target::Target;

/// The exit code if a statement failed, as in cqlsh.
const FAILURE_EXIT_CODE: i32 = 2;

/// Runs the shell and returns the exit code of the process. A closed output, as with `| head`, counts as success.
pub fn shell(options: &ShellOptions) -> anyhow::Result<i32> {
    let outcome = run(options);
    let is_unread = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
    match outcome {
        Err(error) if error.downcast_ref().is_some_and(is_unread) => Ok(0),
        outcome => outcome,
    }
}

fn run(options: &ShellOptions) -> anyhow::Result<i32> {
    let mut rc = Cqlshrc::find(options.cqlshrc.as_deref())?;
    let preferences = Preferences::find(options, &mut rc)?;
    let credentials = Credentials::find(options, &mut rc)?;
    for warning in &rc.warnings {
        eprintln!("Warning: {warning}");
    }
    let target = Target::find(options, &rc, credentials)?;
    let connection = Connection::open(&target)?;
    let interactive = options.execute.is_none() && options.file.is_none() && std::io::stdin().is_terminal();
    let paint = Paint::new(preferences.is_coloured.unwrap_or(interactive && std::io::stdout().is_terminal()));
    let keyspace = preferences.keyspace.clone();
    let mut session = Session::new(connection, target, preferences, paint);
    let (mut results, mut errors) = (std::io::stdout(), std::io::stderr());
    let mut output = Output { results: &mut results, errors: &mut errors };
    let level = parse_level(&options.consistency_level)?;
    session.settings.consistency = level;
    if let Some(keyspace) = keyspace {
        session.run(&format!("USE {keyspace}"), &mut output)?;
    }
    if interactive {
        interactive::run(&mut session)?;
        return Ok(0);
    }
    session.is_input_taken = options.execute.is_none() && options.file.is_none();
    session.run_all(&read_statements(options)?, &mut output)?;
    std::io::stdout().flush()?;
    Ok(if session.failures > 0 { FAILURE_EXIT_CODE } else { 0 })
}

/// The statements to run: from the command line, a file, or standard input.
fn read_statements(options: &ShellOptions) -> anyhow::Result<String> {
    if let Some(text) = &options.execute {
        // The last statement of `-e` needs no semicolon, as in cqlsh.
        return Ok(format!("{text}\n;"));
    }
    if let Some(path) = &options.file {
        return std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}
