//! A map by storage id that is cheap to clone and to change a little: it is copied at every change of the schema, and
//! looked into by every request.

use crate::StorageId;
use std::sync::Arc;

/// The number of consecutive ids that are copied together when one of them changes.
const CHUNK: usize = 64;

/// Values by storage id. Ids are given out in order, so that chunks of them are full.
#[derive(Clone, Debug)]
pub struct StorageMap<T> {
    /// By the upper bits of the id; `None` for a chunk without values.
    chunks: Vec<Option<Arc<Chunk<T>>>>,
    len: usize,
}

type Chunk<T> = [Option<T>; CHUNK];

impl<T> Default for StorageMap<T> {
    fn default() -> Self {
        StorageMap { chunks: Vec::new(), len: 0 }
    }
}

/// The chunk of an id, and the place in it.
fn place(id: StorageId) -> (usize, usize) {
    let id = id.0 as usize;
    (id / CHUNK, id % CHUNK)
}

impl<T> StorageMap<T> {
    /// The value of an id.
    pub fn get(&self, id: StorageId) -> Option<&T> {
        let (chunk, at) = place(id);
        self.chunks.get(chunk)?.as_ref()?[at].as_ref()
    }

    /// True if the id has a value.
    pub fn contains(&self, id: StorageId) -> bool {
        self.get(id).is_some()
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if there are no values.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The ids with their values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (StorageId, &T)> {
        let chunks = self.chunks.iter().enumerate().filter_map(|(at, chunk)| Some((at, chunk.as_ref()?)));
        chunks.flat_map(|(chunk, values)| {
            let id = move |at: usize| StorageId((chunk * CHUNK + at) as u32);
            values.iter().enumerate().filter_map(move |(at, value)| Some((id(at), value.as_ref()?)))
        })
    }
}

impl<T: Clone> StorageMap<T> {
    /// Gives an id a value; returns the value that it had.
    pub fn insert(&mut self, id: StorageId, value: T) -> Option<T> {
        let (chunk, at) = place(id);
        if chunk >= self.chunks.len() {
            self.chunks.resize_with(chunk + 1, || None);
        }
        let chunk = self.chunks[chunk].get_or_insert_with(|| Arc::new(std::array::from_fn(|_| None)));
        let before = Arc::make_mut(chunk)[at].replace(value);
        self.len += usize::from(before.is_none());
        before
    }

    /// Takes the value from an id.
    pub fn remove(&mut self, id: StorageId) -> Option<T> {
        let (chunk, at) = place(id);
        let slot = self.chunks.get_mut(chunk)?;
        let values = Arc::make_mut(slot.as_mut()?);
        let before = values[at].take()?;
        self.len -= 1;
        if values.iter().all(Option::is_none) {
            *slot = None;
        }
        Some(before)
    }
}

impl<T: Clone> FromIterator<(StorageId, T)> for StorageMap<T> {
    fn from_iter<I: IntoIterator<Item = (StorageId, T)>>(values: I) -> Self {
        let mut map = StorageMap::default();
        values.into_iter().for_each(|(id, value)| {
            map.insert(id, value);
        });
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn it_agrees_with_a_tree(changes in prop::collection::vec((0..300u32, any::<Option<u8>>()), 0..200)) {
            let (mut map, mut tree) = (StorageMap::default(), BTreeMap::new());
            for (id, value) in changes {
                let (id, before) = (StorageId(id), map.clone());
                let old = tree.get(&id).copied();
                match value {
                    Some(value) => prop_assert_eq!(map.insert(id, value), tree.insert(id, value)),
                    None => prop_assert_eq!(map.remove(id), tree.remove(&id)),
                }
                prop_assert_eq!(before.get(id).copied(), old, "a clone stays as it was");
                prop_assert_eq!(map.len(), tree.len());
            }
            let all: Vec<_> = map.iter().map(|(id, value)| (id, *value)).collect();
            prop_assert_eq!(all, tree.into_iter().collect::<Vec<_>>());
        }
    }
}
