//! A session: its settings, and the execution of statements.

use crate::capture::{Capture, CapturedResults};
use crate::command::Command;
use crate::connection::Connection;
use crate::copy::{CopyError, CopyPlace, CopyRequest, Streams, copy};
use crate::error;
use crate::failure::Failure;
use crate::help::{COMMANDS, find_topic};
use crate::interrupt;
use crate::pager::ask_for_more;
use crate::paint::Paint;
use crate::path::quote_path;
use crate::preferences::Preferences;
use crate::read::ReadError;
use crate::replicas::show_replicas;
use crate::results::{PageProgress, ResultKind, ResultView, print_warnings};
use crate::script::{Place, Script};
use crate::settings::Settings;
use crate::splitter::{is_blank, split};
use crate::target::{Target, read_password};
use crate::trace::{show_trace, wait_for_trace};
use henge_protocol::{QueryParameters, Response};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

/// Minimum page size in rows for output that is not interactive.
const BULK_PAGE_ROWS_MIN: u32 = 5_000;
/// Maximum nesting of files that SOURCE other files.
const SOURCE_DEPTH_MAX: usize = 16;

/// Maximum characters of an incomplete statement in its error.
const INCOMPLETE_STATEMENT_CHARS_MAX: usize = 60;

/// The streams to which a session writes.
pub(crate) struct Output<'a> {
    pub(crate) results: &'a mut dyn Write,
    pub(crate) errors: &'a mut dyn Write,
}

/// The state of a session.
pub(crate) struct Session {
    /// `None` after the connection was lost; the next statement opens a new one.
    connection: Option<Connection>,
    target: Target,
    pub(crate) keyspace: Option<String>,
    pub(crate) settings: Settings,
    pub(crate) preferences: Preferences,
    paint: Paint,
    /// The file that results go to instead of the terminal.
    capture: Option<Capture>,
    /// True if a person views the output page by page.
    pub(crate) interactive: bool,
    /// The number of statements that failed.
    pub(crate) failures: usize,
    sources: usize,
    /// The place of the statement that is run; `None` of one that was typed.
    place: Option<Place>,
    /// True if the statements come from the standard input, without a terminal.
    pub(crate) is_input_taken: bool,
    pub(crate) ended: bool,
}

impl Session {
    pub(crate) fn new(connection: Connection, target: Target, preferences: Preferences, paint: Paint) -> Session {
        Session {
            connection: Some(connection),
            target,
            keyspace: None,
            settings: Settings::default(),
            preferences,
            paint,
            capture: None,
            interactive: false,
            failures: 0,
            sources: 0,
            place: None,
            is_input_taken: false,
            ended: false,
        }
    }

    /// Runs every statement of a script. An incomplete last statement is not run, since the missing part might restrict
    /// its effect.
    pub(crate) fn run_all(&mut self, script: &Script, output: &mut Output<'_>) -> anyhow::Result<()> {
        let outside = self.place.take();
        let outcome = self.run_each(script, output);
        self.place = outside;
        outcome
    }

    fn run_each(&mut self, script: &Script, output: &mut Output<'_>) -> anyhow::Result<()> {
        // A command on the last line ends with the text.
        let text = format!("{}\n", script.text);
        let parts = split(&text);
        for (statement, place) in parts.statements.iter().zip(script.places(&parts)) {
            if self.ended {
                return Ok(());
            }
            self.place = Some(place);
            self.run(statement, output)?;
        }
        if self.ended || is_blank(parts.rest) {
            return Ok(());
        }
        self.place = Some(script.end());
        self.refuse_incomplete(parts.rest, output)
    }

    /// Says that a statement whose end is missing was not run.
    pub(crate) fn refuse_incomplete(&mut self, text: &str, output: &mut Output<'_>) -> anyhow::Result<()> {
        let line = text.trim().lines().next().unwrap_or_default();
        let start: String = line.chars().take(INCOMPLETE_STATEMENT_CHARS_MAX).collect();
        self.print_failure(
            &format!(
                "Incomplete statement at end of file: {start:?} was not run; statements end with a semicolon, batches with APPLY BATCH;"
            ),
            output,
        )
    }

    /// Runs a statement or a command of the shell. A server error is printed and counted. A connection failure ends a
    /// session that is not interactive, since later statements may depend on the lost one; in an interactive session it
    /// is printed and counted too.
    pub(crate) fn run(&mut self, statement: &str, output: &mut Output<'_>) -> anyhow::Result<()> {
        if is_blank(statement) {
            return Ok(());
        }
        let outcome = match Command::parse(statement) {
            Some(Ok(command)) => self.run_command(command, output),
            Some(Err(error)) => self.print_failure(&error.to_string(), output),
            None => self.put_out(output, |session, output| session.run_statement(statement, output)),
        };
        match outcome {
            Err(error) if self.interactive && error.is::<Failure>() => {
                self.connection = None;
                self.print_failure(&error.to_string(), output)
            }
            outcome => outcome,
        }
    }

