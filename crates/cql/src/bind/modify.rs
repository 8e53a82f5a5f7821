//! Writes with their bound values: a key and an encoded row for each row that the statement names.

use super::collection::{Cells, name_of};
use super::keys::{partition, partitions, plain, product, rows};
use super::slice::SliceValues;
use crate::collection::parts;
use crate::context::BindContext;
use crate::error::Error;
use crate::guardrails::CELL_BYTES;
use crate::limits;
use crate::plan::EvaluatedValue;
use crate::plan::{CellPlan, CollectionPlan, ModifyPlan, Reach, Slice};
use henge_base::{Bytes, Micros};
use henge_model::{
    Cell, CellKindView, CellView, ColumnId, DataType, Deletion, Key, KeyKind, Marker, PartitionKey, Row, Token,
    encode_cells, encode_row,
};
use smallvec::SmallVec;
use std::borrow::Cow;

/// One row to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundModify {
    /// Its key.
    pub key: Key,
    /// Its partition's token.
    pub token: Token,
    /// The encoded row; the same bytes go to every replica.
    pub row: Bytes,
    /// The timestamp of the write.
    pub timestamp: Micros,
}

impl ModifyPlan {
    /// Appends a row for each key that the statement names. A write whose values are all unset appends none.
    pub fn bind(&self, context: &BindContext<'_>, out: &mut Vec<BoundModify>) -> Result<(), Error> {
        context.expect(self.markers)?;
        if let Some(json) = &self.json {
            return json.fill(self, context)?.bind(context, out);
        }
        if let (true, Some(components)) = (self.is_single(), plain(&self.partition, context.values)) {
            let (partition, token) = partition(components.into_iter())?;
            if let Some(clustering) = plain(&self.clustering, context.values) {
                let content = self.content(&self.cells, &self.collections, context)?;
                return self.put(&partition, token, &clustering, &content, out);
            }
        }
        let keys = partitions(&self.partition, &self.table.partition_key, context)?;
        let rows = match self.reach {
            Reach::Rows => rows(&self.clustering, &self.table.clustering, context)?,
            // Nulls are refused also where no partition is named.
            Reach::Ranges(_) if keys.is_empty() => {
                product(&self.clustering, &self.table.clustering, None, context)?;
                Vec::new()
            }
            Reach::Statics | Reach::Ranges(_) => Vec::new(),
        };
        let content = self.content(&self.cells, &self.collections, context)?;
        let statics = self.content(&self.statics, &self.static_collections, context)?;
        let statics = Content { marker: None, deletion: None, ..statics };
        for (key, token) in keys {
            // An addition to a static counter counts once for each row that the statement names.
            let times = if self.table.is_counter() { rows.len().max(1) } else { 1 };
            for _ in 0..if statics.is_empty() { 0 } else { times } {
                statics.put(Key::static_row(&self.table, &key), token, out);
            }
            if let Reach::Ranges(slice) = &self.reach {
                self.ranges_of(&key, token, slice, &content, context, out)?;
            }
            for values in &rows {
                let values: SmallVec<[&[u8]; 4]> = values.iter().map(|v| &**v).collect();
                self.put(&key, token, &values, &content, out)?;
            }
            if out.len() > limits::READS_MAX {
                return Err(Error::invalid(format!("a statement may write at most {} rows", limits::READS_MAX)));
            }
        }
        Ok(())
    }

    /// The keys of the rows that the statement writes; each partition's static row comes first.
    pub fn row_keys(&self, context: &BindContext<'_>) -> Result<Vec<(Key, Token)>, Error> {
        context.expect(self.markers)?;
        if let Some(json) = &self.json {
            return json.fill(self, context)?.row_keys(context);
        }
        let mut keys = Vec::new();
        let has_statics = !self.statics.is_empty() || !self.static_collections.is_empty();
        for (partition, token) in partitions(&self.partition, &self.table.partition_key, context)? {
            if has_statics {
                keys.push((Key::static_row(&self.table, &partition), token));
            }
            if !matches!(self.reach, Reach::Rows) {
                continue;
            }
            for values in rows(&self.clustering, &self.table.clustering, context)? {
                let values: SmallVec<[&[u8]; 4]> = values.iter().map(|v| &**v).collect();
                let key = Key::row(&self.table, &partition, &values).map_err(|e| Error::invalid(e.to_string()))?;
                keys.push((key, token));
            }
        }
        if keys.len() > limits::READS_MAX {
            return Err(Error::invalid(format!("a statement may write at most {} rows", limits::READS_MAX)));
        }
        Ok(keys)
    }

