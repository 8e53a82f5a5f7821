//! The interactive session: prompt, history, statements over several lines.

use crate::command::Command;
use crate::completion::ShellHelper;
use crate::interrupt;
use crate::session::{Output, Session};
use crate::splitter::{is_blank, split};
use anyhow::Context;
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{CompletionType, Config, Editor};
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;

/// Maximum lines of history.
const HISTORY_LINES_MAX: usize = 10_000;
/// Lines that HISTORY prints at first, as in cqlsh.
const HISTORY_LINES_SHOWN: usize = 50;

/// The environment variable with a text above the prompt.
const PROMPT_VARIABLE: &str = "CQLSH_PROMPT";

/// The lines that a person has typed.
struct Prompt {
    editor: Editor<ShellHelper, DefaultHistory>,
    /// The beginning of a statement whose end is still to come.
    waiting: String,
    /// Lines that HISTORY prints.
    shown: usize,
}

/// Runs until EXIT or the end of input.
pub(crate) fn run(session: &mut Session) -> anyhow::Result<()> {
    session.interactive = true;
    interrupt::listen()?;
    let (connected, version) = (session.connection_line()?, session.version_line()?);
    writeln!(io::stdout(), "{connected}\n{version}\nUse HELP for help.")?;
    let config = Config::builder().max_history_size(HISTORY_LINES_MAX)?.completion_type(CompletionType::List).build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(ShellHelper::new(session.target())));
    let mut prompt = Prompt { editor, waiting: String::new(), shown: HISTORY_LINES_SHOWN };
    let history = history_file();
    if let Some(path) = &history {
        // The file does not exist at first.
        let _ = prompt.editor.load_history(path);
    }
    while !session.ended {
        if interrupt::take_interrupt() {
            prompt.waiting.clear();
        }
        if let Some(helper) = prompt.editor.helper_mut() {
            helper.prepare(&prompt.waiting, session.keyspace.as_deref(), session.target());
        }
        match prompt.read_line(&prompt_text(session, &prompt.waiting)) {
            Ok(line) => prompt.take(&line, session)?,
            Err(ReadlineError::Interrupted) => prompt.waiting.clear(),
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(error).context("the terminal cannot be read"),
        }
    }
    if !session.ended && !is_blank(&prompt.waiting) {
        let (mut results, mut errors) = (io::stdout(), io::stderr());
        let mut output = Output { results: &mut results, errors: &mut errors };
        session.refuse_incomplete(&prompt.waiting, &mut output)?;
    }
    if let Some(path) = history.filter(|_| session.preferences.keeps_history) {
        let _ = prompt.editor.save_history(&path);
    }
    Ok(())
}

impl Prompt {
    /// The next line. With `--tty` it may come from elsewhere than a terminal, and is not edited then.
    fn read_line(&mut self, prompt: &str) -> Result<String, ReadlineError> {
        if io::stdin().is_terminal() {
            return self.editor.readline(prompt);
        }
        let mut out = io::stdout();
        write!(out, "{prompt}")?;
        out.flush()?;
        let mut line = String::new();
        if io::stdin().lock().read_line(&mut line)? == 0 {
            writeln!(out)?;
            return Err(ReadlineError::Eof);
        }
        Ok(line.trim_end_matches(['\n', '\r']).to_owned())
    }

    /// Takes in a line or a pasted text, and runs the statements that are complete.
    fn take(&mut self, line: &str, session: &mut Session) -> anyhow::Result<()> {
        self.waiting.push_str(line);
        self.waiting.push('\n');
        let text = std::mem::take(&mut self.waiting);
        if !line.trim().is_empty() && !is_secret(line, &text) {
            let _ = self.editor.add_history_entry(line);
        }
        let (mut results, mut errors) = (io::stdout(), io::stderr());
        let mut output = Output { results: &mut results, errors: &mut errors };
        let parts = split(&text);
        for statement in &parts.statements {
            match Command::parse(statement) {
                _ if session.ended => break,
                Some(Ok(Command::History(count))) => self.print_history(count, output.results)?,
                _ => session.run(statement, &mut output)?,
            }
        }
        if !is_blank(parts.rest) {
            self.waiting.push_str(parts.rest);
        }
        Ok(())
    }

    /// Prints the lines typed last, without the one that asks for them.
    fn print_history(&mut self, count: Option<usize>, results: &mut dyn Write) -> anyhow::Result<()> {
        self.shown = count.unwrap_or(self.shown);
        let lines: Vec<&String> = self.editor.history().iter().collect();
        let lines = lines.split_last().map_or(&[][..], |(_, before)| before);
        for line in &lines[lines.len().saturating_sub(self.shown)..] {
            writeln!(results, "{line}")?;
        }
        Ok(())
    }
}

/// True if the file of history must not keep a line: it logs in with a password, or the statement that it ends or goes on with, as far as it
/// has been typed, speaks of one.
fn is_secret(line: &str, statement: &str) -> bool {
    let mut words = statement.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.any(|word| word.eq_ignore_ascii_case("password"))
        || matches!(Command::parse(line), Some(Ok(Command::LogIn(_, Some(_)))))
}

/// The prompt as cqlsh has it: the role, what `CQLSH_PROMPT` holds on a line of its own, and the keyspace.
fn prompt_text(session: &Session, waiting: &str) -> String {
    let keyspace = session.keyspace.as_deref();
    if !is_blank(waiting) {
        return keyspace.map_or("   ... ".to_owned(), |name| format!("{}    ... ", " ".repeat(name.chars().count())));
    }
    let role = session.target().credentials.as_ref().map_or(String::new(), |(role, _)| format!("{role}@"));
    let own = std::env::var(PROMPT_VARIABLE).ok().filter(|text| !text.is_empty());
    let own = own.map_or(String::new(), |text| format!("{text}\n"));
    format!("{role}{own}cqlsh{}> ", keyspace.map_or(String::new(), |name| format!(":{name}")))
}

fn history_file() -> Option<PathBuf> {
    Some(PathBuf::from(std::env::var_os("HOME")?).join(".henge_history"))
}

#[cfg(test)]
mod tests {
    use super::is_secret;

    #[test]
    fn no_line_of_a_statement_with_a_password_is_kept() {
        let alone = |line| is_secret(line, line);
        assert!(alone("LOGIN ann 'x'"));
        assert!(alone("CREATE ROLE ann WITH PASSWORD = 'x' AND LOGIN = true;"));
        assert!(alone("ALTER USER ann WITH hashed password 'x';"));
        assert!(is_secret("'x';", "CREATE ROLE ann WITH PASSWORD =\n'x';"));
        assert!(!alone("LOGIN ann") && !alone("SELECT passwords FROM t;") && !alone("LIST ROLES;"));
    }
}
