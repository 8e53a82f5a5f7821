//! Deletions that a read goes over. Replicas send them with their rows, so that they are counted where the answer is put together.

use crate::Error;
use henge_coordinator::{Placed, ReadError, Refusal};
use henge_cql::Guard;
use henge_model::{CellKindView, Consistency, Key, KeyKind, RowBlock, RowView, Table, Token};

/// What Cassandra counts for a range that is deleted: where it begins and where it ends.
const RANGE: u64 = 2;

/// What was read of one piece: of a partition, or of a run of tokens.
#[derive(Debug, Default)]
pub(crate) struct Tombstones {
    piece: usize,
    token: Token,
    live: u64,
    dead: u64,
}

/// Who reads, for the answer where there are too many.
pub(crate) struct Reader<'a> {
    pub(crate) guard: Guard<'a>,
    pub(crate) table: &'a Table,
    pub(crate) placed: &'a Placed,
    pub(crate) consistency: Consistency,
    pub(crate) now_seconds: i64,
}

impl Tombstones {
    /// Counts a block of a piece. Too many fail the read.
    pub(crate) fn count(
        &mut self,
        reader: &Reader<'_>,
        (piece, token): (usize, Token),
        block: &RowBlock,
    ) -> Result<(), Error> {
        let Some(limits) = reader.guard.limits().map(|settings| settings.tombstones) else { return Ok(()) };
        if limits.warn.is_none() && limits.fail.is_none() {
            return Ok(());
        }
        if piece != self.piece {
            self.report(reader);
            *self = Tombstones { piece, ..Tombstones::default() };
        }
        self.token = token;
        let ranges = block.context.iter().filter(|(key, _)| Key::kind(key) == Some(KeyKind::RangeTombstone));
        self.dead += RANGE * ranges.count() as u64;
        let are_too_many = |dead: u64| limits.fail.is_some_and(|most| dead > most);
        for (_, row) in &block.rows {
            if are_too_many(self.dead) {
                break;
            }
            self.row(row, reader.now_seconds);
        }
        if are_too_many(self.dead) {
            self.report(reader);
            return Err(self.failure(reader));
        }
        Ok(())
    }

    /// Tells of the piece that was read last, if there were many.
    pub(crate) fn report(&self, reader: &Reader<'_>) {
        let limits = reader.guard.limits().map(|settings| settings.tombstones).unwrap_or_default();
        if limits.warn.is_some_and(|most| self.dead > most) {
            let (Tombstones { live, dead, token, .. }, Table { keyspace, name, .. }) = (self, reader.table);
            let token = token.0;
            reader.guard.warn(format!(
                "Read {live} live rows and {dead} tombstone cells for query SELECT * FROM {keyspace}.{name}; token {token} \
                 (see tombstone_warn_threshold)"
            ));
        }
    }

    fn row(&mut self, row: &[u8], now_seconds: i64) {
        let Ok(view) = RowView::parse_trusted(row) else { return };
        let is_dead = |kind: &CellKindView<'_>| match kind {
            CellKindView::Live { .. } | CellKindView::ComplexDeletion { .. } => false,
            CellKindView::Expiring { expires, .. } => now_seconds >= *expires,
            CellKindView::Tombstone { .. } => true,
        };
        let (mut cells, mut dead) = (0, 0);
        for cell in view.cells() {
            cells += 1;
            dead += u64::from(is_dead(&cell.kind));
        }
        self.dead += dead;
        if cells > dead || view.marker().is_some_and(|marker| marker.is_live(now_seconds)) {
            self.live += 1;
        } else if dead == 0 && (view.deletion().is_some() || view.marker().is_some()) {
            self.dead += 1;
        }
    }

    fn failure(&self, reader: &Reader<'_>) -> Error {
        let Reader { placed, consistency, .. } = reader;
        let replicas = placed.placement.replicas(self.token);
        let first = replicas.and_then(|range| range.read.first().copied());
        let failures = first.into_iter().map(|host| (host, Refusal::TooManyTombstones)).collect();
        let block_for = 1;
        ReadError::Failure { consistency: *consistency, received: 0, block_for, failures, data_present: false }.into()
    }
}
