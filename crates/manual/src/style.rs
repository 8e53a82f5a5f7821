//! The rules of docs/style.md that can be counted, held for all sources and pages. A number may fall and never rise: when one has
//! fallen, lower its limit here.

use std::fs;
use std::path::{Path, PathBuf};

/// Doc comments that open with What, Whether, How, Where or Which.
const VAGUE_OPENERS_MAX: usize = 0;
/// Functions named by a participle alone.
const PARTICIPLE_FUNCTIONS_MAX: usize = 0;
/// Types named by a participle alone: the native protocol's own names for its messages PREPARED and SUPPORTED.
const PARTICIPLE_TYPES_MAX: usize = 2;
/// Characters of a line of a page, outside of tables and code.
const PAGE_COLUMNS_MAX: usize = 120;
/// Lines of a source file; the longest are tables of tests.
const FILE_LINES_MAX: usize = 400;

/// Participles that do not end in -ed.
const IRREGULAR: [&str; 22] = [
    "bound", "built", "drawn", "found", "given", "held", "kept", "known", "left", "lost", "made", "met", "said",
    "sent", "shown", "spoken", "sunk", "taken", "thrown", "told", "won", "written",
];

fn root() -> PathBuf {
    PathBuf::from("../..")
}

/// Files below a folder whose names end so, in order.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        for path in entries.map(|entry| entry.unwrap_or_else(|e| panic!("{}: {e}", folder.display())).path()) {
            match path.is_dir() {
                true => folders.push(path),
                false if path.to_string_lossy().ends_with(ending) => found.push(path),
                false => {}
            }
        }
    }
    found.sort();
    found
}

