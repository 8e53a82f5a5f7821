//! `henge shell`: an interactive CQL shell with cqlsh's flags and layout.
//!
//! - `options`, `ini`, `cqlshrc`: the command line, and the file for what it leaves open.
//! - `credentials`, `tls`, `target`, `preferences`: what follows from both.
//! - `interactive`: prompt and history. `banner`: what stands above it. `completion`: what Tab offers there.
//! - `session`: the execution of statements. `command`, `help`: own commands. `settings`: what they set.
//! - `connection`, `stream`, `failure`, `interrupt`: requests to the server, and what may end them.
//! - `read`: rows that the shell reads for itself. `replicas`, `trace`: what it makes of them.
//! - `client`: a client for other programs in which a person writes statements; `data_client`: one for those that move
//!   data; `access`: role, password and certificates for those that have a client of their own.
//! - `copy`: COPY.
//! - `number`, `timestamp`: the text of values.
//! - `script`, `splitter`, `token`, `path`: statements found in a text, and files named in them. `capture`:
//!   results that go to a file.
//! - `table`, `describe`, `value`, `results`, `pager`, `paint`, `error`: output.

// This crate is above the seams: real clocks, threads and hash maps are allowed.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod access;
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
mod script;
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

pub use access::{Access, Wire};
pub use client::{Client, Login, Page, Statement, StatementError};
pub use data_client::{DataClient, DataError};
pub use options::ShellOptions;

use command::parse_level;
use connection::Connection;
use cqlshrc::Cqlshrc;
use credentials::Credentials;
use paint::Paint;
use path::quote_path;
use preferences::Preferences;
use script::Script;
use session::{Output, Session};
use std::io::{IsTerminal, Read, Write};
use target::Target;

/// The exit codes if a statement failed, and if no session could begin; as in cqlsh.
const FAILURE_EXIT_CODE: i32 = 2;
const NO_SESSION_EXIT_CODE: i32 = 1;

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
    if options.version {
        writeln!(std::io::stdout(), "henge shell {}", env!("CARGO_PKG_VERSION"))?;
        return Ok(0);
    }
    let mut rc = Cqlshrc::find(options.cqlshrc.as_deref())?;
    rc.warnings.extend(options.warn_of_no_effect());
    let preferences = Preferences::find(options, &mut rc)?;
    let credentials = Credentials::find(options, &mut rc)?;
    for warning in &rc.warnings {
        eprintln!("Warning: {warning}");
    }
    let is_batch = options.execute.is_some() || options.file.is_some();
    let is_prompted = options.tty || rc.flag("ui", "tty")?.unwrap_or_else(|| std::io::stdin().is_terminal());
    let interactive = !is_batch && is_prompted;
    // A file that cannot be read is told before anybody is asked for a password.
    let script = if is_batch { Some(read_statements(options)) } else { None }.transpose();
    let script = match script {
        Ok(script) => script,
        Err(reason) => return Ok(refuse_session(&reason)),
    };
    let target = Target::find(options, &rc, credentials)?;
    if options.debug {
        eprint!("{}", describe_target(&target));
    }
    let paint = Paint::new(preferences.is_coloured.unwrap_or(interactive && std::io::stdout().is_terminal()));
    let keyspace = preferences.keyspace.clone();
    let level = parse_level(&options.consistency_level)?;
    let opened = Connection::open(&target).and_then(|connection| {
        let mut session = Session::new(connection, target, preferences, paint);
        keyspace.map_or(Ok(()), |keyspace| session.enter(&keyspace)).map(|()| session)
    });
    let mut session = match opened {
        Ok(session) => session,
        Err(failure) => return Ok(refuse_session(&format!("Connection error: {failure}"))),
    };
    session.settings.consistency = level;
    if interactive {
        interactive::run(&mut session)?;
        return Ok(0);
    }
    let (mut results, mut errors) = (std::io::stdout(), std::io::stderr());
    let mut output = Output { results: &mut results, errors: &mut errors };
    session.is_input_taken = !is_batch;
    let script = match script.map_or_else(|| read_statements(options), Ok) {
        Ok(script) => script,
        Err(reason) => return Ok(refuse_session(&reason)),
    };
    session.run_all(&script, &mut output)?;
    std::io::stdout().flush()?;
    Ok(if session.failures > 0 { FAILURE_EXIT_CODE } else { 0 })
}

/// Says why no statement is run, and returns the exit code.
fn refuse_session(reason: &str) -> i32 {
    eprintln!("{reason}");
    NO_SESSION_EXIT_CODE
}

/// The lines of `--debug`, in cqlsh's words where it has them.
fn describe_target(target: &Target) -> String {
    format!(
        "Using CQL driver: henge shell {}\nUsing connect timeout: {} seconds\nUsing request timeout: {} seconds\n\
         Using 'utf-8' encoding\nUsing ssl: {}\n",
        env!("CARGO_PKG_VERSION"),
        target.connect.as_secs(),
        target.request.as_secs(),
        if target.tls.is_some() { "True" } else { "False" },
    )
}

/// The statements to run: from the command line, a file, or standard input.
fn read_statements(options: &ShellOptions) -> Result<Script, String> {
    if let Some(text) = &options.execute {
        return Ok(Script::of_command_line(text));
    }
    if let Some(path) = &options.file {
        return Script::read(path).map_err(|error| format!("Can't open {}: {error}", quote_path(path)));
    }
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.map(|_| Script::of_input(text)).map_err(|error| format!("the standard input cannot be read: {error}"))
}
