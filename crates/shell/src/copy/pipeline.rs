//! One prepared statement, many of whose executions are under way on a connection.

use super::copy_error::CopyError;
use super::nodes::Nodes;
use crate::connection::{Answer, Connection};
use crate::failure::Failure;
use henge_protocol::{ErrorKind, ErrorResponse, Execute, Prepare, Prepared, QueryParameters, Request, Response};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The pause before something is tried again; it doubles up to the second one.
const RETRY_DELAY: Duration = Duration::from_millis(250);
const RETRY_DELAY_MAX: Duration = Duration::from_secs(5);

/// A connection with its statement.
pub(crate) struct Pipeline {
    nodes: Nodes,
    statement: String,
    connection: Connection,
    cancellation: Arc<AtomicBool>,
    pub(crate) prepared: Prepared,
}

impl Pipeline {
    /// Waits of the pipeline end once the flag is true.
    pub(crate) fn open(
        mut nodes: Nodes,
        statement: &str,
        cancellation: &Arc<AtomicBool>,
    ) -> Result<Pipeline, CopyError> {
        let mut connection = nodes.open()?;
        connection.cancel_by(Arc::clone(cancellation));
        let prepared = prepare(&mut connection, statement)?;
        let (statement, cancellation) = (statement.to_owned(), Arc::clone(cancellation));
        Ok(Pipeline { nodes, statement, connection, cancellation, prepared })
    }

    /// Goes on with a new connection, to the next node. All that was under way has no answer.
    pub(crate) fn reopen(&mut self) -> Result<(), CopyError> {
        self.connection = self.nodes.open()?;
        self.connection.cancel_by(Arc::clone(&self.cancellation));
        self.prepare_again()
    }

    /// Prepares the statement once more, for a server that has forgotten it. Nothing may be under way.
    pub(crate) fn prepare_again(&mut self) -> Result<(), CopyError> {
        self.prepared = prepare(&mut self.connection, &self.statement)?;
        Ok(())
    }

    /// Executes the statement on a stream that has nothing under way; it is sent when an answer is waited for.
    pub(crate) fn execute<'a>(&'a mut self, stream: i16, parameters: QueryParameters<'a>) -> Result<(), Failure> {
        let (id, metadata_id) = (&self.prepared.id, self.prepared.metadata_id.as_deref());
        self.connection.submit(stream, &Request::Execute(Execute { id, metadata_id, parameters }))
    }

    /// Sends another request, as `execute` does.
    pub(crate) fn submit(&mut self, stream: i16, request: &Request<'_>) -> Result<(), Failure> {
        self.connection.submit(stream, request)
    }

    /// An answer that has arrived; `None` if none has.
    pub(crate) fn ready_answer(&mut self) -> Result<Option<(i16, Answer)>, Failure> {
        self.connection.ready_answer()
    }

    /// Sends everything, and waits for an answer.
    pub(crate) fn next_answer(&mut self) -> Result<(i16, Answer), Failure> {
        self.connection.next_answer()
    }
}

fn prepare(connection: &mut Connection, text: &str) -> Result<Prepared, CopyError> {
    match connection.ask(&Request::Prepare(Prepare { text, keyspace: None }))?.outcome {
        Ok(Response::Prepared(prepared)) => Ok(prepared),
        Ok(other) => Err(CopyError::Failed(format!("PREPARE was answered with {other:?}"))),
        Err(error) => Err(CopyError::Refused(error, text.to_owned())),
    }
}

/// The pause before an attempt, of which so many were made.
pub(crate) fn retry_delay(attempts: u32) -> Duration {
    RETRY_DELAY_MAX.min(RETRY_DELAY * 2_u32.saturating_pow(attempts.saturating_sub(1)))
}

/// True of an error that may be gone when the same request is sent again.
pub(crate) fn may_pass(error: &ErrorResponse) -> bool {
    is_surely_undone(error)
        || matches!(
            error.kind,
            ErrorKind::WriteTimeout { .. }
                | ErrorKind::WriteFailure { .. }
                | ErrorKind::ReadTimeout { .. }
                | ErrorKind::ReadFailure { .. }
                | ErrorKind::Server
        )
}

/// True of an error after which nothing was done, and which may be gone when the same request is sent again.
pub(crate) fn is_surely_undone(error: &ErrorResponse) -> bool {
    matches!(error.kind, ErrorKind::Overloaded | ErrorKind::Unavailable { .. } | ErrorKind::Bootstrapping)
}
