//! Guardrails of statements that change the schema, applied to their plans.

use crate::error::Error;
use crate::guardrails::{CrossedLimit, Guard, SchemaGuardrails};
use crate::plan::SchemaChange;
use crate::system_keyspaces::is_system;
use crate::table_property::reset_property;
use henge_model::{ColumnDraft, TableChange, TableDraft};
use henge_model::{DataType, Index, IndexDraft, Schema, Table, TableOptions, TypeChange};
use std::borrow::Cow;

/// Applies the guardrails of CREATE INDEX. An index that exists already passes: the metadata log refuses or ignores it.
fn check_index(guard: &Guard<'_>, table: &Table, draft: &IndexDraft) -> Result<(), Error> {
    let is_named = |index: &Index| draft.name.as_ref().is_some_and(|name| index.name == *name);
    let column = table.column(&draft.column).map(|column| column.id);
    let is_same = |index: &Index| (Some(index.column), index.part, &index.kind) == (column, draft.part, &draft.kind);
    if table.indexes.iter().any(|index| is_named(index) || is_same(index)) {
        return Ok(());
    }
    let name = draft.name.clone().unwrap_or_else(|| format!("{}_{}_idx", table.name, draft.column));
    guard.secondary_index(&name, &table.name, table.indexes.len() + 1)
}

