//! The writer of a rows result: rows go from storage straight into the output buffer.

use super::{EncodedRows, OutputBuffer, Reply};
use crate::metadata::{METADATA_CHANGED, MORE_PAGES, NO_METADATA};
use crate::primitive::{put_bytes, put_int, put_short_bytes};
use crate::response::RESULT_ROWS;
use crate::{MetadataMode, Opcode, ResultMetadata, Version};
use henge_model::RowSink;

/// A rows result being written. If it is dropped without [`RowsWriter::finish`], the result is removed from the buffer.
#[derive(Debug)]
pub struct RowsWriter<'o> {
    output: &'o mut OutputBuffer,
    /// Start of the envelope.
    start: usize,
    /// Position of the metadata's flags; the column count follows.
    flags_at: usize,
    /// Position of the row count; rows follow.
    count_at: usize,
    rows: usize,
    finished: bool,
}

impl OutputBuffer {
    /// Begins a result of rows. It is removed again unless [`RowsWriter::finish`] is called.
    pub fn begin_rows(&mut self, reply: &Reply<'_>, metadata: &ResultMetadata, mode: MetadataMode) -> RowsWriter<'_> {
        let start = self.begin_reply(reply, Opcode::Result);
        RowsWriter::new(self, start, reply.version, metadata, mode)
    }
}

impl<'o> RowsWriter<'o> {
    fn new(
        output: &'o mut OutputBuffer,
        start: usize,
        version: Version,
        metadata: &ResultMetadata,
        mode: MetadataMode,
    ) -> Self {
        let (out, columns) = (&mut output.bytes, &metadata.columns);
        put_int(out, RESULT_ROWS);
        let flags_at = out.len();
        let changed = mode == MetadataMode::Changed && version >= Version::V5;
        match mode {
            MetadataMode::Skip => put_int(out, NO_METADATA),
            _ => put_int(out, columns.flags | if changed { METADATA_CHANGED } else { 0 }),
        }
        put_int(out, columns.count as i32);
        if changed {
            put_short_bytes(out, metadata.id());
        }
        if mode != MetadataMode::Skip {
            out.extend_from_slice(columns.bytes(version));
        }
        let count_at = out.len();
        put_int(out, 0);
        RowsWriter { output, start, flags_at, count_at, rows: 0, finished: false }
    }

    /// Ends the result and returns its number of rows. A `paging_state` tells the client that more pages follow.
    pub fn finish(mut self, paging_state: Option<&[u8]>) -> usize {
        let count = (self.rows as u32).to_be_bytes();
        self.output.bytes[self.count_at..self.count_at + 4].copy_from_slice(&count);
        if let Some(state) = paging_state {
            self.insert_paging_state(state);
        }
        self.finished = true;
        self.output.finish(self.start);
        self.rows
    }

    /// Appends rows that were encoded before.
    pub fn append(&mut self, rows: EncodedRows) {
        self.output.bytes.reserve(rows.bytes());
        self.rows += rows.rows();
        for piece in rows.into_pieces() {
            self.output.bytes.extend_from_slice(&piece);
        }
    }

    /// Inserts the paging state. It is known only at the end but precedes the rows, so they are moved, once per page.
    fn insert_paging_state(&mut self, state: &[u8]) {
        let out = &mut self.output.bytes;
        out[self.flags_at + 3] |= MORE_PAGES as u8;
        let (insert_at, end) = (self.flags_at + 8, out.len());
        put_bytes(out, Some(state));
        let inserted = out.len() - end;
        out[insert_at..].rotate_right(inserted);
    }
}

impl RowSink for RowsWriter<'_> {
    fn begin_row(&mut self) {
        self.rows += 1;
    }

    fn value(&mut self, value: Option<&[u8]>) {
        put_bytes(&mut self.output.bytes, value);
    }

    fn rows(&self) -> usize {
        self.rows
    }

    fn bytes(&self) -> usize {
        self.output.bytes.len() - self.count_at - 4
    }

    fn mark(&self) -> (usize, usize) {
        (self.rows, self.output.bytes.len())
    }

    fn rollback(&mut self, (rows, length): (usize, usize)) {
        self.rows = rows;
        self.output.bytes.truncate(length);
    }
}

impl Drop for RowsWriter<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.output.abort(self.start);
        }
    }
}
