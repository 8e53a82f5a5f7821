//! Definitions: read from the tables of `system_schema`, made by the statements of DESCRIBE.

use crate::cells::elements;
use crate::table::{ColumnRow, Table, quote, tables_of};
use anyhow::{Context, bail, ensure};
use henge_base::Bytes;
use henge_model::Consistency;
use henge_protocol::ErrorKind;
use henge_shell::{DataClient, DataError};
use std::collections::BTreeMap;

/// A keyspace as its server has it.
pub(crate) struct Schema {
    /// The tables that can be imported.
    pub(crate) tables: Vec<Table>,
    /// Their columns.
    columns: Vec<ColumnRow>,
}

/// The rows of a statement, with texts for values.
fn texts(client: &mut DataClient, text: &str) -> anyhow::Result<Vec<Vec<String>>> {
    let rows = client.query_all(text, Consistency::One).with_context(|| text.to_owned())?.rows;
    let of_value = |value: Option<Bytes>| String::from_utf8_lossy(value.as_deref().unwrap_or_default()).into_owned();
    Ok(rows.into_iter().map(|row| row.into_iter().map(of_value).collect()).collect())
}

/// A cluster by its name and the host id of the node that answers.
pub(crate) fn identify(client: &mut DataClient) -> anyhow::Result<(String, Bytes)> {
    let text = "SELECT cluster_name, partitioner, host_id FROM system.local";
    let row = client.query_all(text, Consistency::One)?.rows.into_iter().next().context("system.local is empty")?;
    let [name, partitioner, host] =
        <[Option<Bytes>; 3]>::try_from(row).map_err(|_| anyhow::anyhow!("system.local is another table"))?;
    let text = |value: Option<Bytes>| String::from_utf8_lossy(value.as_deref().unwrap_or_default()).into_owned();
    let partitioner = text(partitioner);
    ensure!(
        partitioner.ends_with("Murmur3Partitioner"),
        "the partitioner is {partitioner}: only tables of Murmur3Partitioner can be read by token ranges"
    );
    Ok((text(name), host.unwrap_or_default()))
}

/// The host ids of all nodes of a cluster, as the node that answers knows them.
pub(crate) fn hosts(client: &mut DataClient) -> anyhow::Result<Vec<Bytes>> {
    let mut hosts = Vec::new();
    for text in ["SELECT host_id FROM system.local", "SELECT host_id FROM system.peers"] {
        hosts.extend(client.query_all(text, Consistency::One)?.rows.into_iter().flatten().flatten());
    }
    Ok(hosts)
}

/// Reads a keyspace, or one of its tables.
pub(crate) fn read(client: &mut DataClient, keyspace: &str, table: Option<&str>) -> anyhow::Result<Schema> {
    let of_keyspace = format!("WHERE keyspace_name = '{keyspace}'");
    // Views have columns too.
    let tables = texts(client, &format!("SELECT table_name FROM system_schema.tables {of_keyspace}"))?.concat();
    let text = format!("SELECT table_name, column_name, kind, position, type FROM system_schema.columns {of_keyspace}");
    let rows = client.query_all(&text, Consistency::One).with_context(|| text.clone())?.rows;
    let columns: Vec<ColumnRow> = rows.into_iter().filter_map(column_row).collect();
    let is_wanted =
        |column: &ColumnRow| tables.contains(&column.table) && table.is_none_or(|table| table == column.table);
    let columns: Vec<ColumnRow> = columns.into_iter().filter(is_wanted).collect();
    let types = user_types(client, &of_keyspace)?;
    if let Some(table) = table.filter(|_| columns.is_empty()) {
        bail!("there is no table {keyspace}.{table}");
    }
    let tables = tables_of(keyspace, &columns, |name| types.get(name).cloned())?;
    Ok(Schema { tables, columns })
}

