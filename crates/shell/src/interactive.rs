//! The interactive session: prompt, history, statements over several lines.

use crate::command::Command;
use crate::interrupt;
use crate::session::{Output, Session};
use crate::splitter::{is_blank, split};
use anyhow::Context;
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use std::io::{self, Write};
use std::path::PathBuf;

/// Maximum lines of history.
const HISTORY_LINES_MAX: usize = 10_000;

/// Runs until EXIT or the end of input.
pub(crate) fn run(session: &mut Session) -> anyhow::Result<()> {
    session.interactive = true;
    interrupt::listen()?;
    let (connected, version) = (session.connection_line()?, session.version_line()?);
    writeln!(io::stdout(), "{connected}\n{version}\nUse HELP for help.")?;
    let mut editor =
        DefaultEditor::with_config(rustyline::Config::builder().max_history_size(HISTORY_LINES_MAX)?.build())?;
    let history = history_file();
    if let Some(path) = &history {
        // The file does not exist at first.
        let _ = editor.load_history(path);
    }
    let mut waiting = String::new();
    while !session.ended {
        if interrupt::take_interrupt() {
            waiting.clear();
        }
        match editor.readline(&prompt(session, &waiting)) {
            Ok(line) => run_input(session, &mut editor, &mut waiting, &line)?,
            Err(ReadlineError::Interrupted) => waiting.clear(),
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(error).context("the terminal cannot be read"),
        }
    }
    if let Some(path) = history {
        let _ = editor.save_history(&path);
    }
    Ok(())
}

/// Takes in a line or a pasted text, and runs the statements that are complete.
fn run_input(
    session: &mut Session,
    editor: &mut DefaultEditor,
    waiting: &mut String,
    line: &str,
) -> anyhow::Result<()> {
    // The file keeps no passwords.
    let is_secret = matches!(Command::parse(line), Some(Ok(Command::LogIn(_, Some(_)))));
    if !line.trim().is_empty() && !is_secret {
        let _ = editor.add_history_entry(line);
    }
    waiting.push_str(line);
    waiting.push('\n');
    let text = std::mem::take(waiting);
    let (mut results, mut errors) = (io::stdout(), io::stderr());
    let mut output = Output { results: &mut results, errors: &mut errors };
    let parts = split(&text);
    for statement in &parts.statements {
        if !session.ended {
            session.run(statement, &mut output)?;
        }
    }
    if !is_blank(parts.rest) {
        waiting.push_str(parts.rest);
    }
    Ok(())
}

fn prompt(session: &Session, waiting: &str) -> String {
    let name = session.keyspace.as_ref().map_or("cqlsh".to_owned(), |keyspace| format!("cqlsh:{keyspace}"));
    if is_blank(waiting) { format!("{name}> ") } else { format!("{}... ", " ".repeat(name.len().saturating_sub(2))) }
}

fn history_file() -> Option<PathBuf> {
    Some(PathBuf::from(std::env::var_os("HOME")?).join(".henge_history"))
}
