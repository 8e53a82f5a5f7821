//! Statements against a schema: names become columns, terms become typed sources, restrictions become keys and filters.

mod absent;
mod access;
mod aggregate;
mod alter;
mod arithmetic;
mod assignable;
mod batch;
mod cell_times;
mod collection;
mod compact;
mod compaction_options;
mod compression_options;
mod computed;
mod condition;
mod data_type;
mod describe;
mod entry;
mod group;
mod index;
mod insert;
mod json;
mod keyspace;
mod marker;
mod mask;
mod masked;
mod misfit;
mod modify;
mod operand;
mod option_effects;
mod probe;
mod property;
mod reached;
mod relation;
mod restriction;
mod scope;
mod select;
mod selector;
mod shown;
mod sorting;
mod table;
mod table_options;
mod term;
mod user_type;
mod virtual_table;

#[cfg(test)]
mod tests;

use crate::error::Error;
use crate::plan::{Plan, Prepared, SchemaChange};
use crate::statement::Statement;
use henge_model::Schema;

use scope::Scope;

/// Resolves a statement. `keyspace` is the connection's, for names without one.
///
/// Statements that change the schema are checked by themselves here; against the newest schema by [`SchemaChange::check`].
pub fn prepare(statement: &Statement, schema: &Schema, keyspace: Option<&str>) -> Result<Prepared, Error> {
    let scope = Scope { schema, keyspace };
    match statement {
        Statement::Select(select) => select::prepare(select, &scope),
        Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => modify::prepare(statement, &scope),
        Statement::Batch(batch) => batch::prepare(batch, &scope),
        Statement::Use(name) => scope.keyspace_named(&name.keyspace).map(|k| Prepared::bare(Plan::Use(k.name.clone()))),
        Statement::CreateKeyspace(create) => keyspace::create(create).map(schema_plan),
        Statement::DropKeyspace(drop) => keyspace::drop(drop).map(schema_plan),
        Statement::CreateTable(create) => table::create(create, &scope).map(schema_plan),
        Statement::DropTable(drop) => table::drop(drop, &scope).map(schema_plan),
        Statement::CreateType(create) => user_type::create(create, &scope).map(schema_plan),
        Statement::AlterType(alter) => user_type::alter(alter, &scope).map(schema_plan),
        Statement::DropType(drop) => user_type::drop(drop, &scope).map(schema_plan),
        Statement::CreateIndex(create) => index::create(create, &scope).map(schema_plan),
        Statement::DropIndex(drop) => index::drop(drop, &scope).map(schema_plan),
        Statement::Truncate(truncate) => table::truncate(truncate, &scope).map(schema_plan),
        Statement::Describe(describe) => describe::prepare(describe, &scope),
        Statement::AlterKeyspace(alter) => alter::keyspace(alter).map(schema_plan),
        Statement::AlterTable(alter) => alter::table(alter, &scope).map(schema_plan),
        Statement::Role(statement) => Ok(access::roles(statement)),
        Statement::Permission(statement) => access::permissions(statement, &scope),
        Statement::Identity(statement) => Ok(absent::identities(statement)),
        Statement::Function(statement) => absent::functions(statement, &scope),
        Statement::View(statement) => absent::views(statement, &scope),
        Statement::Trigger(statement) => absent::triggers(statement, &scope),
    }
}

fn schema_plan(change: SchemaChange) -> Prepared {
    Prepared::bare(Plan::Schema(change))
}
