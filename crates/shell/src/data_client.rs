//! A client for programs that move data: prepared statements, values in native encoding, many requests under way on one connection.

use crate::client::{Login, target_of};
use crate::connection::Connection;
use henge_base::Bytes;
use henge_model::Consistency;
use henge_protocol::{ErrorResponse, Execute, Prepare, Prepared, Query, QueryParameters, Request, Response, Rows};
use std::time::Duration;

/// Requests that are under way at once.
const IN_FLIGHT_MAX: usize = 128;
/// Rows of a page of small tables.
const PAGE_ROWS: u32 = 1_000;

/// A connection that is logged in.
pub struct DataClient {
    connection: Connection,
}

/// A request was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The server refused it; the connection goes on.
    #[error("{0}")]
    Refused(Box<ErrorResponse>),
    /// The connection must not be used any more. The request may have been carried out.
    #[error("{0}")]
    Lost(String),
}

impl DataClient {
    /// Connects and logs in; blocks meanwhile. `timeout` is the longest wait for an answer.
    pub fn open(login: &Login, timeout: Duration) -> anyhow::Result<DataClient> {
        Ok(DataClient { connection: Connection::open(&target_of(login, timeout)?)? })
    }

    /// Runs a statement without values. Of rows, the first page is given.
    pub fn query<'a>(&mut self, text: &'a str, parameters: QueryParameters<'a>) -> Result<Rows, DataError> {
        rows_of(self.ask(&Request::Query(Query { text, parameters }))?)
    }

    /// All rows of a statement without values, at one level and a thousand at once.
    pub fn query_all(&mut self, text: &str, consistency: Consistency) -> Result<Rows, DataError> {
        let mut all: Option<Rows> = None;
        loop {
            let state = all.as_mut().and_then(|all| all.paging_state.take());
            let parameters = QueryParameters {
                consistency,
                page_size: Some(PAGE_ROWS),
                paging_state: state.as_deref(),
                ..QueryParameters::default()
            };
            let page = self.query(text, parameters)?;
            let has_more = page.paging_state.is_some();
            match &mut all {
                None => all = Some(page),
                Some(all) => {
                    all.rows.extend(page.rows);
                    all.paging_state = page.paging_state;
                }
            }
            if let Some(all) = all.take_if(|_| !has_more) {
                return Ok(all);
            }
        }
    }

    /// Prepares a statement, for this connection and others to the same node.
    pub fn prepare(&mut self, text: &str) -> Result<Prepared, DataError> {
        match self.ask(&Request::Prepare(Prepare { text, keyspace: None }))? {
            Response::Prepared(prepared) => Ok(prepared),
            other => Err(DataError::Lost(format!("PREPARE was answered with {other:?}"))),
        }
    }

    /// Executes a prepared statement. Of rows, the page is given.
    pub fn execute<'a>(&mut self, id: &'a Prepared, parameters: QueryParameters<'a>) -> Result<Rows, DataError> {
        rows_of(self.ask(&execute(id, parameters))?)
    }

    /// Executes prepared statements, many at once and in no order. Gives the error of each that was refused, with its place.
    pub fn execute_all<'a>(
        &mut self,
        requests: impl IntoIterator<Item = (&'a Prepared, QueryParameters<'a>)>,
    ) -> Result<Vec<(usize, ErrorResponse)>, DataError> {
        let mut refused = Vec::new();
        let mut requests = requests.into_iter().map(|(id, parameters)| execute(id, parameters));
        let mut done = 0;
        loop {
            let part: Vec<Request<'a>> = requests.by_ref().take(IN_FLIGHT_MAX).collect();
            if part.is_empty() {
                return Ok(refused);
            }
            let outcomes = self.connection.ask_all(&part).map_err(|failure| DataError::Lost(failure.to_string()))?;
            let errors = outcomes.into_iter().enumerate().filter_map(|(at, outcome)| Some((done + at, outcome.err()?)));
            refused.extend(errors);
            done += part.len();
        }
    }

    fn ask(&mut self, request: &Request<'_>) -> Result<Response, DataError> {
        let answer = self.connection.ask(request).map_err(|failure| DataError::Lost(failure.to_string()))?;
        answer.outcome.map_err(|error| DataError::Refused(Box::new(error)))
    }
}

fn execute<'a>(prepared: &'a Prepared, parameters: QueryParameters<'a>) -> Request<'a> {
    Request::Execute(Execute { id: &prepared.id, metadata_id: prepared.metadata_id.as_deref(), parameters })
}

/// The rows of an answer; none of one without rows.
fn rows_of(response: Response) -> Result<Rows, DataError> {
    match response {
        Response::Rows(rows) => Ok(rows),
        Response::Void | Response::SetKeyspace(_) | Response::SchemaChange(_) => {
            let rows: Vec<Vec<Option<Bytes>>> = Vec::new();
            Ok(Rows { columns: Vec::new(), column_count: 0, paging_state: None, new_metadata_id: None, rows })
        }
        other => Err(DataError::Lost(format!("a statement was answered with {other:?}"))),
    }
}
