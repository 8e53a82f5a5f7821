//! The table of a write, and its USING.

use crate::error::Error;
use crate::plan::Source;
use crate::prepare::scope::Scope;
use crate::prepare::term::marker::Markers;
use crate::prepare::term::terms::Terms;
use crate::statement::{TableName, Using};
use henge_model::{DataType, Table};
use std::sync::Arc;

pub(crate) fn target<'s: 'm, 'm>(
    name: &TableName,
    scope: &Scope<'s>,
    markers: &'m mut Markers,
) -> Result<(&'s Arc<Table>, Terms<'m>), Error> {
    let table = scope.writable_table(name)?;
    Ok((table, Terms::of(table, scope, markers)))
}

/// The sources of TTL and timestamp.
pub(crate) fn using(using: &Using, terms: &mut Terms<'_>) -> Result<(Option<Source>, Option<Source>), Error> {
    let ttl = using.ttl.as_ref().map(|t| terms.source(t, &DataType::Int, "[ttl]")).transpose()?;
    let timestamp = using.timestamp.as_ref().map(|t| terms.source(t, &DataType::Bigint, "[timestamp]")).transpose()?;
    Ok((ttl, timestamp))
}
