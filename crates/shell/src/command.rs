//! The commands that the shell itself carries out.

use crate::capture::Capturing;
use crate::copy::CopyRequest;
use crate::path::{expand_home, parse_quoted_path};
use crate::splitter::without_comments;
use henge_model::Consistency;
use std::fmt;
use std::path::PathBuf;

/// A command of the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Setting(Setting),
    Capture(Capturing),
    ShowVersion,
    ShowHost,
    /// The trace of an id.
    ShowSession(String),
    /// The nodes that hold a token of a keyspace, by default the one in use.
    ShowReplicas(i64, Option<String>),
    /// Another role, with its password if it was given.
    LogIn(String, Option<String>),
    Source(PathBuf),
    Copy(Box<CopyRequest>),
    /// The lines typed last: as many as before, or so many from now on.
    History(Option<usize>),
    /// The list of commands, or topics.
    Help(Vec<String>),
    Clear,
    Exit,
}

/// A setting that a command shows, or changes to what it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    Consistency(Option<Consistency>),
    SerialConsistency(Option<Consistency>),
    Expand(Option<bool>),
    Tracing(Option<bool>),
    Paging(Option<Paging>),
}

/// Pages as PAGING has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paging {
    On,
    Off,
    Rows(u32),
}

/// A command of the shell that is not complete, or not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CommandError {
    Level { name: String },
    SerialLevel { name: String },
    PageSize(String),
    Argument { command: &'static str, argument: &'static str },
    Copy(String),
    Unsupported(String),
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CommandError::Level { name } => {
                let names: Vec<&str> = Consistency::all().map(Consistency::name).collect();
                write!(f, "{name} is no consistency level; there are {}", names.join(", "))
            }
            CommandError::SerialLevel { name } => {
                write!(f, "{name} is no serial consistency level; there are SERIAL, LOCAL_SERIAL")
            }
            CommandError::PageSize(text) => write!(f, "{text} is no number of rows"),
            CommandError::Argument { command, argument } => write!(f, "{command} takes {argument}"),
            CommandError::Copy(reason) => f.write_str(reason),
            CommandError::Unsupported(command) => write!(
                f,
                "{command} is not supported by this shell yet; the cqlsh of Apache Cassandra works with this server"
            ),
        }
    }
}

impl std::error::Error for CommandError {}

impl Command {
    /// Parses a command; `None` if the text is a statement for the server.
    pub(crate) fn parse(text: &str) -> Option<Result<Command, CommandError>> {
        let text = without_comments(text);
        let text = text.trim().trim_end_matches(';').trim();
        let mut words = text.split_whitespace();
        let first = words.next()?.to_ascii_uppercase();
        let second = words.next();
        let argument = second.map(str::to_ascii_uppercase);
        let third = words.next();
        let rest = text[first.len()..].trim();
        let takes = |command, argument| Err(CommandError::Argument { command, argument });
        if let Some(setting) = Setting::parse(&first, argument.as_deref(), third) {
            return Some(setting.map(Command::Setting));
        }
        Some(match (first.as_str(), argument.as_deref()) {
            ("SHOW", Some("VERSION")) => Ok(Command::ShowVersion),
            ("SHOW", Some("HOST")) => Ok(Command::ShowHost),
            ("SHOW", Some("SESSION")) => match third {
                Some(id) if is_uuid(id) => Ok(Command::ShowSession(id.to_ascii_lowercase())),
                _ => takes("SHOW SESSION", "the id of a trace, a UUID"),
            },
            ("SHOW", Some("REPLICAS")) => parse_show_replicas(third, words.next()),
            ("SHOW", _) => takes("SHOW", "VERSION, HOST, SESSION or REPLICAS"),
            ("LOGIN", Some(_)) => Ok(parse_login(rest)),
            ("LOGIN", None) => takes("LOGIN", "a role, and its password in quotes or nothing"),
            ("SOURCE", Some(_)) => Ok(Command::Source(parse_source(rest))),
            ("SOURCE", None) => takes("SOURCE", "the name of a file in quotes"),
            ("COPY", _) => {
                CopyRequest::parse(text).map(|copy| Command::Copy(Box::new(copy))).map_err(CommandError::Copy)
            }
            ("CAPTURE", _) => parse_capture(rest),
            ("HISTORY", count) => match count.map(str::parse).transpose() {
                Ok(count) if third.is_none() => Ok(Command::History(count)),
                _ => takes("HISTORY", "a number of lines or nothing"),
            },
            ("DEBUG", _) => Err(CommandError::Unsupported(first.clone())),
            ("HELP" | "?", _) => Ok(Command::Help(rest.split_whitespace().map(str::to_owned).collect())),
            ("CLEAR" | "CLS", None) => Ok(Command::Clear),
            ("EXIT" | "QUIT", None) => Ok(Command::Exit),
            _ => return None,
        })
    }
}

