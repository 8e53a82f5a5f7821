//! Names in the cluster's schema, read when they are asked for and kept for a while.

use crate::connection::Connection;
use crate::read::{ReadError, read_first_rows};
use crate::target::Target;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A name is taken as there for so long after it was read.
const AGE_MAX: Duration = Duration::from_secs(10);
/// The longest wait for names, while a person waits for them.
const TIMEOUT: Duration = Duration::from_secs(2);
/// The most names of a kind, and the most kinds that are kept.
const NAMES_MAX: u32 = 5_000;
const LISTS_MAX: usize = 64;

/// Names that are asked for. Keyspaces and tables are given as they are in the schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum NameList {
    Keyspaces,
    Tables { keyspace: String },
    Columns { keyspace: String, table: String },
    Types { keyspace: String },
    Functions { keyspace: String },
    Indexes { keyspace: String },
    Roles,
}

/// Something that has names.
pub(crate) trait Names {
    fn names(&mut self, list: &NameList) -> Vec<String>;
}

/// The names of a cluster, read on a connection of their own, so that nothing happens to that of the session.
pub(crate) struct SchemaNames {
    target: Target,
    connection: Option<Connection>,
    kept: BTreeMap<NameList, (Instant, Vec<String>)>,
    /// The time at which the cluster did not answer; it is not asked again for a while.
    failed: Option<Instant>,
}

impl SchemaNames {
    pub(crate) fn new(target: &Target) -> SchemaNames {
        let mut target = target.clone();
        (target.connect, target.request) = (target.connect.min(TIMEOUT), target.request.min(TIMEOUT));
        SchemaNames { target, connection: None, kept: BTreeMap::new(), failed: None }
    }

    /// Forgets the names, since a statement may have changed them, and goes on as the role of a target.
    pub(crate) fn begin(&mut self, target: &Target) {
        self.kept.clear();
        if self.target.credentials != target.credentials {
            self.target.credentials.clone_from(&target.credentials);
            (self.connection, self.failed) = (None, None);
        }
    }

    fn read(&mut self, list: &NameList) -> Result<Vec<String>, ReadError> {
        if self.connection.is_none() {
            self.connection = Some(Connection::open(&self.target).map_err(ReadError::Failure)?);
        }
        let mut names = Vec::new();
        let Some(connection) = &mut self.connection else { return Ok(names) };
        for query in list.queries() {
            match read_first_rows(connection, &query, NAMES_MAX) {
                Ok(rows) => names.extend(rows.rows.iter().filter_map(|row| {
                    let name = row.first()?.as_deref()?;
                    String::from_utf8(name.to_vec()).ok()
                })),
                // A server without the table, or without the right to read it, has no such names.
                Err(ReadError::Unavailable(_)) => {}
                Err(failure) => return Err(failure),
            }
        }
        names.sort();
        names.dedup();
        Ok(names)
    }
}

impl Names for SchemaNames {
    fn names(&mut self, list: &NameList) -> Vec<String> {
        let is_fresh = |time: &Instant| time.elapsed() < AGE_MAX;
        if let Some((_, names)) = self.kept.get(list).filter(|(time, _)| is_fresh(time)) {
            return names.clone();
        }
        if self.failed.as_ref().is_some_and(is_fresh) {
            return Vec::new();
        }
        match self.read(list) {
            Ok(names) => {
                if self.kept.len() >= LISTS_MAX {
                    self.kept.clear();
                }
                self.kept.insert(list.clone(), (Instant::now(), names.clone()));
                names
            }
            Err(_) => {
                (self.connection, self.failed) = (None, Some(Instant::now()));
                Vec::new()
            }
        }
    }
}

impl NameList {
    fn queries(&self) -> Vec<String> {
        let of = |keyspace: &str, columns: &[(&str, &str)]| {
            let query = |(column, table): &(&str, &str)| {
                format!("SELECT {column} FROM {table} WHERE keyspace_name = '{}'", keyspace.replace('\'', "''"))
            };
            columns.iter().map(query).collect::<Vec<_>>()
        };
        match self {
            NameList::Keyspaces => ["system_schema", "system_virtual_schema"]
                .map(|schema| format!("SELECT keyspace_name FROM {schema}.keyspaces"))
                .to_vec(),
            NameList::Tables { keyspace } => of(
                keyspace,
                &[
                    ("table_name", "system_schema.tables"),
                    ("view_name", "system_schema.views"),
                    ("table_name", "system_virtual_schema.tables"),
                ],
            ),
            NameList::Columns { keyspace, table } => {
                let schemas =
                    [("column_name", "system_schema.columns"), ("column_name", "system_virtual_schema.columns")];
                let table = table.replace('\'', "''");
                of(keyspace, &schemas).iter().map(|query| format!("{query} AND table_name = '{table}'")).collect()
            }
            NameList::Types { keyspace } => of(keyspace, &[("type_name", "system_schema.types")]),
            NameList::Functions { keyspace } => of(
                keyspace,
                &[("function_name", "system_schema.functions"), ("aggregate_name", "system_schema.aggregates")],
            ),
            NameList::Indexes { keyspace } => of(keyspace, &[("index_name", "system_schema.indexes")]),
            NameList::Roles => vec!["SELECT role FROM system_auth.roles".to_owned()],
        }
    }
}