/// Calls for each line of each source file, with its place.
fn each_source_line(mut look: impl FnMut(&str, &dyn Fn() -> String)) {
    for path in files(&root().join("crates"), ".rs") {
        let text = read(&path);
        for (number, line) in text.lines().enumerate() {
            look(line, &|| format!("{}:{}", path.display(), number + 1));
        }
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Fails if there are more places than may be, and names them; fails too if there are fewer, so that the limit is lowered.
#[track_caller]
fn hold(what: &str, places: &[String], limit: usize) {
    assert!(places.len() <= limit, "{} {what}, at most {limit}:\n{}", places.len(), places.join("\n"));
    assert!(places.len() == limit, "only {} {what} are left: lower the limit of {limit}", places.len());
}

/// True of a doc comment whose first word says neither a subject nor a condition.
fn opens_vaguely(line: &str) -> bool {
    let line = line.trim_start();
    let text = line.strip_prefix("/// ").or_else(|| line.strip_prefix("//! ")).unwrap_or_default();
    matches!(text.split_whitespace().next(), Some("What" | "Whether" | "How" | "Where" | "Which"))
}

/// The name of the function that a line declares.
fn function_name(line: &str) -> Option<&str> {
    let line = line.trim_start();
    if line.starts_with("//") {
        return None;
    }
    let (_, rest) = line.split_once("fn ")?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
    rest.get(..end).filter(|name| !name.is_empty())
}

/// The name of the type that a line declares.
fn type_name(line: &str) -> Option<&str> {
    let mut words = line.trim_start().trim_start_matches("pub").split_whitespace();
    let first = words.next().map(|word| if word.starts_with('(') { words.next().unwrap_or_default() } else { word })?;
    let name = words.next().filter(|_| matches!(first, "struct" | "enum" | "trait" | "type"))?;
    name.split(|c: char| !c.is_ascii_alphanumeric()).next()
}

/// True of one word that is a participle, of a type's name as of a function's.
fn is_participle(name: &str) -> bool {
    let (first, rest) = name.split_at(name.len().min(1));
    if rest.contains(|c: char| c == '_' || c.is_ascii_uppercase()) {
        return false;
    }
    let name = first.to_ascii_lowercase() + rest;
    let name = name.as_str();
    IRREGULAR.contains(&name) || (name.len() > 4 && name.ends_with("ed") && !name.ends_with("eed"))
}

/// Lines of a page that are too long, by number. Tables, code, headings and generated parts are as long as they are.
fn long_lines(page: &str) -> Vec<usize> {
    let (mut is_code, mut is_generated) = (false, false);
    let mut long = Vec::new();
    for (number, line) in page.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        if line.starts_with("<!--") {
            is_generated = line.contains("generated:");
        }
        let is_prose =
            !is_code && !is_generated && !line.starts_with('|') && !line.starts_with('#') && !line.starts_with("<!--");
        if is_prose && line.chars().count() > PAGE_COLUMNS_MAX && line.trim().contains(' ') {
            long.push(number + 1);
        }
    }
    long
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doc_comments_open_with_their_subject() {
        let mut places = Vec::new();
        each_source_line(|line, place| {
            if opens_vaguely(line) {
                places.push(format!("{}: {}", place(), line.trim()));
            }
        });
        hold("doc comments open with What, Whether, How, Where or Which", &places, VAGUE_OPENERS_MAX);
    }

    #[test]
    fn functions_are_not_named_by_a_participle_alone() {
        let places = participles(function_name);
        hold("functions are named by a participle", &places, PARTICIPLE_FUNCTIONS_MAX);
    }

    #[test]
    fn types_are_not_named_by_a_participle_alone() {
        let places = participles(type_name);
        hold("types are named by a participle", &places, PARTICIPLE_TYPES_MAX);
    }

    /// The places of names that are participles, of those that `name` finds in a line.
    fn participles(name: impl Fn(&str) -> Option<&str>) -> Vec<String> {
        let mut places = Vec::new();
        each_source_line(|line, place| {
            if let Some(name) = name(line).filter(|name| is_participle(name)) {
                places.push(format!("{}: {name}", place()));
            }
        });
        places
    }

    #[test]
    fn source_files_are_short() {
        let long = |path: &PathBuf| read(path).lines().count() > FILE_LINES_MAX;
        let places: Vec<_> = files(&root().join("crates"), ".rs").into_iter().filter(long).collect();
        assert!(places.is_empty(), "files of more than {FILE_LINES_MAX} lines: {places:?}");
    }

    #[test]
    fn lines_of_pages_are_short() {
        let mut pages = files(&root().join("docs"), ".md");
        pages.extend(["README.md", "CHANGELOG.md"].map(|page| root().join(page)));
        let of = |page: &PathBuf| {
            let lines = long_lines(&read(page));
            lines.into_iter().map(|line| format!("{}:{line}", page.display())).collect::<Vec<_>>()
        };
        let places: Vec<_> = pages.iter().flat_map(of).collect();
        assert!(places.is_empty(), "lines of more than {PAGE_COLUMNS_MAX} characters:\n{}", places.join("\n"));
    }

    #[test]
    fn openers_names_and_lines_are_told_apart() {
        assert!(opens_vaguely("    /// Whether it is."));
        assert!(!opens_vaguely("/// True if it is."));
        assert_eq!(function_name("    pub(crate) fn render(&self) {"), Some("render"));
        assert_eq!(function_name("/// A fn render() here."), None);
        assert!(is_participle("shown") && is_participle("wanted"));
        assert_eq!(type_name("    pub(super) struct Masked<T>(T);"), Some("Masked"));
        assert_eq!(type_name("pub enum Shown {"), Some("Shown"));
        assert_eq!(type_name("let structure = 1;"), None);
        assert!(is_participle("Shown") && !is_participle("ColumnMasked") && !is_participle("Speed"));
        assert!(!is_participle("is_sorted") && !is_participle("feed") && !is_participle("need"));
        let wide = "word ".repeat(30);
        assert_eq!(long_lines(&format!("{wide}\n| {wide} |\n```\n{wide}\n```\n{wide}")), [1, 6]);
    }
}
