//! Conditional statements and batches with their bound values: the one partition, the condition, and the rows written
//! if it holds.

use super::keys::partitions;
use super::{BoundModify, RowValues};
use crate::context::{BindContext, BoundValue};
use crate::error::Error;
use crate::plan::{ConditionPlan, ModifyPlan, ResultColumn, projection_of, result_columns};
use henge_base::{Bytes, Micros};
use henge_model::{Column, ColumnId, Key, KeyKind, ProjectedColumn, RowView, Table, Token};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One statement of a conditional batch.
#[derive(Clone, Copy)]
pub struct ConditionalPart<'a> {
    /// The statement.
    pub plan: &'a ModifyPlan,
    /// The values of the bind markers.
    pub values: &'a [BoundValue<'a>],
    /// The seed of `uuid()` and `now()`.
    pub seed: u64,
}

/// A conditional statement or batch with its bound values.
pub struct Conditional<'a> {
    parts: Vec<Part<'a>>,
    table: Arc<Table>,
    partition: Bytes,
    token: Token,
    is_batch: bool,
}

struct Part<'a> {
    plan: &'a ModifyPlan,
    context: BindContext<'a>,
    /// The rows that it writes, as far as their keys are known.
    keys: Vec<Key>,
    /// The row that its condition is evaluated against; `None` without a condition.
    subject: Option<Key>,
}

impl<'a> Conditional<'a> {
    /// Binds statements of one partition; `context` is that of the request.
    pub fn new(statements: &[ConditionalPart<'a>], context: &BindContext<'a>, is_batch: bool) -> Result<Self, Error> {
        let first = statements.first().ok_or_else(|| Error::invalid("a batch of no statements has no condition"))?;
        let table = Arc::clone(&first.plan.table);
        let mut parts = Vec::with_capacity(statements.len());
        let mut place = None;
        for (number, statement) in statements.iter().enumerate() {
            let number = u16::try_from(number).unwrap_or(u16::MAX);
            let context = BindContext { values: statement.values, statement: number, seed: statement.seed, ..*context };
            check(statement.plan, &table, is_batch)?;
            context.expect(statement.plan.markers)?;
            let (key, token) = one_partition(statement.plan, &context)?;
            let partition = Bytes::from(Key::partition_prefix(&table, &key));
            if place.get_or_insert_with(|| (partition.clone(), token)).0 != partition {
                return Err(Error::invalid("Batch with conditions cannot span multiple partitions"));
            }
            parts.push(Part::new(statement.plan, context, Key::static_row(&table, &key))?);
        }
        let (partition, token) = place.unwrap_or_default();
        let conditional = Conditional { parts, table, partition, token, is_batch };
        conditional.check_mix()?;
        Ok(conditional)
    }

    /// The table.
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// The token of the partition.
    pub fn token(&self) -> Token {
        self.token
    }

    /// The prefix of the partition's keys.
    pub fn partition(&self) -> &Bytes {
        &self.partition
    }

    /// The rows to read: those of the conditions, and those that are written.
    pub fn rows(&self) -> BTreeSet<Bytes> {
        self.parts.iter().flat_map(|part| part.keys.iter().chain(&part.subject)).map(Key::to_bytes).collect()
    }

    /// The rows of the conditions, without the static row.
    pub fn subjects(&self) -> BTreeSet<Bytes> {
        let subjects = self.parts.iter().filter_map(|part| part.subject.as_ref());
        subjects.filter(|key| Key::kind(key.bytes()) != Some(KeyKind::Static)).map(Key::to_bytes).collect()
    }

    /// True if all conditions hold. `row_at` returns the row at a key.
    pub fn holds<P: RowValues>(&self, row_at: impl Fn(&Bytes) -> P) -> Result<bool, Error> {
        let mut all = true;
        for part in &self.parts {
            if let (Some(condition), Some(subject)) = (&part.plan.condition, &part.subject) {
                all &= condition.holds(&row_at(&subject.to_bytes()), &part.context)?;
            }
        }
        Ok(all)
    }

    /// The rows to write with this timestamp. Deletions of rows and ranges are stamped one microsecond earlier, so that
    /// they do not cover other writes of the same batch. `before` holds the stored rows by key.
    pub fn update(&self, stamp: Micros, before: &BTreeMap<Bytes, Bytes>) -> Result<Vec<BoundModify>, Error> {
        let mut out = Vec::new();
        for Part { plan, context, keys, .. } in &self.parts {
            let timestamp = if plan.deletes_row { stamp - 1 } else { stamp };
            let context = BindContext { timestamp, ..*context };
            if !plan.reads_rows() {
                plan.bind(&context, &mut out)?;
                continue;
            }
            for key in keys {
                let row = before.get(key.bytes());
                let view = row.map(|row| RowView::parse(key.bytes(), row)).transpose();
                let view = view.map_err(|e| Error::invalid(format!("the row to change cannot be read: {e}")))?;
                plan.bind_row(key.clone(), self.token, &BindContext { before: view.as_ref(), ..context }, &mut out)?;
            }
        }
        Ok(out)
    }

    /// True if the conditions are about static columns only. The partition's first row then stands for them in the
    /// result.
    pub fn reads_first_row(&self) -> bool {
        self.subjects().is_empty()
    }

    /// The static and regular columns whose values the result shows, sorted; all others are null. Conditional writes of
    /// static columns show all static columns, writes of rows show all regular ones.
    pub fn result_column_ids(&self) -> Vec<ColumnId> {
        let conditional = || self.parts.iter().filter(|part| part.plan.condition.is_some());
        let mut shown: Vec<ColumnId> = conditional()
            .flat_map(|part| part.plan.condition.iter().flat_map(ConditionPlan::columns).map(|column| column.id))
            .collect();
        if conditional().any(|part| part.plan.writes_statics()) {
            shown.extend(self.table.statics.iter().map(|column| column.id));
        }
        if self.parts.iter().any(Part::writes_rows) {
            shown.extend(self.table.regulars.iter().map(|column| column.id));
        }
        shown.sort_unstable();
        shown.dedup();
        shown
    }

    /// The columns of the result: `[applied]`, and those of the conditions if the write was not applied.
    pub fn columns(&self, applied: bool) -> (Vec<ResultColumn>, Vec<ProjectedColumn>) {
        let others = if applied { Vec::new() } else { self.columns_of_conditions() };
        let projected = others.iter().map(|column| projection_of(column, &self.table)).collect();
        (result_columns(&self.table, others.into_iter()), projected)
    }

    /// The columns that tell why the write was not applied.
    fn columns_of_conditions(&self) -> Vec<&Column> {
        let mut columns: Vec<&Column> = Vec::new();
        if self.is_batch {
            columns.extend(self.table.partition_key.iter().chain(&self.table.clustering));
        }
        for part in &self.parts {
            match part.plan.condition_columns() {
                None => return self.table.visible_columns().collect(),
                Some(own) => columns.extend(own),
            }
        }
        let mut met = BTreeSet::new();
        columns.retain(|column| met.insert(column.id));
        columns
    }

    /// Refuses conditions on one row that are not all of one kind: IF NOT EXISTS, IF EXISTS or comparisons.
    fn check_mix(&self) -> Result<(), Error> {
        let mut kinds: BTreeMap<Bytes, u8> = BTreeMap::new();
        for part in &self.parts {
            let (Some(condition), Some(subject)) = (&part.plan.condition, &part.subject) else { continue };
            let kind = match condition {
                ConditionPlan::NotExists => 0,
                ConditionPlan::Exists => 1,
                ConditionPlan::Tests(_) => 2,
            };
            match (*kinds.entry(subject.to_bytes()).or_insert(kind), kind) {
                (a, b) if a == b => {}
                (0 | 1, 0 | 1) => {
                    let message = "Cannot mix IF EXISTS and IF NOT EXISTS conditions for the same row";
                    return Err(Error::invalid(message));
                }
                (_, 1) => return Err(Error::invalid("Cannot mix IF conditions and IF EXISTS for the same row")),
                _ => return Err(Error::invalid("Cannot mix IF conditions and IF NOT EXISTS for the same row")),
            }
        }
        Ok(())
    }
}

impl<'a> Part<'a> {
    fn new(plan: &'a ModifyPlan, context: BindContext<'a>, static_row: Key) -> Result<Part<'a>, Error> {
        let keys: Vec<Key> = plan.row_keys(&context)?.into_iter().map(|(key, _)| key).collect();
        let subject = plan.condition.as_ref().map(|condition| {
            let row = keys.iter().find(|key| Key::kind(key.bytes()) != Some(KeyKind::Static));
            match row {
                Some(row) if !condition.is_of_statics() => row.clone(),
                _ => static_row,
            }
        });
        Ok(Part { plan, context, keys, subject })
    }

