//! Imports between the modules of this crate go one way.

use henge_manual::ModuleGraph;
use std::path::Path;

/// From the ground up: each may import itself and those before it.
const ROOMS: [&str; 23] = [
    "error",
    "limits",
    "system_keyspaces",
    "table_property",
    "calendar",
    "keyword",
    "text_form",
    "lexer",
    "statement",
    "collection",
    "tuple_text",
    "literal",
    "parser",
    "redacted",
    "json",
    "guardrails",
    "context",
    "functions",
    "plan",
    "bind",
    "prepare",
    "describe",
    "explain",
];

#[test]
fn rooms_import_one_way_and_no_modules_import_each_other() {
    let graph = ModuleGraph::read(Path::new("src"));
    assert!(graph.imports().count() > 100, "the sources are not read");
    graph.assert_one_way(&ROOMS);
}
