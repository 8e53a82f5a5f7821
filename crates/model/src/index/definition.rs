//! An index, as the metadata log agrees on it.

use super::Analysis;
use crate::{Column, ColumnId, DataType, Table};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The option names that set how text is analysed.
const ANALYSIS: [&str; 3] = ["case_sensitive", "normalize", "ascii"];

/// An index's identity within its table; never used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IndexId(pub u32);

/// A secondary index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Its identity.
    pub id: IndexId,
    /// Its name, unique within its keyspace.
    pub name: String,
    /// The column.
    pub column: ColumnId,
    /// What of the column's value is looked up.
    pub part: IndexedPart,
    /// What it can be asked.
    pub kind: IndexKind,
}

/// An index before it has an id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexDraft {
    /// Its name, if it is given one.
    pub name: Option<String>,
    /// The column's name.
    pub column: String,
    /// What of the column's value is looked up.
    pub part: IndexedPart,
    /// What it can be asked.
    pub kind: IndexKind,
}

/// What of a value an index holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IndexedPart {
    /// The value of a column that is no collection.
    Value,
    /// The keys of a map.
    Keys,
    /// The elements of a list or a set, or the values of a map.
    Values,
    /// The keys of a map, each with its value.
    Entries,
    /// A frozen collection as a whole.
    Full,
}

/// What an index can be asked, as Cassandra's two kinds of index can.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IndexKind {
    /// `CREATE INDEX`: equality, one index in a query.
    Plain,
    /// `USING 'sai'`: ranges of numbers too, and several indexes in a query.
    StorageAttached {
        /// The class as the statement named it.
        class: String,
        /// Its options.
        options: BTreeMap<String, String>,
    },
}

impl Index {
    /// Whether it is a storage-attached one.
    pub fn is_storage_attached(&self) -> bool {
        matches!(self.kind, IndexKind::StorageAttached { .. })
    }

    /// The column it is of; `None` if the table has none of that id.
    pub fn column<'a>(&self, table: &'a Table) -> Option<&'a Column> {
        table.columns().find(|column| column.id == self.column)
    }

    /// What it is of, as `CREATE INDEX` has it: `v`, `keys(m)`.
    pub fn target(&self, column: &str) -> String {
        match self.part {
            IndexedPart::Value => column.to_owned(),
            IndexedPart::Keys => format!("keys({column})"),
            IndexedPart::Values => format!("values({column})"),
            IndexedPart::Entries => format!("entries({column})"),
            IndexedPart::Full => format!("full({column})"),
        }
    }

    /// How it analyses text.
    pub fn analysis(&self) -> Analysis {
        let IndexKind::StorageAttached { options, .. } = &self.kind else { return Analysis::default() };
        // What is more than one text is compared as it is.
        if matches!(self.part, IndexedPart::Entries | IndexedPart::Full) {
            return Analysis::default();
        }
        let is = |name: &str, value: &str| options.get(name).is_some_and(|set| set.eq_ignore_ascii_case(value));
        Analysis {
            ignores_case: is(ANALYSIS[0], "false"),
            normalizes: is(ANALYSIS[1], "true"),
            folds_to_ascii: is(ANALYSIS[2], "true"),
        }
    }

    /// Whether an option is one of those that set how text is analysed.
    pub fn is_analysis_option(name: &str) -> bool {
        ANALYSIS.contains(&name)
    }

    /// Whether it can be asked for a range of values of its column.
    pub fn has_ranges(&self, data_type: &DataType) -> bool {
        let ordered = !matches!(data_type, DataType::Text | DataType::Ascii | DataType::Boolean | DataType::Uuid);
        let single =
            !matches!(data_type, DataType::Tuple(_) | DataType::Udt(_) | DataType::Frozen(_) | DataType::Vector(..));
        self.is_storage_attached() && self.part == IndexedPart::Value && ordered && single
    }
}
