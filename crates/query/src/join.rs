//! The join of rows with the static row of their partition. A partition with only a static row gives one row of its
//! own.

use crate::Error;
use henge_base::Bytes;
use henge_model::{Key, KeyKind, Projection, RowBlock, RowSink, RowView, project, project_joined};

/// The state of a join over the blocks of a read, in order.
pub(crate) struct Join<'a> {
    projection: &'a Projection,
    now_seconds: i64,
    /// True if whole partitions are read, so that a static row without others is shown.
    whole: bool,
    partition: Bytes,
    /// The current partition's static row, with its key.
    statics: Option<(Bytes, Bytes)>,
    /// True if a row of the current partition was shown.
    shown: bool,
    /// For each row shown, true if it is the first of its partition; `None` if that is not recorded.
    firsts: Option<Vec<bool>>,
    /// The keys of the rows shown, from which a later read can continue; `None` if they are not recorded.
    keys: Option<Vec<Bytes>>,
    /// The partition of the last row shown. Unlike `partition` it is kept at the end of a piece.
    last: Bytes,
}

/// The progress through a block.
pub(crate) struct Progress {
    /// The number of rows shown.
    pub(crate) pushed: u32,
    /// The last key processed, if the block has more rows than may be shown; else `None`.
    pub(crate) stopped: Option<Bytes>,
}

impl<'a> Join<'a> {
    /// A join that begins, or that continues after the last key of an earlier page; the flag is true if a row of that
    /// key's partition was shown.
    pub(crate) fn new(
        projection: &'a Projection,
        now_seconds: i64,
        whole: bool,
        after: Option<(&Bytes, bool)>,
    ) -> Self {
        let (partition, shown) = after.map_or((Bytes::new(), false), |(key, shown)| (partition_prefix(key), shown));
        let last = partition.clone();
        Join { projection, now_seconds, whole, partition, statics: None, shown, firsts: None, keys: None, last }
    }

    /// Starts recording which rows are the first of their partition.
    pub(crate) fn record_firsts(&mut self) {
        self.firsts = Some(Vec::new());
    }

