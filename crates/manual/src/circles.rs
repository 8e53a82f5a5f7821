//! Imports between the modules of a crate go one way.

use crate::ModuleGraph;
use std::path::Path;

/// The crates of this workspace, in order.
fn crates() -> Vec<String> {
    let folder = Path::new("../../crates");
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let folders = entries.filter_map(Result::ok).filter(|entry| entry.path().join("src").is_dir());
    let mut names: Vec<String> = folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn no_two_modules_import_each_other() {
    let mut edges = Vec::new();
    for name in crates() {
        let graph = ModuleGraph::read(&Path::new("../../crates").join(&name).join("src"));
        for circle in graph.circles() {
            let within = graph.imports().filter(|(from, to)| circle.contains(from) && circle.contains(to));
            edges.extend(within.map(|(from, to)| format!("{name}: {from} -> {to}")));
        }
    }
    assert!(edges.is_empty(), "modules import each other, directly or through others:\n{}", edges.join("\n"));
}
