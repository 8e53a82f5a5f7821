//! SELECT for users without the UNMASK permission: fetched columns pass through their masks before anything is computed
//! from them. Filtering, grouping and sorting use the unmasked values.

use crate::plan::SelectPlan;
use crate::plan::Selector;
use crate::plan::Source;
use crate::prepare::restrict::relation::Restrictions;
use crate::prepare::schema::mask::function_of;
use henge_model::{Column, ColumnId, ProjectedColumn, Table};
use std::collections::BTreeSet;

/// The masked columns that WHERE restricts, in the table's order.
pub(crate) fn restricted_masked_columns(found: &Restrictions, table: &Table) -> Vec<String> {
    if table.masks.is_empty() {
        return Vec::new();
    }
    let by_token = if found.tokens.is_empty() { &[][..] } else { &table.partition_key };
    let by_relation = found.columns.iter().flat_map(|restriction| &restriction.columns);
    let restricted: BTreeSet<ColumnId> = by_relation.chain(by_token).map(|column| column.id).collect();
    let masked = table.columns().filter(|column| table.masks.contains_key(&column.id));
    masked.filter(|column| restricted.contains(&column.id)).map(|column| column.name.clone()).collect()
}

impl SelectPlan {
    /// Names of the masked columns that WHERE restricts.
    pub fn restricted_masked(&self) -> &[String] {
        &self.restricted_masked
    }

    /// The plan with masks applied; `None` if it selects no masked column.
    pub fn with_masks(&self) -> Option<SelectPlan> {
        let is_masked = |projected: &ProjectedColumn| self.mask_of(projected).is_some();
        if !self.projection().columns.iter().any(is_masked) {
            return None;
        }
        let mut plan = self.clone();
        let shown = self.result_width();
        plan.selectors.iter_mut().take(shown).for_each(|selector| self.mask(selector));
        plan.aggregates.iter_mut().filter_map(|a| a.argument.as_mut()).for_each(|selector| self.mask(selector));
        plan.computes_all();
        Some(plan)
    }

    /// The column and mask of a fetched value; `None` if it is not masked.
    fn mask_of(&self, projected: &ProjectedColumn) -> Option<(&Column, &henge_model::ColumnMask)> {
        let table = self.table();
        let column = match projected {
            ProjectedColumn::PartitionKey(place) => table.partition_key.get(*place)?,
            ProjectedColumn::Clustering(place) => table.clustering.get(*place)?,
            ProjectedColumn::Cell(id) => table.columns().find(|column| column.id == *id)?,
            ProjectedColumn::Writetime(_) | ProjectedColumn::Ttl(_) => return None,
        };
        table.masks.get(&column.id).map(|mask| (column, mask))
    }

    fn mask(&self, selector: &mut Selector) {
        match selector {
            Selector::Column(place) => {
                let place = *place;
                if let Some((column, mask)) = self.projection().columns.get(place).and_then(|p| self.mask_of(p)) {
                    *selector = match function_of(mask, &column.data_type) {
                        Some(function) => call(function, place, mask),
                        // Null if the mask's function is unknown, so that no masked value is shown.
                        None => Selector::Given(Source::Null),
                    };
                }
            }
            Selector::Call { arguments: parts, .. } | Selector::Built { parts, .. } => {
                parts.iter_mut().for_each(|part| self.mask(part));
            }
            Selector::Json(columns) => columns.iter_mut().for_each(|(_, _, selector)| self.mask(selector)),
            Selector::Element { of, .. }
            | Selector::Field { of, .. }
            | Selector::Slice { of, .. }
            | Selector::Newest(of) => self.mask(of),
            Selector::PartTimes { times, of, .. } | Selector::FieldTimes { times, of, .. } => {
                self.mask(times);
                self.mask(of);
            }
            Selector::Given(_) | Selector::Aggregate(_) => {}
        }
    }
}

fn call(function: crate::functions::Function, place: usize, mask: &henge_model::ColumnMask) -> Selector {
    let constant = |argument: &henge_model::MaskArgument| {
        let value = argument.value.clone().map_or(Source::Null, |value| Source::Fixed(value.into()));
        Selector::Given(value)
    };
    let arguments = std::iter::once(Selector::Column(place)).chain(mask.arguments.iter().map(constant)).collect();
    Selector::Call { function, arguments, ordinal: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::BindContext;
    use crate::fixture::schema;
    use crate::plan::Plan;
    use crate::{parse, prepare};
    use henge_base::Bytes;
    use henge_model::{ColumnMask, DataType, MaskArgument, Schema};
    use std::sync::Arc;

    /// `kv` with `v` replaced by 7 and `w` masked behind its first letter.
    fn masked_schema() -> Schema {
        let mut schema = schema();
        let keyspace = Arc::make_mut(schema.keyspaces.get_mut("ks").unwrap());
        let table = Arc::make_mut(keyspace.tables.get_mut("kv").unwrap());
        let number = |n: i32| MaskArgument { data_type: DataType::Int, value: Some(n.to_be_bytes().to_vec()) };
        let masks = [("v", "mask_replace", vec![number(7)]), ("w", "mask_inner", vec![number(1), number(0)])];
        for (column, function, arguments) in masks {
            let id = table.column(column).unwrap().id;
            table.masks.insert(id, ColumnMask { function: function.to_owned(), arguments });
        }
        schema
    }

    fn plan(text: &str) -> Box<SelectPlan> {
        match prepare(&parse(text).unwrap(), &masked_schema(), Some("ks")).unwrap().plan {
            Plan::Select(plan) => plan,
            other => panic!("{other:?}"),
        }
    }

    /// The result row of a SELECT, given the fetched values.
    fn row(text: &str, fetched: &[&[u8]]) -> Vec<Option<Bytes>> {
        let plan = plan(text).with_masks().unwrap();
        assert!(!plan.is_identity());
        let context = BindContext::constant();
        let fetched: Vec<Option<Bytes>> = fetched.iter().map(|value| Some(Bytes::copy_from_slice(value))).collect();
        let mut out = Vec::new();
        plan.output(&context).row(&fetched, &mut out).unwrap();
        out
    }

    #[test]
    fn columns_go_through_their_masks_first() {
        let five = 5i32.to_be_bytes();
        let answer = row("SELECT k, w, v, v + 1, toJson(v) FROM kv", &[b"key", b"secret", &five, &five]);
        let number = |n: i32| Some(Bytes::copy_from_slice(&n.to_be_bytes()));
        let text = |t: &'static str| Some(Bytes::from_static(t.as_bytes()));
        assert_eq!(answer, [text("key"), text("s*****"), number(7), number(8), text("7")]);
        assert_eq!(row("SELECT JSON w FROM kv", &[b"secret"]), [text(r#"{"w": "s*****"}"#)]);
    }

    #[test]
    fn what_is_not_masked_is_left_alone() {
        for text in ["SELECT k FROM kv", "SELECT writetime(w), ttl(v) FROM kv", "SELECT count(*) FROM kv"] {
            assert!(plan(text).with_masks().is_none(), "{text}");
        }
    }

    #[test]
    fn restrictions_of_masked_columns_are_known() {
        let of = |text: &str| plan(text).restricted_masked().to_vec();
        assert_eq!(of("SELECT k FROM kv WHERE w = 'a' AND v = 1 ALLOW FILTERING"), ["v", "w"]);
        assert!(of("SELECT w FROM kv WHERE k = 'a'").is_empty());
    }
}
