//! CREATE and DROP TABLE, TRUNCATE.

use crate::error::{Error, Position};
use crate::limits;
use crate::plan::SchemaChange;
use crate::prepare::schema::mask::column_mask;
use crate::prepare::schema::property::names;
use crate::prepare::schema::table_options;
use crate::prepare::scope::{Scope, refuse_system, refuse_writes};
use crate::prepare::term::data_type::Types;
use crate::prepare::write::compact;
use crate::statement::{ColumnDefinition, CreateTable, DropTable, Name, TableName, Truncate};
use crate::system_keyspaces::is_virtual;
use henge_base::count_steps;
use henge_model::{ColumnDraft, DataType, Order, TableDraft, TableOptions};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn create(create: &CreateTable, scope: &Scope<'_>) -> Result<SchemaChange, Error> {
    let (keyspace, name) = resolve_name(&create.table, scope)?;
    let position = create.table.name.position;
    let characters_fit = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !characters_fit {
        let message = format!(
            "{keyspace}.{name}: Table name must not be empty or not contain non-alphanumeric-underscore characters \
             (got \"{name}\")"
        );
        return Err(Error::config(message).at(position));
    }
    if name.len() > limits::TABLE_NAME_CHARS_MAX {
        let message = format!(
            "Table name must not be more than {} characters long or contain non-alphanumeric-underscore characters \
             (got \"{name}\")",
            limits::TABLE_NAME_CHARS_MAX
        );
        return Err(Error::config(message).at(position));
    }
    let columns = columns(create, Types { schema: scope.schema, keyspace: &keyspace })?;
    let (partition, clustering) = primary_key(create)?;
    let orders = clustering_order(create, &clustering)?;
    let by_name: BTreeMap<&str, &ColumnDraft> = columns.iter().map(|c| (c.name.as_str(), c)).collect();
    let key_column = |name: &Name, order: Order| -> Result<ColumnDraft, Error> {
        count_steps(1);
        let column = *by_name.get(name.text.as_str()).ok_or_else(|| unknown_key_column(name, create))?;
        check_key_type(column, name)?;
        Ok(ColumnDraft { order, ..column.clone() })
    };
    let partition_key: Vec<ColumnDraft> =
        partition.iter().map(|n| key_column(n, Order::Ascending)).collect::<Result<_, _>>()?;
    let clustering: Vec<ColumnDraft> =
        clustering.iter().zip(orders).map(|(n, order)| key_column(n, order)).collect::<Result<_, _>>()?;
    let keys: BTreeSet<&str> = partition_key.iter().chain(&clustering).map(|k| k.name.as_str()).collect();
    let is_key = |name: &str| {
        count_steps(1);
        keys.contains(name)
    };
    let static_names: BTreeSet<&str> =
        create.columns.iter().filter(|d| d.is_static).map(|d| d.name.text.as_str()).collect();
    let is_static = |c: &ColumnDraft| {
        count_steps(1);
        static_names.contains(c.name.as_str())
    };
    let mut others: Vec<ColumnDraft> = columns.iter().filter(|c| !is_key(&c.name)).cloned().collect();
    others.sort_by(|a, b| a.name.cmp(&b.name));
    match create.compact_storage {
        Some(_) => compact::check(create, !clustering.is_empty(), &others)?,
        None => check_statics(create, !clustering.is_empty(), is_key)?,
    }
    let (options, id) = table_options::read(&create.properties)?;
    check_counters(&others, &options, position)?;
    let (statics, regulars) = others.into_iter().partition(is_static);
    let properties = names(&create.properties);
    let draft = TableDraft { keyspace, name, id, partition_key, clustering, statics, regulars, options, properties };
    let draft = if create.compact_storage.is_some() { compact::add_hidden_columns(draft) } else { draft };
    Ok(SchemaChange::CreateTable { draft: Box::new(draft), if_not_exists: create.if_not_exists })
}

pub(crate) fn drop(drop: &DropTable, scope: &Scope<'_>) -> Result<SchemaChange, Error> {
    let (keyspace, table) = resolve_name(&drop.table, scope)?;
    Ok(SchemaChange::DropTable { keyspace, table, if_exists: drop.if_exists })
}

