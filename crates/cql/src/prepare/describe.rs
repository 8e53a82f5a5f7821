//! DESCRIBE: its target and the columns of its result.

use crate::error::{Error, nearest};
use crate::plan::{DescribeTarget, Labels, Plan, PlannedStatement, ResultColumn};
use crate::prepare::scope::Scope;
use crate::statement::{Describe, DescribeSubject, Name, TableName};
use crate::system_keyspaces::is_virtual;
use henge_model::DataType;

pub(crate) fn prepare(describe: &Describe, scope: &Scope<'_>) -> Result<PlannedStatement, Error> {
    let target = target(describe, scope)?;
    let result = Some(columns(&target).into());
    Ok(PlannedStatement { result, ..PlannedStatement::bare(Plan::Describe(target)) })
}

fn target(describe: &Describe, scope: &Scope<'_>) -> Result<DescribeTarget, Error> {
    let internals = describe.internals;
    let missing = |what: &str, name: &TableName| {
        let keyspace = scope.keyspace_of(name)?;
        let place = name.name.position;
        if !scope.schema.keyspaces.contains_key(&keyspace) {
            return Err(Error::invalid(format!("'{keyspace}' not found in keyspaces")).at(place));
        }
        Err(Error::invalid(format!("{what} '{}' not found in '{keyspace}'", name.name.text)).at(place))
    };
    match &describe.subject {
        DescribeSubject::Cluster => {
            let user = |k: &&str| !is_virtual(k) && !k.starts_with("system");
            Ok(DescribeTarget::Cluster { owned: scope.keyspace.filter(user).map(str::to_owned) })
        }
        DescribeSubject::Keyspaces => Ok(DescribeTarget::Keyspaces),
        DescribeSubject::Tables => Ok(DescribeTarget::Tables { keyspace: scope.keyspace.map(str::to_owned) }),
        DescribeSubject::Types => Ok(DescribeTarget::Types { keyspace: scope.keyspace.map(str::to_owned) }),
        DescribeSubject::Functions | DescribeSubject::Aggregates => Ok(DescribeTarget::Nothing),
        DescribeSubject::Schema { full } => Ok(DescribeTarget::Schema { full: *full, internals }),
        DescribeSubject::Keyspace { name, only } => keyspace(name.as_ref(), *only, internals, scope),
        DescribeSubject::Table(name) => table(name, internals, scope),
        DescribeSubject::Any(name) => any(name, internals, scope),
        DescribeSubject::Index(name) => match index(name, scope)? {
            Some(found) => Ok(found),
            None => missing("Table for existing index", name),
        },
        DescribeSubject::View(name) => missing("Materialized view", name),
        DescribeSubject::Type(name) => match user_type(name, scope)? {
            Some(found) => Ok(found),
            None => missing("User defined type", name),
        },
        DescribeSubject::Function(name) => missing("User defined function", name),
        DescribeSubject::Aggregate(name) => missing("User defined aggregate", name),
    }
}

fn keyspace(name: Option<&Name>, only: bool, internals: bool, scope: &Scope<'_>) -> Result<DescribeTarget, Error> {
    let name = match (name, scope.keyspace) {
        (Some(name), _) if scope.schema.keyspaces.contains_key(&name.text) => name.text.clone(),
        (Some(name), _) => {
            let guess = nearest(&name.text, scope.schema.keyspaces.keys().map(String::as_str));
            return Err(Error::invalid(format!("'{}' not found in keyspaces", name.text))
                .at(name.position)
                .with_hint(guess));
        }
        (None, Some(current)) => current.to_owned(),
        (None, None) => return Err(Error::invalid("No keyspace specified and no current keyspace")),
    };
    Ok(DescribeTarget::Keyspace { name, only, internals })
}

fn table(name: &TableName, internals: bool, scope: &Scope<'_>) -> Result<DescribeTarget, Error> {
    let keyspace = scope.keyspace_of(name)?;
    let (name, position) = (&name.name.text, name.name.position);
    let Some(known) = scope.schema.keyspaces.get(&keyspace) else {
        return Err(Error::invalid(format!("'{keyspace}' not found in keyspaces")).at(position));
    };
    if !known.tables.contains_key(name) {
        let guess = nearest(name, known.tables.keys().map(String::as_str));
        return Err(Error::invalid(format!("Table '{name}' not found in keyspace '{keyspace}'"))
            .at(position)
            .with_hint(guess));
    }
    Ok(DescribeTarget::Table { keyspace, name: name.clone(), internals })
}

fn user_type(name: &TableName, scope: &Scope<'_>) -> Result<Option<DescribeTarget>, Error> {
    let keyspace = scope.keyspace_of(name)?;
    let known = scope.schema.keyspaces.get(&keyspace).is_some_and(|k| k.types.contains_key(&name.name.text));
    Ok(known.then(|| DescribeTarget::Type { keyspace, name: name.name.text.clone() }))
}

fn index(name: &TableName, scope: &Scope<'_>) -> Result<Option<DescribeTarget>, Error> {
    let (keyspace, name) = (scope.keyspace_of(name)?, &name.name.text);
    let mut tables = scope.schema.keyspaces.get(&keyspace).into_iter().flat_map(|k| k.tables.values());
    let known = tables.any(|table| table.indexes.iter().any(|index| index.name == *name));
    Ok(known.then(|| DescribeTarget::Index { keyspace, name: name.clone() }))
}

/// Resolves a bare name: to a keyspace first, then to a table, a user type or an index.
fn any(name: &TableName, internals: bool, scope: &Scope<'_>) -> Result<DescribeTarget, Error> {
    if name.keyspace.is_none() && scope.schema.keyspaces.contains_key(&name.name.text) {
        return Ok(DescribeTarget::Keyspace { name: name.name.text.clone(), only: false, internals });
    }
    if name.keyspace.is_none() && scope.keyspace.is_none() {
        return Err(Error::invalid(format!("'{}' not found in keyspaces", name.name.text)).at(name.name.position));
    }
    let is_table = scope.keyspace_of(name).is_ok_and(|k| scope.schema.table(&k, &name.name.text).is_some());
    match user_type(name, scope)? {
        Some(found) if !is_table => return Ok(found),
        _ => {}
    }
    if let (false, Some(found)) = (is_table, index(name, scope)?) {
        return Ok(found);
    }
    table(name, internals, scope).map_err(|e| Error { message: e.message.replacen("Table ", "", 1), ..e })
}

fn columns(target: &DescribeTarget) -> Vec<ResultColumn> {
    let labels = Labels::new("system", "describe");
    let text = |name: &str| labels.column(name, DataType::Text);
    match target {
        DescribeTarget::Cluster { owned } => {
            let mut columns = vec![text("cluster"), text("partitioner"), text("snitch")];
            if owned.is_some() {
                let endpoints = DataType::Frozen(Box::new(DataType::List(Box::new(DataType::Text))));
                columns.push(
                    labels.column("range_ownership", DataType::Map(Box::new(DataType::Text), Box::new(endpoints))),
                );
            }
            columns
        }
        DescribeTarget::Keyspaces
        | DescribeTarget::Tables { .. }
        | DescribeTarget::Types { .. }
        | DescribeTarget::Nothing => {
            vec![text("keyspace_name"), text("type"), text("name")]
        }
        _ => vec![text("keyspace_name"), text("type"), text("name"), text("create_statement")],
    }
}
