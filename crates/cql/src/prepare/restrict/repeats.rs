//! Several relations on one column.

use crate::error::Error;
use crate::plan::Restriction;
use crate::statement::Operator;
use henge_base::count_steps;
use henge_model::ColumnId;
use std::collections::BTreeMap;

/// The earlier relations of a WHERE clause, by column.
#[derive(Default)]
pub(super) struct Repeats(BTreeMap<ColumnId, Earlier>);

/// The relations of one column that a later one may contradict.
#[derive(Default)]
struct Earlier {
    /// The first relation on parts; further ones say the same about what may follow.
    of_parts: Option<usize>,
    /// Relations on the whole value: one choice, or the two bounds of a range.
    of_whole: Vec<usize>,
}

impl Repeats {
    /// Refuses a second relation on a column, except the other bound of a range, and parts of collections. Relations
    /// from `known` on are new.
    pub(super) fn check(&mut self, all: &[Restriction], known: usize) -> Result<(), Error> {
        for (place, other) in all.iter().enumerate().skip(known) {
            for earlier in self.beside(other) {
                count_steps(1);
                let one = &all[earlier];
                if let Some(message) = repeat_message(one, other, || shared_names(all, known, one)) {
                    return Err(Error::invalid(message).at(other.position));
                }
            }
            self.add(place, other);
        }
        Ok(())
    }

    /// The places of earlier relations on the columns of a relation, in order.
    fn beside(&self, other: &Restriction) -> Vec<usize> {
        let earlier = other.columns.iter().filter_map(|column| self.0.get(&column.id));
        let mut places: Vec<usize> =
            earlier.flat_map(|earlier| earlier.of_parts.iter().chain(&earlier.of_whole)).copied().collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    fn add(&mut self, place: usize, restriction: &Restriction) {
        for column in &restriction.columns {
            let earlier = self.0.entry(column.id).or_default();
            match is_of_parts(restriction) {
                true => _ = earlier.of_parts.get_or_insert(place),
                false => earlier.of_whole.push(place),
            }
        }
    }
}

/// True for map entries and CONTAINS, which may be restricted any number of times.
fn is_of_parts(restriction: &Restriction) -> bool {
    restriction.key.is_some() || !(restriction.is_choice() || restriction.is_slice())
}

/// The columns that an earlier relation shares with the new one, whose restrictions are those from `known` on. A relation on several columns
/// may have become several restrictions, which stand at the same position.
fn shared_names(all: &[Restriction], known: usize, earlier: &Restriction) -> String {
    let (before, new) = all.split_at(known);
    let of_earlier = before.iter().filter(|one| one.position == earlier.position).flat_map(|one| &one.columns);
    let shared = of_earlier.filter(|column| new.iter().any(|other| other.columns.contains(column)));
    shared.map(|column| column.name.as_str()).collect::<Vec<_>>().join(" ,")
}

/// The error for a second relation on the same columns, with their names; `None` if both are allowed.
fn repeat_message(one: &Restriction, other: &Restriction, names: impl Fn() -> String) -> Option<String> {
    let several =
        |what: &str| format!("{} cannot be restricted by more than one relation if it includes {what}", names());
    match one.operator {
        _ if is_of_parts(one) && is_of_parts(other) => None,
        _ if is_of_parts(one) => Some(format!(
            "Collection column {} can only be restricted by CONTAINS, CONTAINS KEY, or map-entry equality",
            names()
        )),
        Operator::Equal => Some(several("an Equal")),
        Operator::In => Some(several("a IN")),
        _ if !other.is_slice() => {
            Some(format!("Column \"{}\" cannot be restricted by both an equality and an inequality relation", names()))
        }
        _ if one.columns.first() != other.columns.first() => Some(format!(
            "Column \"{}\" cannot be restricted by two inequalities not starting with the same column",
            names()
        )),
        _ if one.is_lower() == other.is_lower() => {
            let end = if one.is_lower() { "start" } else { "end" };
            Some(format!("More than one restriction was found for the {end} bound on {}", names()))
        }
        _ => None,
    }
}
