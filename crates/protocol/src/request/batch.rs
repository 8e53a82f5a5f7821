//! BATCH.

use super::parameters::{NAMES, TrailingParameters, put_flags, read_flags};
use super::values::put_values;
use crate::primitive::{ReadNotation, put_long_string, put_short, put_short_bytes, short_count};
use crate::{ProtocolError, Version};
use henge_base::{Micros, Reader};
use henge_model::{BatchKind, BoundValue, Consistency};
use std::ops::Range;

/// Several statements in one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch<'a> {
    /// The guarantee that the batch gives.
    pub kind: BatchKind,
    /// The statements, in order.
    pub statements: Vec<BatchStatement<'a>>,
    /// The values of all statements; [`Batch::values`] gives those of one.
    pub all_values: Vec<BoundValue<'a>>,
    /// The consistency level.
    pub consistency: Consistency,
    /// SERIAL or LOCAL_SERIAL, as the client sent it; not checked here.
    pub serial_consistency: Option<Consistency>,
    /// Timestamp of writes, in microseconds since the Unix epoch; never `i64::MIN`.
    pub timestamp: Option<Micros>,
    /// The keyspace in effect for this request, in place of the connection's (v5).
    pub keyspace: Option<&'a str>,
    /// The client's current time in seconds since the Unix epoch (v5).
    pub now_in_seconds: Option<i32>,
}

/// One statement of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchStatement<'a> {
    /// Text or id of the statement.
    pub query: BatchQuery<'a>,
    /// The range of its values in [`Batch::all_values`].
    pub values: Range<usize>,
}

/// A statement by text or by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchQuery<'a> {
    /// The statement's text.
    Text(&'a str),
    /// The id that PREPARE returned.
    Prepared(&'a [u8]),
}

impl<'a> Batch<'a> {
    /// A batch without statements.
    pub fn new(kind: BatchKind, consistency: Consistency) -> Self {
        Batch {
            kind,
            statements: Vec::new(),
            all_values: Vec::new(),
            consistency,
            serial_consistency: None,
            timestamp: None,
            keyspace: None,
            now_in_seconds: None,
        }
    }

    /// Adds a statement.
    pub fn push(&mut self, query: BatchQuery<'a>, values: &[BoundValue<'a>]) {
        let start = self.all_values.len();
        self.all_values.extend_from_slice(values);
        self.statements.push(BatchStatement { query, values: start..self.all_values.len() });
    }

    /// The values of one of the batch's statements.
    pub fn values(&self, statement: &BatchStatement<'_>) -> &[BoundValue<'a>] {
        self.all_values.get(statement.values.clone()).unwrap_or_default()
    }

    /// Decodes the message's body.
    pub fn decode(version: Version, body: &'a [u8]) -> Result<Self, ProtocolError> {
        let mut reader = Reader::new(body);
        let mut batch = Batch::new(kind(reader.u8()?)?, Consistency::One);
        for _ in 0..reader.u16()? {
            batch.decode_statement(&mut reader, version)?;
        }
        batch.consistency = reader.consistency()?;
        let flags = read_flags(&mut reader, version)?;
        if flags & NAMES != 0 {
            return Err(ProtocolError::new("A batch cannot have values by name"));
        }
        let tail = TrailingParameters::decode(&mut reader, flags)?;
        batch.serial_consistency = tail.serial_consistency;
        batch.timestamp = tail.timestamp;
        batch.keyspace = tail.keyspace;
        batch.now_in_seconds = tail.now_in_seconds;
        Ok(batch)
    }

    fn decode_statement(&mut self, reader: &mut Reader<'a>, version: Version) -> Result<(), ProtocolError> {
        let query = match reader.u8()? {
            0 => BatchQuery::Text(reader.long_string()?),
            1 => BatchQuery::Prepared(reader.short_bytes()?),
            kind => {
                let text = format!("A statement of BATCH has kind 0 or 1, not {kind}");
                return Err(ProtocolError::new(text));
            }
        };
        let start = self.all_values.len();
        for _ in 0..reader.u16()? {
            self.all_values.push(reader.value(version)?);
        }
        self.statements.push(BatchStatement { query, values: start..self.all_values.len() });
        Ok(())
    }

    pub(super) fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        out.push(self.kind as u8);
        put_short(out, short_count(self.statements.len(), "statements of a batch")?);
        for statement in &self.statements {
            match statement.query {
                BatchQuery::Text(text) => {
                    out.push(0);
                    put_long_string(out, text);
                }
                BatchQuery::Prepared(id) => {
                    out.push(1);
                    put_short_bytes(out, id);
                }
            }
            put_values(self.values(statement), &[], version, out)?;
        }
        let tail = TrailingParameters {
            serial_consistency: self.serial_consistency,
            timestamp: self.timestamp,
            keyspace: self.keyspace,
            now_in_seconds: self.now_in_seconds,
        };
        put_short(out, self.consistency.code());
        put_flags(out, version, tail.flags(version)?);
        tail.encode(out);
        Ok(())
    }
}

fn kind(number: u8) -> Result<BatchKind, ProtocolError> {
    match number {
        0 => Ok(BatchKind::Logged),
        1 => Ok(BatchKind::Unlogged),
        2 => Ok(BatchKind::Counter),
        number => Err(ProtocolError::new(format!("BATCH has no type {number}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_kinds_and_names_are_refused() {
        let text = |body: &[u8]| Batch::decode(Version::V4, body).map(|_| ()).map_err(|e| e.to_string());
        assert_eq!(text(&[0, 0, 0, 0, 1, 0]), Ok(()));
        assert_eq!(text(&[3, 0, 0, 0, 1, 0]), Err("BATCH has no type 3".to_owned()));
        assert!(text(&[0, 0, 1, 2, 0, 0, 0, 0]).unwrap_err().contains("not 2"));
        assert!(text(&[0, 0, 0, 0, 1, 0x40]).is_err());
    }

    #[test]
    fn each_statement_has_its_values() {
        let mut batch = Batch::new(BatchKind::Logged, Consistency::One);
        batch.push(BatchQuery::Text("a"), &[BoundValue::Null]);
        batch.push(BatchQuery::Prepared(b"b"), &[]);
        batch.push(BatchQuery::Text("c"), &[BoundValue::Unset, BoundValue::Value(b"v")]);
        let counts = batch.statements.iter().map(|s| batch.values(s).len());
        assert_eq!(counts.collect::<Vec<_>>(), [1, 0, 2]);
    }
}
