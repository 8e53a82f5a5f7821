//! The reading of one page: each piece is read in blocks, whose rows are joined with their static row, filtered, computed and pushed into a
//! sink. GROUP BY is in `group`.

use crate::cursor::Cursor;
use crate::join::{Join, Progress};
use crate::piece::{Piece, pieces};
use crate::piece_read::PieceReader;
use crate::read_ahead::{ReadAhead, cut};
use crate::sort_buffer;
use crate::tombstones::{ReadContext, TombstoneCounter};
use crate::{Error, PageState, PageStateError, Request};
use futures_util::FutureExt;
use henge_base::Bytes;
use henge_coordinator::{KeyspacePlacement, ReadError, Replicas};
use henge_cql::{BoundSelect, Output, Reads, SelectPlan};
use henge_model::{Key, Probe, RowBlock, RowSink, Rows, Token, TokenRange};

/// The most rows asked of replicas at once; a page with fewer asks for fewer.
pub(crate) const CHUNK_ROWS: u32 = 5_000;

/// All tokens, from the lowest to the highest.
const WHOLE_RING: TokenRange = TokenRange { start: Token::MIN, end: Token::MAX };

/// Bytes of a block of rows as replicas send it, about: a page goes on only while its sink has room for one more.
pub(crate) const BLOCK_BYTES: usize = 1 << 20;

/// The rows first asked for under PER PARTITION LIMIT, whose partitions may have many more than are answered.
const QUOTA_CHUNK_ROWS_MIN: u32 = 32;

/// The state of a page being read.
pub(crate) struct PageRun<'a, R> {
    replicas: &'a R,
    pub(crate) plan: &'a SelectPlan,
    placed: KeyspacePlacement,
    pub(crate) request: &'a Request<'a>,
    pub(crate) cursor: Cursor,
    /// The pieces that are read beside the current one; `None` until there are several.
    ahead: Option<ReadAhead<'a>>,
    /// The rows that LIMIT still allows; `u32::MAX` without a LIMIT.
    pub(crate) remaining: u32,
    pub(crate) join: Join<'a>,
    pub(crate) quota: Option<Quota>,
    probe: Option<Probe>,
    tombstones: TombstoneCounter,
}

/// PER PARTITION LIMIT.
pub(crate) struct Quota {
    /// The rows that a partition may answer.
    pub(crate) most: u32,
    /// The rows answered of the current partition.
    pub(crate) given: u32,
    /// The rows to read at once: few as long as partitions have more than `most` rows, growing otherwise.
    chunk: u32,
}

impl<'a, R: Replicas> PageRun<'a, R> {
    /// A page at the position where an earlier one stopped.
    pub(crate) fn begin(
        (replicas, plan, placed, request): (&'a R, &'a SelectPlan, &KeyspacePlacement, &'a Request<'a>),
        bound: BoundSelect,
        state: Option<&PageState>,
    ) -> Result<Self, Error> {
        let BoundSelect { reads, limit, per_partition, probe, .. } = bound;
        let remaining = state.map_or(limit, |s| s.remaining.min(limit));
        let is_scan = matches!(reads, Reads::Scan { .. });
        let is_by_key = is_scan && !replicas.faults().number_pages;
        if is_by_key && state.is_some_and(|state| Key::storage_id(&state.key) != Some(plan.table().storage_id)) {
            return Err(PageStateError.into());
        }
        let cursor = Cursor::new(pieces(reads, plan.table().storage_id, placed), is_by_key, state);
        let after = state.map(|state| (cursor.counted_key(state), state.shown));
        let after = after.as_ref().map(|(key, shown)| (key, *shown));
        let mut join = Join::new(plan.projection(), request.context.now_seconds, plan.reads_whole_partitions(), after);
        let quota =
            per_partition.map(|most| Quota { most, given: state.map_or(0, |s| s.given), chunk: QUOTA_CHUNK_ROWS_MIN });
        if plan.is_grouped() {
            join.record_keys();
        } else if quota.is_some() {
            join.record_firsts();
        }
        let tombstones = TombstoneCounter::default();
        let placed = placed.clone();
        Ok(PageRun { replicas, plan, placed, request, cursor, ahead: None, remaining, join, quota, probe, tombstones })
    }
}

