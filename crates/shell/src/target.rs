//! The node to connect to, and the credentials.

use crate::cqlshrc::{Cqlshrc, CqlshrcError};
use crate::credentials::Credentials;
use crate::options::ShellOptions;
use crate::tls::{TlsOptions, tls_config};
use anyhow::Context;
use henge_protocol::Version;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use rustls::ClientConfig;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::sync::Arc;
use std::time::Duration;

const HOST: &str = "127.0.0.1";
const PORT: u16 = 9042;
const CONNECT_SECONDS: u64 = 5;
const REQUEST_SECONDS: u64 = 10;
/// Values of options that have versions.
const PROTOCOLS: &str = "3, 4 or 5";
const LANGUAGES: &str = "a version of CQL from 3 on, such as 3.4.7";

/// A node's address, with timeouts, credentials and TLS configuration.
#[derive(Clone, Default)]
pub(crate) struct Target {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The time to wait for a connection; `request` is that for a response.
    pub(crate) connect: Duration,
    pub(crate) request: Duration,
    /// Role and password.
    pub(crate) credentials: Option<(String, String)>,
    /// `None` for connections without TLS.
    pub(crate) tls: Option<Arc<ClientConfig>>,
    /// The version of the protocol; `None` for the newest that the server speaks.
    pub(crate) protocol: Option<Version>,
    /// The version of CQL that the server has to speak; `None` for any.
    pub(crate) language: Option<String>,
}

impl Target {
    /// The target given by the options and, where they say nothing, the file. Prompts for a missing password.
    pub(crate) fn find(options: &ShellOptions, rc: &Cqlshrc, found: Credentials) -> anyhow::Result<Target> {
        let credentials = match (found.role, found.password) {
            (None, _) => None,
            (Some(role), Some(password)) => Some((role, password)),
            (Some(role), None) => Some((role, read_password()?)),
        };
        let host = options.host.as_deref().or_else(|| rc.text("connection", "hostname")).unwrap_or(HOST).to_owned();
        let port = rc.number("connection", "port", "the number of a port, such as 9042", 1)?;
        let seconds = |given: Option<u64>, name, default| -> Result<Duration, CqlshrcError> {
            let written = rc.number("connection", name, "a number of seconds, such as 10", 0)?;
            Ok(Duration::from_secs(given.or(written).unwrap_or(default)))
        };
        let is_encrypted = options.ssl || rc.flag("connection", "ssl")?.unwrap_or(false);
        let tls = match is_encrypted {
            true => Some(tls_config(&TlsOptions::find(options, rc, &host)?)?),
            false => None,
        };
        Ok(Target {
            port: options.port.or(port).unwrap_or(PORT),
            connect: seconds(options.connect_timeout, "timeout", CONNECT_SECONDS)?,
            request: seconds(options.request_timeout, "request_timeout", REQUEST_SECONDS)?,
            credentials,
            tls,
            protocol: match &options.protocol_version {
                Some(given) => Some(parse_option("--protocol-version", given, PROTOCOLS, parse_protocol)?),
                None => rc.parse_value("protocol", "version", PROTOCOLS, parse_protocol)?,
            },
            language: match &options.cqlversion {
                Some(given) => Some(parse_option("--cqlversion", given, LANGUAGES, parse_language)?),
                None => rc.parse_value("cql", "version", LANGUAGES, parse_language)?,
            },
            host,
        })
    }
}

/// The value of an option of the command line as what it stands for. `expected` says what it can be.
fn parse_option<T>(name: &str, text: &str, expected: &str, parse: impl FnOnce(&str) -> Option<T>) -> anyhow::Result<T> {
    parse(text).with_context(|| format!("{name} cannot be {text:?}: expected {expected}"))
}

fn parse_protocol(text: &str) -> Option<Version> {
    text.parse().ok().and_then(Version::from_number)
}

