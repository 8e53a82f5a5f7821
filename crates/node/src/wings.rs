//! Imports between the parts of this crate go one way.

use henge_manual::ModuleGraph;
use std::path::Path;

/// From the ground up: each may import itself and those before it.
const WINGS: [&str; 8] = ["ground", "peers", "cluster", "replica", "coordinator", "client", "work", "node"];

#[test]
fn wings_import_one_way_and_no_modules_import_each_other() {
    let graph = ModuleGraph::read(Path::new("src"));
    assert!(graph.imports().count() > 100, "the sources are not read");
    graph.assert_one_way(&WINGS);
}
