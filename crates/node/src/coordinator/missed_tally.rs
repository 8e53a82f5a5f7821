//! Counts of writes that replicas missed and for which no hint is kept, on their way to disk.

use henge_base::{Bytes, HostId};
use henge_model::Mutation;
use henge_storage::{MissedRange, MissedWrites};
use parking_lot::Mutex;
use std::collections::BTreeMap;

/// Ranges that wait to be recorded. Writes in further ones are recorded only by the metric of dropped hints.
const RANGES_MAX: usize = 65_536;

/// The missed writes of each range since they were taken last.
#[derive(Debug, Default)]
pub(super) struct MissedTally {
    ranges: Mutex<BTreeMap<MissedRange, MissedWrites>>,
}

impl MissedTally {
    /// Counts an encoded mutation that `host` misses.
    pub(super) fn add(&self, host: HostId, mutation: &Bytes) {
        let Ok(mutation) = Mutation::decode(mutation.clone()) else { return };
        let range = mutation.rows.first().and_then(|(key, _)| MissedRange::of_row(key, host));
        if let Some(range) = range {
            self.put_back(BTreeMap::from([(range, MissedWrites::one(mutation.id.issued))]));
        }
    }

    /// Takes all that was counted.
    pub(super) fn take(&self) -> BTreeMap<MissedRange, MissedWrites> {
        std::mem::take(&mut self.ranges.lock())
    }

    /// Adds what was counted elsewhere, or could not be written.
    pub(super) fn put_back(&self, missed: BTreeMap<MissedRange, MissedWrites>) {
        let mut ranges = self.ranges.lock();
        for (range, writes) in missed {
            let is_full = ranges.len() >= RANGES_MAX;
            match ranges.get_mut(&range) {
                Some(before) => *before = before.and(writes),
                None if is_full => {}
                None => _ = ranges.insert(range, writes),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_model::{Marker, Row, WriteId, encode_row};

    #[test]
    fn missed_writes_are_counted_by_range_within_a_bound() {
        let (tally, host) = (MissedTally::default(), HostId(uuid::Uuid::nil()));
        let add = |token: u8, issued| {
            let key = Bytes::from(vec![0, 0, 0, 1, token, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 2]);
            let mut row = Vec::new();
            let marker = Some(Marker { timestamp: 7, expiry: None });
            encode_row(&key, &Row { marker, ..Row::default() }, &mut row);
            tally.add(host, &Mutation::single(WriteId::of_repair(issued), key, row.into()).encode());
        };
        [(1, 5), (2, 6), (1, 3)].into_iter().for_each(|(token, issued)| add(token, issued));
        tally.add(host, &Bytes::from_static(b"damaged"));
        let missed: Vec<_> = tally.take().into_iter().map(|(range, writes)| (range.part, writes)).collect();
        assert_eq!(missed, [(1, MissedWrites { count: 2, first: 3, last: 5 }), (2, MissedWrites::one(6))]);
        assert!(tally.take().is_empty());
        let range = |table| MissedRange { table: henge_model::StorageId(table), part: 0, host };
        let many = (0..RANGES_MAX as u32 + 5).map(|table| (range(table), MissedWrites::one(1)));
        tally.put_back(many.collect());
        assert_eq!(tally.take().len(), RANGES_MAX);
    }
}