pub(crate) fn truncate(truncate: &Truncate, scope: &Scope<'_>) -> Result<SchemaChange, Error> {
    let (keyspace, table) = match scope.keyspace_of(&truncate.table)? {
        keyspace if is_virtual(&keyspace) => (keyspace, scope.table(&truncate.table)?.name.clone()),
        keyspace => {
            refuse_writes(scope.schema, &keyspace).map_err(|e| e.at(truncate.table.name.position))?;
            (keyspace, truncate.table.name.text.clone())
        }
    };
    Ok(SchemaChange::Truncate { keyspace, table })
}

pub(crate) fn resolve_name(table: &TableName, scope: &Scope<'_>) -> Result<(String, String), Error> {
    let keyspace = scope.keyspace_of(table)?;
    refuse_system(scope.schema, &keyspace).map_err(|e| e.at(table.name.position))?;
    Ok((keyspace, table.name.text.clone()))
}

/// The columns with their types, in the order of the text.
fn columns(create: &CreateTable, types: Types<'_>) -> Result<Vec<ColumnDraft>, Error> {
    let mut columns: Vec<ColumnDraft> = Vec::with_capacity(create.columns.len());
    let mut met = BTreeSet::new();
    for definition in &create.columns {
        let ColumnDefinition { name, data_type, masked, .. } = definition;
        count_steps(1);
        if !met.insert(name.text.as_str()) {
            let message = format!("Duplicate column '{}' declaration for table '{}'", name.text, create.table);
            return Err(Error::invalid(message).at(name.position));
        }
        let data_type = types.of_column(data_type).map_err(|e| e.at(name.position))?;
        let mask = masked.as_ref().map(|masked| column_mask(masked, &name.text, &data_type, types)).transpose()?;
        columns.push(ColumnDraft { name: name.text.clone(), data_type, order: Order::Ascending, mask });
    }
    Ok(columns)
}

/// Refuses static columns in the key, and in tables without clustering columns.
fn check_statics(create: &CreateTable, is_clustered: bool, is_key: impl Fn(&str) -> bool) -> Result<(), Error> {
    let Some(first) = create.columns.iter().find(|c| c.is_static) else { return Ok(()) };
    if let Some(key) = create.columns.iter().find(|c| c.is_static && is_key(&c.name.text)) {
        let message = format!("Static column '{}' cannot be part of the PRIMARY KEY", key.name.text);
        return Err(Error::invalid(message).at(key.name.position));
    }
    if !is_clustered {
        let message =
            "Static columns are only useful (and thus allowed) if the table has at least one clustering column";
        return Err(Error::invalid(message).at(first.name.position));
    }
    Ok(())
}

/// Refuses to mix counters with other columns: they are written in another way, so a table holds nothing else beside
/// its key.
fn check_counters(others: &[ColumnDraft], options: &TableOptions, position: Position) -> Result<(), Error> {
    let counters = others.iter().filter(|column| column.data_type == DataType::Counter).count();
    if counters == 0 {
        return Ok(());
    }
    if counters < others.len() {
        let message = "Cannot mix counter and non counter columns in the same table";
        return Err(Error::invalid(message).at(position));
    }
    check_counter_options(options).map_err(|e| e.at(position))
}

/// Refuses a default time to live, since counters do not expire.
pub(crate) fn check_counter_options(options: &TableOptions) -> Result<(), Error> {
    match options.default_time_to_live {
        0 => Ok(()),
        _ => Err(Error::invalid("Cannot set default_time_to_live on a table with counters")),
    }
}

fn check_key_type(column: &ColumnDraft, name: &Name) -> Result<(), Error> {
    let data_type = &column.data_type;
    let refuse = |message: String| Err(Error::invalid(message).at(name.position));
    match data_type {
        DataType::Counter => refuse(format!("counter type is not supported for PRIMARY KEY column '{}'", column.name)),
        DataType::Duration => {
            refuse(format!("duration type is not supported for PRIMARY KEY column '{}'", column.name))
        }
        DataType::Udt(own) => refuse(format!(
            "Invalid non-frozen user-defined type \"{}.{}\" for PRIMARY KEY column '{}'",
            own.keyspace, own.name, column.name
        )),
        _ if data_type.is_complex() => {
            refuse(format!("Invalid non-frozen collection type {data_type} for PRIMARY KEY column '{}'", column.name))
        }
        _ if data_type.holder_of_durations().is_some() => {
            refuse(format!("duration type is not supported for PRIMARY KEY column '{}'", column.name))
        }
        _ if !data_type.can_be_key() => {
            Err(Error::not_supported(format!("type {data_type} in a PRIMARY KEY is"), name.position))
        }
        _ => Ok(()),
    }
}

