//! Options of COPY from a file in the form of a `cqlshrc`.

use super::options::is_of_other_direction;
use super::place::CopyPlace;
use super::request::CopyRequest;
use crate::ini::IniFile;
use std::collections::BTreeMap;
use std::path::Path;

/// The options of a COPY: those of its sections in the file that CONFIGFILE names, or in the session's `cqlshrc`, then
/// those of the command. What a section says for the other direction is left out.
pub(crate) fn read_options(
    request: &CopyRequest,
    keyspace: &str,
    place: &CopyPlace,
) -> Result<BTreeMap<String, String>, String> {
    let mut options = BTreeMap::new();
    options.extend(place.timestamp_format.iter().map(|format| ("DATETIMEFORMAT".to_owned(), format.clone())));
    let named = request.options.get("CONFIGFILE").filter(|name| !name.is_empty()).map(Path::new);
    if let Some(path) = named.or(place.config_file.as_deref()) {
        let file = IniFile::read(path).map_err(|error| error.to_string())?;
        let written = sections(request, keyspace).into_iter().flat_map(|section| file.options(&section));
        let written = written.map(|(name, value)| (name.to_ascii_uppercase(), value));
        options.extend(written.filter(|(name, _)| !is_of_other_direction(name, request.direction)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Target;
    use henge_model::Consistency;

    #[test]
    fn later_sections_and_the_command_win() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rc");
        let text = "[copy]\nheader = true\nmaxattempts: 3\npagesize = 5\n# ttl = 1\n[copy-from]\nchunksize=7\n\
                    [copy-to]\npagesize=1\n[copy:k.t]\nmaxattempts = 4\n[mine]\nttl = 9\n";
        std::fs::write(&path, text).unwrap();
        let mut place = CopyPlace {
            target: Target::default(),
            keyspace: None,
            consistency: Consistency::One,
            is_input_taken: false,
            config_file: None,
            timestamp_format: None,
        };
        let options = |place: &CopyPlace, with: &str| {
            let request = CopyRequest::parse(&format!("COPY k.t FROM 'x' {with}")).unwrap();
            let mut options = read_options(&request, "k", place).unwrap();
            options.retain(|name, _| !name.starts_with("CONFIG"));
            options.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>()
        };
        let named = format!("WITH CONFIGFILE = '{}'", path.display());
        assert_eq!(options(&place, &named), ["CHUNKSIZE=7", "HEADER=true", "MAXATTEMPTS=4"]);
        let command = format!("{named} AND MAXATTEMPTS = 9");
        assert_eq!(options(&place, &command), ["CHUNKSIZE=7", "HEADER=true", "MAXATTEMPTS=9"]);
        assert_eq!(options(&place, &format!("{named} AND CONFIGSECTIONS = 'mine'")), ["TTL=9"]);
        assert!(options(&place, "").is_empty());
        (place.config_file, place.timestamp_format) = (Some(path), Some("%Y".to_owned()));
        assert_eq!(options(&place, ""), ["CHUNKSIZE=7", "DATETIMEFORMAT=%Y", "HEADER=true", "MAXATTEMPTS=4"]);
    }
}
