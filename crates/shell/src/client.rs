//! A client for programs in which a person writes statements: one connection, one statement at a time, values as text.

use crate::command::parse_level;
use crate::connection::Connection;
use crate::error::format_error;
use crate::target::Target;
use crate::tls::{TlsOptions, tls_config};
use crate::value::format_value;
use henge_protocol::{QueryParameters, Response, Rows};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// The longest time to connect, and to wait for an answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// A node's address for clients, and who logs in there.
#[derive(Clone)]
pub struct Login {
    /// The node.
    pub host: String,
    /// Its port for clients.
    pub port: u16,
    /// Role and password; `None` where nobody has to log in.
    pub credentials: Option<(String, String)>,
    /// The file with the authorities' certificates, as PEM; `None` for a connection without TLS.
    pub authorities: Option<PathBuf>,
}

/// A connection that is logged in.
pub struct Client {
    connection: Connection,
}

/// A statement to run.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
    /// Its text.
    pub text: &'a str,
    /// The name of the consistency level.
    pub consistency: &'a str,
    /// Rows per page, at least 1.
    pub page_rows: u32,
    /// The position at which the previous page ended.
    pub from: Option<&'a [u8]>,
    /// True if the node is to keep a trace.
    pub is_traced: bool,
}

/// A page of rows; empty for statements that answer none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Names and types.
    pub columns: Vec<(String, String)>,
    /// Values as cqlsh prints them; `None` is null.
    pub rows: Vec<Vec<Option<String>>>,
    /// The position at which the next page begins; `None` of the last one.
    pub next: Option<Vec<u8>>,
    /// The server's warnings.
    pub warnings: Vec<String>,
    /// The id of the trace.
    pub trace: Option<[u8; 16]>,
}

/// A statement was not answered with rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementError {
    /// The server refused it; the connection goes on.
    Refused(String),
    /// The connection must not be used any more. The statement may have been executed.
    Lost(String),
}

impl fmt::Display for StatementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (StatementError::Refused(reason) | StatementError::Lost(reason)) = self;
        f.write_str(reason)
    }
}

impl std::error::Error for StatementError {}

impl Client {
    /// Connects and logs in; blocks meanwhile.
    pub fn open(login: &Login) -> anyhow::Result<Client> {
        Ok(Client { connection: Connection::open(&target_of(login, ANSWER_TIMEOUT)?)? })
    }

    /// Runs a statement; blocks until it is answered.
    pub fn run(&mut self, statement: &Statement<'_>) -> Result<Page, StatementError> {
        let refused = |reason: String| StatementError::Refused(reason);
        let consistency = parse_level(statement.consistency).map_err(|error| refused(error.to_string()))?;
        let parameters = QueryParameters {
            consistency,
            page_size: Some(statement.page_rows),
            paging_state: statement.from,
            ..QueryParameters::default()
        };
        let asked = match statement.is_traced {
            true => self.connection.query_traced(statement.text, parameters),
            false => self.connection.query(statement.text, parameters),
        };
        let answer = asked.map_err(|failure| StatementError::Lost(failure.to_string()))?;
        let page = match answer.outcome {
            Err(error) => return Err(refused(format_error(&error, statement.text))),
            Ok(Response::Rows(rows)) => read_page(&rows),
            Ok(_) => Page::default(),
        };
        Ok(Page { warnings: answer.warnings, trace: answer.trace, ..page })
    }
}

/// The node of a login, whose answers are waited for so long.
pub(crate) fn target_of(login: &Login, request: Duration) -> anyhow::Result<Target> {
    Ok(Target {
        host: login.host.clone(),
        port: login.port,
        connect: CONNECT_TIMEOUT,
        request,
        credentials: login.credentials.clone(),
        tls: login.authorities.as_deref().map(|path| tls_config(&TlsOptions::trusting(path))).transpose()?,
        ..Target::default()
    })
}

fn read_page(rows: &Rows) -> Page {
    let value = |(column, value): (&henge_protocol::ColumnSpec, &Option<henge_base::Bytes>)| {
        value.as_deref().map(|bytes| format_value(&column.data_type, Some(bytes)))
    };
    Page {
        columns: rows.columns.iter().map(|column| (column.name.clone(), column.data_type.to_string())).collect(),
        rows: rows.rows.iter().map(|row| rows.columns.iter().zip(row).map(value).collect()).collect(),
        next: rows.paging_state.as_ref().map(|state| state.to_vec()),
        ..Page::default()
    }
}
