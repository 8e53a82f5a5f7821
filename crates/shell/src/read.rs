//! Rows that the shell reads for itself.

use crate::connection::Connection;
use crate::error::format_error;
use crate::failure::Failure;
use henge_base::Reader;
use henge_model::Consistency;
use henge_protocol::{QueryParameters, Response, Rows};

/// The reason why there are no rows.
pub(crate) enum ReadError {
    /// The connection must not be used any more.
    Failure(Failure),
    /// The server has none, or does not give them away.
    Unavailable(String),
}

/// The rows of a statement, all at once.
pub(crate) fn read_rows(connection: &mut Connection, text: &str) -> Result<Rows, ReadError> {
    read(connection, text, None)
}

/// The first rows of a statement, as many as are asked for.
pub(crate) fn read_first_rows(connection: &mut Connection, text: &str, count: u32) -> Result<Rows, ReadError> {
    read(connection, text, Some(count))
}

fn read(connection: &mut Connection, text: &str, page_size: Option<u32>) -> Result<Rows, ReadError> {
    let parameters = QueryParameters { consistency: Consistency::One, page_size, ..QueryParameters::default() };
    match connection.query(text, parameters).map_err(ReadError::Failure)?.outcome {
        Ok(Response::Rows(rows)) => Ok(rows),
        Ok(_) => Err(ReadError::Unavailable("the server answered without rows".to_owned())),
        Err(error) => Err(ReadError::Unavailable(format_error(&error, text))),
    }
}

/// The bytes of a column in a row.
pub(crate) fn bytes_of<'a>(rows: &'a Rows, row: usize, column: &str) -> Option<&'a [u8]> {
    let at = rows.columns.iter().position(|of| of.name == column)?;
    rows.rows.get(row)?.get(at)?.as_deref()
}

/// The text of a column in a row; empty for null.
pub(crate) fn text_of(rows: &Rows, row: usize, column: &str) -> String {
    String::from_utf8_lossy(bytes_of(rows, row, column).unwrap_or_default()).into_owned()
}

/// The texts of a list or set, or the keys and values of a map of texts, one after the other.
pub(crate) fn read_texts(bytes: &[u8]) -> Vec<String> {
    let mut reader = Reader::new(bytes);
    let mut texts = Vec::new();
    let _count = reader.i32();
    while let Some(length) = reader.i32().ok().and_then(|length| usize::try_from(length).ok()) {
        let Ok(text) = reader.take(length) else { break };
        texts.push(String::from_utf8_lossy(text).into_owned());
    }
    texts
}