    /// Runs what has results. While they are captured they go to the file, in no colours and without a question between
    /// pages; what the file does not take goes to the terminal.
    fn put_out(
        &mut self,
        output: &mut Output<'_>,
        run: impl FnOnce(&mut Session, &mut Output<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let Some(capture) = self.capture.take() else { return run(self, output) };
        let paint = std::mem::replace(&mut self.paint, Paint::new(false));
        let interactive = std::mem::replace(&mut self.interactive, false);
        let mut results = CapturedResults::new(capture, output.results);
        let outcome = run(self, &mut Output { results: &mut results, errors: output.errors });
        let captured = results.finish();
        (self.paint, self.interactive) = (paint, interactive);
        match captured? {
            Ok(capture) => self.capture = Some(capture),
            Err(reason) => self.print_failure(&reason, output)?,
        }
        outcome
    }

    /// Makes a keyspace the one in use, by its exact name.
    pub(crate) fn enter(&mut self, keyspace: &str) -> Result<(), Failure> {
        let text = format!("USE \"{}\"", keyspace.replace('"', "\"\""));
        match self.connection()?.query(&text, QueryParameters::default())?.outcome {
            Ok(Response::SetKeyspace(name)) => self.keyspace = Some(name),
            Ok(_) => {}
            Err(refusal) => return Err(Failure::Refused(refusal.message)),
        }
        Ok(())
    }

    /// The connection. A lost one is opened again, with the same keyspace.
    pub(crate) fn connection(&mut self) -> Result<&mut Connection, Failure> {
        // An earlier Ctrl-C must not cancel this statement.
        interrupt::take_interrupt();
        if self.connection.is_none() {
            let mut connection = Connection::open(&self.target)?;
            if let Some(keyspace) = &self.keyspace {
                let text = format!("USE \"{}\"", keyspace.replace('"', "\"\""));
                // The result is ignored: if the keyspace was dropped meanwhile, the next statement fails with a better
                // error.
                connection.query(&text, QueryParameters::default())?;
            }
            self.connection = Some(connection);
        }
        self.connection.as_mut().ok_or(Failure::Cancelled)
    }

    /// The node, and who is logged in.
    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    fn print_failure(&mut self, text: &str, output: &mut Output<'_>) -> anyhow::Result<()> {
        self.failures += 1;
        output.results.flush()?;
        let text = self.place.as_ref().map_or_else(|| text.to_owned(), |place| place.locate(text));
        Ok(writeln!(output.errors, "{}", self.paint.error(&text))?)
    }

    fn run_command(&mut self, command: Command, output: &mut Output<'_>) -> anyhow::Result<()> {
        let said = match command {
            Command::Setting(setting) => self.settings.apply(setting),
            Command::Capture(asked) => match Capture::apply(&mut self.capture, asked) {
                Ok(None) => return Ok(()),
                Ok(Some(said)) => said,
                Err(reason) => return self.print_failure(&reason, output),
            },
            Command::ShowVersion => self.version_line()?,
            Command::ShowHost => self.connection_line()?,
            Command::ShowSession(id) => {
                return self.put_out(output, |session, output| {
                    let paint = session.paint;
                    let shown = show_trace(session.connection()?, &id, paint);
                    session.print_answer(shown, output)
                });
            }
            Command::ShowReplicas(token, keyspace) => {
                let Some(keyspace) = keyspace.or_else(|| self.keyspace.clone()) else {
                    return self
                        .print_failure("SHOW REPLICAS needs a keyspace: none is named, and none in use", output);
                };
                let shown = show_replicas(self.connection()?, token, &keyspace).map(|addresses| addresses + "\n");
                return self.print_answer(shown, output);
            }
            Command::LogIn(role, password) => return self.log_in(role, password, output),
            Command::Copy(request) => return self.run_copy(&request, output),
            Command::Source(path) => return self.run_source(&path, output),
            Command::History(_) => {
                return self.print_failure("HISTORY shows lines that were typed, and nobody types here", output);
            }
            Command::Help(topics) if topics.is_empty() => COMMANDS.to_owned(),
            Command::Help(topics) => return self.print_topics(&topics, output),
            Command::Clear => "\u{1b}[2J\u{1b}[H".to_owned(),
            Command::Exit => {
                self.ended = true;
                return Ok(());
            }
        };
        Ok(writeln!(output.results, "{said}")?)
    }

    fn print_topics(&mut self, topics: &[String], output: &mut Output<'_>) -> anyhow::Result<()> {
        for topic in topics {
            match find_topic(topic) {
                Some(text) => writeln!(output.results, "{text}")?,
                None => self.print_failure(&format!("*** No help on {topic}"), output)?,
            }
        }
        Ok(())
    }

    /// Goes on as another role, in the same keyspace; as before if that role is not let in.
    fn log_in(&mut self, role: String, password: Option<String>, output: &mut Output<'_>) -> anyhow::Result<()> {
        let password = password.map_or_else(read_password, Ok)?;
        let before = self.target.credentials.replace((role, password));
        let kept = self.connection.take();
        let refused = match self.connection() {
            Ok(_) => return Ok(()),
            Err(refused) => refused,
        };
        (self.target.credentials, self.connection) = (before, kept);
        self.print_failure(&refused.to_string(), output)
    }

    /// Prints what was read, or why there is nothing.
    fn print_answer(&mut self, shown: Result<String, ReadError>, output: &mut Output<'_>) -> anyhow::Result<()> {
        match shown {
            Ok(text) => Ok(write!(output.results, "{text}")?),
            Err(ReadError::Unavailable(reason)) => self.print_failure(&reason, output),
            Err(ReadError::Failure(failure)) => Err(failure.into()),
        }
    }

    /// Copies rows, with connections of its own.
    fn run_copy(&mut self, request: &CopyRequest, output: &mut Output<'_>) -> anyhow::Result<()> {
        let place = CopyPlace {
            target: self.target.clone(),
            keyspace: self.keyspace.clone(),
            consistency: self.settings.consistency,
            is_input_taken: self.is_input_taken,
            config_file: self.preferences.cqlshrc.clone(),
            timestamp_format: self.preferences.timestamp_format.clone(),
        };
        let mut streams = Streams { results: &mut *output.results, errors: &mut *output.errors };
        match copy(request, &place, &mut streams) {
            Ok(()) => Ok(()),
            Err(CopyError::Output(error)) => Err(error.into()),
            Err(error) => self.print_failure(&error.to_string(), output),
        }
    }

    /// Runs the statements of a file. As in cqlsh, it begins in the keyspace and as the role of the session and with
    /// settings of its own, and what it changes of these ends with it.
    fn run_source(&mut self, path: &Path, output: &mut Output<'_>) -> anyhow::Result<()> {
        if self.sources == SOURCE_DEPTH_MAX {
            return self.print_failure(&format!("SOURCE goes at most {SOURCE_DEPTH_MAX} files deep"), output);
        }
        let script = match Script::read(path) {
            Ok(script) => script,
            Err(error) => {
                return self.print_failure(&format!("Could not open {}: {error}", quote_path(path)), output);
            }
        };
        let interactive = std::mem::replace(&mut self.interactive, false);
        let (settings, keyspace) = (self.settings.enter_file(), self.keyspace.clone());
        let credentials = self.target.credentials.clone();
        self.sources += 1;
        let outcome = self.run_all(&script, output);
        self.sources -= 1;
        (self.settings, self.interactive, self.ended) = (settings, interactive, false);
        if self.keyspace != keyspace || self.target.credentials != credentials {
            // The next statement opens a connection as it was before.
            (self.connection, self.keyspace, self.target.credentials) = (None, keyspace, credentials);
        }
        outcome
    }

    fn result_view(&self) -> ResultView<'_> {
        ResultView {
            values: &self.preferences.values,
            paint: self.paint,
            is_expanded: self.settings.is_expanded,
            has_keyspace: self.keyspace.is_some(),
            is_prompted: self.interactive,
            layout_rows: self.settings.page_rows.filter(|_| !self.interactive),
        }
    }

