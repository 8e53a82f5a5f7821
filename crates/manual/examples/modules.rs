//! Prints which module of a crate imports which, and the circles among them:
//! `cargo run -q -p henge-manual --example modules crates/node/src`.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use henge_manual::ModuleGraph;
use std::path::Path;

fn main() {
    let Some(src) = std::env::args().nth(1) else {
        return eprintln!("usage: modules FOLDER, such as crates/node/src");
    };
    let graph = ModuleGraph::read(Path::new(&src));
    print!("{graph}");
    for circle in graph.circles() {
        println!("circle: {}", circle.into_iter().collect::<Vec<_>>().join(" "));
    }
}
