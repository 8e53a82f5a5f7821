//! Options of COPY from a file in the form of a `cqlshrc`.

use super::request::CopyRequest;
use std::collections::BTreeMap;

/// The options of a COPY: those of its sections in the file that CONFIGFILE names, then those of the command.
pub(crate) fn read_options(request: &CopyRequest, keyspace: &str) -> Result<BTreeMap<String, String>, String> {
    let mut options = BTreeMap::new();
    if let Some(name) = request.options.get("CONFIGFILE").filter(|name| !name.is_empty()) {
        let text = std::fs::read_to_string(name).map_err(|error| format!("{name} cannot be read: {error}"))?;
        for section in sections(request, keyspace) {
            options.extend(read_section(&text, &section));
        }
    }
    options.extend(request.options.clone());
    Ok(options)
}

/// The sections that apply, later ones over earlier ones.
fn sections(request: &CopyRequest, keyspace: &str) -> Vec<String> {
    if let Some(names) = request.options.get("CONFIGSECTIONS") {
        return names.split(',').map(|name| name.trim().to_owned()).collect();
    }
    let (table, direction) = (&request.table, request.direction.name().to_ascii_lowercase());
    vec![
        "copy".to_owned(),
        format!("copy-{direction}"),
        format!("copy:{keyspace}.{table}"),
        format!("copy-{direction}:{keyspace}.{table}"),
    ]
}

/// The options of a section: `name = value` or `name: value` a line, `#` and `;` begin comments.
fn read_section(text: &str, wanted: &str) -> BTreeMap<String, String> {
    let mut options = BTreeMap::new();
    let mut is_wanted = false;
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            is_wanted = name == wanted;
        } else if is_wanted && let Some((name, value)) = line.split_once(['=', ':']) {
            options.insert(name.trim().to_ascii_uppercase(), value.trim().to_owned());
        }
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_sections_and_the_command_win() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rc").display().to_string();
        let text = "[copy]\nheader = true\nmaxattempts: 3\n# ttl = 1\n[copy-from]\nchunksize=7\n[copy-to]\npagesize=1\n\
                    [copy:k.t]\nmaxattempts = 4\n[mine]\nttl = 9\n";
        std::fs::write(&path, text).unwrap();
        let options = |with: &str| {
            let request = CopyRequest::parse(&format!("COPY k.t FROM 'x' WITH CONFIGFILE = '{path}' {with}")).unwrap();
            let mut options = read_options(&request, "k").unwrap();
            options.retain(|name, _| !name.starts_with("CONFIG"));
            options.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>()
        };
        assert_eq!(options(""), ["CHUNKSIZE=7", "HEADER=true", "MAXATTEMPTS=4"]);
        assert_eq!(options("AND MAXATTEMPTS = 9"), ["CHUNKSIZE=7", "HEADER=true", "MAXATTEMPTS=9"]);
        assert_eq!(options("AND CONFIGSECTIONS = 'mine'"), ["TTL=9"]);
    }
}