    /// True if its clustering values name rows to write.
    fn writes_rows(&self) -> bool {
        let Part { plan, .. } = self;
        plan.table.clustering.is_empty() || !plan.clustering.is_empty() || plan.json.is_some()
    }
}

fn check(plan: &ModifyPlan, table: &Table, is_batch: bool) -> Result<(), Error> {
    if plan.clustering.iter().any(|choices| choices.single().is_none()) {
        let what = if plan.is_delete { "deletions" } else { "updates" };
        let message = format!("IN on the clustering key columns is not supported with conditional {what}");
        return Err(Error::invalid(message));
    }
    if plan.table.id != table.id {
        return Err(Error::invalid("Batch with conditions cannot span multiple tables"));
    }
    if plan.timestamp.is_some() {
        let what = if is_batch { "conditional BATCH" } else { "conditional updates" };
        return Err(Error::invalid(format!("Cannot provide custom timestamp for {what}")));
    }
    Ok(())
}

fn one_partition(plan: &ModifyPlan, context: &BindContext<'_>) -> Result<(henge_model::PartitionKey, Token), Error> {
    if let Some(json) = &plan.json {
        return one_partition(&json.fill(plan, context)?, context);
    }
    let mut all = partitions(&plan.partition, &plan.table.partition_key, context)?;
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(Error::invalid("Batch with conditions cannot span multiple partitions")),
    }
}