    /// Appends the row at one of the keys of [`ModifyPlan::row_keys`], unless nothing is written to it. The context
    /// holds the stored row.
    pub fn bind_row(
        &self,
        key: Key,
        token: Token,
        context: &BindContext<'_>,
        out: &mut Vec<BoundModify>,
    ) -> Result<(), Error> {
        if let Some(json) = &self.json {
            return json.fill(self, context)?.bind_row(key, token, context, out);
        }
        let content = if Key::kind(key.bytes()) == Some(KeyKind::Static) {
            let statics = self.content(&self.statics, &self.static_collections, context)?;
            Content { marker: None, deletion: None, ..statics }
        } else {
            self.content(&self.cells, &self.collections, context)?
        };
        if !content.is_empty() {
            content.put(key, token, out);
        }
        Ok(())
    }

    /// Appends a tombstone for each range of a partition.
    fn ranges_of(
        &self,
        partition: &PartitionKey,
        token: Token,
        slice: &Slice,
        content: &Content<'_>,
        context: &BindContext<'_>,
        out: &mut Vec<BoundModify>,
    ) -> Result<(), Error> {
        if self.clustering.is_empty() && slice.is_empty() {
            let prefix = Key::partition_prefix(&self.table, partition);
            content.put(Key::partition_tombstone(&prefix), token, out);
            return Ok(());
        }
        let prefixes = product(&self.clustering, &self.table.clustering, None, context)?;
        if prefixes.is_empty() {
            return Ok(());
        }
        let slice = SliceValues::evaluate(&self.clustering, slice, &self.table, context)?;
        for prefix in prefixes {
            for (start, end) in slice.ranges(&self.table, partition, &prefix)? {
                // An empty range needs no tombstone.
                if let Some(key) = Key::range_tombstone(&start, &end) {
                    content.put(key, token, out);
                }
            }
        }
        Ok(())
    }

    /// Appends the row of a full key, unless nothing is written to it.
    fn put(
        &self,
        partition: &PartitionKey,
        token: Token,
        clustering: &[&[u8]],
        content: &Content<'_>,
        out: &mut Vec<BoundModify>,
    ) -> Result<(), Error> {
        let key = Key::row(&self.table, partition, clustering).map_err(|e| Error::invalid(e.to_string()))?;
        if content.is_empty() {
            return Ok(());
        }
        let original = match content.deletion {
            Some(_) => None,
            None => Key::original_clustering(&self.table, clustering).map_err(|e| Error::invalid(e.to_string()))?,
        };
        match original {
            Some(original) => content.put_with(original, key, token, out),
            None => content.put(key, token, out),
        }
        Ok(())
    }

    pub(crate) fn timestamp(&self, context: &BindContext<'_>) -> Result<Micros, Error> {
        let Some(source) = &self.timestamp else {
            return Ok(context.timestamp);
        };
        let bytes = match source.evaluate(context)? {
            EvaluatedValue::Unset => return Ok(context.timestamp),
            EvaluatedValue::Null => return Err(Error::invalid("Invalid null value of timestamp")),
            EvaluatedValue::Value(bytes) => bytes,
        };
        match <[u8; 8]>::try_from(&*bytes).map(i64::from_be_bytes) {
            Ok(timestamp) if timestamp != i64::MIN => Ok(timestamp),
            _ => Err(Error::invalid("Out of bound timestamp, must be in [-9223372036854775807, 9223372036854775807]")),
        }
    }

    /// The time to live in seconds. Null and zero mean none, unset means the table's default.
    fn time_to_live(&self, context: &BindContext<'_>) -> Result<Option<u32>, Error> {
        let default = self.table.options.default_time_to_live;
        let given = match &self.ttl {
            None => EvaluatedValue::Unset,
            Some(source) => source.evaluate(context)?,
        };
        let ttl = match given {
            EvaluatedValue::Unset => i64::from(default),
            EvaluatedValue::Null => 0,
            EvaluatedValue::Value(bytes) => <[u8; 4]>::try_from(&*bytes)
                .map(|b| i64::from(i32::from_be_bytes(b)))
                .map_err(|_| Error::invalid("Invalid TTL value"))?,
        };
        let ttl = u32::try_from(ttl)
            .map_err(|_| Error::invalid(format!("A TTL must be greater or equal to 0, but was {ttl}")))?;
        if ttl > limits::TTL_SECONDS_MAX {
            return Err(Error::invalid(format!(
                "ttl is too large. requested ({ttl}) maximum ({})",
                limits::TTL_SECONDS_MAX
            )));
        }
        Ok((ttl > 0).then_some(ttl))
    }

