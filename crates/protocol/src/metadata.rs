//! Columns of results and bind markers, encoded once and cached with a prepared statement.

use crate::md5::md5;
use crate::primitive::{ReadNotation, put_int, put_short, put_short_bytes, put_string};
use crate::type_option::{put_type, read_type, varies_by_version};
use crate::{ProtocolError, StatementId, Version};
use henge_base::Reader;
use henge_model::DataType;

/// One column or bind marker, borrowed from its description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnRef<'a> {
    /// The keyspace of the column's table.
    pub keyspace: &'a str,
    /// The column's table.
    pub table: &'a str,
    /// The column's or marker's name.
    pub name: &'a str,
    /// The column's or marker's type.
    pub data_type: &'a DataType,
}

/// One column or bind marker, as a client received it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnSpec {
    /// The keyspace of the column's table.
    pub keyspace: String,
    /// The column's table.
    pub table: String,
    /// The column's or marker's name.
    pub name: String,
    /// The type; never frozen at the top level, for the protocol does not send that.
    pub data_type: DataType,
}

impl ColumnSpec {
    /// The same specification, borrowed.
    pub fn as_ref(&self) -> ColumnRef<'_> {
        ColumnRef { keyspace: &self.keyspace, table: &self.table, name: &self.name, data_type: &self.data_type }
    }
}

pub(crate) const GLOBAL_TABLE: i32 = 0x01;
pub(crate) const MORE_PAGES: i32 = 0x02;
pub(crate) const NO_METADATA: i32 = 0x04;
pub(crate) const METADATA_CHANGED: i32 = 0x08;

/// Encoded specifications of columns, ready to be copied into a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EncodedColumns {
    pub(crate) count: usize,
    /// [`GLOBAL_TABLE`] if all columns are of one table, else 0.
    pub(crate) flags: i32,
    newest: Vec<u8>,
    /// The encoding for v3 and v4, if it differs.
    older: Option<Vec<u8>>,
}

impl EncodedColumns {
    pub(crate) fn new(columns: &[ColumnRef<'_>]) -> Self {
        let differ = columns.iter().any(|c| varies_by_version(c.data_type));
        EncodedColumns {
            count: columns.len(),
            flags: if common_table(columns).is_some() { GLOBAL_TABLE } else { 0 },
            newest: put_columns(columns, Version::V5),
            older: differ.then(|| put_columns(columns, Version::V4)),
        }
    }

    fn len(&self) -> usize {
        self.newest.len().max(self.older.as_ref().map_or(0, Vec::len))
    }

    pub(crate) fn bytes(&self, version: Version) -> &[u8] {
        match &self.older {
            Some(older) if version < Version::V5 => older,
            _ => &self.newest,
        }
    }
}

fn common_table<'a>(columns: &[ColumnRef<'a>]) -> Option<ColumnRef<'a>> {
    let first = *columns.first()?;
    columns.iter().all(|c| (c.keyspace, c.table) == (first.keyspace, first.table)).then_some(first)
}

fn put_columns(columns: &[ColumnRef<'_>], version: Version) -> Vec<u8> {
    let mut out = Vec::new();
    let common = common_table(columns);
    if let Some(common) = common {
        put_string(&mut out, common.keyspace);
        put_string(&mut out, common.table);
    }
    for column in columns {
        if common.is_none() {
            put_string(&mut out, column.keyspace);
            put_string(&mut out, column.table);
        }
        put_string(&mut out, column.name);
        put_type(&mut out, version, column.data_type);
    }
    out
}

/// Reads `count` specifications in the layout that `flags` tell.
pub(crate) fn read_columns(
    reader: &mut Reader<'_>,
    flags: i32,
    count: usize,
) -> Result<Vec<ColumnSpec>, ProtocolError> {
    let common = match flags & GLOBAL_TABLE {
        0 => None,
        _ => Some((reader.string()?, reader.string()?)),
    };
    // No capacity is reserved for `count`, which the bytes have not confirmed yet.
    let mut columns = Vec::new();
    for _ in 0..count {
        let (keyspace, table) = match common {
            Some(names) => names,
            None => (reader.string()?, reader.string()?),
        };
        columns.push(ColumnSpec {
            keyspace: keyspace.to_owned(),
            table: table.to_owned(),
            name: reader.string()?.to_owned(),
            data_type: read_type(reader)?,
        });
    }
    Ok(columns)
}

/// The encoded result columns of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultMetadata {
    pub(crate) columns: EncodedColumns,
    id: StatementId,
}

impl ResultMetadata {
    /// Encodes the columns, in order. A statement without columns returns no rows.
    pub fn new<'a>(columns: impl IntoIterator<Item = ColumnRef<'a>>) -> Self {
        let columns = columns.into_iter().collect::<Vec<_>>();
        ResultMetadata { columns: EncodedColumns::new(&columns), id: metadata_id(&columns) }
    }

    /// Encodes the columns without computing an id, for a statement that is not prepared.
    pub fn without_id<'a>(columns: impl IntoIterator<Item = ColumnRef<'a>>) -> Self {
        let columns = columns.into_iter().collect::<Vec<_>>();
        ResultMetadata { columns: EncodedColumns::new(&columns), id: StatementId::default() }
    }

    /// The number of columns.
    pub fn column_count(&self) -> usize {
        self.columns.count
    }

    /// The bytes of its encoding, in the longer of two if versions differ.
    pub fn bytes(&self) -> usize {
        self.columns.len()
    }

    /// A digest of names and types: equal on all nodes, and different once a column is added, removed or changed. Zeros
    /// if none was computed.
    pub fn id(&self) -> &StatementId {
        &self.id
    }
}

