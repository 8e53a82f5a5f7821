//! One range of one table: read, written, and compared.

use crate::cells::{SourceRow, read_row};
use crate::digest::{RangeDigest, RowDigests, compare, row_digest};
use crate::node::Nodes;
use crate::pace::Pace;
use crate::progress::Progress;
use crate::ranges::TokenRange;
use crate::row::{RowTimes, Write, Writer, additions, key_of, writes};
use crate::state::RangeOutcome;
use crate::table::{Part, Statements, Table};
use anyhow::{Context, bail, ensure};
use henge_base::Bytes;
use henge_model::{BoundValue, Consistency};
use henge_protocol::{ErrorKind, Prepared, QueryParameters, Values};
use henge_shell::DataClient;
use std::collections::BTreeMap;
use std::time::Duration;

/// The times that a write is sent if the target is too busy for it.
const SENDS_MAX: u32 = 8;
/// The pause before the second time; it doubles.
const RESEND_DELAY: Duration = Duration::from_millis(100);
/// Rows of a range whose digests are held at once.
const ROWS_COMPARED_MAX: usize = 4_000_000;
/// The times that a range is copied if it differs afterwards, as it may where the source is written meanwhile.
const COPIES_MAX: u32 = 2;

/// The parts of an import that all copies share.
pub(crate) struct Copying<'a> {
    pub(crate) source: &'a Nodes,
    pub(crate) target: &'a Nodes,
    pub(crate) consistency: Consistency,
    pub(crate) page_rows: u32,
    pub(crate) verifies: bool,
    pub(crate) began_us: i64,
    pub(crate) pace: &'a Pace,
    pub(crate) progress: &'a Progress,
}

/// A connection to either side.
pub(crate) struct Copier<'a> {
    shared: &'a Copying<'a>,
    source: DataClient,
    target: DataClient,
    /// By the names of tables.
    statements: BTreeMap<String, Statements>,
}

