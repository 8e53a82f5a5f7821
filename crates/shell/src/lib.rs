//! `henge shell`: CQL by hand, with the flags and the layout of cqlsh.
//!
//! - `options`, `interactive`: how it is begun; `session`: what becomes of statements; `command`: those of the shell itself.
//! - `target`: where to, and as whom; `connection`, `stream`, `failure`, `interrupt`: to the server; `splitter`, `token`: where statements end; `table`, `describe`, `value`, `paint`, `error`: what is seen.

// Above the seams: real clocks, threads and maps are allowed here.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod command;
mod connection;
mod describe;
mod error;
mod failure;
mod interactive;
mod interrupt;
mod options;
mod paint;
mod session;
mod splitter;
mod stream;
mod table;
mod target;
mod token;
mod value;

pub use options::ShellOptions;

use anyhow::Context;
use command::level_named;
use connection::Connection;
use paint::Paint;
use session::{Output, Session};
use std::io::{IsTerminal, Read, Write};
use target::Target;

/// The exit code when a statement failed, as cqlsh has it.
const FAILED: i32 = 2;

/// Runs the shell; gives the process's exit code. It ends well when nobody reads its output any more, as behind `| head`.
pub fn shell(options: &ShellOptions) -> anyhow::Result<i32> {
    let outcome = run(options);
    let is_unread = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
    match outcome {
        Err(error) if error.downcast_ref().is_some_and(is_unread) => Ok(0),
        outcome => outcome,
    }
}

fn run(options: &ShellOptions) -> anyhow::Result<i32> {
    let target = Target::of(options)?;
    let connection = Connection::open(&target)?;
    let interactive = options.execute.is_none() && options.file.is_none() && std::io::stdin().is_terminal();
    let paint = Paint::when(options.color || (!options.no_color && interactive && std::io::stdout().is_terminal()));
    let mut session = Session::new(connection, target, paint);
    let (mut results, mut errors) = (std::io::stdout(), std::io::stderr());
    let mut output = Output { results: &mut results, errors: &mut errors };
    let level = level_named(&options.consistency_level).map_err(anyhow::Error::msg)?;
    session.set_consistency(level);
    if let Some(keyspace) = &options.keyspace {
        session.run(&format!("USE {keyspace}"), &mut output)?;
    }
    if interactive {
        interactive::run(&mut session)?;
        return Ok(0);
    }
    session.run_all(&text(options)?, &mut output)?;
    std::io::stdout().flush()?;
    Ok(if session.failures > 0 { FAILED } else { 0 })
}

/// What to run: of the command line, a file, or standard input.
fn text(options: &ShellOptions) -> anyhow::Result<String> {
    if let Some(text) = &options.execute {
        // As in cqlsh the last statement needs no semicolon here.
        return Ok(format!("{text}\n;"));
    }
    if let Some(path) = &options.file {
        return std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}
