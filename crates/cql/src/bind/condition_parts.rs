//! The value of a column that tests of an IF look into: decoded once, and sorted once many of them look for parts of it.

use crate::collection::{Part, parts};
use henge_base::count_steps;
use henge_model::DataType;
use std::cell::{Cell, OnceCell};

/// So many parts are looked for from the first to the last; then it is worth while to sort them.
const UNSORTED_SEARCHES: u32 = 4;

/// A column's value and its parts.
pub(super) struct ColumnParts<'t, 'v> {
    data_type: &'t DataType,
    /// The value; `None` for null.
    pub(super) value: Option<&'v [u8]>,
    parts: OnceCell<Vec<Part<'t, 'v>>>,
    keys: SearchedParts<'t, 'v>,
    elements: SearchedParts<'t, 'v>,
}

impl<'t, 'v> ColumnParts<'t, 'v> {
    pub(super) fn new(data_type: &'t DataType, value: Option<&'v [u8]>) -> Self {
        let (keys, elements) = (SearchedParts::default(), SearchedParts::default());
        ColumnParts { data_type, value, parts: OnceCell::new(), keys, elements }
    }

    /// The parts in their order; of a map a key and a value in turn. None if there is no value.
    pub(super) fn all(&self) -> &[Part<'t, 'v>] {
        self.parts.get_or_init(|| self.value.and_then(|value| parts(self.data_type, value)).unwrap_or_default())
    }

    /// The value of a map's entry.
    pub(super) fn entry(&self, key: &[u8]) -> Option<&'v [u8]> {
        self.keys.find(key, || self.every(0))?.with
    }

    /// True if a map has such a key.
    pub(super) fn has_key(&self, key: &[u8]) -> bool {
        self.keys.find(key, || self.every(0)).is_some()
    }

    /// True if a list, set or vector has such an element, or a map such a value.
    pub(super) fn has_element(&self, element: &[u8]) -> bool {
        self.elements.find(element, || self.every(usize::from(self.is_map()))).is_some()
    }

    fn is_map(&self) -> bool {
        matches!(self.data_type.unfrozen(), DataType::Map(..))
    }

    /// The parts at `place` of each entry, or of each element.
    fn every(&self, place: usize) -> Vec<SearchedPart<'t, 'v>> {
        let size = if self.is_map() { 2 } else { 1 };
        let part = |entry: &[Part<'t, 'v>]| {
            let (of, part) = entry[place];
            Some(SearchedPart { of, part: part?, with: entry[size - 1].1 })
        };
        self.all().chunks_exact(size).filter_map(part).collect()
    }
}

/// A part that can be found.
struct SearchedPart<'t, 'v> {
    of: &'t DataType,
    part: &'v [u8],
    /// The value of the entry whose key it is.
    with: Option<&'v [u8]>,
}

/// Parts of one kind.
#[derive(Default)]
struct SearchedParts<'t, 'v> {
    searches: Cell<u32>,
    unsorted: OnceCell<Vec<SearchedPart<'t, 'v>>>,
    sorted: OnceCell<Vec<SearchedPart<'t, 'v>>>,
}

impl<'t, 'v> SearchedParts<'t, 'v> {
    fn find(&self, wanted: &[u8], all: impl Fn() -> Vec<SearchedPart<'t, 'v>>) -> Option<&SearchedPart<'t, 'v>> {
        self.searches.set(self.searches.get().saturating_add(1));
        if self.searches.get() <= UNSORTED_SEARCHES {
            let parts = self.unsorted.get_or_init(all);
            count_steps(parts.len());
            return parts.iter().find(|one| one.of.compare(one.part, wanted).is_eq());
        }
        let sorted = self.sorted.get_or_init(|| {
            let mut parts = all();
            // Maps and sets are in this order already.
            parts.sort_by(|one, other| one.of.compare(one.part, other.part));
            parts
        });
        let place = sorted.binary_search_by(|one| one.of.compare(one.part, wanted)).ok()?;
        sorted.get(place)
    }
}
