//! Statements about things that Henge has none of: views, user-defined functions and aggregates, triggers, identities.
//! CREATE is refused as unsupported, DROP as unknown, and `IF EXISTS` makes DROP a no-op.

use crate::error::Error;
use crate::plan::{PermissionPlan, Plan, PlannedStatement};
use crate::prepare::scope::{Scope, is_local};
use crate::prepare::term::data_type::Types;
use crate::statement::{
    DropFunction, FunctionStatement, IdentityStatement, Presence, TableName, TriggerStatement, TypeName, ViewStatement,
};
use henge_model::DataType;

pub(crate) fn functions(statement: &FunctionStatement, scope: &Scope<'_>) -> Result<PlannedStatement, Error> {
    match statement {
        FunctionStatement::Create(create) => {
            consistent(create.presence)?;
            Err(Error::absent("user-defined functions", create.position))
        }
        FunctionStatement::CreateAggregate(create) => {
            consistent(create.presence)?;
            Err(Error::absent("user-defined aggregates", create.position))
        }
        FunctionStatement::Drop(drop) => drop_function(drop, scope),
    }
}

fn consistent(presence: Presence) -> Result<(), Error> {
    match presence {
        Presence { or_replace: true, if_not_exists: true } => {
            Err(Error::invalid("Cannot use both 'OR REPLACE' and 'IF NOT EXISTS' directives"))
        }
        _ => Ok(()),
    }
}

fn drop_function(drop: &DropFunction, scope: &Scope<'_>) -> Result<PlannedStatement, Error> {
    let keyspace = scope.keyspace_of(&drop.name)?;
    refuse_local(&keyspace, scope)?;
    let types = match &drop.parameters {
        Some(types) => format!("({})", signature(types, &keyspace, scope)?),
        None => String::new(),
    };
    let what = if drop.aggregate { "Aggregate" } else { "Function" };
    let message = format!("{what} '{keyspace}.{}{types}' doesn't exist", drop.name.name.text);
    nothing_if(drop.if_exists, Error::invalid(message).at(drop.name.name.position))
}

/// The parameter types of a function, comma-separated. A parameter may not be written as `frozen`.
pub(crate) fn signature(types: &[TypeName], keyspace: &str, scope: &Scope<'_>) -> Result<String, Error> {
    let known = Types { schema: scope.schema, keyspace };
    let mut names = Vec::with_capacity(types.len());
    for name in types {
        let data_type = known.resolve(name)?;
        if let (TypeName::Frozen(_), DataType::Frozen(_)) = (name, &data_type) {
            let message =
                format!("Argument '{data_type}' cannot be frozen; remove frozen<> modifier from '{data_type}'");
            return Err(Error::invalid(message));
        }
        names.push(data_type.to_string());
    }
    Ok(names.join(", "))
}

pub(crate) fn views(statement: &ViewStatement, scope: &Scope<'_>) -> Result<PlannedStatement, Error> {
    let (name, if_exists) = match statement {
        ViewStatement::Create(create) => return Err(Error::absent("materialized views", create.position)),
        ViewStatement::Alter { name, if_exists, .. } | ViewStatement::Drop { name, if_exists } => (name, *if_exists),
    };
    let keyspace = scope.keyspace_of(name)?;
    refuse_local(&keyspace, scope)?;
    let message = format!("Materialized view '{keyspace}.{}' doesn't exist", name.name.text);
    nothing_if(if_exists, Error::invalid(message).at(name.name.position))
}

pub(crate) fn triggers(statement: &TriggerStatement, scope: &Scope<'_>) -> Result<PlannedStatement, Error> {
    match statement {
        TriggerStatement::Create { position, .. } => Err(Error::absent("triggers", *position)),
        TriggerStatement::Drop { name, if_exists, table } => {
            let keyspace = scope.keyspace_of(table)?;
            refuse_local(&keyspace, scope)?;
            let message = format!("Trigger '{}' on '{keyspace}.{}' doesn't exist", name.text, table.name.text);
            nothing_if(*if_exists, Error::invalid(message).at(name.position))
        }
    }
}

/// Plans a statement about identities. It is refused on execution, since only clients that have logged in learn why.
pub(crate) fn identities(statement: &IdentityStatement) -> PlannedStatement {
    let refusal = match statement {
        IdentityStatement::Add { position, .. } => Some(Error::absent("identities of certificates", *position).message),
        IdentityStatement::Drop { if_exists: true, .. } => None,
        IdentityStatement::Drop { identity, .. } => Some(format!("identity '{identity}' doesn't exist")),
    };
    PlannedStatement::bare(Plan::Permission(PermissionPlan::Absent { refusal }))
}

