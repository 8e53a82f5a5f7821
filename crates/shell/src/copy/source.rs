//! The input of COPY FROM: files, some of them by patterns, or the standard input.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes that are read at once.
const READ_BYTES: usize = 256 << 10;
/// The time after which a waiting read of the standard input looks for the end of the COPY, in nanoseconds.
const POLL_NANOS: i64 = 100_000_000;

/// The files, in order, or the standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Input,
    Files(Vec<PathBuf>),
}

impl Source {
    /// The input of a COPY: names and patterns of files with commas between them. Fails unless each names a file.
    pub(crate) fn find(names: Option<&str>) -> Result<Source, String> {
        let Some(names) = names else { return Ok(Source::Input) };
        let mut files = Vec::new();
        for name in names.split(',').map(str::trim) {
            let path = expand_home(name);
            match path.exists() {
                true => files.push(path),
                false => {
                    files.extend(match_pattern(&path).map_err(|reason| format!("{name} cannot be read: {reason}"))?)
                }
            }
        }
        Ok(Source::Files(files))
    }

    /// The names and lengths of the files, by which they are known again; empty of the standard input.
    pub(crate) fn identity(&self) -> Vec<String> {
        let Source::Files(files) = self else { return Vec::new() };
        let length = |path: &PathBuf| path.metadata().map_or(0, |metadata| metadata.len());
        files.iter().map(|path| format!("{} {}", length(path), path.display())).collect()
    }

    /// The bytes of all files; `None` where they are not known.
    pub(crate) fn bytes(&self) -> Option<u64> {
        let Source::Files(files) = self else { return None };
        let lengths = files.iter().map(|path| path.metadata().ok().filter(std::fs::Metadata::is_file).map(|m| m.len()));
        lengths.sum::<Option<u64>>().filter(|bytes| *bytes > 0)
    }

    /// The names of its parts.
    pub(crate) fn names(&self) -> Vec<String> {
        match self {
            Source::Input => vec!["STDIN".to_owned()],
            Source::Files(files) => files.iter().map(|path| path.display().to_string()).collect(),
        }
    }

    /// Opens a part.
    pub(crate) fn open<'a>(&self, at: usize, is_cancelled: &'a AtomicBool) -> io::Result<Box<dyn BufRead + 'a>> {
        let input: Box<dyn Read + 'a> = match self {
            Source::Input => Box::new(PolledInput { is_cancelled }),
            Source::Files(files) => Box::new(File::open(files.get(at).map_or(Path::new(""), PathBuf::as_path))?),
        };
        Ok(Box::new(BufReader::with_capacity(READ_BYTES, input)))
    }
}

/// The standard input, which ends when the COPY is cancelled.
struct PolledInput<'a> {
    is_cancelled: &'a AtomicBool,
}

impl Read for PolledInput<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let stdin = io::stdin();
        while !self.is_cancelled.load(Ordering::Relaxed) {
            let wait = Timespec { tv_sec: 0, tv_nsec: POLL_NANOS };
            match poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&wait)) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Ok(rustix::io::read(&stdin, buffer)?),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(0)
    }
}

/// The path, in which `~` at the beginning is the user's folder.
pub(crate) fn expand_home(name: &str) -> PathBuf {
    match (name.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => PathBuf::from(name),
    }
}

/// The files that a path with `*`, `?` or `[...]` matches, in the order of their names.
fn match_pattern(path: &Path) -> Result<Vec<PathBuf>, String> {
    let root = if path.is_absolute() { PathBuf::from("/") } else { PathBuf::new() };
    let mut found = vec![root];
    for part in path.components() {
        let std::path::Component::Normal(part) = part else {
            found = found.iter().map(|folder| folder.join(part)).collect();
            continue;
        };
        let pattern: Vec<char> = part.to_string_lossy().chars().collect();
        found = found.iter().flat_map(|folder| matching_entries(folder, &pattern)).collect();
    }
    found.sort();
    if found.is_empty() { Err("there is no such file".to_owned()) } else { Ok(found) }
}

fn matching_entries(folder: &Path, pattern: &[char]) -> Vec<PathBuf> {
    let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = std::fs::read_dir(listed).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name()).filter(|name| {
        let name: Vec<char> = name.to_string_lossy().chars().collect();
        // As in a shell, hidden files are named in full.
        (name.first() != Some(&'.') || pattern.first() == Some(&'.')) && is_match(pattern, &name)
    });
    names.map(|name| folder.join(name)).collect()
}

fn is_match(pattern: &[char], name: &[char]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        (['*', rest @ ..], _) => (0..=name.len()).any(|skipped| is_match(rest, &name[skipped..])),
        (['?', rest @ ..], [_, behind @ ..]) => is_match(rest, behind),
        (['[', rest @ ..], [first, behind @ ..]) => match rest.iter().skip(1).position(|c| *c == ']') {
            Some(end) => is_in_class(&rest[..=end], *first) && is_match(&rest[end + 2..], behind),
            None => *first == '[' && is_match(rest, behind),
        },
        ([wanted, rest @ ..], [first, behind @ ..]) => wanted == first && is_match(rest, behind),
        _ => false,
    }
}

/// True of a character that a class such as `a-z0` or `!x` has.
fn is_in_class(class: &[char], c: char) -> bool {
    let (is_inverted, class) = match class {
        ['!', rest @ ..] => (true, rest),
        class => (false, class),
    };
    let mut rest = class;
    let mut is_found = false;
    while let [first, behind @ ..] = rest {
        (is_found, rest) = match behind {
            ['-', last, behind @ ..] => (is_found || (*first..=*last).contains(&c), behind),
            behind => (is_found || *first == c, behind),
        };
    }
    is_found != is_inverted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_a_shell() {
        let matches = |pattern: &str, name: &str| {
            is_match(&pattern.chars().collect::<Vec<_>>(), &name.chars().collect::<Vec<_>>())
        };
        assert!(
            matches("*.csv", "a.csv") && matches("a?c*", "abcd") && matches("[a-c]x", "bx") && matches("[!a]", "b")
        );
        assert!(!matches("*.csv", "a.txt") && !matches("[a-c]x", "dx") && !matches("a", "ab") && !matches("[!a]", "a"));
        assert!(matches("[", "[") && matches("[]]", "]"));
    }

    #[test]
    fn files_are_found_by_name_and_pattern_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.csv", "a.csv", "c.txt", ".d.csv"] {
            std::fs::write(folder.path().join(name), "1\n").unwrap();
        }
        let at = folder.path().display();
        let found = Source::find(Some(&format!("{at}/c.txt, {at}/*.csv"))).unwrap();
        assert_eq!(found.names(), ["c.txt", "a.csv", "b.csv"].map(|name| format!("{at}/{name}")));
        assert_eq!((found.bytes(), found.identity().len()), (Some(6), 3));
        assert!(Source::find(Some(&format!("{at}/*.json"))).unwrap_err().contains("no such file"));
    }
}
