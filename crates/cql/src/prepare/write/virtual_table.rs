//! Clauses that writes to virtual tables may not have. The writes as such are refused on execution, when the user's
//! permissions are known.

use crate::error::Error;
use crate::plan::ModifyPlan;
use crate::statement::BatchKind;
use crate::system_keyspaces::is_virtual;

/// Refuses clauses that virtual tables do not support.
pub(crate) fn check(plan: &ModifyPlan) -> Result<(), Error> {
    if !is_virtual(&plan.table.keyspace) {
        return Ok(());
    }
    let refused = match () {
        () if plan.timestamp.is_some() => "Custom timestamp is not supported by virtual tables",
        () if plan.ttl.is_some() => "Expiring columns are not supported by virtual tables",
        () if plan.is_conditional() => "Conditional updates are not supported by virtual tables",
        () => return Ok(()),
    };
    Err(Error::invalid(refused))
}

/// Refuses batches that may not contain writes to virtual tables.
pub(crate) fn check_batch(kind: BatchKind, statements: &[ModifyPlan]) -> Result<(), Error> {
    let virtuals = statements.iter().filter(|statement| is_virtual(&statement.table.keyspace)).count();
    let refused = match () {
        () if virtuals == 0 => return Ok(()),
        () if kind == BatchKind::Logged => "Cannot include a virtual table statement in a logged batch",
        () if virtuals < statements.len() => "Mutations for virtual and regular tables cannot exist in the same batch",
        () => return Ok(()),
    };
    Err(Error::invalid(refused))
}

#[cfg(test)]
mod tests {
    use crate::describe::{create_keyspace_text, create_table_text};
    use crate::fixture;
    use crate::plan::PlannedStatement;
    use crate::{Error, parse, prepare};
    use henge_model::{Keyspace, Replication, Schema, Table};
    use std::sync::Arc;

    /// The fixture's schema with `system_views.kv` and `system_views.events`.
    fn schema() -> Schema {
        let mut schema = fixture::schema();
        let mut views = Keyspace {
            name: "system_views".to_owned(),
            replication: Replication::Local,
            durable_writes: true,
            tables: Default::default(),
            types: Default::default(),
        };
        for name in ["kv", "events"] {
            let table = Table::clone(schema.table("ks", name).unwrap());
            let table = Table { keyspace: views.name.clone(), ..table };
            views.tables.insert(name.to_owned(), Arc::new(table));
        }
        schema.keyspaces.insert(views.name.clone(), Arc::new(views));
        schema
    }

    fn prepare_text(text: &str) -> Result<PlannedStatement, Error> {
        prepare(&parse(text)?, &schema(), Some("ks"))
    }

    #[test]
    fn what_virtual_tables_do_not_have_is_named() {
        let update = |using: &str| format!("UPDATE system_views.kv {using} SET v = 1 WHERE k = 'a'");
        for (text, expected) in [
            (update("USING TIMESTAMP 1"), "Custom timestamp is not supported by virtual tables"),
            (update("USING TTL 1"), "Expiring columns are not supported by virtual tables"),
            (update("") + " IF EXISTS", "Conditional updates are not supported by virtual tables"),
            (
                format!("BEGIN BATCH {}; APPLY BATCH", update("")),
                "Cannot include a virtual table statement in a logged batch",
            ),
            (
                format!("BEGIN UNLOGGED BATCH {}; DELETE FROM kv WHERE k = 'a'; APPLY BATCH", update("")),
                "Mutations for virtual and regular tables cannot exist in the same batch",
            ),
            ("TRUNCATE system_views.nope".to_owned(), "table nope does not exist"),
        ] {
            assert_eq!(prepare_text(&text).unwrap_err().message, expected, "{text}");
        }
    }

    #[test]
    fn plain_writes_are_left_to_who_carries_them_out() {
        prepare_text("UPDATE system_views.kv SET v = 1 WHERE k = ?").unwrap();
        prepare_text("TRUNCATE system_views.kv").unwrap();
    }

    #[test]
    fn descriptions_cannot_be_executed() {
        let schema = schema();
        assert_eq!(
            create_keyspace_text(&schema.keyspaces["system_views"]),
            "/*\nWarning: Keyspace system_views is a virtual keyspace and cannot be recreated with CQL.\n\
             Structure, for reference:\nVIRTUAL KEYSPACE system_views;\n*/"
        );
        assert_eq!(
            create_table_text(schema.table("system_views", "events").unwrap()),
            "/*\nWarning: Table system_views.events is a virtual table and cannot be recreated with CQL.\n\
             Structure, for reference:\nVIRTUAL TABLE system_views.events (\n    id int,\n    at timeuuid,\n    note text,\n\
             \x20   PRIMARY KEY (id, at)\n) WITH CLUSTERING ORDER BY (at ASC)\n    AND comment = '';\n*/"
        );
    }
}