impl<R: Replicas> PageRun<'_, R> {
    /// Reads the page into `sink`. Returns the position of the next page, if there may be one.
    pub(crate) async fn run(
        &mut self,
        filter: &henge_cql::Filter,
        sink: &mut (dyn RowSink + Send),
    ) -> Result<Option<PageState>, Error> {
        let next = if self.plan.is_grouped() {
            Box::pin(self.push_groups(filter, sink)).await?
        } else if self.plan.is_aggregate() {
            Box::pin(self.push_aggregate(filter, sink)).await?;
            None
        } else {
            self.push_rows(filter, sink).await?
        };
        self.tombstones.report(&self.read_context());
        Ok(next)
    }

    fn read_context(&self) -> ReadContext<'_> {
        ReadContext {
            guard: self.request.context.guard,
            table: self.plan.table(),
            placed: &self.placed,
            consistency: self.request.consistency,
            now_seconds: self.request.context.now_seconds,
        }
    }

    /// The next block of at most `wanted` rows; `None` at the end of the read.
    pub(crate) async fn read_block(&mut self, wanted: u32) -> Result<Option<RowBlock>, Error> {
        let mut plans = 1;
        let block = loop {
            match self.read_piece(wanted).await {
                Err(error)
                    if plans < self.replicas.limits().plans && error.is_of_stale_plan() && self.cut_anew().await =>
                {
                    plans += 1
                }
                read => break read?,
            }
        };
        let Some((token, block)) = block else { return Ok(None) };
        let (mut tombstones, place) = (std::mem::take(&mut self.tombstones), (self.cursor.piece(), token));
        let counted = tombstones.count(&self.read_context(), place, &block);
        self.tombstones = tombstones;
        counted.map(|()| Some(block))
    }

    async fn read_piece(&mut self, wanted: u32) -> Result<Option<(Token, RowBlock)>, ReadError> {
        let Some((token, keys)) = self.cursor.next() else { return Ok(None) };
        let reader =
            PieceReader { replicas: self.replicas, plan: self.plan, placed: &self.placed, request: self.request };
        let block = if self.cursor.is_before_others() {
            let mut ahead = self.ahead.take().unwrap_or_default();
            let begin = |piece: usize| {
                let Piece { token, keys } = self.cursor.piece_at(piece)?;
                Some(reader.read(*token, keys.clone(), wanted, &self.probe).boxed())
            };
            let mut block = ahead.read(self.cursor.piece(), wanted, begin).await?;
            self.ahead = Some(ahead);
            cut(&mut block, wanted, self.request.context.now_seconds);
            block
        } else {
            reader.read(token, keys, wanted, &self.probe).await?
        };
        Ok(Some((token, block)))
    }

    /// Cuts the rest of a scan by a newer placement: ranges have changed hands since it was cut. False if there is none, or if it is no scan.
    async fn cut_anew(&mut self) -> bool {
        let Some((start, end)) = self.cursor.rest_of_scan() else { return false };
        let newer = henge_coordinator::newer_placement(self.replicas, &self.placed, TokenRange::FULL).await;
        let Some(placed) = newer else { return false };
        let storage = self.plan.table().storage_id;
        self.cursor.replace_rest(pieces(
            Reads::Scan { tokens: WHOLE_RING, start_key: start, end_key: end },
            storage,
            &placed,
        ));
        (self.placed, self.ahead) = (placed, None);
        true
    }

    /// Joins the rows of a block, at most `most`, and moves the cursor behind those processed. Returns the number of
    /// rows shown.
    fn join_block(&mut self, block: &RowBlock, most: u32, sink: &mut dyn RowSink) -> Result<u32, Error> {
        let Progress { pushed, stopped } = self.join.push_block(block, most, sink)?;
        match stopped.as_ref().or(block.rows.last().filter(|_| block.more).map(|(key, _)| key)) {
            Some(key) => self.cursor.read_to(key.clone()),
            None => self.cursor.advance(),
        }
        Ok(pushed)
    }

    async fn push_rows(
        &mut self,
        filter: &henge_cql::Filter,
        sink: &mut (dyn RowSink + Send),
    ) -> Result<Option<PageState>, Error> {
        let page = self.request.page.size.unwrap_or(u32::MAX);
        let mut given = 0;
        while given < page && self.remaining > 0 {
            if given > 0 && !self.has_room(sink)? {
                break;
            }
            let chunk = self.quota.as_ref().map_or(CHUNK_ROWS, |quota| quota.chunk);
            let wanted = (page - given).min(self.remaining).min(chunk);
            let block = match self.read_block(wanted).await {
                Ok(Some(block)) => block,
                Ok(None) => return Ok(None),
                // The next page goes on from here, with a time of its own.
                Err(Error::Read(ReadError::Timeout { .. })) if self.has_moved_page() => break,
                Err(error) => return Err(error),
            };
            let pushed = if self.quota.is_some() {
                self.push_within_quota(&block, wanted, filter, sink)?
            } else if self.plan.is_identity() && filter.is_empty() {
                self.join_block(&block, wanted, sink)?
            } else {
                self.push_computed(&block, wanted, filter, sink)?
            };
            given += pushed;
            // Of a sorted SELECT the sink is the buffer to sort, which is bounded.
            sort_buffer::check_size(self.plan, sink)?;
            self.remaining =
                if self.remaining == u32::MAX { u32::MAX } else { self.remaining - pushed.min(self.remaining) };
        }
        if self.remaining == 0 {
            return Ok(None);
        }
        let counted = self.quota.as_ref().map_or(0, |quota| quota.given);
        let (shown, partition) = (self.join.has_shown_row(), self.join.last_partition());
        Ok(self.cursor.page_state(self.remaining, shown, counted, partition))
    }

    /// True if the request is for a page, and the page has come further than the one before.
    fn has_moved_page(&self) -> bool {
        self.request.page.size.is_some() && !self.plan.is_sorted() && self.cursor.has_moved()
    }

    /// True if the sink takes another block. A page may end before it is full; an answer without pages fails.
    pub(crate) fn has_room(&self, sink: &mut (dyn RowSink + Send)) -> Result<bool, Error> {
        match sink.reserve(BLOCK_BYTES) {
            true => Ok(true),
            false if self.request.page.size.is_some() => Ok(false),
            false => Err(Error::NoRoom),
        }
    }

    /// Pushes rows that are filtered, or whose result columns are computed. Returns their number.
    fn push_computed(
        &mut self,
        block: &RowBlock,
        most: u32,
        filter: &henge_cql::Filter,
        sink: &mut (dyn RowSink + Send),
    ) -> Result<u32, Error> {
        let mut output = self.plan.output(&self.request.context);
        let mut computed = Vec::new();
        let mut pushed = 0;
        for row in self.collect_rows(block, most)?.rows.iter().filter(|row| filter.matches(row)) {
            computed.clear();
            output.row(row, &mut computed)?;
            push_row(&computed, sink);
            pushed += 1;
        }
        Ok(pushed)
    }

    /// Pushes rows up to the quota of each partition; the rest of a full partition is not read. Returns their number.
    fn push_within_quota(
        &mut self,
        block: &RowBlock,
        most: u32,
        filter: &henge_cql::Filter,
        sink: &mut (dyn RowSink + Send),
    ) -> Result<u32, Error> {
        let rows = self.collect_rows(block, most)?;
        let firsts = self.join.take_firsts();
        let mut output = self.plan.output(&self.request.context);
        let (mut computed, mut pushed) = (Vec::new(), 0);
        let Some(quota) = &mut self.quota else { return Ok(0) };
        for (row, first) in rows.rows.iter().zip(firsts) {
            if first {
                quota.given = 0;
            }
            if quota.given < quota.most && filter.matches(row) {
                computed.clear();
                output.row(row, &mut computed)?;
                push_row(&computed, sink);
                quota.given += 1;
                pushed += 1;
            }
        }
        let is_full = quota.given >= quota.most;
        quota.chunk =
            if is_full { QUOTA_CHUNK_ROWS_MIN.max(quota.most) } else { quota.chunk.saturating_mul(2) }.min(CHUNK_ROWS);
        if is_full {
            self.cursor.skip(self.join.last_partition());
        }
        Ok(pushed)
    }

    pub(crate) fn collect_rows(&mut self, block: &RowBlock, most: u32) -> Result<Rows, Error> {
        let mut rows = Rows::new(self.plan.projection().columns.len());
        self.join_block(block, most, &mut rows)?;
        Ok(rows)
    }

    async fn push_aggregate(
        &mut self,
        filter: &henge_cql::Filter,
        sink: &mut (dyn RowSink + Send),
    ) -> Result<(), Error> {
        let mut output: Output<'_> = self.plan.output(&self.request.context);
        let distinct = self.plan.is_distinct();
        if distinct {
            self.join.record_firsts();
        }
        while let Some(block) = self.read_block(CHUNK_ROWS).await? {
            let rows = self.collect_rows(&block, CHUNK_ROWS)?;
            let firsts = self.join.take_firsts();
            let mut firsts = firsts.iter();
            for row in &rows.rows {
                // With DISTINCT only the first row of each partition counts.
                let counts = firsts.next().is_none_or(|first| *first || !distinct);
                if counts && filter.matches(row) {
                    output.add(row)?;
                }
            }
        }
        let mut computed = Vec::new();
        output.finish(&mut computed)?;
        push_row(&computed, sink);
        Ok(())
    }
}

pub(crate) fn push_row(row: &[Option<Bytes>], sink: &mut dyn RowSink) {
    sink.begin_row();
    for value in row {
        sink.value(value.as_deref());
    }
}