impl SchemaChange {
    /// Applies the guardrails that come before any lookup of the names in the schema. Returns the statement to execute,
    /// from which ignored table properties have been removed.
    pub fn apply_guardrails(&self, guard: &Guard<'_>, schema: &Schema) -> Result<Cow<'_, SchemaChange>, Error> {
        let Some(rails) = guard.settings().map(|settings| &settings.schema) else { return Ok(Cow::Borrowed(self)) };
        match self {
            SchemaChange::CreateKeyspace { name, replication, .. } => {
                let is_allowed = rails.simple_strategy || !replication.is_simple();
                guard.check_allowed("simplestrategy", is_allowed, "SimpleStrategy")?;
                let number = 1 + schema.keyspaces.keys().filter(|name| !is_system(name)).count() as u64;
                guard.check_threshold("keyspaces", rails.keyspaces.above(number), |limit| {
                    too_many("keyspaces", "keyspace", number, name, limit)
                })?;
            }
            SchemaChange::AlterKeyspace { replication: Some(replication), .. } => {
                let is_allowed = rails.simple_strategy || !replication.is_simple();
                guard.check_allowed("simplestrategy", is_allowed, "SimpleStrategy")?;
            }
            SchemaChange::DropKeyspace { .. } => {
                guard.check_allowed("drop_keyspace_enabled", rails.drop_keyspace, "DROP KEYSPACE functionality")?;
            }
            SchemaChange::CreateTable { draft, if_not_exists } => {
                if draft.options.compact_storage.is_some() {
                    guard.compact_table()?;
                }
                rails.check_table(guard, draft, schema)?;
                if let Some(options) = rails.without_ignored(&draft.options, None, &draft.properties) {
                    let draft = Box::new(TableDraft { options, ..(**draft).clone() });
                    return Ok(Cow::Owned(SchemaChange::CreateTable { draft, if_not_exists: *if_not_exists }));
                }
            }
            SchemaChange::AlterTable { keyspace, table, if_exists, change } => {
                let TableChange::Options { was, now, properties } = change else { return Ok(Cow::Borrowed(self)) };
                rails.check_properties(guard, properties)?;
                rails.check_expiry(guard, now, properties)?;
                if let Some(now) = rails.without_ignored(now, Some(was), properties) {
                    let (now, properties) = (Box::new(now), properties.clone());
                    let change = TableChange::Options { was: was.clone(), now, properties };
                    let (keyspace, table, if_exists) = (keyspace.clone(), table.clone(), *if_exists);
                    return Ok(Cow::Owned(SchemaChange::AlterTable { keyspace, table, if_exists, change }));
                }
            }
            SchemaChange::DropTable { .. } => rails.check_drop(guard)?,
            SchemaChange::CreateType { user_type, .. } => {
                rails.check_fields(guard, &user_type.name, user_type.fields.len())?;
                for (name, data_type) in &user_type.fields {
                    rails.check_vectors(guard, "Field", name, data_type)?;
                }
            }
            _ => {}
        }
        Ok(Cow::Borrowed(self))
    }

    /// Applies the remaining guardrails, once it is known that the statement changes something.
    pub fn guard_change(&self, guard: &Guard<'_>, schema: &Schema) -> Result<(), Error> {
        let Some(rails) = guard.settings().map(|settings| &settings.schema) else { return Ok(()) };
        match self {
            SchemaChange::CreateTable { draft, .. } => rails.check_compression(guard, &draft.options),
            SchemaChange::AlterTable { change: TableChange::Options { now, .. }, .. } => {
                rails.check_compression(guard, now)
            }
            SchemaChange::AlterTable { keyspace, table, change, .. } => {
                guard.check_allowed("alter_table", rails.alter_table, "ALTER TABLE changing columns")?;
                let (TableChange::Add { columns, .. }, Ok(known)) = (change, schema.table(keyspace, table).ok_or(()))
                else {
                    return Ok(());
                };
                for added in columns {
                    rails.check_vectors(guard, "Column", &added.draft.name, &added.draft.data_type)?;
                }
                rails.check_columns(guard, table, known.columns().count() + columns.len())
            }
            SchemaChange::AlterType { keyspace, name, change: TypeChange::Add { field, data_type, .. }, .. } => {
                let known = schema.keyspaces.get(keyspace).and_then(|keyspace| keyspace.types.get(name));
                let Some(known) = known else { return Ok(()) };
                rails.check_vectors(guard, "Field", field, data_type)?;
                rails.check_fields(guard, name, known.fields.len() + 1)
            }
            SchemaChange::CreateIndex { keyspace, table, draft, .. } => {
                schema.table(keyspace, table).map_or(Ok(()), |known| check_index(guard, known, draft))
            }
            SchemaChange::Truncate { .. } => rails.check_drop(guard),
            _ => Ok(()),
        }
    }
}

impl SchemaGuardrails {
    fn check_table(&self, guard: &Guard<'_>, draft: &TableDraft, schema: &Schema) -> Result<(), Error> {
        let users = schema.keyspaces.values().filter(|keyspace| !is_system(&keyspace.name));
        let number = 1 + users.map(|keyspace| keyspace.tables.len() as u64).sum::<u64>();
        guard.check_threshold("tables", self.tables.above(number), |limit| {
            too_many("tables", "table", number, &draft.name, limit)
        })?;
        let columns: [&[ColumnDraft]; 4] = [&draft.partition_key, &draft.clustering, &draft.statics, &draft.regulars];
        self.check_columns(guard, &draft.name, columns.iter().map(|columns| columns.len()).sum())?;
        for column in columns.into_iter().flatten() {
            self.check_vectors(guard, "Column", &column.name, &column.data_type)?;
        }
        self.check_properties(guard, &draft.properties)?;
        self.check_expiry(guard, &draft.options, &draft.properties)
    }

    fn check_columns(&self, guard: &Guard<'_>, table: &str, number: usize) -> Result<(), Error> {
        guard.check_threshold("columns_per_table", self.columns_per_table.above(number as u64), |limit| match limit {
            CrossedLimit::Warn(_) => format!("The table {table} has {number} columns, {}", limit.exceeds()),
            CrossedLimit::Fail(most) => {
                format!("Tables cannot have more than {most} columns, but {number} provided for table {table}")
            }
        })
    }

    fn check_fields(&self, guard: &Guard<'_>, name: &str, number: usize) -> Result<(), Error> {
        guard.check_threshold("fields_per_udt", self.fields_per_udt.above(number as u64), |limit| match limit {
            CrossedLimit::Warn(_) => format!("The user type {name} has {number} columns, {}", limit.exceeds()),
            CrossedLimit::Fail(most) => {
                format!("User types cannot have more than {most} columns, but {number} provided for user type {name}.")
            }
        })
    }

