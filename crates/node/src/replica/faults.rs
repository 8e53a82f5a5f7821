//! Deliberate bugs of a replica, off everywhere but in the simulator (see [`Faults`]).

use crate::ground::options::Faults;
use henge_base::{Bytes, Micros};
use henge_coordinator::ReadReply;
use henge_model::{CellKind, Mutation, RowView, encode_row};
use std::borrow::Cow;

impl Faults {
    /// The mutation that a replica applies: with `clock_in_reconcile` its own clock takes the place of the write's timestamps.
    pub(super) fn alter_mutation(self, mutation: &Mutation, wall: impl FnOnce() -> Micros) -> Cow<'_, Mutation> {
        if !self.clock_in_reconcile {
            return Cow::Borrowed(mutation);
        }
        let wall = wall();
        let rows = mutation.rows.iter().map(|(key, row)| (key.clone(), restamp(key, row, wall)));
        Cow::Owned(Mutation { id: mutation.id, rows: rows.collect() })
    }

    /// The answer that a replica gives: with `digest_of_bytes` a digest takes in something besides the rows' content.
    pub(super) fn alter_reply(self, reply: ReadReply, wall: impl FnOnce() -> Micros) -> ReadReply {
        match reply {
            ReadReply::Digest(mut digest) if self.digest_of_bytes => {
                for (byte, noise) in digest.0.iter_mut().zip(wall().to_le_bytes()) {
                    *byte ^= noise;
                }
                ReadReply::Digest(digest)
            }
            reply => reply,
        }
    }
}

fn restamp(key: &[u8], row: &Bytes, wall: Micros) -> Bytes {
    let Ok(view) = RowView::parse_trusted(row) else { return row.clone() };
    let mut row = view.to_row();
    if let Some(marker) = &mut row.marker {
        marker.timestamp = wall;
    }
    if let Some(deletion) = &mut row.deletion {
        deletion.timestamp = wall;
    }
    for cell in &mut row.cells {
        if !matches!(cell.kind, CellKind::ComplexDeletion { .. }) {
            cell.timestamp = wall;
        }
    }
    let mut out = Vec::new();
    encode_row(key, &row, &mut out);
    out.into()
}