impl Setting {
    /// Parses a command of a setting from its words; `None` of another command.
    fn parse(first: &str, argument: Option<&str>, third: Option<&str>) -> Option<Result<Setting, CommandError>> {
        let takes = |command, argument| Err(CommandError::Argument { command, argument });
        let to = argument.map(|word| word == "ON");
        Some(match (first, argument) {
            ("CONSISTENCY", None) => Ok(Setting::Consistency(None)),
            ("CONSISTENCY", Some(level)) => parse_level(level).map(|level| Setting::Consistency(Some(level))),
            ("SERIAL", Some("CONSISTENCY")) => {
                third.map(parse_serial_level).transpose().map(Setting::SerialConsistency)
            }
            ("SERIAL", _) => takes("SERIAL", "CONSISTENCY, and a level or nothing"),
            ("EXPAND", None | Some("ON" | "OFF")) => Ok(Setting::Expand(to)),
            ("EXPAND", _) => takes("EXPAND", "ON, OFF or nothing"),
            ("TRACING", None | Some("ON" | "OFF")) => Ok(Setting::Tracing(to)),
            ("TRACING", _) => takes("TRACING", "ON, OFF or nothing"),
            ("PAGING", None) => Ok(Setting::Paging(None)),
            ("PAGING", Some("ON")) => Ok(Setting::Paging(Some(Paging::On))),
            ("PAGING", Some("OFF")) => Ok(Setting::Paging(Some(Paging::Off))),
            ("PAGING", Some(size)) => parse_page_size(size).map(|size| Setting::Paging(Some(size))),
            _ => return None,
        })
    }
}

pub(crate) fn parse_level(name: &str) -> Result<Consistency, CommandError> {
    let found = Consistency::all().find(|level| level.name().eq_ignore_ascii_case(name));
    found.ok_or_else(|| CommandError::Level { name: name.to_owned() })
}

fn parse_serial_level(name: &str) -> Result<Consistency, CommandError> {
    let serial = [Consistency::Serial, Consistency::LocalSerial];
    let found = serial.into_iter().find(|level| level.name().eq_ignore_ascii_case(name));
    found.ok_or_else(|| CommandError::SerialLevel { name: name.to_owned() })
}

fn parse_page_size(text: &str) -> Result<Paging, CommandError> {
    let size = text.parse().ok().filter(|size| *size > 0);
    size.map(Paging::Rows).ok_or_else(|| CommandError::PageSize(text.to_owned()))
}

/// The role and the password of LOGIN, as they were written: neither is folded, and a password may hold blanks.
fn parse_login(text: &str) -> Command {
    let (role, password) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let password = Some(password.trim()).filter(|password| !password.is_empty());
    Command::LogIn(role.trim_matches('"').to_owned(), password.map(|password| password.trim_matches('\'').to_owned()))
}

/// The file of SOURCE; quotes may be left out.
fn parse_source(text: &str) -> PathBuf {
    parse_quoted_path(text).unwrap_or_else(|| expand_home(text.trim_matches('\'')))
}

fn parse_capture(text: &str) -> Result<Command, CommandError> {
    let asked = match text {
        "" => Some(Capturing::Show),
        _ if text.eq_ignore_ascii_case("OFF") => Some(Capturing::Off),
        _ => parse_quoted_path(text).map(Capturing::To),
    };
    let wrong = CommandError::Argument { command: "CAPTURE", argument: "the name of a file in quotes, OFF or nothing" };
    asked.map(Command::Capture).ok_or(wrong)
}

