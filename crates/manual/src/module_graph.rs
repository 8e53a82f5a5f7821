//! The imports between the modules of a crate, read from its sources, so that tests can hold them to rules.
//!
//! A module is a file. A path counts as an import wherever it stands, in `use` or within code, and goes to the file that defines what
//! it names: re-exports are followed. Items that are only for tests (`#[cfg(test)]`) are left out, and so is the root, which joins the
//! rest.

mod paths;
mod tokens;

use paths::Source;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

/// The imports between the modules of a crate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModuleGraph {
    imports: BTreeMap<String, BTreeSet<String>>,
}

impl ModuleGraph {
    /// Reads the sources below a folder such as `crates/node/src`.
    ///
    /// # Panics
    /// When a file cannot be read.
    #[track_caller]
    pub fn read(src: &Path) -> ModuleGraph {
        let mut files = BTreeMap::new();
        read_folder(src, "", &mut files);
        ModuleGraph::of(files.iter().map(|(module, text)| (module.as_str(), text.as_str())))
    }

    /// The graph of modules given by their paths and texts; the root's path is empty.
    pub fn of<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> ModuleGraph {
        let sources: BTreeMap<String, Source> =
            files.into_iter().map(|(module, text)| (module.to_owned(), Source::parse(text))).collect();
        let tests = paths::test_modules(&sources);
        let mut imports = BTreeMap::new();
        for (module, source) in sources.iter().filter(|(module, _)| !module.is_empty() && !tests.contains(*module)) {
            let found = source.paths().filter_map(|path| paths::resolve(&sources, module, path));
            let found = found.filter(|other| !other.is_empty() && other != module && !tests.contains(other));
            imports.insert(module.clone(), found.collect());
        }
        ModuleGraph { imports }
    }

    /// Every import, as the modules from and to.
    pub fn imports(&self) -> impl Iterator<Item = (&str, &str)> {
        self.imports.iter().flat_map(|(from, all)| all.iter().map(move |to| (from.as_str(), to.as_str())))
    }

    /// Imports that go up: each wing, a module of the root, may import itself and those before it.
    pub fn upward(&self, wings: &[&str]) -> Vec<String> {
        let rank = |module: &str| {
            let wing = module.split("::").next().unwrap_or_default();
            wings.iter().position(|other| *other == wing)
        };
        let mut found = Vec::new();
        for (from, to) in self.imports() {
            match (rank(from), rank(to)) {
                (Some(low), Some(high)) if low >= high => {}
                (None, _) => found.push(format!("{from} is of no wing")),
                _ => found.push(format!("{from} -> {to}")),
            }
        }
        found.dedup();
        found
    }

    /// Groups of modules that import each other, directly or through others of the group.
    pub fn circles(&self) -> Vec<BTreeSet<&str>> {
        let mut found: Vec<BTreeSet<&str>> = Vec::new();
        for module in self.imports.keys().map(String::as_str) {
            if found.iter().any(|circle| circle.contains(module)) {
                continue;
            }
            let reached = self.reached_from(module);
            let circle: BTreeSet<&str> =
                reached.into_iter().filter(|other| self.reached_from(other).contains(module)).collect();
            if !circle.is_empty() {
                found.push(circle);
            }
        }
        found
    }

    /// Modules that one imports, directly or through others.
    fn reached_from<'g>(&'g self, module: &'g str) -> BTreeSet<&'g str> {
        let mut reached = BTreeSet::new();
        let mut open = vec![module];
        while let Some(next) = open.pop() {
            let imports = self.imports.get(next).into_iter().flatten();
            open.extend(imports.map(String::as_str).filter(|other| reached.insert(*other)));
        }
        reached
    }

    /// Fails with the edges in question unless imports go from later wings to earlier ones and no modules import each other.
    ///
    /// # Panics
    /// When an import goes up or there is a circle.
    #[track_caller]
    pub fn assert_one_way(&self, wings: &[&str]) {
        let mut wrong = self.upward(wings);
        for circle in self.circles() {
            let edges = self.imports().filter(|(from, to)| circle.contains(from) && circle.contains(to));
            let edges: Vec<String> = edges.map(|(from, to)| format!("{from} -> {to}")).collect();
            wrong.push(format!("a circle: {}", edges.join(", ")));
        }
        assert!(wrong.is_empty(), "imports that may not be:\n  {}", wrong.join("\n  "));
    }
}

impl fmt::Display for ModuleGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (module, imports) in &self.imports {
            let imports: Vec<&str> = imports.iter().map(String::as_str).collect();
            writeln!(f, "{module} -> {}", imports.join(" "))?;
        }
        Ok(())
    }
}

fn read_folder(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for entry in entries.filter_map(Result::ok) {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let module = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}::{name}") };
        if path.is_dir() {
            read_folder(&path, &module(&name), files);
        } else if let Some(stem) = name.strip_suffix(".rs") {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let module = match stem {
                "lib" | "main" if prefix.is_empty() => String::new(),
                "mod" => prefix.to_owned(),
                stem => module(stem),
            };
            files.insert(module, text);
        }
    }
}

#[cfg(test)]
mod tests;