/// A version of CQL with three parts, of which the last ones may be left out.
fn parse_language(text: &str) -> Option<String> {
    let mut parts: Vec<&str> = text.split('.').collect();
    while parts.len() < 3 {
        parts.push("0");
    }
    let is_number = |part: &&str| part.parse::<u32>().is_ok();
    (parts.iter().all(is_number) && parts[0].parse::<u32>().ok()? >= 3).then(|| parts.join("."))
}

/// Reads a password from the terminal, without echo.
pub(crate) fn read_password() -> anyhow::Result<String> {
    let missing = "there is no terminal to ask for a password; give it with -p or CQLSH_PASSWORD";
    let mut terminal = File::options().read(true).write(true).open("/dev/tty").context(missing)?;
    write!(terminal, "Password: ")?;
    let shown = tcgetattr(&terminal)?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&terminal, OptionalActions::Flush, &hidden)?;
    let mut line = String::new();
    let read = BufReader::new(&terminal).read_line(&mut line);
    tcsetattr(&terminal, OptionalActions::Flush, &shown)?;
    writeln!(terminal)?;
    read?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str, options: &ShellOptions) -> Result<Target, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cqlshrc");
        std::fs::write(&path, text).unwrap();
        let rc = Cqlshrc::find(Some(&path)).unwrap();
        Target::find(options, &rc, Credentials::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_command_line_wins_over_the_file_and_the_file_over_defaults() {
        let none = ShellOptions::default();
        let plain = find("", &none).unwrap();
        assert_eq!((plain.host.as_str(), plain.port, plain.tls.is_none()), (HOST, PORT, true));
        assert_eq!((plain.connect.as_secs(), plain.request.as_secs()), (CONNECT_SECONDS, REQUEST_SECONDS));
        let text = "[connection]\nhostname = node.example\nport = 19042\ntimeout = 7\nrequest_timeout = 70\n\
                    [protocol]\nversion = 4\n[cql]\nversion = 3.4\n";
        let of_file = find(text, &none).unwrap();
        assert_eq!((of_file.host.as_str(), of_file.port), ("node.example", 19_042));
        assert_eq!((of_file.connect.as_secs(), of_file.request.as_secs()), (7, 70));
        assert_eq!((of_file.protocol, of_file.language.as_deref()), (Some(Version::V4), Some("3.4.0")));
        let given = ShellOptions {
            host: Some("other".to_owned()),
            port: Some(1),
            connect_timeout: Some(2),
            request_timeout: Some(3),
            protocol_version: Some("3".to_owned()),
            cqlversion: Some("3.3.1".to_owned()),
            ..ShellOptions::default()
        };
        let given = find(text, &given).unwrap();
        assert_eq!((given.protocol, given.language.as_deref()), (Some(Version::V3), Some("3.3.1")));
        assert_eq!((given.host.as_str(), given.port), ("other", 1));
        assert_eq!((given.connect.as_secs(), given.request.as_secs()), (2, 3));
    }

    #[test]
    fn bad_values_are_told() {
        for (text, expected) in [
            ("[connection]\nport = x", "port in [connection] cannot be \"x\": expected the number of a port"),
            ("[connection]\nssl = maybe", "ssl in [connection] cannot be \"maybe\": expected true or false"),
            ("[connection]\ntimeout = 1.5", "timeout in [connection] cannot be \"1.5\""),
            ("[protocol]\nversion = 6", "version in [protocol] cannot be \"6\": expected 3, 4 or 5"),
            ("[cql]\nversion = 2.0", "expected a version of CQL from 3 on"),
        ] {
            let error = find(text, &ShellOptions::default()).err().unwrap();
            assert!(error.contains(expected), "{error}");
        }
        let old = ShellOptions { protocol_version: Some("2".to_owned()), ..ShellOptions::default() };
        assert!(find("", &old).err().unwrap().contains("--protocol-version cannot be \"2\": expected 3, 4 or 5"));
        let old = ShellOptions { cqlversion: Some("2.0".to_owned()), ..ShellOptions::default() };
        assert!(find("", &old).err().unwrap().contains("--cqlversion cannot be \"2.0\": expected a version"));
    }
}
