//! Relations on the parts of one collection, tested together: a row's value is gone through once, however many there
//! are.

use crate::collection;
use henge_base::{Bytes, count_steps};
use henge_model::{Analysis, DataType};
use std::cmp::Ordering;

/// The kind of parts that a relation tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartKind {
    /// CONTAINS: elements of lists and sets, values of maps.
    Values,
    /// CONTAINS KEY.
    Keys,
    /// Entries of a map.
    Entries,
}

/// Relations of one kind on the same fetched value; all of them must hold.
#[derive(Clone, Debug)]
pub(super) struct PartFilter {
    pub(super) place: usize,
    pub(super) asked: PartKind,
    pub(super) analysis: Analysis,
    data_type: DataType,
    /// The parts that must be there: a key (for entries alone) and a value, sorted and each once.
    wanted: Vec<(Bytes, Bytes)>,
}

impl PartFilter {
    pub(super) fn new(place: usize, asked: PartKind, analysis: Analysis, data_type: DataType) -> PartFilter {
        PartFilter { place, asked, analysis, data_type, wanted: Vec::new() }
    }

    /// Adds what a relation asks for; the key is that of an entry.
    pub(super) fn want(&mut self, key: Option<Bytes>, value: Bytes) {
        self.wanted.push((key.unwrap_or_default(), value));
    }

    /// Sorts what is asked for; to be called once it is complete.
    pub(super) fn sort(mut self) -> PartFilter {
        let mut wanted = std::mem::take(&mut self.wanted);
        wanted.sort_by(|a, b| self.compare(a, (&b.0, &b.1)));
        wanted.dedup_by(|a, b| self.compare(a, (&b.0, &b.1)).is_eq());
        self.wanted = wanted;
        self
    }

    /// True if a collection has all that is asked for.
    pub(super) fn holds(&self, value: &[u8]) -> bool {
        let parts = collection::parts(&self.data_type, value).unwrap_or_default();
        let mut found = vec![false; self.wanted.len()];
        let mut left = found.len();
        let step = if matches!(self.data_type.unfrozen(), DataType::Map(..)) { 2 } else { 1 };
        for entry in parts.chunks_exact(step) {
            let (Some(key), Some(value)) = (entry[0].1, entry[step - 1].1) else { continue };
            let place = match self.asked {
                PartKind::Values => self.place_of((&[], &self.analysis.apply(value))),
                PartKind::Keys => self.place_of((&[], &self.analysis.apply(key))),
                PartKind::Entries => self.place_of((key, value)),
            };
            if let Some(found) = place.and_then(|place| found.get_mut(place)).filter(|found| !**found) {
                *found = true;
                left -= 1;
            }
            if left == 0 {
                return true;
            }
        }
        left == 0
    }

    fn place_of(&self, part: (&[u8], &[u8])) -> Option<usize> {
        self.wanted.binary_search_by(|wanted| self.compare(wanted, part)).ok()
    }

    fn compare(&self, wanted: &(Bytes, Bytes), (key, value): (&[u8], &[u8])) -> Ordering {
        count_steps(1);
        let (of_key, of_value) = match (self.data_type.unfrozen(), self.asked) {
            (DataType::Map(of_key, _), PartKind::Keys) => (of_key, of_key),
            (DataType::Map(of_key, of_value), _) => (of_key, of_value),
            (DataType::List(of) | DataType::Set(of), _) => (of, of),
            // Relations on parts of anything else were refused.
            _ => return wanted.1.as_ref().cmp(value),
        };
        let by_key = || of_key.compare(&wanted.0, key);
        let by_value = of_value.compare(&wanted.1, value);
        if self.asked == PartKind::Entries { by_key().then(by_value) } else { by_value }
    }
}