/// Plans GRANT and the like on a function: refused, since there are no user-defined functions.
pub(crate) fn function_resource(
    name: &TableName,
    types: &[TypeName],
    scope: &Scope<'_>,
) -> Result<PermissionPlan, Error> {
    let Some(keyspace) = &name.keyspace else {
        let message = "In this context function name must be explictly qualified by a keyspace";
        return Err(Error::invalid(message).at(name.name.position));
    };
    let types = signature(types, &keyspace.text, scope)?;
    let message = format!("Resource <function {}.{}({types})> doesn't exist", keyspace.text, name.name.text);
    Ok(PermissionPlan::Absent { refusal: Some(message) })
}

fn refuse_local(keyspace: &str, scope: &Scope<'_>) -> Result<(), Error> {
    match is_local(scope.schema, keyspace) {
        true => Err(Error::invalid(format!("System keyspace '{keyspace}' is not user-modifiable"))),
        false => Ok(()),
    }
}

fn nothing_if(if_exists: bool, missing: Error) -> Result<PlannedStatement, Error> {
    if if_exists { Ok(PlannedStatement::bare(Plan::Nothing)) } else { Err(missing) }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{error, prepare_text};
    use crate::{ErrorKind, PermissionPlan, Plan};

    #[test]
    fn what_there_is_none_of_cannot_be_made() {
        for (text, message) in [
            (
                "CREATE FUNCTION f() CALLED ON NULL INPUT RETURNS int LANGUAGE java AS ''",
                "Henge has no user-defined functions (line 1:0)",
            ),
            ("CREATE AGGREGATE a(int) SFUNC f STYPE int", "Henge has no user-defined aggregates (line 1:0)"),
            (
                "CREATE OR REPLACE AGGREGATE IF NOT EXISTS a(int) SFUNC f STYPE int",
                "Cannot use both 'OR REPLACE' and 'IF NOT EXISTS' directives",
            ),
            (
                " CREATE MATERIALIZED VIEW v AS SELECT * FROM kv WHERE k IS NOT NULL PRIMARY KEY (k)",
                "Henge has no materialized views (line 1:1)",
            ),
            ("CREATE TRIGGER t ON kv USING 'x'", "Henge has no triggers (line 1:0)"),
        ] {
            let error = error(text);
            assert_eq!((error.kind, error.message), (ErrorKind::Invalid, message.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_there_is_none_of_is_missed_unless_if_exists_says_otherwise() {
        for (text, message) in [
            ("DROP FUNCTION f", "Function 'ks.f' doesn't exist"),
            ("DROP FUNCTION other.f(int, list<varchar>)", "Function 'other.f(int, list<text>)' doesn't exist"),
            ("DROP AGGREGATE f()", "Aggregate 'ks.f()' doesn't exist"),
            ("DROP MATERIALIZED VIEW kv", "Materialized view 'ks.kv' doesn't exist"),
            ("ALTER MATERIALIZED VIEW v WITH comment = ''", "Materialized view 'ks.v' doesn't exist"),
            ("DROP TRIGGER t ON kv", "Trigger 't' on 'ks.kv' doesn't exist"),
        ] {
            assert_eq!(error(text).message, message);
            let words = ["FUNCTION", "AGGREGATE", "MATERIALIZED VIEW", "TRIGGER"];
            let word = words.iter().find(|word| text.contains(*word)).unwrap();
            let allowed = text.replacen(word, &format!("{word} IF EXISTS"), 1);
            assert!(matches!(prepare_text(&allowed).unwrap().plan, Plan::Nothing), "{allowed}");
        }
    }

    #[test]
    fn signatures_are_checked_even_of_what_may_be_missing() {
        assert_eq!(error("DROP FUNCTION IF EXISTS f(nope)").message, "Unknown type ks.nope");
        assert!(error("DROP AGGREGATE IF EXISTS a(frozen<list<int>>)").message.contains("cannot be frozen"));
        assert_eq!(error("DROP FUNCTION system.now").message, "System keyspace 'system' is not user-modifiable");
    }

    #[test]
    fn nothing_can_be_granted_on_what_is_not_there() {
        let refusal = |text: &str| match prepare_text(text).unwrap().plan {
            Plan::Permission(PermissionPlan::Absent { refusal }) => refusal,
            other => panic!("{text}: {other:?}"),
        };
        let expected = |text: &str| Some(text.to_owned());
        assert_eq!(
            refusal("GRANT EXECUTE ON FUNCTION ks.f(int) TO r"),
            expected("Resource <function ks.f(int)> doesn't exist")
        );
        assert_eq!(refusal("LIST ALL ON MBEANS 'a:b=*'"), expected("Henge has no MBeans (line 1:12)"));
        assert_eq!(refusal("DROP IDENTITY 'i'"), expected("identity 'i' doesn't exist"));
        assert_eq!(refusal("DROP IDENTITY IF EXISTS 'i'"), None);
        let message = "In this context function name must be explictly qualified by a keyspace";
        assert_eq!(error("GRANT EXECUTE ON FUNCTION f(int) TO r").message, message);
    }
}
