//! The fields of a user type. A type may have thousands, and every bind marker, column and cell plan holds its type, so
//! clones share the fields, and a field is found by name without going through them all. They are generic over what a field's type is,
//! because a field may have a user type.

use henge_base::count_steps;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// Names and types in the order of declaration.
pub struct Fields<T>(Arc<FieldList<T>>);

struct FieldList<T> {
    fields: Vec<(String, T)>,
    /// The places of the fields in the order of their names.
    by_name: OnceLock<Box<[u32]>>,
}

impl<T> Clone for Fields<T> {
    fn clone(&self) -> Self {
        Fields(Arc::clone(&self.0))
    }
}

impl<T> Fields<T> {
    /// The index of the field of that name; of several, the first.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        let name_at = |place: u32| {
            count_steps(1);
            self.0.fields[place as usize].0.as_str()
        };
        let by_name = self.0.by_name.get_or_init(|| {
            let mut places: Box<[u32]> = (0..self.0.fields.len() as u32).collect();
            places.sort_by_key(|place| name_at(*place));
            places
        });
        let found = by_name.partition_point(|place| name_at(*place) < name);
        let place = *by_name.get(found)?;
        (name_at(place) == name).then_some(place as usize)
    }
}

impl<T> Deref for Fields<T> {
    type Target = [(String, T)];

    fn deref(&self) -> &Self::Target {
        &self.0.fields
    }
}

impl<T> From<Vec<(String, T)>> for Fields<T> {
    fn from(fields: Vec<(String, T)>) -> Self {
        Fields(Arc::new(FieldList { fields, by_name: OnceLock::new() }))
    }
}

impl<T> FromIterator<(String, T)> for Fields<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(fields: I) -> Self {
        Fields::from(fields.into_iter().collect::<Vec<_>>())
    }
}

impl<'a, T> IntoIterator for &'a Fields<T> {
    type Item = &'a (String, T);
    type IntoIter = std::slice::Iter<'a, (String, T)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: PartialEq> PartialEq for Fields<T> {
    fn eq(&self, other: &Fields<T>) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.fields == other.0.fields
    }
}

impl<T: Eq> Eq for Fields<T> {}

impl<T: Hash> Hash for Fields<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.fields.hash(state);
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for Fields<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fields.fmt(f)
    }
}

impl<T: Serialize> Serialize for Fields<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.fields.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Fields<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Fields::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DataType;
    use henge_base::steps_of;

    fn numbered_fields(count: usize) -> Fields<DataType> {
        (0..count).map(|i| (format!("f{}", (i * 7) % count), DataType::Int)).collect()
    }

    #[test]
    fn clones_share_their_fields() {
        let fields = numbered_fields(1000);
        assert!(std::ptr::eq(fields.as_ptr(), fields.clone().as_ptr()));
    }

    #[test]
    fn a_field_is_found_by_its_name_and_the_first_of_several_counts() {
        let named = |name: &str| (name.to_owned(), DataType::Int);
        let fields = Fields::from(vec![named("b"), named("a"), named("b")]);
        assert_eq!([fields.position("a"), fields.position("b"), fields.position("c")], [Some(1), Some(0), None]);
        assert_eq!(Fields::<DataType>::from(Vec::new()).position("a"), None);
    }

    #[test]
    fn finding_every_field_takes_steps_in_proportion() {
        let all = |count: usize| {
            let fields = numbered_fields(count);
            steps_of(|| (0..count).for_each(|i| assert!(fields.position(&format!("f{i}")).is_some())))
        };
        assert!(all(2000) < 3 * all(1000), "{} {}", all(1000), all(2000));
    }
}
