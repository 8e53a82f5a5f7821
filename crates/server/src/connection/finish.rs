//! The answers of requests that ended.

use super::Connection;
use super::ended_request::EndedRequest;
use crate::answer;
use crate::client_warnings;
use crate::request::Answer;
use crate::statement::CachedStatement;
use henge_protocol::{Opcode, Reply, Response};
use std::sync::Arc;
use std::time::Instant;

impl Connection {
    /// Answers a request.
    pub(super) fn finish(&mut self, done: EndedRequest) {
        let EndedRequest { header, answer, mut warnings, summary, began, trace, slot, _admitted, room } = done;
        if let Some(farewell) = &mut self.farewell {
            farewell.note(Instant::now());
        }
        if let Some(room) = room {
            self.room.absorb(room);
        }
        if let Some(slot) = slot {
            self.entry.record.end(slot);
        }
        if let Answer::Prepared(known) = &answer {
            warnings.extend(self.keyspace_warning(known));
        }
        let tracing = trace.map(|trace| trace.session);
        let reply = Reply { tracing, warnings: &warnings, ..Reply::to(&header) };
        self.metrics.request(summary.operation, summary.consistency, summary.ending, began.elapsed());
        if header.opcode == Opcode::AuthResponse {
            match self.stage.after(&answer) {
                Some(stage) => self.stage = stage,
                None => self.closing = true,
            }
        }
        match answer {
            Answer::Void => self.output.write_void(&reply),
            Answer::Error(error) => self.output.write_error(&reply, &error),
            Answer::Rows { rows, next, metadata, mode } => {
                let mut writer = self.output.begin_rows(&reply, metadata.get(), mode);
                writer.append(rows);
                writer.finish(next.as_deref());
            }
            Answer::Keyspace(name) => {
                self.client.keyspace = Some(name.as_str().into());
                self.entry.record.uses(&name);
                self.output.write_response(&reply, &Response::SetKeyspace(name));
            }
            Answer::Schema(event) => {
                let change = answer::schema_change(&event);
                self.output.write_response(&reply, &Response::SchemaChange(change));
            }
            Answer::Prepared(known) => {
                self.output.write_prepared(&reply, known.metadata());
                self.statements.keep(&known);
            }
            Answer::LoggedIn(role) => {
                self.entry.record.logged_in(role.user());
                self.client.user = Some(Arc::clone(role.user()));
                self.role = Some(role);
                self.decoder.set_limit(self.max_frame);
                self.output.write_response(&reply, &Response::AuthSuccess(None));
            }
        }
    }

    /// The warning, once for each connection, about a statement that means another table with another keyspace in effect.
    fn keyspace_warning(&mut self, known: &CachedStatement) -> Option<String> {
        let keyspace = known.ready.keyspace.as_ref().filter(|_| !self.warned_of_keyspace)?;
        self.warned_of_keyspace = true;
        Some(client_warnings::keyspace_warning(keyspace, &known.metadata().id))
    }
}
