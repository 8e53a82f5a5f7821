//! Paths in a source, and the modules they lead to.

use super::tokens::{Token, tokens};
use std::collections::{BTreeMap, BTreeSet};

/// Re-exports followed for one path.
const REEXPORTS_MAX: usize = 16;

/// The paths and test modules that a source names.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// Paths of `use`, with the name that each brings in; `*` for all.
    imported: Vec<(String, Vec<String>)>,
    /// Other paths of two words or more.
    inline: Vec<Vec<String>>,
    /// Modules in files of their own that are only for tests.
    tests: Vec<String>,
}

impl Source {
    pub(super) fn parse(text: &str) -> Source {
        let (tokens, mut source, mut at) = (tokens(text), Source::default(), 0);
        while at < tokens.len() {
            at = if tokens[at..].starts_with(&["#", "[", "cfg", "(", "test", ")", "]"]) {
                source.skip_item(&tokens, at + 7)
            } else if tokens[at] == "use" && tokens.get(at + 1) != Some(&"<") {
                source.take_use(&tokens, at + 1, &[])
            } else {
                source.take_inline(&tokens, at)
            };
        }
        source
    }

    /// All paths.
    pub(super) fn paths(&self) -> impl Iterator<Item = &[String]> {
        self.imported.iter().map(|(_, path)| path.as_slice()).chain(self.inline.iter().map(Vec::as_slice))
    }

    /// Goes past an item that is only for tests.
    fn skip_item(&mut self, tokens: &[Token<'_>], from: usize) -> usize {
        let mut depth = 0;
        for (at, token) in tokens.iter().enumerate().skip(from) {
            match *token {
                "{" => depth += 1,
                "}" if depth == 1 => return at + 1,
                "}" => depth -= 1,
                ";" if depth == 0 => {
                    if let Some(["mod", name]) = tokens.get(at.wrapping_sub(2)..at) {
                        self.tests.push((*name).to_owned());
                    }
                    return at + 1;
                }
                _ => {}
            }
        }
        tokens.len()
    }

    /// Reads a tree of `use` behind `prefix`; gives where it ends.
    fn take_use(&mut self, tokens: &[Token<'_>], mut at: usize, prefix: &[String]) -> usize {
        let mut path = prefix.to_vec();
        while let Some(token) = tokens.get(at) {
            match *token {
                "::" => at += 1,
                "{" => {
                    at += 1;
                    while !matches!(tokens.get(at), None | Some(&"}")) {
                        at = self.take_use(tokens, at, &path);
                        at += usize::from(tokens.get(at) != Some(&"}"));
                    }
                    return at + 1;
                }
                "as" => {
                    let name = tokens.get(at + 1).unwrap_or(&"_");
                    self.imported.push(((*name).to_owned(), path));
                    return at + 2;
                }
                "," | "}" | ";" => break,
                word => {
                    // `self` at the end names what is before it.
                    if word != "self" || path.is_empty() {
                        path.push(word.to_owned());
                    }
                    at += 1;
                }
            }
        }
        let name = path.last().cloned().unwrap_or_default();
        self.imported.push((name, path));
        at
    }

    /// Reads a path within code, if one begins here.
    fn take_inline(&mut self, tokens: &[Token<'_>], from: usize) -> usize {
        let is_word =
            |at: usize| tokens.get(at).is_some_and(|t| t.starts_with(|c: char| c.is_alphabetic() || c == '_'));
        let mut at = from + 1;
        if !is_word(from) || (from > 0 && tokens[from - 1] == "::") {
            return at;
        }
        let mut path = vec![tokens[from].to_owned()];
        while tokens.get(at) == Some(&"::") && is_word(at + 1) {
            path.push(tokens[at + 1].to_owned());
            at += 2;
        }
        if path.len() > 1 {
            self.inline.push(path);
        }
        at
    }
}

/// Modules that are only for tests, with all below them.
pub(super) fn test_modules(sources: &BTreeMap<String, Source>) -> BTreeSet<String> {
    let named = |(module, source): (&String, &Source)| -> Vec<String> {
        source.tests.iter().map(|test| child(module, test)).collect()
    };
    let roots: Vec<String> = sources.iter().flat_map(named).collect();
    let is_test = |module: &String| roots.iter().any(|root| module == root || module.starts_with(&format!("{root}::")));
    sources.keys().filter(|module| is_test(module)).cloned().collect()
}

/// The module that defines what a path names, as `from` writes it; `None` of another crate's, and of a local name.
pub(super) fn resolve(sources: &BTreeMap<String, Source>, from: &str, path: &[String]) -> Option<String> {
    follow(sources, from, path, REEXPORTS_MAX)
}

fn follow(sources: &BTreeMap<String, Source>, from: &str, path: &[String], left: usize) -> Option<String> {
    let (first, mut rest) = path.split_first()?;
    let mut module = match first.as_str() {
        "crate" => String::new(),
        "self" => from.to_owned(),
        "super" => parent(from),
        name if sources.contains_key(&child(from, name)) => child(from, name),
        _ => return None,
    };
    while let Some((name, after)) = rest.split_first() {
        if name == "super" {
            module = parent(&module);
        } else if sources.contains_key(&child(&module, name)) {
            module = child(&module, name);
        } else {
            let source = sources.get(&module)?;
            let reexport = source.imported.iter().find(|(imported, path)| imported == name && path.len() > 1);
            return match reexport {
                Some((_, path)) if left > 0 => {
                    let further: Vec<String> = path.iter().chain(after).cloned().collect();
                    follow(sources, &module, &further, left - 1)
                }
                _ => Some(module),
            };
        }
        rest = after;
    }
    Some(module)
}

fn child(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") }
}

fn parent(module: &str) -> String {
    module.rsplit_once("::").map_or_else(String::new, |(parent, _)| parent.to_owned())
}
