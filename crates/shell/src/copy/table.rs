//! The table of a COPY, and the statements on it.

use super::copy_error::CopyError;
use crate::connection::Connection;
use henge_protocol::{QueryParameters, Response};

/// A table with its columns, in cqlsh's order: the primary key, then the others by name.
pub(crate) struct CopyTable {
    pub(crate) keyspace: String,
    pub(crate) name: String,
    pub(crate) columns: Vec<CopyColumn>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CopyColumn {
    pub(crate) name: String,
    kind: ColumnKind,
    position: i32,
    is_counter: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum ColumnKind {
    Partition,
    Clustering,
    Other,
}

impl CopyColumn {
    /// True of a part of the primary key.
    pub(crate) fn is_key(&self) -> bool {
        self.kind != ColumnKind::Other
    }
}

impl CopyTable {
    /// Reads the columns of a table from the server's schema.
    pub(crate) fn read(connection: &mut Connection, keyspace: &str, name: &str) -> Result<CopyTable, CopyError> {
        let mut columns = Vec::new();
        for schema in ["system_schema", "system_virtual_schema"] {
            if columns.is_empty() {
                columns = read_columns(connection, schema, keyspace, name)?;
            }
        }
        if columns.is_empty() {
            let known = format!("{}.{}", quote(keyspace), quote(name));
            return Err(CopyError::Failed(format!("there is no table {known} that this role may see")));
        }
        columns.sort_by(|a, b| (a.kind, a.position, &a.name).cmp(&(b.kind, b.position, &b.name)));
        Ok(CopyTable { keyspace: keyspace.to_owned(), name: name.to_owned(), columns })
    }

    /// The columns of these names; all if none is given.
    pub(crate) fn select(&self, names: &[String]) -> Result<Vec<CopyColumn>, CopyError> {
        if names.is_empty() {
            return Ok(self.columns.clone());
        }
        let find = |name: &String| {
            let found = self.columns.iter().find(|column| column.name == *name).cloned();
            found.ok_or_else(|| {
                let known: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
                CopyError::Failed(format!("{} has no column {name}; there are {}", self.full_name(), known.join(", ")))
            })
        };
        names.iter().map(find).collect()
    }

    pub(crate) fn full_name(&self) -> String {
        format!("{}.{}", self.keyspace, self.name)
    }

    /// True if its columns beside the key are counters.
    pub(crate) fn is_counter(&self) -> bool {
        self.columns.iter().any(|column| column.is_counter)
    }

    pub(super) fn quoted_name(&self) -> String {
        format!("{}.{}", quote(&self.keyspace), quote(&self.name))
    }

    /// The SELECT of rows whose token is after the first marker, up to the second.
    pub(crate) fn select_text(&self, columns: &[CopyColumn]) -> String {
        let partition: Vec<String> =
            self.columns.iter().filter(|c| c.kind == ColumnKind::Partition).map(|c| quote(&c.name)).collect();
        let token = format!("token({})", partition.join(", "));
        format!("SELECT {} FROM {} WHERE {token} > ? AND {token} <= ?", list(columns), self.quoted_name())
    }
}

fn read_columns(
    connection: &mut Connection,
    schema: &str,
    keyspace: &str,
    table: &str,
) -> Result<Vec<CopyColumn>, CopyError> {
    let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let text = format!(
        "SELECT column_name, kind, position, type FROM {schema}.columns WHERE keyspace_name = {} AND table_name = {}",
        literal(keyspace),
        literal(table)
    );
    let rows = match connection.query(&text, QueryParameters::default())?.outcome {
        Ok(Response::Rows(rows)) => rows.rows,
        Ok(other) => return Err(CopyError::Failed(format!("the schema was answered with {other:?}"))),
        Err(error) => return Err(CopyError::Refused(error, text)),
    };
    let column = |row: Vec<Option<henge_base::Bytes>>| {
        let text = |at: usize| String::from_utf8_lossy(row.get(at)?.as_deref()?).into_owned().into();
        let position = row.get(2)?.as_deref()?.try_into().map(i32::from_be_bytes).ok()?;
        let (name, kind, data_type): (Option<String>, Option<String>, Option<String>) = (text(0), text(1), text(3));
        let kind = match kind?.as_str() {
            "partition_key" => ColumnKind::Partition,
            "clustering" => ColumnKind::Clustering,
            _ => ColumnKind::Other,
        };
        Some(CopyColumn { name: name?, kind, position, is_counter: data_type? == "counter" })
    };
    Ok(rows.into_iter().filter_map(column).collect())
}

pub(super) fn list(columns: &[CopyColumn]) -> String {
    columns.iter().map(|column| quote(&column.name)).collect::<Vec<_>>().join(", ")
}

/// A name in double quotes.
pub(super) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
