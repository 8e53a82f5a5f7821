//! The answer of a conditional write.

use super::answer::{Answer, RowsMetadata};
use crate::intake::{AnswerLease, AnswerRows};
use crate::statement::result_metadata;
use henge_node::{ConditionalResult, RowSink};
use henge_protocol::{EncodedRows, ErrorResponse, MetadataMode};

/// Bytes of the answer of a conditional write that needs no room: that of one which is applied says nothing else.
const SMALL_ANSWER_BYTES: usize = 4 << 10;

/// The rows of a conditional write, with their room. One that was not applied answers rows as they are, and is refused where these find
/// no room: nothing was written.
pub(super) fn conditional_rows(
    applied: &ConditionalResult,
    mut rows: AnswerRows,
) -> Result<(EncodedRows, AnswerLease), ErrorResponse> {
    let bytes: usize = applied.rows.iter().flatten().flatten().map(|value| value.len()).sum();
    if bytes <= SMALL_ANSWER_BYTES {
        let mut small = EncodedRows::default();
        push_rows(applied, &mut small);
        return Ok((small, rows.into_lease()));
    }
    push_rows(applied, &mut rows);
    Ok(rows.finish(0)?)
}

fn push_rows(applied: &ConditionalResult, sink: &mut dyn RowSink) {
    for row in &applied.rows {
        sink.begin_row();
        row.iter().for_each(|value| sink.value(value.as_deref()));
    }
}

/// The answer of a conditional write describes its own columns: they depend on what became of it.
pub(super) fn conditional(applied: &ConditionalResult, rows: EncodedRows) -> Answer {
    let metadata = RowsMetadata::Own(Box::new(result_metadata(&applied.columns)));
    Answer::Rows { rows, next: None, metadata, mode: MetadataMode::Full }
}
