//! The choice of the index that answers a query.

use crate::plan::{ProbeCondition, ProbePlan, Restriction};
use crate::statement::Operator;
use henge_base::count_steps;
use henge_model::{Analysis, ColumnId, DataType, Index, IndexedPart, Table};
use std::collections::BTreeMap;

/// An index that can answer a restriction. Storage-attached ones are preferred, since several of their restrictions can
/// be combined.
pub(crate) fn supporting<'t>(table: &'t Table, restriction: &Restriction) -> Option<&'t Index> {
    let [column] = &restriction.columns[..] else { return None };
    let supports = |index: &&Index| index.column == column.id && answers(index, restriction, &column.data_type);
    table.indexes.iter().filter(supports).max_by_key(|index| index.is_storage_attached())
}

fn answers(index: &Index, restriction: &Restriction, data_type: &DataType) -> bool {
    match (index.part, restriction.operator) {
        (IndexedPart::Entries, Operator::Equal) => restriction.key.is_some(),
        _ if restriction.key.is_some() => false,
        (IndexedPart::Value | IndexedPart::Full, Operator::Equal) => true,
        (IndexedPart::Values, Operator::Contains) | (IndexedPart::Keys, Operator::ContainsKey) => true,
        _ => restriction.is_slice() && index.analysis().is_none() && index.has_ranges(data_type),
    }
}

/// The folding of texts that the index on a restricted column applies before comparing.
pub(crate) fn analysis(table: &Table, restriction: &Restriction) -> Analysis {
    supporting(table, restriction).map(Index::analysis).unwrap_or_default()
}

/// True if no filtering is needed: all restrictions have storage-attached indexes, or one other index answers them all.
/// Restrictions of parts of a collection are one together.
pub(crate) fn suffice(table: &Table, filter: &[&Restriction]) -> bool {
    let (attached, others): (Vec<&Index>, Vec<&Index>) =
        table.indexes.iter().partition(|index| index.is_storage_attached());
    let groups = std::iter::once(&attached[..]).chain(others.chunks(1));
    let alike = alike(filter);
    filter.is_empty() || groups.into_iter().any(|group| alike.iter().all(|alike| answers_of_group(group, alike)))
}

/// The restrictions in groups that an index answers together: those of parts of one column, and each other one.
fn alike<'r>(filter: &[&'r Restriction]) -> Vec<Vec<&'r Restriction>> {
    let mut groups: Vec<Vec<&Restriction>> = Vec::new();
    let mut of_parts: BTreeMap<ColumnId, usize> = BTreeMap::new();
    for restriction in filter {
        count_steps(1);
        let known = match &restriction.columns[..] {
            [column] if is_of_parts(restriction) => Some(*of_parts.entry(column.id).or_insert(groups.len())),
            _ => None,
        };
        match known.and_then(|place| groups.get_mut(place)) {
            Some(group) => group.push(restriction),
            None => groups.push(vec![restriction]),
        }
    }
    groups
}

fn answers_of_group(group: &[&Index], alike: &[&Restriction]) -> bool {
    let Some([column]) = alike.first().map(|restriction| &restriction.columns[..]) else { return false };
    // Other indexes leave further parts of a collection to the filter.
    let repeats = alike.len() > 1;
    group
        .iter()
        .filter(|index| index.column == column.id && (index.is_storage_attached() || !repeats))
        .any(|index| alike.iter().any(|r| answers(index, r, &column.data_type)))
}

/// True for CONTAINS, CONTAINS KEY and entries of a map.
fn is_of_parts(restriction: &Restriction) -> bool {
    restriction.key.is_some() || matches!(restriction.operator, Operator::Contains | Operator::ContainsKey)
}

/// The index lookup for the rows of a filter. Equality is preferred to a range.
pub(crate) fn choose(table: &Table, filter: &[Restriction]) -> Option<ProbePlan> {
    let mut known = filter.iter().filter_map(|r| Some((supporting(table, r)?, r)));
    let (index, first) = known.clone().find(|(_, r)| !r.is_slice()).or_else(|| known.next())?;
    let conditions = filter.iter().filter(|r| {
        let of_index = supporting(table, r).is_some_and(|other| other.id == index.id);
        // Of several equalities one is looked up and the others are left to the filter; both bounds of a range are
        // looked up.
        of_index && if first.is_slice() { r.is_slice() } else { std::ptr::eq(*r, first) }
    });
    let conditions = conditions.map(|r| ProbeCondition {
        column: r.columns[0].clone(),
        key: r.key.clone(),
        operator: r.operator,
        choices: r.choices.clone(),
    });
    Some(ProbePlan { index: index.clone(), conditions: conditions.collect() })
}
