//! Names of files, for commands that take one.

use crate::path::expand_home;

/// The most files of a folder that are looked at.
const FILES_MAX: usize = 2_000;

/// The texts in single quotes that a beginning without its quote can become: folders, which stay open, and files. A
/// file whose name begins with a point is left out, unless the beginning has the point.
pub(super) fn complete_file(begun: &str) -> Vec<String> {
    let begun = begun.replace("''", "'");
    let (folder, name) = begun.rsplit_once('/').map_or(("", begun.as_str()), |(folder, name)| (folder, name));
    let at = match (folder, begun.starts_with('/')) {
        ("", true) => "/".into(),
        ("", false) => ".".into(),
        _ => expand_home(folder),
    };
    let Ok(entries) = std::fs::read_dir(at) else { return Vec::new() };
    let mut found: Vec<String> = entries
        .take(FILES_MAX)
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let own = entry.file_name().into_string().ok()?;
            let is_wanted = own.starts_with(name) && (name.starts_with('.') || !own.starts_with('.'));
            let end = if entry.path().is_dir() { "/" } else { "'" };
            let parent = &begun[..begun.len() - name.len()];
            is_wanted.then(|| format!("'{}{end}", format!("{parent}{own}").replace('\'', "''")))
        })
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_folders_are_found() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["rows.csv", "rose's", ".hidden"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        std::fs::create_dir(folder.path().join("roots")).unwrap();
        let root = folder.path().display().to_string();
        let complete = |name: &str| complete_file(&format!("{root}/{name}"));
        assert_eq!(
            complete("ro"),
            [format!("'{root}/roots/"), format!("'{root}/rose''s'"), format!("'{root}/rows.csv'")]
        );
        assert_eq!(complete(".h"), [format!("'{root}/.hidden'")]);
        assert!(complete("x").is_empty() && complete("nowhere/x").is_empty());
    }
}
