//! The fast path: a read of one row that this node holds in memory goes straight into the output buffer. Nothing is awaited.

use super::{Connection, reserve_room};
use crate::request::{StatementLookup, request_parameters, values_of};
use crate::statement::{CachedStatement, result_of_text};
use henge_node::{Ending, LONG_TEXT_BYTES, Operation, PreparedStatement, RowSink, Warnings};
use henge_protocol::{
    Execute, Frame, MetadataMode, Opcode, ProtocolError, Query, QueryParameters, Reply, ResultMetadata,
};
use std::time::Instant;

impl Connection {
    /// Answers a frame from memory unless it is traced. If it cannot, returns the statement as far as it was looked up, for the slow path.
    pub(super) fn try_memory(&mut self, frame: &Frame, is_traced: bool, began: Instant) -> Option<StatementLookup> {
        match frame.header.opcode {
            Opcode::Execute => {
                // The slow path reports what is wrong with it.
                let Ok(execute) = decode_execute(frame) else { return Some(StatementLookup::Nothing) };
                let Some(known) = self.find_statement(execute.id) else { return Some(StatementLookup::Nothing) };
                let consistency = execute.parameters.consistency;
                let may_answer = !is_traced && known.ready.may_read_one_replica(consistency);
                let answered = may_answer && self.try_execute(frame, &execute, &known, began);
                (!answered).then_some(StatementLookup::Prepared(known))
            }
            Opcode::Query => {
                let Ok(query) = decode_query(frame) else { return Some(StatementLookup::Nothing) };
                if query.text.len() >= LONG_TEXT_BYTES {
                    return Some(StatementLookup::Nothing);
                }
                let keyspace = query.parameters.keyspace.or(self.client.keyspace.as_deref());
                // The slow path reports what is wrong with it.
                let Ok(ready) = self.core.prepare(query.text, keyspace) else { return Some(StatementLookup::Nothing) };
                let answered = !is_traced && self.try_query(frame, &query.parameters, &ready, began);
                (!answered).then_some(StatementLookup::Ready(ready))
            }
            _ => Some(StatementLookup::Nothing),
        }
    }

    /// The statement that an EXECUTE names, at the current epoch.
    fn find_statement(&mut self, id: &[u8]) -> Option<CachedStatement> {
        if let Some(known) = self.statements.get(id).filter(|k| self.core.is_current(&k.ready)) {
            return Some(known);
        }
        let id = id.try_into().ok()?;
        let known = CachedStatement::new(id, self.core.find_prepared(&id)?);
        self.statements.keep(&known);
        Some(known)
    }

    fn try_execute(&mut self, frame: &Frame, execute: &Execute<'_>, known: &CachedStatement, began: Instant) -> bool {
        let mode = known.metadata_mode(frame.header.version, execute);
        self.try_answer(frame, &execute.parameters, &known.ready, (&known.metadata().result, mode), began)
    }

    fn try_query(
        &mut self,
        frame: &Frame,
        parameters: &QueryParameters<'_>,
        ready: &PreparedStatement,
        began: Instant,
    ) -> bool {
        if !ready.may_read_one_replica(parameters.consistency) {
            return false;
        }
        let result = result_of_text(ready);
        self.try_answer(frame, parameters, ready, (&result, MetadataMode::Full), began)
    }

    fn try_answer(
        &mut self,
        frame: &Frame,
        parameters: &QueryParameters<'_>,
        ready: &PreparedStatement,
        (result, mode): (&ResultMetadata, MetadataMode),
        began: Instant,
    ) -> bool {
        let Ok(values) = values_of(ready, parameters) else { return false };
        // A read with warnings is left to the slow path, so none are added.
        let warnings = Warnings::default();
        let pending = self.output.pending_bytes();
        let mut rows = self.output.begin_rows(&Reply::to(&frame.header), result, mode);
        let mark = rows.mark();
        let request = request_parameters(parameters, &values, &self.client, &warnings, self.received);
        let answered = self.core.try_execute(ready, &request, &mut rows);
        // A large answer waits for room on the slow path.
        if !answered || !reserve_room(&mut self.room, pending + rows.bytes()) {
            rows.rollback(mark);
            return false;
        }
        rows.finish(None);
        self.metrics.request(Operation::Read, parameters.consistency, Ending::Ok, began.elapsed());
        true
    }
}

fn decode_execute(frame: &Frame) -> Result<Execute<'_>, ProtocolError> {
    Execute::decode(frame.header.version, frame.message()?)
}

fn decode_query(frame: &Frame) -> Result<Query<'_>, ProtocolError> {
    Query::decode(frame.header.version, frame.message()?)
}