    /// Applies the guardrails on the size of a value that is written as one cell.
    #[inline]
    fn guard_value(
        &self,
        column: ColumnId,
        given: &EvaluatedValue<'_>,
        context: &BindContext<'_>,
    ) -> Result<(), Error> {
        let EvaluatedValue::Value(value) = given else { return Ok(()) };
        let name = || name_of(&self.table, column);
        if context.guard.measures_collections() {
            let of = self.table.columns().find(|c| c.id == column).map(|c| c.data_type.unfrozen());
            if let Some(of @ (DataType::List(_) | DataType::Set(_) | DataType::Map(..))) = of {
                let elements = parts(of, value).map_or(0, |parts| parts.len());
                context.guard.items(if matches!(of, DataType::Map(..)) { elements / 2 } else { elements }, name)?;
                context.guard.value_size(value.len(), name)?;
                return context.guard.collection_size(value.len() + CELL_BYTES, name);
            }
        }
        context.guard.value_size(value.len(), name)
    }

    /// Evaluates the cells to write, which are the same for every key of the statement.
    fn content<'a>(
        &'a self,
        cells: &'a [CellPlan],
        collections: &'a [CollectionPlan],
        context: &BindContext<'a>,
    ) -> Result<Content<'a>, Error> {
        let (timestamp, local_seconds) = (self.timestamp(context)?, context.now_seconds);
        let mut content = Content { timestamp, local_seconds, ..Content::default() };
        if self.deletes_row {
            content.deletion = Some(Deletion { timestamp, local_seconds });
            return Ok(content);
        }
        content.expiry = self.time_to_live(context)?.map(|ttl| (ttl, context.now_seconds + i64::from(ttl)));
        content.marker = self.marks_row.then_some(Marker { timestamp, expiry: content.expiry });
        for cell in cells {
            match cell.source.evaluate(context)? {
                EvaluatedValue::Unset => {}
                given => {
                    self.guard_value(cell.column, &given, context)?;
                    content.values.push((cell.column, given));
                }
            }
        }
        if !collections.is_empty() {
            let mut cells = Cells::new(&self.table, context, timestamp, content.expiry);
            collections.iter().try_for_each(|plan| cells.add(plan))?;
            content.elements = cells.cells;
        }
        Ok(content)
    }
}

/// The content of a row to write. Values are borrowed from the request until they are encoded.
#[derive(Default)]
struct Content<'a> {
    timestamp: Micros,
    local_seconds: i64,
    expiry: Option<(u32, i64)>,
    marker: Option<Marker>,
    deletion: Option<Deletion>,
    /// Cells of plain columns by column; null deletes.
    values: SmallVec<[(ColumnId, EvaluatedValue<'a>); 8]>,
    /// Cells of collections, in any order.
    elements: Vec<Cell>,
}

impl Content<'_> {
    /// True if nothing would be written because every value was unset.
    fn is_empty(&self) -> bool {
        self.marker.is_none() && self.deletion.is_none() && self.values.is_empty() && self.elements.is_empty()
    }

    fn put(&self, key: Key, token: Token, out: &mut Vec<BoundModify>) {
        let row = self.encode(key.bytes());
        out.push(BoundModify { key, token, row, timestamp: self.timestamp });
    }

    /// The same of a row whose key does not give its clustering values back as they were written, which are kept beside.
    fn put_with(&self, original: Bytes, key: Key, token: Token, out: &mut Vec<BoundModify>) {
        let original = (ColumnId::CLUSTERING, EvaluatedValue::Value(Cow::Borrowed(&original[..])));
        let row = self.encode_all(key.bytes(), [self.cell(&original).to_cell()]);
        out.push(BoundModify { key, token, row, timestamp: self.timestamp });
    }

    fn encode(&self, key: &[u8]) -> Bytes {
        if !self.elements.is_empty() {
            return self.encode_all(key, []);
        }
        let values: usize = self.values.iter().map(|(_, given)| given.len() + 16).sum();
        let mut encoded = Vec::with_capacity(48 + values);
        encode_cells(key, self.marker, self.deletion, self.values.iter().map(|v| self.cell(v)), &mut encoded);
        encoded.into()
    }

    /// Encodes through a normalised row, since cells of collections must be sorted by path and a statement may name one
    /// twice.
    fn encode_all(&self, key: &[u8], others: impl IntoIterator<Item = Cell>) -> Bytes {
        let owned = self.values.iter().map(|value| self.cell(value).to_cell());
        let cells = owned.chain(self.elements.iter().cloned()).chain(others).collect();
        let mut encoded = Vec::new();
        encode_row(key, &Row { marker: self.marker, deletion: self.deletion, cells }, &mut encoded);
        encoded.into()
    }

    fn cell<'v>(&self, (column, given): &'v (ColumnId, EvaluatedValue<'_>)) -> CellView<'v> {
        let kind = match (given, self.expiry) {
            (EvaluatedValue::Value(value), None) => CellKindView::Live { value },
            (EvaluatedValue::Value(value), Some((ttl, expires))) => CellKindView::Expiring { value, ttl, expires },
            _ => CellKindView::Tombstone { local_seconds: self.local_seconds },
        };
        CellView { column: *column, path: &[], timestamp: self.timestamp, kind }
    }
}