    /// Checks every vector inside a type. Those inside user types were checked when the user type was created.
    fn check_vectors(&self, guard: &Guard<'_>, what: &str, name: &str, data_type: &DataType) -> Result<(), Error> {
        match data_type {
            DataType::List(of) | DataType::Set(of) | DataType::Frozen(of) => self.check_vectors(guard, what, name, of),
            DataType::Map(key, value) => {
                self.check_vectors(guard, what, name, key)?;
                self.check_vectors(guard, what, name, value)
            }
            DataType::Tuple(parts) => parts.iter().try_for_each(|part| self.check_vectors(guard, what, name, part)),
            DataType::Vector(of, dimensions) => {
                guard.check_allowed("vector_type_enabled", self.vectors, &format!("{what} {name}"))?;
                let crossed = self.vector_dimensions.above(u64::from(*dimensions));
                guard.check_threshold("vector_dimensions", crossed, |limit| {
                    format!("{what} {name} has a vector of {dimensions} dimensions, {}", limit.exceeds())
                })?;
                self.check_vectors(guard, what, name, of)
            }
            _ => Ok(()),
        }
    }

    fn check_properties(&self, guard: &Guard<'_>, properties: &[String]) -> Result<(), Error> {
        let given = properties.iter().cloned().collect();
        guard.check_values(&self.table_properties, "table_properties", "Table Properties", &given)
    }

    /// The options with each ignored property reset to its value in `were`, or else to its default; `None` if no
    /// property is ignored.
    fn without_ignored(
        &self,
        options: &TableOptions,
        were: Option<&TableOptions>,
        properties: &[String],
    ) -> Option<TableOptions> {
        let mut ignored = properties.iter().filter(|name| self.table_properties.ignored.contains(*name)).peekable();
        ignored.peek()?;
        let (mut left, default) = (options.clone(), TableOptions::default());
        for name in ignored {
            reset_property(name, &mut left, were.unwrap_or(&default));
        }
        Some(left)
    }

    /// Checks that a statement that sets TimeWindowCompactionStrategy sets a default time to live too. Only properties
    /// that the statement itself names count.
    fn check_expiry(&self, guard: &Guard<'_>, options: &TableOptions, properties: &[String]) -> Result<(), Error> {
        let says = |name: &str| properties.iter().any(|property| property == name);
        let class = options.compaction.get("class").filter(|_| says("compaction"));
        let expires = says("default_time_to_live") && options.default_time_to_live > 0;
        if expires || !class.is_some_and(|class| class.ends_with("TimeWindowCompactionStrategy")) {
            return Ok(());
        }
        let text = |verdict: &str| {
            format!(
                "0 default_time_to_live on a table with TimeWindowCompactionStrategy compaction strategy is not \
                 {verdict}. It is suspicious to use default_time_to_live set to 0 with such compaction strategy. Please \
                 keep in mind that data will not start to automatically expire after they are older than a respective \
                 compaction window unit of a certain size. Please set TTL for your INSERT or UPDATE statements if you \
                 expect data to be expired as table settings will not do it. "
            )
        };
        if !self.zero_ttl_on_twcs {
            return Err(guard.refuse("zero_ttl_on_twcs", &text("allowed")));
        }
        if self.zero_ttl_on_twcs_warned {
            guard.warn_of("zero_ttl_on_twcs", &text("recommended"));
        }
        Ok(())
    }

    fn check_compression(&self, guard: &Guard<'_>, options: &TableOptions) -> Result<(), Error> {
        let is_off = options.compression.get("enabled").is_some_and(|enabled| enabled == "false");
        guard.check_allowed("uncompressed_tables_enabled", self.uncompressed_tables || !is_off, "Uncompressed table")
    }

    fn check_drop(&self, guard: &Guard<'_>) -> Result<(), Error> {
        guard.check_allowed(
            "drop_truncate_table_enabled",
            self.drop_truncate_table,
            "DROP and TRUNCATE TABLE functionality",
        )
    }
}

/// The message for too many keyspaces or tables.
fn too_many(all: &str, one: &str, number: u64, name: &str, limit: CrossedLimit) -> String {
    match limit {
        CrossedLimit::Warn(most) => {
            format!("Creating {one} {name}, current number of {all} {number} exceeds warning threshold of {most}.")
        }
        CrossedLimit::Fail(most) => {
            format!("Cannot have more than {most} {all}, aborting the creation of {one} {name}")
        }
    }
}
