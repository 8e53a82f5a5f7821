//! Rows as CQL shows them: each with the static row of its partition, and a partition of nothing but a static row as one row of its own.

use crate::Error;
use henge_base::Bytes;
use henge_model::{Key, KeyKind, Projection, RowBlock, RowSink, RowView, project, project_joined};

/// Goes through the blocks of a read in order.
pub(crate) struct Join<'a> {
    projection: &'a Projection,
    now_seconds: i64,
    /// Whether whole partitions are read, so that a static row without others is shown.
    whole: bool,
    partition: Bytes,
    /// The partition's static row, with its key.
    statics: Option<(Bytes, Bytes)>,
    /// Whether a row of the partition was shown.
    shown: bool,
    /// For each row shown whether it is the first of its partition, if that is asked for.
    firsts: Option<Vec<bool>>,
    /// The keys of rows shown, if they are asked for: reading on behind one goes on behind that row.
    keys: Option<Vec<Bytes>>,
    /// The partition of the last row shown: unlike `partition` it outlasts the run of keys that was read.
    last: Bytes,
}

/// How far a block was shown.
pub(crate) struct Progress {
    /// Rows shown.
    pub(crate) pushed: u32,
    /// The last key that was taken in, if there were too many rows to show all of them.
    pub(crate) stopped: Option<Bytes>,
}

impl<'a> Join<'a> {
    /// Begins, or goes on behind the last key of an earlier page, of whose partition a row was shown or not.
    pub(crate) fn new(
        projection: &'a Projection,
        now_seconds: i64,
        whole: bool,
        after: Option<(&Bytes, bool)>,
    ) -> Self {
        let (partition, shown) = after.map_or((Bytes::new(), false), |(key, shown)| (partition_of(key), shown));
        let last = partition.clone();
        Join { projection, now_seconds, whole, partition, statics: None, shown, firsts: None, keys: None, last }
    }

    /// Records from now on which rows are the first of their partition.
    pub(crate) fn record_firsts(&mut self) {
        self.firsts = Some(Vec::new());
    }

    /// Which of the rows shown since this was asked last are the first of their partition.
    pub(crate) fn take_firsts(&mut self) -> Vec<bool> {
        self.firsts.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Records from now on the keys of rows too.
    pub(crate) fn record_keys(&mut self) {
        self.record_firsts();
        self.keys = Some(Vec::new());
    }

    /// The keys of the rows shown since this was asked last, each with whether it is the first of its partition.
    pub(crate) fn take_keys(&mut self) -> Vec<(Bytes, bool)> {
        let keys = self.keys.as_mut().map(std::mem::take).unwrap_or_default();
        keys.into_iter().zip(self.take_firsts()).collect()
    }

    /// The partition of the last row shown: what its keys begin with.
    pub(crate) fn last_partition(&self) -> &[u8] {
        &self.last
    }

    /// Whether a row of the partition that is under way was shown.
    pub(crate) fn shown(&self) -> bool {
        self.shown
    }

    /// Shows the rows of a block, at most `most`.
    pub(crate) fn block(&mut self, block: &RowBlock, most: u32, sink: &mut dyn RowSink) -> Result<Progress, Error> {
        if self.projection.table.statics.is_empty() {
            return self.plain(block, sink);
        }
        let mut pushed = 0;
        let mut last = None;
        self.statics = static_row(block, &self.partition);
        for (key, row) in &block.rows {
            let partition = partition_of(key);
            if partition != self.partition {
                if pushed < most {
                    pushed += self.finish(sink)?;
                }
                if pushed == most {
                    return Ok(Progress { pushed, stopped: last.or_else(|| self.end()) });
                }
                self.statics = static_row(block, &partition);
                (self.partition, self.shown) = (partition, false);
            }
            if pushed == most {
                return Ok(Progress { pushed, stopped: last });
            }
            if Key::kind(key) == Some(KeyKind::Static) {
                self.statics = Some((key.clone(), row.clone()));
            } else {
                pushed += u32::from(self.row(key, row, sink)?);
            }
            last = Some(key.clone());
        }
        if !block.more && self.is_owed() && pushed == most {
            return Ok(Progress { pushed, stopped: last.or_else(|| self.end()) });
        }
        if !block.more {
            pushed += self.finish(sink)?;
            (self.partition, self.shown) = (Bytes::new(), false);
        }
        Ok(Progress { pushed, stopped: None })
    }

    fn plain(&mut self, block: &RowBlock, sink: &mut dyn RowSink) -> Result<Progress, Error> {
        let mut pushed = 0;
        for (key, row) in &block.rows {
            let view = RowView::parse_trusted(row)?;
            let live = project(key, &view, self.projection, self.now_seconds, sink)?;
            pushed += u32::from(live);
            if live {
                self.record(key);
            }
        }
        Ok(Progress { pushed, stopped: None })
    }

    /// A row is shown.
    fn record(&mut self, key: &[u8]) {
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

    fn row(&mut self, key: &[u8], row: &[u8], sink: &mut dyn RowSink) -> Result<bool, Error> {
        let view = RowView::parse_trusted(row)?;
        let statics = self.statics.as_ref().map(|(_, row)| RowView::parse_trusted(row)).transpose()?;
        let shown = project_joined(key, Some(&view), statics.as_ref(), self.projection, self.now_seconds, sink)?;
        if shown {
            self.record(key);
            self.shown = true;
        }
        Ok(shown)
    }

    /// Whether the end of the partition will show its static row by itself, if that is live.
    fn is_owed(&self) -> bool {
        self.whole && !self.shown && self.statics.is_some()
    }

    /// The partition is at its end: a static row that no row was shown with is shown by itself.
    fn finish(&mut self, sink: &mut dyn RowSink) -> Result<u32, Error> {
        let owed = self.is_owed();
        let Some((key, row)) = self.statics.take().filter(|_| owed) else { return Ok(0) };
        let end = self.end();
        let view = RowView::parse_trusted(&row)?;
        let shown = project_joined(&key, None, Some(&view), self.projection, self.now_seconds, sink)?;
        if shown {
            self.record(&key);
            // It stands for all of its partition, and not for the place of the static row.
            if let (Some(last), Some(end)) = (self.keys.as_mut().and_then(|keys| keys.last_mut()), end) {
                *last = end;
            }
        }
        self.shown = true;
        Ok(u32::from(shown))
    }

    /// A key behind all others of the partition.
    fn end(&self) -> Option<Bytes> {
        (!self.partition.is_empty()).then(|| [&self.partition[..], &[0xff]].concat().into())
    }
}

/// The static row of a partition where it lies outside of what was read.
fn static_row(block: &RowBlock, partition: &Bytes) -> Option<(Bytes, Bytes)> {
    // A context ascends; it may hold a static row for each partition of the block.
    let wanted = [&partition[..], &[KeyKind::Static as u8]].concat();
    let at = block.context.binary_search_by(|(key, _)| key[..].cmp(&wanted[..])).ok()?;
    block.context.get(at).cloned()
}

fn partition_of(key: &Bytes) -> Bytes {
    key.slice(..Key::partition(key).unwrap_or(key.len()))
}

#[cfg(test)]
mod tests;
