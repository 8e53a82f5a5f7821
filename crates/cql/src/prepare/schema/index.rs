//! CREATE and DROP INDEX. Conflicts with other indexes are left to the metadata log.

use crate::error::Error;
use crate::limits;
use crate::plan::SchemaChange;
use crate::prepare::schema::property::Properties;
use crate::prepare::scope::{Scope, column, refuse_system};
use crate::statement::{CreateIndex, DropIndex, IndexTarget};
use henge_model::{
    Column, ColumnKind, CompactStorage, DataType, DurationHolder, Index, IndexDraft, IndexKind, IndexedPart, Table,
};
use std::collections::BTreeMap;

/// The class name of an index without a class.
const PLAIN_INDEX_CLASS: &str = "legacy_local_table";
/// The names of the storage-attached index class, in lower case.
const STORAGE_ATTACHED: [&str; 3] =
    ["sai", "storageattachedindex", "org.apache.cassandra.index.sai.storageattachedindex"];
/// Options of storage-attached indexes on vectors.
const VECTOR_OPTIONS: [&str; 5] =
    ["similarity_function", "maximum_node_connections", "construction_beam_width", "source_model", "optimize_for"];

pub(crate) fn create(create: &CreateIndex, scope: &Scope<'_>) -> Result<SchemaChange, Error> {
    let keyspace = scope.keyspace_of(&create.table)?;
    refuse_system(scope.schema, &keyspace).map_err(|e| e.at(create.table.name.position))?;
    let table = table(create, &keyspace, scope)?;
    let name = create.name.as_ref().map(checked_name).transpose()?;
    let [target] = &create.targets[..] else {
        return Err(Error::invalid("Only CUSTOM indexes support multiple columns").at(create.position));
    };
    let column = column(table, &target.column)?;
    let at = |error: Error| error.at(target.column.position);
    check_column(table, column).map_err(at)?;
    let part = part(target, column).map_err(at)?;
    let kind = kind(create, column, part)?;
    let draft = IndexDraft { name, column: column.name.clone(), part, kind };
    let if_not_exists = create.if_not_exists;
    Ok(SchemaChange::CreateIndex { keyspace, table: table.name.clone(), draft, if_not_exists })
}

pub(crate) fn drop(drop: &DropIndex, scope: &Scope<'_>) -> Result<SchemaChange, Error> {
    let keyspace = scope.keyspace_of(&drop.name)?;
    let position = drop.name.name.position;
    if refuse_system(scope.schema, &keyspace).is_err() {
        return Err(Error::invalid(format!("System keyspace '{keyspace}' is not user-modifiable")).at(position));
    }
    let name = drop.name.name.text.clone();
    let tables = scope.schema.keyspaces.get(&keyspace).into_iter().flat_map(|keyspace| keyspace.tables.values());
    let table = tables.into_iter().find(|table| table.indexes.iter().any(|index| index.name == name));
    let table = table.map(|table| table.name.clone());
    if table.is_none() && !drop.if_exists {
        return Err(Error::invalid(format!("Index '{keyspace}.{name}' doesn't exist'")).at(position));
    }
    Ok(SchemaChange::DropIndex { keyspace, table, name, if_exists: drop.if_exists })
}

fn table<'a>(create: &CreateIndex, keyspace: &str, scope: &Scope<'a>) -> Result<&'a Table, Error> {
    let (name, position) = (&create.table.name.text, create.table.name.position);
    let known = scope.schema.keyspaces.get(keyspace);
    let known = known.ok_or_else(|| Error::invalid(format!("Keyspace '{keyspace}' doesn't exist")).at(position))?;
    let found = known.tables.get(name).map(|table| &**table);
    found.ok_or_else(|| Error::invalid(format!("Table '{name}' doesn't exist")).at(position))
}

fn checked_name(name: &crate::statement::Name) -> Result<String, Error> {
    let fits = !name.text.is_empty() && name.text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !fits {
        return Err(Error::config(format!("Illegal index name {}", name.text)).at(name.position));
    }
    if name.text.len() > limits::TABLE_NAME_CHARS_MAX {
        let message = format!("Index name must not be more than {} characters long", limits::TABLE_NAME_CHARS_MAX);
        return Err(Error::config(message).at(name.position));
    }
    Ok(name.text.clone())
}

