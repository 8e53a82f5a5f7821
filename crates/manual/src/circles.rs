//! Imports between the modules of a crate go one way. The modules that still import each other are counted; their number may fall and
//! never rise.

use crate::ModuleGraph;
use std::path::Path;

/// Crates in which modules may import each other, directly or through others, and the number of those modules at most. In `model` types of
/// data are recursive (`data_type`, `user_type`, `fields`); in `simulator` a cluster, its machines and their world hold each other. Those
/// of `metadata` have yet to be untied.
const MODULES_IN_CIRCLES_MAX: [(&str, usize); 3] = [("metadata", 17), ("model", 3), ("simulator", 3)];

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
fn no_more_modules_import_each_other() {
    let mut edges = Vec::new();
    for name in crates() {
        let graph = ModuleGraph::read(&Path::new("../../crates").join(&name).join("src"));
        let circles = graph.circles();
        let limit = MODULES_IN_CIRCLES_MAX.iter().find(|(limited, _)| *limited == name).map_or(0, |(_, limit)| *limit);
        if circles.iter().map(|circle| circle.len()).sum::<usize>() <= limit {
            continue;
        }
        for circle in &circles {
            let within = graph.imports().filter(|(from, to)| circle.contains(from) && circle.contains(to));
            edges.extend(within.map(|(from, to)| format!("{name}: {from} -> {to}")));
        }
    }
    assert!(edges.is_empty(), "modules import each other, more of them than may:\n{}", edges.join("\n"));
}
