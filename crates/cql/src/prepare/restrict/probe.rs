//! The choice of the index that answers a query.

use crate::plan::{ProbeCondition, ProbePlan, Restriction};
use crate::statement::Operator;
use henge_model::{Analysis, DataType, Index, IndexedPart, Table};

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

/// True if no filtering is needed: a single restriction has an index, or all have storage-attached ones.
pub(crate) fn suffice(table: &Table, filter: &[&Restriction]) -> bool {
    let attached = |r: &&Restriction| supporting(table, r).is_some_and(Index::is_storage_attached);
    match filter {
        [one] => supporting(table, one).is_some(),
        several => several.iter().all(attached),
    }
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
