//! The types that `CAST` converts, and into which.

use super::{SAMPLES, column, describe_types, result_of, schema};
use std::collections::BTreeMap;

#[test]
fn casts_are_as_the_manual_says() {
    let schema = schema();
    let mut by_targets: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
    for from in SAMPLES {
        let cast = |to: &&str| result_of(&format!("CAST({} AS {to})", column(from)), &[from], &schema).is_some();
        let targets: Vec<&str> = SAMPLES.into_iter().filter(|to| to != &from).filter(cast).collect();
        if !targets.is_empty() {
            by_targets.entry(targets).or_default().push(from);
        }
    }
    let mut lines: Vec<[String; 2]> =
        by_targets.iter().map(|(to, from)| [describe_types(from), henge_manual::names(to)]).collect();
    lines.sort();
    henge_manual::compatibility("casts", &henge_manual::table(["From", "To"], lines));
}
