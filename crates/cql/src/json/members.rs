//! The members of a JSON object, which columns or fields take one by one.

use super::Json;
use henge_base::count_steps;
use std::collections::BTreeMap;

/// The members of an object that nothing has taken yet.
pub(crate) struct Members {
    members: Vec<Option<(String, Json)>>,
    /// The place of each folded name.
    places: BTreeMap<String, usize>,
}

impl Members {
    pub(crate) fn of(members: Vec<(String, Json)>) -> Members {
        let members = fold_case(members);
        let places = members.iter().enumerate().map(|(place, (name, _))| (name.clone(), place)).collect();
        Members { members: members.into_iter().map(Some).collect(), places }
    }

    /// Takes the member of that name; `None` if there is none.
    pub(crate) fn take(&mut self, name: &str) -> Option<Json> {
        count_steps(1);
        let place = self.places.get(name)?;
        self.members[*place].take().map(|(_, value)| value)
    }

    /// The name of the first member that nothing took.
    pub(crate) fn first_left(&self) -> Option<&str> {
        self.members.iter().flatten().next().map(|(name, _)| name.as_str())
    }
}

/// Folds member names to column names: lower case, unless they are quoted inside the string. Of equal names the last
/// one counts.
fn fold_case(members: Vec<(String, Json)>) -> Vec<(String, Json)> {
    let mut folded: Vec<(String, Json)> = Vec::with_capacity(members.len());
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (name, value) in members {
        let inside = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let name = inside.map_or_else(|| name.to_lowercase(), str::to_owned);
        match places.get(&name) {
            Some(place) => folded[*place].1 = value,
            None => {
                places.insert(name.clone(), folded.len());
                folded.push((name, value));
            }
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_unless_they_are_quoted() {
        let member = |name: &str| (name.to_owned(), Json::Null);
        let folded = fold_case(vec![member("Ab"), member("\"Ab\""), member("AB")]);
        let names: Vec<&str> = folded.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["ab", "Ab"]);
    }
}
