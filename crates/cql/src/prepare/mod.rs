//! Resolution of statements against a schema: names become columns, terms typed sources, restrictions keys and filters.
//!
//! - `select`, `write`, `schema`: a kind of statement each. `describe`, `explain`, `access`: the rest.
//! - `absent`: statements about things that Henge has none of.
//! - `restrict`: WHERE. `term`: literals, markers, functions, operations. `scope`: names looked up in the schema.

mod absent;
mod access;
mod describe;
mod explain;
mod restrict;
mod schema;
mod scope;
mod select;
mod term;
mod write;

#[cfg(test)]
mod tests;

use crate::error::Error;
use crate::plan::{Plan, PlannedStatement, SchemaChange};
use crate::statement::Statement;
use henge_model::Schema;
use scope::Scope;

/// Resolves a statement. `keyspace` is the connection's, for names without a keyspace.
///
/// Of a schema change, only the statement itself is checked here; [`SchemaChange::check`] checks it against the newest
/// schema.
pub fn prepare(statement: &Statement, schema: &Schema, keyspace: Option<&str>) -> Result<PlannedStatement, Error> {
    let scope = Scope { schema, keyspace };
    match statement {
        Statement::Select(select) => select::statement::prepare(select, &scope),
        Statement::Modify(modify) => write::statement::prepare(modify, &scope),
        Statement::Batch(batch) => write::batch::prepare(batch, &scope),
        Statement::Use(name) => {
            scope.keyspace_named(&name.keyspace).map(|k| PlannedStatement::bare(Plan::Use(k.name.clone())))
        }
        Statement::CreateKeyspace(create) => schema::keyspace::create(create).map(schema_plan),
        Statement::DropKeyspace(drop) => schema::keyspace::drop(drop).map(schema_plan),
        Statement::CreateTable(create) => schema::table::create(create, &scope).map(schema_plan),
        Statement::DropTable(drop) => schema::table::drop(drop, &scope).map(schema_plan),
        Statement::CreateType(create) => schema::user_type::create(create, &scope).map(schema_plan),
        Statement::AlterType(alter) => schema::user_type::alter(alter, &scope).map(schema_plan),
        Statement::DropType(drop) => schema::user_type::drop(drop, &scope).map(schema_plan),
        Statement::CreateIndex(create) => schema::index::create(create, &scope).map(schema_plan),
        Statement::DropIndex(drop) => schema::index::drop(drop, &scope).map(schema_plan),
        Statement::Truncate(truncate) => schema::table::truncate(truncate, &scope).map(schema_plan),
        Statement::Describe(describe) => describe::prepare(describe, &scope),
        Statement::Explain(explained) => {
            explain::prepare(explained, || prepare(&explained.statement, schema, keyspace))
        }
        Statement::AlterKeyspace(alter) => schema::alter::keyspace(alter).map(schema_plan),
        Statement::AlterTable(alter) => schema::alter::table(alter, &scope).map(schema_plan),
        Statement::Role(statement) => Ok(access::roles(statement)),
        Statement::Permission(statement) => access::permissions(statement, &scope),
        Statement::Identity(statement) => Ok(absent::identities(statement)),
        Statement::Function(statement) => absent::functions(statement, &scope),
        Statement::View(statement) => absent::views(statement, &scope),
        Statement::Trigger(statement) => absent::triggers(statement, &scope),
    }
}

fn schema_plan(change: SchemaChange) -> PlannedStatement {
    PlannedStatement::bare(Plan::Schema(change))
}
