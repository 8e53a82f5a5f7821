//! Imports between the modules of this crate go one way.

use henge_manual::ModuleGraph;
use std::collections::BTreeSet;
use std::path::Path;

/// From the ground up: each may import itself and those before it.
const ROOMS: [&str; 21] = [
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
    "json",
    "guardrails",
    "context",
    "functions",
    "plan",
    "bind",
    "prepare",
    "describe",
];

/// Modules that need each other still: statements hold statements, guardrails and functions are a table and its users each,
/// and terms of a select list hold terms.
const CIRCLES: [&[&str]; 4] = [
    &["statement", "statement::batch"],
    &[
        "guardrails",
        "guardrails::batches",
        "guardrails::guard",
        "guardrails::indexes",
        "guardrails::listed",
        "guardrails::reads",
        "guardrails::schema",
        "guardrails::writes",
    ],
    &[
        "functions",
        "functions::cast",
        "functions::expression",
        "functions::invocation",
        "functions::native",
        "functions::registry",
    ],
    &[
        "prepare::select::aggregate",
        "prepare::select::cell_times",
        "prepare::select::computed",
        "prepare::select::selector",
    ],
];

#[test]
fn rooms_import_one_way_and_no_new_circle_appears() {
    let graph = ModuleGraph::read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")));
    assert_eq!(graph.upward(&ROOMS), Vec::<String>::new(), "imports that go up");
    let known: Vec<BTreeSet<&str>> = CIRCLES.iter().map(|circle| circle.iter().copied().collect()).collect();
    let new: Vec<_> = graph.circles().into_iter().filter(|circle| !known.iter().any(|k| circle.is_subset(k))).collect();
    assert!(new.is_empty(), "modules that need each other: {new:?}");
}
