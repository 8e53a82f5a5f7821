//! The options of tables with their defaults, as DESCRIBE prints them, and which have an effect.

use super::schema;
use crate::{create_table_text, parse, prepare};

/// Those that do something, and what.
const EFFECTS: [(&str, &str); 3] = [
    (
        "compaction",
        "tables with `TimeWindowCompactionStrategy` lie apart; `only_purge_repaired_tombstones` \
         ([how](storage.md#forgetting-deletions))",
    ),
    ("default_time_to_live", "seconds that rows live which say nothing else"),
    ("gc_grace_seconds", "how long deletions are kept at least ([how](storage.md#forgetting-deletions))"),
];

#[test]
fn table_options_are_as_the_manual_says() {
    let schema = schema();
    let described = create_table_text(schema.table("ks", "every").unwrap());
    let (_, options) = described.rsplit_once(") WITH ").unwrap();
    let mut lines = Vec::new();
    for option in options.trim_end_matches(';').split("\n    AND ") {
        let (name, default) = option.split_once(" = ").unwrap();
        let effect = EFFECTS.iter().find(|(other, _)| *other == name).map_or("kept and described", |(_, what)| what);
        // What is described must be taken back.
        let again = format!("CREATE TABLE ks.x (k int PRIMARY KEY) WITH {option}");
        assert!(prepare(&parse(&again).unwrap(), &schema, None).is_ok(), "{again}");
        lines.push([format!("`{name}`"), format!("`{default}`"), effect.to_owned()]);
    }
    assert!(EFFECTS.iter().all(|(name, _)| lines.iter().any(|line| line[0] == format!("`{name}`"))));
    henge_manual::compatibility("table options", &henge_manual::table(["Option", "Default", "Effect"], lines));
}