impl<'a> Copier<'a> {
    pub(crate) fn connect(shared: &'a Copying<'a>) -> anyhow::Result<Copier<'a>> {
        let source = shared.source.connect().context("the source")?;
        let target = shared.target.connect().context("the target")?;
        Ok(Copier { shared, source, target, statements: BTreeMap::new() })
    }

    /// Copies a range that was begun so many times before. After an error it may be copied in part, and may be copied again.
    pub(crate) fn copy(&mut self, table: &Table, range: TokenRange, attempt: u32) -> anyhow::Result<RangeOutcome> {
        if !self.statements.contains_key(&table.name) {
            let statements = Statements::prepare(table, &mut self.source, &mut self.target)?;
            self.statements.insert(table.name.clone(), statements);
        }
        let mut shift = i64::from(attempt);
        loop {
            let read = self.write_range(table, range, shift)?;
            let outcome = RangeOutcome { rows: read.rows, ..RangeOutcome::default() };
            if !self.shared.verifies {
                return Ok(outcome);
            }
            if self.sum(table, range)? == read {
                return Ok(RangeOutcome { is_verified: true, ..outcome });
            }
            let found = compare(&self.digests(table, range, true)?, &self.digests(table, range, false)?);
            let (missing, different, surplus) = (found.missing, found.different, found.surplus);
            let outcome = RangeOutcome { is_verified: true, missing, different, surplus, ..outcome };
            shift += 1;
            if outcome.is_well() || shift - i64::from(attempt) >= i64::from(COPIES_MAX) {
                return Ok(outcome);
            }
        }
    }

    /// Writes the rows of a range; gives the sum of what was read.
    fn write_range(&mut self, table: &Table, range: TokenRange, list_shift: i64) -> anyhow::Result<RangeDigest> {
        let times = RowTimes { began_us: self.shared.began_us, list_shift };
        let (mut read, mut last) = (RangeDigest::default(), None);
        let mut from = None;
        loop {
            let (rows, next) = self.page(table, range, from.as_deref(), true)?;
            self.shared.pace.wait(rows.len());
            rows.iter().for_each(|row| read.add(&row_digest(table, row)));
            match table.is_counter() {
                true => self.add_to_counters(table, &rows)?,
                false => {
                    let mut all = Vec::new();
                    for row in &rows {
                        let partition: Vec<Option<Bytes>> = key_of(table, row, Part::Static).collect();
                        all.extend(writes(table, row, times, last.as_ref() != Some(&partition)));
                        last = Some(partition);
                    }
                    self.send(table, &all)?;
                }
            }
            self.shared.progress.add_rows(rows.len());
            match next {
                Some(next) => from = Some(next),
                None => return Ok(read),
            }
        }
    }

    /// A page of a range, of the source or of the target, and the position of the next.
    fn page(
        &mut self,
        table: &Table,
        range: TokenRange,
        from: Option<&[u8]>,
        of_source: bool,
    ) -> anyhow::Result<(Vec<SourceRow>, Option<Bytes>)> {
        let statements = self.statements.get(&table.name).context("its statements are prepared first")?;
        let (start, end) = (range.start.to_be_bytes(), range.end.to_be_bytes());
        let parameters = QueryParameters {
            consistency: self.shared.consistency,
            values: Values::positional([BoundValue::Value(&start), BoundValue::Value(&end)]),
            page_size: Some(self.shared.page_rows),
            paging_state: from,
            ..QueryParameters::default()
        };
        let rows = match of_source {
            true => self.source.execute(&statements.select, parameters).context("the source")?,
            false => self.target.execute(&statements.target_select, parameters).context("the target")?,
        };
        let read: anyhow::Result<Vec<SourceRow>> = rows.rows.into_iter().map(|row| read_row(table, row)).collect();
        Ok((read?, rows.paging_state))
    }

    /// The sum of a range in the target.
    fn sum(&mut self, table: &Table, range: TokenRange) -> anyhow::Result<RangeDigest> {
        let (mut sum, mut from) = (RangeDigest::default(), None);
        loop {
            let (rows, next) = self.page(table, range, from.as_deref(), false)?;
            rows.iter().for_each(|row| sum.add(&row_digest(table, row)));
            match next {
                Some(next) => from = Some(next),
                None => return Ok(sum),
            }
        }
    }

    /// The rows of a range on one side.
    fn digests(&mut self, table: &Table, range: TokenRange, of_source: bool) -> anyhow::Result<RowDigests> {
        let (mut digests, mut from) = (RowDigests::default(), None);
        loop {
            let (rows, next) = self.page(table, range, from.as_deref(), of_source)?;
            digests.extend(rows.iter().map(|row| row_digest(table, row)).map(|row| (row.key, row)));
            ensure!(digests.len() <= ROWS_COMPARED_MAX, "the range has too many rows to compare: use more --ranges");
            match next {
                Some(next) => from = Some(next),
                None => return Ok(digests),
            }
        }
    }

    /// Sends writes until all are taken. One that the target is too busy for is sent again.
    fn send(&mut self, table: &Table, all: &[Write]) -> anyhow::Result<()> {
        let statements = self.statements.get(&table.name).context("its statements are prepared first")?;
        let mut left: Vec<&Write> = all.iter().collect();
        for sent in 0..SENDS_MAX {
            let requests: Option<Vec<_>> = left
                .iter()
                .map(|write| Some((statement_of(statements, write.by)?, self.write_parameters(write))))
                .collect();
            let requests = requests.context("a write has no statement")?;
            let refused = self.target.execute_all(requests).context("the target")?;
            if let Some((_, error)) = refused.iter().find(|(_, error)| !may_repeat(&error.kind, table.has_lists())) {
                bail!("the target refuses a row of {}: {error}", table.full_name());
            }
            left = refused.iter().map(|(at, _)| left[*at]).collect();
            if left.is_empty() {
                return Ok(());
            }
            std::thread::sleep(RESEND_DELAY * 2_u32.pow(sent));
        }
        bail!("the target did not take {} writes of {} in {SENDS_MAX} attempts", left.len(), table.full_name())
    }

    fn write_parameters<'w>(&self, write: &'w Write) -> QueryParameters<'w> {
        let values = Values::positional(write.bound_values());
        QueryParameters { consistency: self.shared.consistency, values, ..QueryParameters::default() }
    }

    /// Brings counters to the values of the source. What is added is never sent twice: after an error the range is read again.
    fn add_to_counters(&mut self, table: &Table, rows: &[SourceRow]) -> anyhow::Result<()> {
        for row in rows {
            for part in [Part::Static, Part::Regular] {
                let is_whole = row.key.iter().all(Option::is_some);
                if part == Part::Static || is_whole {
                    self.add_to_part(table, row, part)?;
                }
            }
        }
        Ok(())
    }

    fn add_to_part(&mut self, table: &Table, row: &SourceRow, part: Part) -> anyhow::Result<()> {
        let statements = self.statements.get(&table.name).context("its statements are prepared first")?;
        let place = usize::from(part == Part::Regular);
        let (Some(select), Some(update)) = (&statements.counters[place], &statements.updates[place]) else {
            return Ok(());
        };
        let key: Vec<Option<Bytes>> = key_of(table, row, part).collect();
        let bound = key.iter().map(|value| value.as_deref().map_or(BoundValue::Null, BoundValue::Value));
        let consistency = self.shared.consistency;
        let parameters =
            QueryParameters { consistency, values: Values::positional(bound), ..QueryParameters::default() };
        let present = self.target.execute(select, parameters).context("the target")?.rows.into_iter().next();
        let Some(write) = additions(table, row, part, &present.unwrap_or_default()) else { return Ok(()) };
        let parameters = QueryParameters {
            consistency,
            values: Values::positional(write.bound_values()),
            ..QueryParameters::default()
        };
        self.target.execute(update, parameters).with_context(|| format!("a counter of {}", table.full_name()))?;
        Ok(())
    }
}

fn statement_of(statements: &Statements, by: Writer) -> Option<&Prepared> {
    match by {
        Writer::Insert => statements.insert.as_ref(),
        Writer::Update(Part::Static) => statements.updates[0].as_ref(),
        Writer::Update(Part::Regular) => statements.updates[1].as_ref(),
    }
}

/// True of an error that may be gone when the same write is sent again. A write whose outcome is unknown changes nothing the second time,
/// unless it replaces a list: the elements of two writes of one time are all kept. Such a range is copied again, at a later time.
fn may_repeat(error: &ErrorKind, has_lists: bool) -> bool {
    match error {
        ErrorKind::Overloaded | ErrorKind::Unavailable { .. } | ErrorKind::Bootstrapping => true,
        ErrorKind::WriteTimeout { .. } | ErrorKind::WriteFailure { .. } => !has_lists,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_protocol::{Progress, WriteType};

    #[test]
    fn a_list_whose_write_may_have_been_made_is_not_written_again_at_the_same_time() {
        let progress = Progress { consistency: Consistency::Quorum, received: 1, block_for: 2 };
        let unknown = ErrorKind::WriteTimeout { progress, write_type: WriteType::Simple, contentions: 0 };
        assert!(may_repeat(&unknown, false) && !may_repeat(&unknown, true));
        assert!(may_repeat(&ErrorKind::Overloaded, true) && !may_repeat(&ErrorKind::Invalid, false));
    }
}
