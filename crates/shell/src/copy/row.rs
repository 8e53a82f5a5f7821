//! Rows on their way from a record to the server.

use super::copy_error::CopyError;
use super::options::ValueStyle;
use super::parse::ValueParser;
use super::record::Record;
use super::table::{CopyColumn, CopyTable, list, quote};
use henge_model::BoundValue;
use henge_protocol::{ColumnSpec, Prepared};
use std::time::Instant;

/// The columns of a file, and the statement that writes a row of it.
pub(crate) struct RowPlan {
    pub(crate) statement: String,
    /// Fields of a record.
    fields: usize,
    /// For each marker of the statement: the field, and the column.
    markers: Vec<(usize, CopyColumn)>,
    pub(crate) is_counter: bool,
}

/// A row whose values can be bound.
pub(crate) struct Row {
    /// Its chunk, by its number.
    pub(crate) chunk: u64,
    pub(crate) record: Record,
    values: Vec<u8>,
    /// The end of each value, in the order of the markers; `None` is null.
    ends: Vec<Option<usize>>,
    /// The times that it was sent.
    pub(crate) attempts: u32,
    /// The time from which it may be sent again.
    pub(crate) due: Option<Instant>,
}

impl RowPlan {
    /// Fails if the columns do not make a row.
    pub(crate) fn new(
        table: &CopyTable,
        columns: &[CopyColumn],
        skipped: &[String],
        ttl: Option<u32>,
    ) -> Result<RowPlan, CopyError> {
        let failed = |reason: String| Err(CopyError::Failed(reason));
        if let Some(unknown) = skipped.iter().find(|name| !columns.iter().any(|column| column.name == **name)) {
            return failed(format!("SKIPCOLS names {unknown}, which is not among the columns of the file"));
        }
        let kept: Vec<(usize, CopyColumn)> =
            columns.iter().cloned().enumerate().filter(|(_, column)| !skipped.contains(&column.name)).collect();
        let is_there = |wanted: &CopyColumn| kept.iter().any(|(_, column)| column.name == wanted.name);
        if let Some(missing) = table.columns.iter().find(|column| column.is_key() && !is_there(column)) {
            return failed(format!("Primary key column '{}' missing or skipped", missing.name));
        }
        let is_counter = table.is_counter();
        if is_counter && ttl.is_some() {
            return failed("counters have no TTL".to_owned());
        }
        if is_counter && kept.iter().all(|(_, column)| column.is_key()) {
            return failed("there is no counter among the columns".to_owned());
        }
        // The markers of an UPDATE are the counters, then the key.
        let (keys, others): (Vec<_>, Vec<_>) = kept.into_iter().partition(|(_, column)| column.is_key());
        let markers: Vec<(usize, CopyColumn)> = if is_counter {
            others.into_iter().chain(keys).collect()
        } else {
            keys.into_iter().chain(others).collect()
        };
        let names: Vec<CopyColumn> = markers.iter().map(|(_, column)| column.clone()).collect();
        let statement = if is_counter { table.update_text(&names) } else { table.insert_text(&names, ttl) };
        Ok(RowPlan { statement, fields: columns.len(), markers, is_counter })
    }

    /// The names of the columns that are written.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut all: Vec<&(usize, CopyColumn)> = self.markers.iter().collect();
        all.sort_by_key(|(field, _)| *field);
        all.into_iter().map(|(_, column)| column.name.as_str()).collect()
    }

    /// Makes a row of a record. The error says what is wrong with it.
    pub(crate) fn parse(
        &self,
        chunk: u64,
        record: Record,
        style: &ValueStyle,
        bind: &[ColumnSpec],
    ) -> Result<Row, (Record, String)> {
        match self.parse_values(&record, style, bind) {
            Ok((values, ends)) => Ok(Row { chunk, record, values, ends, attempts: 0, due: None }),
            Err(reason) => Err((record, reason)),
        }
    }

    fn parse_values(
        &self,
        record: &Record,
        style: &ValueStyle,
        bind: &[ColumnSpec],
    ) -> Result<(Vec<u8>, Vec<Option<usize>>), String> {
        let fields = record.content.as_ref().map_err(|broken| broken.reason.to_owned())?;
        if fields.len() != self.fields {
            return Err(format!("Invalid row length {} should be {}", fields.len(), self.fields));
        }
        let fields: Vec<&str> = fields.iter().collect();
        let parser = ValueParser::new(style);
        let (mut values, mut ends) = (Vec::new(), Vec::with_capacity(self.markers.len()));
        for ((field, column), marker) in self.markers.iter().zip(bind) {
            let text = fields.get(*field).copied().unwrap_or_default();
            let parsed = parser.parse(&marker.data_type, text);
            let parsed = parsed.map_err(|error| format!("Failed to parse column {}: {error}", column.name))?;
            match parsed {
                None if column.is_key() => return Err(null_key_reason(&column.name, &style.null)),
                // Nothing is added to a counter, which has no null.
                None if self.is_counter => values.extend_from_slice(&0_i64.to_be_bytes()),
                None => {
                    ends.push(None);
                    continue;
                }
                Some(bytes) => values.extend_from_slice(&bytes),
            }
            ends.push(Some(values.len()));
        }
        Ok((values, ends))
    }
}

fn null_key_reason(column: &str, null: &str) -> String {
    let reason = format!("Cannot insert null value for primary key column '{column}'.");
    match null {
        "" => format!(
            "{reason} If you want to insert empty strings, consider using the WITH NULL=<marker> option for COPY."
        ),
        _ => reason,
    }
}

impl Row {
    /// Bytes of its values.
    pub(crate) fn bytes(&self) -> usize {
        self.values.len()
    }

    /// The values, in the order of the markers.
    pub(crate) fn bound_values(&self) -> impl Iterator<Item = BoundValue<'_>> {
        let mut start = 0;
        self.ends.iter().map(move |end| match end {
            Some(end) => BoundValue::Value(&self.values[std::mem::replace(&mut start, *end)..*end]),
            None => BoundValue::Null,
        })
    }

    /// True if both rows are of one partition.
    pub(crate) fn shares_partition(&self, other: &Row, prepared: &Prepared) -> bool {
        let mut places = prepared.pk_indexes.iter().map(|at| usize::from(*at));
        !prepared.pk_indexes.is_empty() && places.all(|at| self.bound_values().nth(at) == other.bound_values().nth(at))
    }
}

impl CopyTable {
    fn insert_text(&self, columns: &[CopyColumn], ttl: Option<u32>) -> String {
        let markers = vec!["?"; columns.len()].join(", ");
        let ttl = ttl.map_or(String::new(), |ttl| format!(" USING TTL {ttl}"));
        format!("INSERT INTO {} ({}) VALUES ({markers}){ttl}", self.quoted_name(), list(columns))
    }

    fn update_text(&self, columns: &[CopyColumn]) -> String {
        let of = |is_key: bool| columns.iter().filter(move |c| c.is_key() == is_key).map(|c| quote(&c.name));
        let added: Vec<String> = of(false).map(|name| format!("{name} = {name} + ?")).collect();
        let found: Vec<String> = of(true).map(|name| format!("{name} = ?")).collect();
        format!("UPDATE {} SET {} WHERE {}", self.quoted_name(), added.join(", "), found.join(" AND "))
    }
}