fn column_row(row: Vec<Option<Bytes>>) -> Option<ColumnRow> {
    let [table, name, kind, position, type_text] = <[Option<Bytes>; 5]>::try_from(row).ok()?;
    let text = |value: Option<Bytes>| Some(String::from_utf8_lossy(&value?).into_owned());
    let position = i32::from_be_bytes(position?.as_ref().try_into().ok()?);
    Some(ColumnRow { table: text(table)?, name: text(name)?, kind: text(kind)?, position, type_text: text(type_text)? })
}

/// The names of the fields of each user type.
fn user_types(client: &mut DataClient, of_keyspace: &str) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let text = format!("SELECT type_name, field_names FROM system_schema.types {of_keyspace}");
    let mut types = BTreeMap::new();
    for row in client.query_all(&text, Consistency::One)?.rows {
        let mut values = row.into_iter().map(Option::unwrap_or_default);
        let (name, fields) = (values.next().unwrap_or_default(), values.next().unwrap_or_default());
        let fields = elements(&fields, 1)?.into_iter().flatten().flatten();
        let fields = fields.map(|field| String::from_utf8_lossy(&field).into_owned()).collect();
        types.insert(String::from_utf8_lossy(&name).into_owned(), fields);
    }
    Ok(types)
}

/// Makes the definitions of a keyspace that the target lacks. Gives those that it refuses, and what is not looked for.
pub(crate) fn make(
    source: &mut DataClient,
    target: &mut DataClient,
    (keyspace, table): (&str, Option<&str>),
    replication: Option<&str>,
) -> anyhow::Result<Vec<String>> {
    let described = texts(source, &format!("DESCRIBE KEYSPACE {}", quote(keyspace))).context(
        "the source does not describe its schema, which servers do from Cassandra 4.0 on: make it by hand, and add --no-schema",
    )?;
    let mut refused = Vec::new();
    for row in described {
        let [_, kind, name, statement] = row.as_slice() else { bail!("DESCRIBE was answered with other columns") };
        let is_other_table = kind == "table" && table.is_some_and(|table| table != name);
        // An index stands after its table, whose name its statement has.
        let of_other_table = kind == "index" && table.is_some_and(|table| !statement.contains(&format!(".{table} ")));
        if is_other_table || of_other_table || (kind == "keyspace" && has_keyspace(target, keyspace)?) {
            continue;
        }
        let statement = match replication.filter(|_| kind == "keyspace") {
            Some(replication) => format!("CREATE KEYSPACE {} WITH replication = {replication}", quote(keyspace)),
            None => statement.clone(),
        };
        match target.query_all(&statement, Consistency::One) {
            Ok(_) => {}
            Err(DataError::Refused(error)) if matches!(error.kind, ErrorKind::AlreadyExists { .. }) => {}
            Err(DataError::Refused(error)) if kind == "type" && error.message.contains("already exists") => {}
            Err(DataError::Refused(error)) if kind == "index" && error.message.contains("already exists") => {}
            Err(error) if matches!(kind.as_str(), "keyspace" | "type" | "table") => {
                return Err(anyhow::Error::from(error).context(format!("the target refuses: {statement}")));
            }
            Err(DataError::Refused(error)) => refused.push(format!("{kind} {name} is not made: {}", error.message)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(refused)
}

fn has_keyspace(client: &mut DataClient, keyspace: &str) -> anyhow::Result<bool> {
    let text = format!("SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = '{keyspace}'");
    Ok(!texts(client, &text)?.is_empty())
}

/// Checks that the target has the same columns.
pub(crate) fn check_same(source: &Schema, target: &Schema) -> anyhow::Result<()> {
    for column in source.columns.iter().filter(|column| column.type_text != "empty") {
        let named = |other: &&ColumnRow| other.table == column.table && other.name == column.name;
        let found = target.columns.iter().find(named);
        let ColumnRow { table, name, kind, type_text, .. } = column;
        let other = found.with_context(|| format!("the target's table {table} has no column {name}"))?;
        ensure!(
            other.kind == *kind && other.type_text == *type_text && other.position == column.position,
            "{table}.{name} is {kind} {type_text} in the source, and {} {} in the target",
            other.kind,
            other.type_text
        );
    }
    Ok(())
}
