//! The change of one unfrozen collection, of which every element is a cell of its own.

use super::Source;
use henge_model::{Column, ColumnId, DataType};

/// The change of one unfrozen collection, user type or counter column.
#[derive(Clone, Debug)]
pub(crate) struct CollectionPlan {
    pub(crate) column: ColumnId,
    pub(crate) data_type: DataType,
    pub(crate) change: CollectionChange,
}

/// The kind of change, with its operands.
#[derive(Clone, Debug)]
pub(crate) enum CollectionChange {
    /// Deletes the old content and writes a new value of the column's type.
    Replace(Source),
    /// Deletes the whole content.
    Clear,
    /// Adds elements; those of a list at its end.
    Add(Source),
    /// Adds elements at the beginning of a list.
    Prepend(Source),
    /// Removes elements from a set, or keys from a map.
    Remove(Source),
    /// Sets the value at a key of a map; null removes the key.
    Put(Source, Source),
    /// Removes one element of a set, or one key of a map.
    RemoveOne(Source),
    /// Sets the element at an index of a list; null removes it.
    PutAt(Source, Source),
    /// Removes the element at an index of a list.
    RemoveAt(Source),
    /// Removes all elements of a list that equal one of these values.
    RemoveValues(Source),
    /// Sets the field of a user type at that place; null removes it.
    SetField(usize, Source),
    /// Adds an amount to a number, or appends to a text. Null stays null.
    Increase(Source),
    /// Adds an amount to a counter; subtracts it if the flag is true.
    Count(Source, bool),
}

impl CollectionPlan {
    pub(crate) fn of(column: &Column, change: CollectionChange) -> CollectionPlan {
        CollectionPlan { column: column.id, data_type: column.data_type.clone(), change }
    }

    /// Replaces the whole content of a column.
    pub(crate) fn replace(column: &Column, source: Source) -> CollectionPlan {
        CollectionPlan::of(column, CollectionChange::Replace(source))
    }

    /// Deletes a column.
    pub(crate) fn clear(column: &Column) -> CollectionPlan {
        CollectionPlan::of(column, CollectionChange::Clear)
    }

    /// True if the stored content must be read first: an index or a value identifies a list's cell only there, and a sum
    /// needs what it adds to.
    pub(crate) fn reads(&self) -> bool {
        use CollectionChange::{Increase, PutAt, RemoveAt, RemoveValues};
        matches!(self.change, Increase(_) | PutAt(..) | RemoveAt(_) | RemoveValues(_))
    }

    /// The place of the field of a user type that is set.
    pub(crate) fn field(&self) -> Option<usize> {
        match self.change {
            CollectionChange::SetField(place, _) => Some(place),
            _ => None,
        }
    }

    /// True if one statement may make other changes of the same column too. Only replacing the whole content excludes
    /// that.
    pub(crate) fn goes_with_others(&self) -> bool {
        !matches!(self.change, CollectionChange::Replace(_) | CollectionChange::Increase(_))
    }
}
