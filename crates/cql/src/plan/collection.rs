//! A change of a collection that is not frozen: every element is a cell of its own.

use super::Source;
use henge_model::{Column, ColumnId, DataType};

/// A change of one collection.
#[derive(Clone, Debug)]
pub(crate) struct CollectionPlan {
    pub(crate) column: ColumnId,
    pub(crate) data_type: DataType,
    pub(crate) change: CollectionChange,
}

/// What happens to a collection.
#[derive(Clone, Debug)]
pub(crate) enum CollectionChange {
    /// What it held goes, and a value of its type takes its place.
    Replace(Source),
    /// Nothing is left of it.
    Clear,
    /// Elements join it; a list's at its end.
    Add(Source),
    /// Elements join a list at its beginning.
    Prepend(Source),
    /// Elements of a set, or keys of a map, leave it.
    Remove(Source),
    /// A map's key gets a value; null removes it.
    Put(Source, Source),
    /// One element of a set, or one key of a map, leaves it.
    RemoveOne(Source),
    /// The element of a list at an index gets a value; null removes it.
    PutAt(Source, Source),
    /// The element of a list at an index leaves it.
    RemoveAt(Source),
    /// All elements of a list that equal one of these leave it.
    RemoveValues(Source),
    /// The field of a user type at that place gets a value; null removes it.
    SetField(usize, Source),
    /// So much is added to a counter, or taken from it.
    Count(Source, bool),
}

impl CollectionPlan {
    pub(crate) fn of(column: &Column, change: CollectionChange) -> CollectionPlan {
        CollectionPlan { column: column.id, data_type: column.data_type.clone(), change }
    }

    /// All of a column gets a value.
    pub(crate) fn replace(column: &Column, source: Source) -> CollectionPlan {
        CollectionPlan::of(column, CollectionChange::Replace(source))
    }

    /// A column is deleted.
    pub(crate) fn clear(column: &Column) -> CollectionPlan {
        CollectionPlan::of(column, CollectionChange::Clear)
    }

    /// Whether what the list holds has to be known first: only then has an element a place.
    pub(crate) fn reads(&self) -> bool {
        use CollectionChange::{PutAt, RemoveAt, RemoveValues};
        matches!(self.change, PutAt(..) | RemoveAt(_) | RemoveValues(_))
    }

    /// Whether both set the same field of a user type.
    pub(crate) fn sets_field_of(&self, other: &CollectionPlan) -> bool {
        use CollectionChange::SetField;
        matches!((&self.change, &other.change), (SetField(one, _), SetField(another, _)) if one == another)
    }

    /// Whether another change of the same column may stand beside it: every part of a collection may be changed for itself.
    pub(crate) fn goes_with_others(&self) -> bool {
        !matches!(self.change, CollectionChange::Replace(_))
    }
}