    fn run_statement(&mut self, text: &str, output: &mut Output<'_>) -> anyhow::Result<()> {
        let mut pages = PageProgress::new();
        // Warnings of all pages are printed once each after the rows, as in cqlsh.
        let mut warnings = BTreeSet::new();
        let mut traces = Vec::new();
        loop {
            // Pages that nobody waits for are of several layouts.
            let page_size = self.settings.page_rows.map(|rows| match self.interactive {
                true => rows,
                false => BULK_PAGE_ROWS_MIN.div_ceil(rows).saturating_mul(rows),
            });
            let parameters = QueryParameters {
                consistency: self.settings.consistency,
                serial_consistency: Some(self.settings.serial_consistency),
                page_size,
                paging_state: pages.state.as_deref(),
                ..QueryParameters::default()
            };
            let is_traced = self.settings.is_traced;
            let connection = self.connection()?;
            let answer = match is_traced {
                true => connection.query_traced(text, parameters)?,
                false => connection.query(text, parameters)?,
            };
            traces.extend(answer.trace);
            let is_last = match answer.outcome {
                // The server's description of what is missing is enough.
                Err(refusal) if ResultKind::of(text) == ResultKind::Description => {
                    return self.print_failure(&refusal.message, output);
                }
                Err(refusal) => return self.print_failure(&error::format_error(&refusal, text), output),
                Ok(Response::Rows(rows)) => {
                    let has_more = self.result_view().print_page(rows, &mut pages, text, output.results)?;
                    !has_more || (self.interactive && !ask_for_more(output.results)?)
                }
                Ok(Response::SetKeyspace(name)) => {
                    self.keyspace = Some(name);
                    true
                }
                Ok(_) => true,
            };
            warnings.extend(answer.warnings);
            if is_last {
                break;
            }
        }
        print_warnings(&warnings, output.results)?;
        let (paint, timeout) = (self.paint, self.preferences.trace_timeout);
        for trace in traces {
            let shown = wait_for_trace(self.connection()?, trace, paint, timeout);
            self.print_answer(shown, output)?;
        }
        Ok(())
    }
}