fn metadata_id(columns: &[ColumnRef<'_>]) -> StatementId {
    let mut described = Vec::new();
    for column in columns {
        put_string(&mut described, column.name);
        put_type(&mut described, Version::V5, column.data_type);
    }
    md5(&described)
}

/// The part of its metadata that a result contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetadataMode {
    /// All column specifications.
    Full,
    /// No specifications: the client knows them and asked to leave them out.
    Skip,
    /// All, with the new id, because they are not those that the client knows (v5).
    Changed,
}

impl MetadataMode {
    /// The mode for the answer to an EXECUTE. `known` is the id that the client knows: the one it sent in version 5,
    /// before that the one that PREPARE answered. Conditional statements always get [`MetadataMode::Full`], without a
    /// call of this.
    pub fn for_execute(version: Version, skip: bool, known: &[u8], current: &ResultMetadata) -> MetadataMode {
        match (known == current.id(), version >= Version::V5) {
            (false, true) => MetadataMode::Changed,
            (true, _) if skip => MetadataMode::Skip,
            _ => MetadataMode::Full,
        }
    }
}

/// The encoded bind markers of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindMetadata {
    columns: EncodedColumns,
    pk_indexes: Vec<u16>,
}

impl BindMetadata {
    /// Encodes the markers, in order. `pk_indexes` are the markers of the partition key's components; empty if not all
    /// are markers.
    pub fn new<'a>(markers: impl IntoIterator<Item = ColumnRef<'a>>, pk_indexes: &[u16]) -> Self {
        let markers = markers.into_iter().collect::<Vec<_>>();
        BindMetadata { columns: EncodedColumns::new(&markers), pk_indexes: pk_indexes.to_vec() }
    }
}

/// The encoded answer to PREPARE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedMetadata {
    /// The statement's id.
    pub id: StatementId,
    /// The statement's markers.
    pub bind: BindMetadata,
    /// The statement's result columns; none for statements other than SELECT, and for conditional ones.
    pub result: ResultMetadata,
}

impl PreparedMetadata {
    /// The bytes of its encoding, in the longer of two if versions differ.
    pub fn bytes(&self) -> usize {
        self.bind.columns.len() + self.result.bytes()
    }

    /// Appends the answer, without the number of the result's kind.
    pub(crate) fn put(&self, out: &mut Vec<u8>, version: Version) {
        put_short_bytes(out, &self.id);
        if version >= Version::V5 {
            put_short_bytes(out, self.result.id());
        }
        put_bind(out, version, &self.bind.columns, &self.bind.pk_indexes);
        put_result(out, version, &self.result.columns);
    }
}

/// Appends bind metadata; version 3 has no partition key indexes.
pub(crate) fn put_bind(out: &mut Vec<u8>, version: Version, columns: &EncodedColumns, pk_indexes: &[u16]) {
    put_int(out, columns.flags);
    put_int(out, columns.count as i32);
    if version >= Version::V4 {
        put_int(out, pk_indexes.len() as i32);
        pk_indexes.iter().for_each(|index| put_short(out, *index));
    }
    out.extend_from_slice(columns.bytes(version));
}

/// Appends the result metadata of a prepared answer.
pub(crate) fn put_result(out: &mut Vec<u8>, version: Version, columns: &EncodedColumns) {
    put_int(out, if columns.count == 0 { NO_METADATA } else { columns.flags });
    put_int(out, columns.count as i32);
    out.extend_from_slice(columns.bytes(version));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column<'a>(table: &'a str, name: &'a str, data_type: &'a DataType) -> ColumnRef<'a> {
        ColumnRef { keyspace: "ks", table, name, data_type }
    }

    #[test]
    fn the_id_follows_names_and_types() {
        let id = |name, data_type| *ResultMetadata::new([column("t", name, data_type)]).id();
        assert_eq!(id("a", &DataType::Int), id("a", &DataType::Int));
        assert_ne!(id("a", &DataType::Int), id("b", &DataType::Int));
        assert_ne!(id("a", &DataType::Int), id("a", &DataType::Text));
        let none = ResultMetadata::new([]);
        assert_eq!(none.id()[..4], [0xd4, 0x1d, 0x8c, 0xd9]);
    }

    #[test]
    fn one_table_is_named_once() {
        let columns = [column("t", "a", &DataType::Int), column("t", "b", &DataType::Duration)];
        let encoded = EncodedColumns::new(&columns);
        assert_eq!(encoded.flags, GLOBAL_TABLE);
        assert_ne!(encoded.bytes(Version::V4), encoded.bytes(Version::V5));
        let two = EncodedColumns::new(&[columns[0], column("u", "b", &DataType::Int)]);
        assert_eq!((two.flags, two.older), (0, None));
    }

    #[test]
    fn metadata_is_sent_when_it_is_news() {
        let now = ResultMetadata::new([column("t", "a", &DataType::Int)]);
        let mode = |version, skip, known: &[u8]| MetadataMode::for_execute(version, skip, known, &now);
        assert_eq!(mode(Version::V4, true, now.id()), MetadataMode::Skip);
        assert_eq!(mode(Version::V4, true, b"old"), MetadataMode::Full);
        assert_eq!(mode(Version::V4, false, now.id()), MetadataMode::Full);
        assert_eq!(mode(Version::V5, true, b"old"), MetadataMode::Changed);
        assert_eq!(mode(Version::V5, true, now.id()), MetadataMode::Skip);
        assert_eq!(mode(Version::V5, false, now.id()), MetadataMode::Full);
    }
}
