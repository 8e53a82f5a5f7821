//! An index, as the metadata log agrees on it.

use super::Analysis;
use crate::{ColumnId, DataType};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Names of the index options that set how text is analysed: lower case, normal form C, accents.
const ANALYSIS_OPTIONS: [&str; 3] = ["case_sensitive", "normalize", "ascii"];

/// An index's identity within its table, never reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IndexId(pub u32);

/// A secondary index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// The index's identity within its table.
    pub id: IndexId,
    /// The index's name, unique within its keyspace.
    pub name: String,
    /// The indexed column.
    pub column: ColumnId,
    /// The part of the column's value that is indexed.
    pub part: IndexedPart,
    /// The implementation that was asked for, which sets the queries that the index can answer.
    pub kind: IndexKind,
}

/// An index before the metadata log has given it an id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexDraft {
    /// The index's name; `None` if the statement gives none.
    pub name: Option<String>,
    /// The name of the indexed column.
    pub column: String,
    /// The part of the column's value that is indexed.
    pub part: IndexedPart,
    /// The implementation that was asked for, which sets the queries that the index can answer.
    pub kind: IndexKind,
}

/// The part of a column's value that an index holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IndexedPart {
    /// The value of a column that is not a collection.
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

/// The queries that an index can answer, as Cassandra's two implementations can.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IndexKind {
    /// `CREATE INDEX`: equality only, one index per query.
    Plain,
    /// `USING 'sai'`: equality and ranges, several indexes per query.
    StorageAttached {
        /// The class name as the statement wrote it.
        class: String,
        /// The options of the statement, by name.
        options: BTreeMap<String, String>,
    },
}

impl Index {
    /// True for a storage-attached index.
    pub fn is_storage_attached(&self) -> bool {
        matches!(self.kind, IndexKind::StorageAttached { .. })
    }

    /// The index's target as `CREATE INDEX` writes it, for a column of this name: `v`, `keys(m)`.
    pub fn target(&self, column: &str) -> String {
        match self.part {
            IndexedPart::Value => column.to_owned(),
            IndexedPart::Keys => format!("keys({column})"),
            IndexedPart::Values => format!("values({column})"),
            IndexedPart::Entries => format!("entries({column})"),
            IndexedPart::Full => format!("full({column})"),
        }
    }

    /// The analysis that the index's options ask for.
    pub fn analysis(&self) -> Analysis {
        let IndexKind::StorageAttached { options, .. } = &self.kind else { return Analysis::default() };
        // Entries and whole collections hold more than one text and are compared unchanged.
        if matches!(self.part, IndexedPart::Entries | IndexedPart::Full) {
            return Analysis::default();
        }
        let is = |name: &str, value: &str| options.get(name).is_some_and(|set| set.eq_ignore_ascii_case(value));
        Analysis {
            ignores_case: is(ANALYSIS_OPTIONS[0], "false"),
            normalizes: is(ANALYSIS_OPTIONS[1], "true"),
            folds_to_ascii: is(ANALYSIS_OPTIONS[2], "true"),
        }
    }

    /// True if `name` is an option that sets how text is analysed.
    pub fn is_analysis_option(name: &str) -> bool {
        ANALYSIS_OPTIONS.contains(&name)
    }

    /// True if the index answers range queries on a column of this type: storage-attached, of single values, of an
    /// ordered type.
    pub fn has_ranges(&self, data_type: &DataType) -> bool {
        let ordered = !matches!(data_type, DataType::Text | DataType::Ascii | DataType::Boolean | DataType::Uuid);
        let single =
            !matches!(data_type, DataType::Tuple(_) | DataType::Udt(_) | DataType::Frozen(_) | DataType::Vector(..));
        self.is_storage_attached() && self.part == IndexedPart::Value && ordered && single
    }
}
