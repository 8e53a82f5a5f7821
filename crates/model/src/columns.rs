//! The columns that a read needs.

use crate::{ColumnId, CommandError};
use henge_base::{Micros, Reader, TruncatedInput, put_signed_vint, put_vint};

/// The columns that a read needs. Row markers and deletions are always included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Columns {
    /// All columns.
    All,
    /// These columns, sorted by id.
    Some(Vec<ColumnId>),
    /// These columns, sorted by id, and of each only cells with a later timestamp than the given one, microseconds
    /// since the epoch. It is the time of the drop for a column that was dropped and added again; `i64::MIN` for
    /// others, which no cell has.
    Since(Vec<(ColumnId, Micros)>),
}

impl Columns {
    /// True if the answer has to hold a cell of this column and timestamp. Clustering values as they were written are
    /// always needed.
    pub fn contains(&self, column: ColumnId, timestamp: Micros) -> bool {
        if column == ColumnId::CLUSTERING {
            return true;
        }
        match self {
            Columns::All => true,
            Columns::Some(columns) => columns.binary_search(&column).is_ok(),
            Columns::Since(columns) => {
                let place = columns.binary_search_by_key(&column, |(id, _)| *id);
                place.is_ok_and(|place| timestamp > columns[place].1)
            }
        }
    }

    /// The intersection with `others`, which are sorted by id.
    pub fn intersect(&self, others: &[ColumnId]) -> Columns {
        let is_other = |column: &ColumnId| others.binary_search(column).is_ok();
        match self {
            Columns::All => Columns::Some(others.to_vec()),
            Columns::Some(columns) => Columns::Some(columns.iter().copied().filter(is_other).collect()),
            Columns::Since(columns) => {
                Columns::Since(columns.iter().copied().filter(|(column, _)| is_other(column)).collect())
            }
        }
    }

    /// Appends 0 for all columns; else the count plus one, then the first id and the distances between ids, as vints.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Columns::All => out.push(0),
            Columns::Some(columns) => put_columns(columns.iter(), out),
            Columns::Since(columns) => put_columns(columns.iter().map(|(column, _)| column), out),
        }
    }

    /// Appends the timestamps of [`Columns::Since`], which follow the flags; nothing for others.
    pub(crate) fn encode_timestamps(&self, out: &mut Vec<u8>) {
        if let Columns::Since(columns) = self {
            columns.iter().for_each(|(_, since)| put_signed_vint(out, *since));
        }
    }

    pub(crate) fn decode_timestamps(self, reader: &mut Reader<'_>) -> Result<Columns, CommandError> {
        let Columns::Some(columns) = self else { return Err(CommandError) };
        let moments = columns.into_iter().map(|column| Ok((column, reader.signed_vint()?)));
        moments.collect::<Result<_, TruncatedInput>>().map(Columns::Since).map_err(CommandError::from)
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Columns, CommandError> {
        let Some(count) = reader.vint()?.checked_sub(1) else { return Ok(Columns::All) };
        if count > reader.rest().len() as u64 {
            return Err(CommandError);
        }
        let mut columns: Vec<ColumnId> = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let step = u32::try_from(reader.vint()?).map_err(|_| CommandError)?;
            let column = match columns.last() {
                None => step,
                Some(_) if step == 0 => return Err(CommandError),
                Some(before) => before.0.checked_add(step).ok_or(CommandError)?,
            };
            columns.push(ColumnId(column));
        }
        Ok(Columns::Some(columns))
    }
}

/// Appends the count plus one, then the first id and the distances between ids, as vints.
fn put_columns<'c>(columns: impl ExactSizeIterator<Item = &'c ColumnId>, out: &mut Vec<u8>) {
    put_vint(out, columns.len() as u64 + 1);
    let mut before = 0;
    for column in columns {
        put_vint(out, u64::from(column.0.wrapping_sub(before)));
        before = column.0;
    }
}