fn check_column(table: &Table, column: &Column) -> Result<(), Error> {
    let name = &column.name;
    if table.is_counter() {
        return Err(Error::invalid("Secondary indexes on counter tables aren't supported"));
    }
    check_order(&column.data_type)?;
    if column.kind == ColumnKind::PartitionKey
        && table.partition_key.len() == 1
        && table.options.compact_storage.is_none()
    {
        return Err(Error::invalid(format!("Cannot create secondary index on the only partition key column {name}")));
    }
    let is_key = matches!(column.kind, ColumnKind::PartitionKey | ColumnKind::Clustering);
    if table.options.compact_storage.is_some() && is_key {
        let message = "Secondary indexes are not supported on PRIMARY KEY columns in COMPACT STORAGE tables";
        return Err(Error::invalid(message));
    }
    if table.options.compact_storage == Some(CompactStorage::Dense) {
        let message = "Secondary indexes are not supported on compact value column of COMPACT STORAGE tables";
        return Err(Error::invalid(message));
    }
    if matches!(column.data_type, DataType::Udt(_)) {
        return Err(Error::invalid(format!("Cannot create index on non-frozen UDT column {name}")));
    }
    Ok(())
}

/// Refuses types that are or hold durations, which have no order, whichever part is to be indexed.
fn check_order(of: &DataType) -> Result<(), Error> {
    match of.holder_of_durations() {
        Some(DurationHolder::Itself) => Err(Error::invalid("Secondary indexes are not supported on duration columns")),
        Some(holder) => {
            Err(Error::invalid(format!("Secondary indexes are not supported on {holder} containing durations")))
        }
        None => Ok(()),
    }
}

/// The indexed part of the column; for a collection without a keyword its values.
fn part(target: &IndexTarget, column: &Column) -> Result<IndexedPart, Error> {
    use DataType::{Frozen, List, Map, Set};
    let name = &column.name;
    let is_frozen = matches!(column.data_type, Frozen(_));
    let is_map = matches!(column.data_type.unfrozen(), Map(..));
    let is_collection = matches!(column.data_type.unfrozen(), List(_) | Set(_) | Map(..));
    let refuse = |message: String| Err(Error::invalid(message));
    match target.part {
        Some(IndexedPart::Full) if is_frozen && is_collection => {
            return check_indexable(IndexedPart::Full, &column.data_type);
        }
        Some(IndexedPart::Full) => {
            return refuse("full() indexes can only be created on frozen collections".to_owned());
        }
        _ => {}
    }
    let word = match target.part {
        Some(IndexedPart::Keys) => "keys",
        Some(IndexedPart::Entries) => "entries",
        _ => "values",
    };
    if !is_collection {
        return match target.part {
            None | Some(IndexedPart::Value) => check_indexable(IndexedPart::Value, &column.data_type),
            _ => refuse(format!(
                "Cannot create {word}() index on {name}. Non-collection columns only support simple indexes"
            )),
        };
    }
    if is_frozen {
        return refuse(format!(
            "Cannot create {word}() index on frozen column {name}. Frozen collections are immutable and must be fully \
             indexed by using the 'full({name})' modifier"
        ));
    }
    if matches!(target.part, Some(IndexedPart::Keys | IndexedPart::Entries)) && !is_map {
        return refuse(format!("Cannot create index on {word} of column {name} with non-map type"));
    }
    check_indexable(
        target.part.filter(|part| *part != IndexedPart::Value).unwrap_or(IndexedPart::Values),
        &column.data_type,
    )
}

/// Refuses parts whose values have no order, since they cannot be looked up.
fn check_indexable(part: IndexedPart, data_type: &DataType) -> Result<IndexedPart, Error> {
    let fits = match (part, data_type) {
        (IndexedPart::Value | IndexedPart::Full, whole) => frozen_fits(whole),
        (IndexedPart::Keys, DataType::Map(key, _)) => frozen_fits(key),
        (IndexedPart::Entries, DataType::Map(key, value)) => frozen_fits(key) && frozen_fits(value),
        (_, DataType::List(value) | DataType::Set(value) | DataType::Map(_, value)) => frozen_fits(value),
        _ => false,
    };
    if fits {
        Ok(part)
    } else {
        Err(Error::invalid("Secondary indexes are not supported on columns containing durations"))
    }
}

