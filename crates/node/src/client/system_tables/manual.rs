//! The system tables in docs/compatibility.md.

use crate::cluster::system_keyspaces::keyspaces;

#[test]
fn system_tables_are_as_the_manual_says() {
    let mut lines: Vec<[String; 2]> = keyspaces()
        .into_iter()
        .map(|keyspace| [format!("`{}`", keyspace.name), henge_manual::names(keyspace.tables.keys())])
        .collect();
    lines.sort();
    henge_manual::compatibility("system tables", &henge_manual::table(["Keyspace", "Tables"], lines));
}
