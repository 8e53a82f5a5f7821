//! For tests: pages of the manual that code writes in part, and the shape of crates.
//!
//! [`ModuleGraph`] is which module of a crate imports which, so that a test can keep imports going one way.
//!
//! Of a page what stands between two marks is what the code says, or the test fails:
//!
//! ```text
//! <!-- generated: types -->
//! ...
//! <!-- end -->
//! ```
//!
//! With `HENGE_WRITE_DOCS=1` in the environment the page is rewritten instead.

// A crate for tests: to panic is how they fail.
#![allow(clippy::panic)]

#[cfg(test)]
mod circles;
#[cfg(test)]
mod edges;
mod module_graph;
#[cfg(test)]
mod style;

pub use module_graph::ModuleGraph;

use std::fmt::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The command that writes every part of every page.
const COMMAND: &str = "HENGE_WRITE_DOCS=1 cargo test -q --lib manual \
    -p henge-cql -p henge-coordinator -p henge-protocol -p henge-node -p henge-server -p henge-simulator";

/// Tests of one program run at once, and may write the same page.
static WRITING: Mutex<()> = Mutex::new(());

/// Holds `docs/compatibility.md` to its part of that name, or rewrites it.
///
/// # Panics
/// As [`part`].
#[track_caller]
pub fn compatibility(name: &str, expected: &str) {
    part("docs/compatibility.md", name, expected);
}

/// Holds a page to its part of that name, or rewrites it.
///
/// # Panics
/// When the page says something else, has no such part, or cannot be read or written.
#[track_caller]
pub fn part(page: &str, name: &str, expected: &str) {
    hold(page, name, |text| {
        let Some(wanted) = replace_part(text, name, expected) else {
            panic!("{page} has no part <!-- generated: {name} --> that ends with <!-- end -->");
        };
        wanted
    });
}

/// Holds a whole file to a text, or writes it.
///
/// # Panics
/// When the file has another text, or cannot be read or written.
#[track_caller]
pub fn file(path: &str, expected: &str) {
    hold(path, "all of it", |_| expected.to_owned());
}

#[track_caller]
fn hold(name: &str, part: &str, wanted: impl Fn(&str) -> String) {
    // Tests run in the folder of their crate. A path of compile time would be that of whichever clone compiled this crate first.
    let path = Path::new("../..").join(name);
    let _guard = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let wanted = wanted(&text);
    if text == wanted {
        return;
    }
    if std::env::var_os("HENGE_WRITE_DOCS").is_none() {
        panic!("{name}: the part {part} is not what the code says; to write it run\n  {COMMAND}");
    }
    std::fs::write(&path, wanted).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
}

/// The page with another text in that part; `None` if it has no such part.
fn replace_part(page: &str, part: &str, text: &str) -> Option<String> {
    let (before, rest) = page.split_once(&format!("<!-- generated: {part} -->\n"))?;
    let (_, after) = rest.split_once("<!-- end -->")?;
    Some(format!("{before}<!-- generated: {part} -->\n\n{}\n\n<!-- end -->{after}", text.trim_matches('\n')))
}

/// A table with a line of headings; a line is as many cells.
pub fn table<const N: usize>(headings: [&str; N], lines: impl IntoIterator<Item = [String; N]>) -> String {
    let mut text = format!("| {} |\n|{}\n", headings.join(" | "), "---|".repeat(N));
    for cells in lines {
        let cells = cells.map(|cell| cell.replace('|', "\\|"));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

/// Names as code, with blanks between.
pub fn names<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let all: Vec<String> = names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect();
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_replaced_and_nothing_else() {
        let page = "prose\n<!-- generated: a -->\nold\n<!-- end -->\nmore\n<!-- generated: b -->\n<!-- end -->\n";
        let now = replace_part(page, "a", "new\n").unwrap_or_default();
        assert_eq!(
            now,
            "prose\n<!-- generated: a -->\n\nnew\n\n<!-- end -->\nmore\n<!-- generated: b -->\n<!-- end -->\n"
        );
        assert_eq!(replace_part(&now, "a", "new"), Some(now.clone()));
        assert_eq!(replace_part(page, "c", "new"), None);
    }

    #[test]
    fn a_bar_in_a_cell_is_no_border() {
        let lines = [["`a|b`".to_owned(), "c".to_owned()]];
        assert_eq!(table(["x", "y"], lines), "| x | y |\n|---|---|\n| `a\\|b` | c |\n");
        assert_eq!(names(["a", "b"]), "`a` `b`");
    }
}