fn frozen_fits(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(_) | DataType::Set(_) | DataType::Map(..) | DataType::Udt(_) => {
            DataType::Frozen(Box::new(data_type.clone())).can_be_key()
        }
        other => other.can_be_key(),
    }
}

fn kind(create: &CreateIndex, column: &Column, part: IndexedPart) -> Result<IndexKind, Error> {
    let mut properties = Properties::new(&create.properties)?;
    let options = properties.map("options")?.unwrap_or_default();
    properties.finish()?;
    let class = create.using.as_deref().unwrap_or(PLAIN_INDEX_CLASS);
    if class.eq_ignore_ascii_case(PLAIN_INDEX_CLASS) && !create.custom {
        if !options.is_empty() {
            return Err(Error::invalid("Cannot specify options for a non-CUSTOM index").at(create.position));
        }
        return Ok(IndexKind::Plain);
    }
    if class.to_ascii_lowercase().ends_with("sasiindex") {
        return Err(Error::invalid("SASI indexes are disabled; use 'sai'").at(create.position));
    }
    if !STORAGE_ATTACHED.contains(&class.to_ascii_lowercase().as_str()) {
        return Err(Error::config(format!("Unable to find custom indexer class '{class}'")).at(create.position));
    }
    check_options(&options, column, part).map_err(|e| e.at(create.position))?;
    check_type(column, part).map_err(|e| e.at(create.position))?;
    Ok(IndexKind::StorageAttached { class: class.to_owned(), options })
}

fn check_options(options: &BTreeMap<String, String>, column: &Column, part: IndexedPart) -> Result<(), Error> {
    let is_key = matches!(column.kind, ColumnKind::PartitionKey | ColumnKind::Clustering);
    for (name, value) in options {
        if name == "class_name" || name == "target" {
            return Err(Error::invalid(format!("Cannot specify {name} as a CUSTOM option")));
        }
        if VECTOR_OPTIONS.contains(&name.as_str()) {
            return Err(Error::invalid(format!("CQL type {} cannot have vector options", column.data_type)));
        }
        if !Index::is_analysis_option(name) {
            let message = format!("Properties specified [{name}] are not understood by StorageAttachedIndex");
            return Err(Error::config(message));
        }
        if is_key {
            let message =
                format!("Analysis options are not supported on primary key columns, but found {{'{name}': '{value}'}}");
            return Err(Error::invalid(message));
        }
        if !is_text(column, part) {
            return Err(Error::invalid(format!("CQL type {} cannot be analyzed.", column.data_type)));
        }
        if !["true", "false"].iter().any(|truth| value.eq_ignore_ascii_case(truth)) {
            return Err(Error::invalid(format!("Illegal value for boolean option '{name}': {value}")));
        }
    }
    Ok(())
}

/// True if the indexed values are texts.
fn is_text(column: &Column, part: IndexedPart) -> bool {
    let sought = sought(column, part);
    let is_one = !matches!(part, IndexedPart::Entries | IndexedPart::Full);
    is_one && matches!(sought.value_type(column), Some(DataType::Text | DataType::Ascii))
}

/// A placeholder index of the column's part, used to determine the type of its values.
fn sought(column: &Column, part: IndexedPart) -> Index {
    Index { id: Default::default(), name: String::new(), column: column.id, part, kind: IndexKind::Plain }
}

/// Refuses types that a storage-attached index does not support, of entries also as values.
fn check_type(column: &Column, part: IndexedPart) -> Result<(), Error> {
    let value = (part == IndexedPart::Entries).then(|| sought(column, IndexedPart::Values));
    if value.is_some_and(|index| index.value_type(column) == Some(&DataType::Blob)) {
        return Err(Error::invalid("Unsupported type: blob"));
    }
    match sought(column, part).value_type(column) {
        Some(DataType::Blob) => Err(Error::invalid("Unsupported type: blob")),
        Some(DataType::Vector(..)) => {
            Err(Error::invalid("storage-attached indexes on vectors are not supported by Henge yet"))
        }
        _ => Ok(()),
    }
}