fn parse_show_replicas(token: Option<&str>, keyspace: Option<&str>) -> Result<Command, CommandError> {
    let argument = "a token, which is a whole number of 64 bits, and a keyspace or nothing";
    let token = token.and_then(|token| token.parse().ok());
    let keyspace = keyspace.map(|name| match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => name.to_ascii_lowercase(),
    });
    let parsed = token.map(|token| Command::ShowReplicas(token, keyspace));
    parsed.ok_or(CommandError::Argument { command: "SHOW REPLICAS", argument })
}

/// True of the text of a UUID: what else might be a part of a statement.
fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let is_hexadecimal = |group: &&str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.iter().all(is_hexadecimal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_from_statements() {
        let parse = |text| Command::parse(text);
        let set = |setting| Some(Ok(Command::Setting(setting)));
        assert_eq!(parse("consistency quorum;"), set(Setting::Consistency(Some(Consistency::Quorum))));
        assert_eq!(parse("CONSISTENCY"), set(Setting::Consistency(None)));
        assert_eq!(parse("serial consistency"), set(Setting::SerialConsistency(None)));
        let local = Setting::SerialConsistency(Some(Consistency::LocalSerial));
        assert_eq!(parse("SERIAL CONSISTENCY local_serial;"), set(local));
        assert!(matches!(parse("SERIAL CONSISTENCY quorum"), Some(Err(CommandError::SerialLevel { .. }))));
        assert_eq!(parse("expand on"), set(Setting::Expand(Some(true))));
        assert_eq!(parse("Tracing"), set(Setting::Tracing(None)));
        assert_eq!(parse("TRACING OFF;"), set(Setting::Tracing(Some(false))));
        assert_eq!(parse("PAGING 20"), set(Setting::Paging(Some(Paging::Rows(20)))));
        let id = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
        let show = format!("SHOW SESSION {id}");
        assert_eq!(parse(&show), Some(Ok(Command::ShowSession(id.to_owned()))));
        assert!(matches!(parse("SHOW SESSION 1 OR 2"), Some(Err(_))));
        let log_in =
            |role: &str, password: Option<&str>| Some(Ok(Command::LogIn(role.to_owned(), password.map(str::to_owned))));
        assert_eq!(parse("LOGIN Ada 'of the wood';"), log_in("Ada", Some("of the wood")));
        assert_eq!(parse("LOGIN ada"), log_in("ada", None));
        assert_eq!(parse("SOURCE 'a b.cql'"), Some(Ok(Command::Source(PathBuf::from("a b.cql")))));
        assert_eq!(parse("-- no\nEXPAND /* yes */ off // x"), set(Setting::Expand(Some(false))));
        let capture = |capturing| Some(Ok(Command::Capture(capturing)));
        assert_eq!(parse("capture 'a ''b''.txt';"), capture(Capturing::To(PathBuf::from("a 'b'.txt"))));
        assert_eq!(parse("CAPTURE off"), capture(Capturing::Off));
        assert_eq!(parse("CAPTURE;"), capture(Capturing::Show));
        assert!(matches!(parse("CAPTURE a.txt"), Some(Err(_))));
        assert_eq!(parse("history 7;"), Some(Ok(Command::History(Some(7)))));
        assert_eq!(parse("HISTORY"), Some(Ok(Command::History(None))));
        assert!(matches!(parse("HISTORY all"), Some(Err(_))));
        let replicas = |token, keyspace: &str| Some(Ok(Command::ShowReplicas(token, Some(keyspace.to_owned()))));
        assert_eq!(parse("show replicas -7 K;"), replicas(-7, "k"));
        assert_eq!(parse("SHOW REPLICAS 9223372036854775807 \"K\""), replicas(i64::MAX, "K"));
        assert_eq!(parse("SHOW REPLICAS 1"), Some(Ok(Command::ShowReplicas(1, None))));
        assert!(matches!(parse("SHOW REPLICAS 9223372036854775808"), Some(Err(_))));
        assert_eq!(parse("SELECT 1"), None);
        assert!(matches!(parse("CONSISTENCY MANY"), Some(Err(reason)) if reason.to_string().contains("QUORUM")));
        assert!(matches!(parse("PAGING 0"), Some(Err(_))));
    }
}