/// The names of the partition key columns and of the clustering columns.
fn primary_key(create: &CreateTable) -> Result<(Vec<Name>, Vec<Name>), Error> {
    let position = create.table.name.position;
    let inline = create.columns.iter().filter(|c| c.is_primary_key).map(|c| (vec![c.name.clone()], Vec::new()));
    let mut keys = inline.chain(create.primary_keys.iter().cloned());
    let Some((partition, clustering)) = keys.next() else {
        // Cassandra's message has this misspelling.
        let message = format!("No PRIMARY KEY specifed for table '{}' (exactly one required)", create.table);
        return Err(Error::invalid(message).at(position));
    };
    if keys.next().is_some() {
        let message = format!("Multiple PRIMARY KEY specified for table '{}' (exactly one required)", create.table);
        return Err(Error::invalid(message).at(position));
    }
    let mut met = BTreeSet::new();
    for name in partition.iter().chain(&clustering) {
        if !met.insert(name.text.as_str()) {
            let table = &create.table.name.text;
            let message = format!("Duplicate column '{}' in PRIMARY KEY clause for table '{table}'", name.text);
            return Err(Error::invalid(message).at(name.position));
        }
    }
    Ok((partition, clustering))
}

fn unknown_key_column(name: &Name, create: &CreateTable) -> Error {
    let guess = crate::error::nearest(&name.text, create.columns.iter().map(|c| c.name.text.as_str()));
    let message =
        format!("Unknown column '{}' referenced in PRIMARY KEY for table '{}'", name.text, create.table.name.text);
    Error::invalid(message).at(name.position).with_hint(guess)
}

/// The sort order of each clustering column. CLUSTERING ORDER BY must name leading columns in order; the others ascend.
fn clustering_order(create: &CreateTable, clustering: &[Name]) -> Result<Vec<Order>, Error> {
    let given = &create.clustering_order;
    let known: BTreeSet<&str> = clustering.iter().map(|name| name.text.as_str()).collect();
    let other: Vec<&Name> =
        given.iter().map(|(name, _)| name).filter(|name| !known.contains(name.text.as_str())).collect();
    if let Some(first) = other.first() {
        let names: Vec<&str> = other.iter().map(|name| name.text.as_str()).collect();
        let message = format!(
            "Only clustering key columns can be defined in CLUSTERING ORDER directive: [{}] are not clustering columns",
            names.join(", ")
        );
        return Err(Error::invalid(message).at(first.position));
    }
    for (place, (name, _)) in given.iter().enumerate() {
        // Names of clustering columns differ, so what stands in its own place is no duplicate.
        if clustering.get(place).is_none_or(|expected| expected.text != name.text) {
            check_place(create, &clustering[place.min(clustering.len() - 1)], name, &given[..place])?;
        }
    }
    let order = |descending: bool| if descending { Order::Descending } else { Order::Ascending };
    let named = given.iter().map(|(_, descending)| order(*descending));
    Ok(named.chain(std::iter::repeat(Order::Ascending)).take(clustering.len()).collect())
}

/// Refuses a column of `CLUSTERING ORDER BY` that is a duplicate, or is not the `expected` one.
fn check_place(create: &CreateTable, expected: &Name, name: &Name, before: &[(Name, bool)]) -> Result<(), Error> {
    let is_named = |column: &Name, among: &[(Name, bool)]| among.iter().any(|(n, _)| n.text == column.text);
    let message = if is_named(name, before) {
        let table = create.table.to_string();
        format!("Duplicate column '{}' in CLUSTERING ORDER BY clause for table '{table}'", name.text)
    } else if expected.text == name.text {
        return Ok(());
    } else if is_named(expected, &create.clustering_order) {
        format!(
            "The order of columns in the CLUSTERING ORDER directive must match that of the clustering columns \
             ({} must appear before {})",
            expected.text, name.text
        )
    } else {
        format!("Missing CLUSTERING ORDER for column {}", expected.text)
    };
    Err(Error::invalid(message).at(name.position))
}
