//! Prints which module of a crate imports which: `cargo run -q -p henge-manual --example modules crates/node/src`.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use henge_manual::ModuleGraph;
use std::path::Path;

fn main() {
    match std::env::args().nth(1) {
        Some(src) => print!("{}", ModuleGraph::read(Path::new(&src))),
        None => eprintln!("usage: modules FOLDER, such as crates/node/src"),
    }
}
