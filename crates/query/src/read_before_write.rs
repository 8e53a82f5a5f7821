//! Writes that depend on the rows they change: an element of a list is named by its index or value, and only the stored
//! list tells its cell. As in Cassandra, nothing prevents concurrent changes between that read and the write.

use crate::{Error, Request};
use henge_base::Bytes;
use henge_coordinator::{KeyspacePlacement, Read, ReadPolicy, Replicas};
use henge_cql::{BindContext, BoundModify, ModifyPlan};
use henge_model::{Columns, Consistency, Covers, Key, KeyRange, ReadCommand, RowView, Strip, Token, strip_row};

/// Binds a statement with its values, after reading the rows that it depends on.
pub(crate) async fn bind<R: Replicas>(
    replicas: &R,
    plan: &ModifyPlan,
    placed: &KeyspacePlacement,
    request: &Request<'_>,
    context: &BindContext<'_>,
    out: &mut Vec<BoundModify>,
) -> Result<(), Error> {
    if !plan.reads_rows() {
        return Ok(plan.bind(context, out)?);
    }
    for (key, token) in plan.row_keys(context)? {
        let row = Box::pin(read_row(replicas, plan, placed, request, &key, token)).await?;
        let view = row.as_ref().map(|row| RowView::parse(key.bytes(), row)).transpose();
        let view = view.map_err(|error| Error::Invalid(format!("the row to change cannot be read: {error}")))?;
        plan.bind_row(key.clone(), token, &BindContext { before: view.as_ref(), ..*context }, out)?;
    }
    Ok(())
}

/// The current row at `key`, without the parts that deletions cover.
async fn read_row<R: Replicas>(
    replicas: &R,
    plan: &ModifyPlan,
    placed: &KeyspacePlacement,
    request: &Request<'_>,
    key: &Key,
    token: Token,
) -> Result<Option<Bytes>, Error> {
    let command = ReadCommand {
        storage_id: plan.table().storage_id,
        token,
        keys: KeyRange::One(key.clone()),
        statics: false,
        columns: plan.table().live_columns(),
        limit: 1,
        now_seconds: request.context.now_seconds,
        purge_before: i64::MIN,
        probe: None,
    };
    let consistency = read_level(request.consistency);
    let policy = ReadPolicy::from(&plan.table().options);
    let command = command.into();
    let read = Read { placed: placed.clone(), command, consistency, deadline: request.deadline, policy };
    let block = henge_coordinator::read(replicas, read).await?;
    let covers = Covers::from_tombstones(block.context.iter().map(|(key, row)| (&key[..], &row[..])));
    let Some((_, row)) = block.rows.iter().find(|(found, _)| found == key.bytes()) else { return Ok(None) };
    let Ok(view) = RowView::parse(key.bytes(), row) else { return Ok(Some(row.clone())) };
    let covered_by = covers.deletion(key.bytes());
    let mut left = Vec::new();
    strip_row(key.bytes(), &view, &Strip { columns: &Columns::All, purge_before: i64::MIN, covered_by }, &mut left);
    Ok(Some(left.into()).filter(|row: &Bytes| !row.is_empty()))
}

/// The level of the read before a write: the write's own, or the nearest one that reads allow.
fn read_level(of_write: Consistency) -> Consistency {
    match of_write {
        Consistency::Any => Consistency::One,
        Consistency::EachQuorum => Consistency::Quorum,
        other => other,
    }
}