    /// Takes the flags recorded since the last call: for each row shown, true if it is the first of its partition.
    pub(crate) fn take_firsts(&mut self) -> Vec<bool> {
        self.firsts.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Starts recording the keys of rows, and which are the first of their partition.
    pub(crate) fn record_keys(&mut self) {
        self.record_firsts();
        self.keys = Some(Vec::new());
    }

    /// Takes the keys of the rows shown since the last call, each with true if it is the first of its partition.
    pub(crate) fn take_keys(&mut self) -> Vec<(Bytes, bool)> {
        let keys = self.keys.as_mut().map(std::mem::take).unwrap_or_default();
        keys.into_iter().zip(self.take_firsts()).collect()
    }

    /// The partition of the last row shown, as the prefix of its keys.
    pub(crate) fn last_partition(&self) -> &[u8] {
        &self.last
    }

    /// True if a row of the current partition was shown.
    pub(crate) fn has_shown_row(&self) -> bool {
        self.shown
    }

    /// Shows the rows of a block, at most `most`.
    pub(crate) fn push_block(
        &mut self,
        block: &RowBlock,
        most: u32,
        sink: &mut dyn RowSink,
    ) -> Result<Progress, Error> {
        if self.projection.table.statics.is_empty() {
            return self.push_rows(block, sink);
        }
        let mut pushed = 0;
        let mut last = None;
        self.statics = find_static_row(block, &self.partition);
        for (key, row) in &block.rows {
            let partition = partition_prefix(key);
            if partition != self.partition {
                if pushed < most {
                    pushed += self.finish_partition(sink)?;
                }
                if pushed == most {
                    return Ok(Progress { pushed, stopped: last.or_else(|| self.partition_end()) });
                }
                self.statics = find_static_row(block, &partition);
                (self.partition, self.shown) = (partition, false);
            }
            if pushed == most {
                return Ok(Progress { pushed, stopped: last });
            }
            if Key::kind(key) == Some(KeyKind::Static) {
                self.statics = Some((key.clone(), row.clone()));
            } else {
                pushed += u32::from(self.push_row(key, row, sink)?);
            }
            last = Some(key.clone());
        }
        if !block.more && self.owes_static_row() && pushed == most {
            return Ok(Progress { pushed, stopped: last.or_else(|| self.partition_end()) });
        }
        if !block.more {
            pushed += self.finish_partition(sink)?;
            (self.partition, self.shown) = (Bytes::new(), false);
        }
        Ok(Progress { pushed, stopped: None })
    }

    fn push_rows(&mut self, block: &RowBlock, sink: &mut dyn RowSink) -> Result<Progress, Error> {
        let mut pushed = 0;
        for (key, row) in &block.rows {
            let view = RowView::parse_trusted(row)?;
            let live = project(key, &view, self.projection, self.now_seconds, sink)?;
            pushed += u32::from(live);
            if live {
                self.record_row(key);
            }
        }
        Ok(Progress { pushed, stopped: None })
    }

    /// Records a row that was shown.
    fn record_row(&mut self, key: &[u8]) {
        if let Some(keys) = &mut self.keys {
            keys.push(Bytes::copy_from_slice(key));
        }
        let Some(firsts) = &mut self.firsts else { return };
        let partition = &key[..Key::partition(key).unwrap_or(key.len())];
        firsts.push(*partition != *self.last);
        if *partition != *self.last {
            self.last = Bytes::copy_from_slice(partition);
        }
    }

    fn push_row(&mut self, key: &[u8], row: &[u8], sink: &mut dyn RowSink) -> Result<bool, Error> {
        let view = RowView::parse_trusted(row)?;
        let statics = self.statics.as_ref().map(|(_, row)| RowView::parse_trusted(row)).transpose()?;
        let shown = project_joined(key, Some(&view), statics.as_ref(), self.projection, self.now_seconds, sink)?;
        if shown {
            self.record_row(key);
            self.shown = true;
        }
        Ok(shown)
    }

    /// True if the partition's static row has to be shown by itself at its end, if it is live.
    fn owes_static_row(&self) -> bool {
        self.whole && !self.shown && self.statics.is_some()
    }

    /// Ends the partition: its static row is shown by itself if no row was. Returns the number of rows shown.
    fn finish_partition(&mut self, sink: &mut dyn RowSink) -> Result<u32, Error> {
        let owed = self.owes_static_row();
        let Some((key, row)) = self.statics.take().filter(|_| owed) else { return Ok(0) };
        let end = self.partition_end();
        let view = RowView::parse_trusted(&row)?;
        let shown = project_joined(&key, None, Some(&view), self.projection, self.now_seconds, sink)?;
        if shown {
            self.record_row(&key);
            // The row stands for its whole partition, so a later read continues after the partition.
            if let (Some(last), Some(end)) = (self.keys.as_mut().and_then(|keys| keys.last_mut()), end) {
                *last = end;
            }
        }
        self.shown = true;
        Ok(u32::from(shown))
    }

    /// A key after all others of the current partition.
    fn partition_end(&self) -> Option<Bytes> {
        (!self.partition.is_empty()).then(|| [&self.partition[..], &[0xff]].concat().into())
    }
}

/// The static row of a partition if it lies outside the keys read, from the block's context.
fn find_static_row(block: &RowBlock, partition: &Bytes) -> Option<(Bytes, Bytes)> {
    // A context is sorted by key and may hold a static row for each partition of the block.
    let wanted = [&partition[..], &[KeyKind::Static as u8]].concat();
    let at = block.context.binary_search_by(|(key, _)| key[..].cmp(&wanted[..])).ok()?;
    block.context.get(at).cloned()
}

fn partition_prefix(key: &Bytes) -> Bytes {
    key.slice(..Key::partition(key).unwrap_or(key.len()))
}

#[cfg(test)]
mod tests;
