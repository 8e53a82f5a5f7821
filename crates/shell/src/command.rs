//! The commands that the shell itself carries out.

use crate::splitter::without_comments;
use henge_model::Consistency;
use std::fmt;
use std::path::PathBuf;

/// A command of the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Consistency(Option<Consistency>),
    Expand(bool),
    Paging(Option<u32>),
    ShowVersion,
    ShowHost,
    Source(PathBuf),
    Help,
    Clear,
    Exit,
}

/// A command of the shell that is not complete, or not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CommandError {
    Level { name: String },
    PageSize(String),
    Argument { command: &'static str, argument: &'static str },
    Unsupported(String),
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CommandError::Level { name } => {
                let names: Vec<&str> = Consistency::all().map(Consistency::name).collect();
                write!(f, "{name} is no consistency level; there are {}", names.join(", "))
            }
            CommandError::PageSize(text) => write!(f, "{text} is no number of rows"),
            CommandError::Argument { command, argument } => write!(f, "{command} takes {argument}"),
            CommandError::Unsupported(command) => write!(
                f,
                "{command} is not supported by this shell yet; the cqlsh of Apache Cassandra works with this server"
            ),
        }
    }
}

impl std::error::Error for CommandError {}

/// The output of HELP.
pub(crate) const HELP: &str = "\nCommands of the shell:\n\
    \n  CONSISTENCY [level]   show or set the consistency level\
    \n  EXPAND ON | OFF       one value below the other\
    \n  PAGING ON | OFF | n   rows of a page\
    \n  SHOW VERSION | HOST   what this is connected to\
    \n  SOURCE 'file'         run the statements of a file\
    \n  DESCRIBE ...          the schema, as CQL (answered by the server)\
    \n  CLEAR                 an empty screen\
    \n  EXIT, QUIT            the end\n\
    \nEverything else goes to the server; statements end with a semicolon.\n";

impl Command {
    /// Parses a command; `None` if the text is a statement for the server.
    pub(crate) fn parse(text: &str) -> Option<Result<Command, CommandError>> {
        let text = without_comments(text);
        let text = text.trim().trim_end_matches(';').trim();
        let mut words = text.split_whitespace();
        let first = words.next()?.to_ascii_uppercase();
        let second = words.next();
        let argument = second.map(str::to_ascii_uppercase);
        let takes = |command, argument| Err(CommandError::Argument { command, argument });
        Some(match (first.as_str(), argument.as_deref()) {
            ("CONSISTENCY", None) => Ok(Command::Consistency(None)),
            ("CONSISTENCY", Some(level)) => parse_level(level).map(|level| Command::Consistency(Some(level))),
            ("EXPAND", Some("ON")) => Ok(Command::Expand(true)),
            ("EXPAND", Some("OFF")) => Ok(Command::Expand(false)),
            ("EXPAND", _) => takes("EXPAND", "ON or OFF"),
            ("PAGING", Some("ON")) => Ok(Command::Paging(Some(100))),
            ("PAGING", Some("OFF")) => Ok(Command::Paging(None)),
            ("PAGING", Some(size)) => parse_page_size(size),
            ("PAGING", None) => takes("PAGING", "ON, OFF or a number of rows"),
            ("SHOW", Some("VERSION")) => Ok(Command::ShowVersion),
            ("SHOW", Some("HOST")) => Ok(Command::ShowHost),
            ("SHOW", _) => takes("SHOW", "VERSION or HOST"),
            ("SOURCE", Some(_)) => Ok(Command::Source(PathBuf::from(text[first.len()..].trim().trim_matches('\'')))),
            ("SOURCE", None) => takes("SOURCE", "the name of a file in quotes"),
            ("TRACING" | "COPY" | "CAPTURE" | "LOGIN" | "SERIAL", _) => Err(CommandError::Unsupported(first.clone())),
            ("HELP" | "?", _) => Ok(Command::Help),
            ("CLEAR" | "CLS", None) => Ok(Command::Clear),
            ("EXIT" | "QUIT", None) => Ok(Command::Exit),
            _ => return None,
        })
    }
}

pub(crate) fn parse_level(name: &str) -> Result<Consistency, CommandError> {
    let found = Consistency::all().find(|level| level.name().eq_ignore_ascii_case(name));
    found.ok_or_else(|| CommandError::Level { name: name.to_owned() })
}

fn parse_page_size(text: &str) -> Result<Command, CommandError> {
    let size = text.parse().ok().filter(|size| *size > 0);
    size.map(|size| Command::Paging(Some(size))).ok_or_else(|| CommandError::PageSize(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_from_statements() {
        let parse = |text| Command::parse(text);
        assert_eq!(parse("consistency quorum;"), Some(Ok(Command::Consistency(Some(Consistency::Quorum)))));
        assert_eq!(parse("CONSISTENCY"), Some(Ok(Command::Consistency(None))));
        assert_eq!(parse("expand on"), Some(Ok(Command::Expand(true))));
        assert_eq!(parse("SOURCE 'a b.cql'"), Some(Ok(Command::Source(PathBuf::from("a b.cql")))));
        assert_eq!(parse("-- no\nEXPAND /* yes */ off // x"), Some(Ok(Command::Expand(false))));
        assert_eq!(parse("SELECT 1"), None);
        assert!(matches!(parse("CONSISTENCY MANY"), Some(Err(reason)) if reason.to_string().contains("QUORUM")));
        assert!(matches!(parse("PAGING 0"), Some(Err(_))));
    }
}
