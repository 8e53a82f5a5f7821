//! Values of a row split into their parts, each once, however many selectors ask for parts of it.

use crate::collection;
use henge_base::{Bytes, count_steps};
use henge_model::DataType;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The split values of one row, by their place among its fetched values.
#[derive(Default)]
pub(super) struct Splits(RefCell<BTreeMap<usize, Rc<Split>>>);

/// A value's parts.
pub(super) struct Split {
    /// The place of each part in the value; `None` is null.
    parts: Vec<Option<(usize, usize)>>,
    /// The entries of a set or map by key; empty for other types.
    by_key: Vec<usize>,
    step: usize,
}

impl Splits {
    /// The parts of the value at a place.
    pub(super) fn of(&self, place: usize, data_type: &DataType, value: &Bytes) -> Rc<Split> {
        let mut splits = self.0.borrow_mut();
        splits.entry(place).or_insert_with(|| Rc::new(Split::of(data_type, value))).clone()
    }
}

impl Split {
    pub(super) fn of(data_type: &DataType, value: &Bytes) -> Split {
        let start = value.as_ptr() as usize;
        let range = |part: &[u8]| {
            let from = part.as_ptr() as usize - start;
            (from, from + part.len())
        };
        let parts = collection::parts(data_type, value).unwrap_or_default();
        let parts: Vec<_> = parts.into_iter().map(|(_, part)| part.map(range)).collect();
        let (of_key, step) = match data_type.unfrozen() {
            DataType::Map(key, _) => (Some(key), 2),
            DataType::Set(element) => (Some(element), 1),
            _ => (None, 1),
        };
        let mut split = Split { by_key: Vec::new(), parts, step };
        if let Some(of_key) = of_key {
            let whole = (0..split.parts.len() / step)
                .filter(|entry| split.parts[entry * step].is_some() && split.parts[entry * step + step - 1].is_some());
            let mut by_key: Vec<usize> = whole.collect();
            by_key.sort_by(|a, b| {
                count_steps(1);
                of_key.compare(split.key(*a, value), split.key(*b, value))
            });
            split.by_key = by_key;
        }
        split
    }

    /// The part at a place; `None` for null and for parts that the value lacks.
    pub(super) fn part(&self, place: usize, value: &Bytes) -> Option<Bytes> {
        count_steps(1);
        let (from, to) = (*self.parts.get(place)?)?;
        Some(value.slice(from..to))
    }

    /// The map's value at a key, or the set's element that equals it.
    pub(super) fn element(&self, of_key: &DataType, key: &[u8], value: &Bytes) -> Option<Bytes> {
        let is_below = |entry: &usize| {
            count_steps(1);
            of_key.compare(self.key(*entry, value), key).is_lt()
        };
        let entry = *self.by_key.get(self.by_key.partition_point(is_below))?;
        let is_equal = of_key.compare(self.key(entry, value), key).is_eq();
        is_equal.then(|| self.part(entry * self.step + self.step - 1, value)).flatten()
    }

    fn key<'v>(&self, entry: usize, value: &'v Bytes) -> &'v [u8] {
        self.parts[entry * self.step].map_or(&[], |(from, to)| &value[from..to])
    }
}
