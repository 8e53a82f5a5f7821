//! Settings from the environment: `HENGE_` and the setting's name in capitals.
//!
//! Every variable that begins so must be a setting, or belong to one of two groups which a server finds in its environment without
//! anybody's doing: those of the scripts and tests, and those that Kubernetes makes for services whose names begin with `henge`.

use super::Settings;
use std::ffi::OsStr;

/// The beginning of the names.
const PREFIX: &str = "HENGE_";

/// The beginning of the names of variables that tests make.
const TEST_PREFIX: &str = "HENGE_TEST_";

/// Other variables of the scripts and tests.
pub(crate) const TOOLING: &[&str] = &[
    "HENGE_BIN",
    "HENGE_CACHE",
    "HENGE_FLIP_SEED",
    "HENGE_FUZZ",
    "HENGE_POWER_CUTS",
    "HENGE_POWER_SEED",
    "HENGE_WRITE_DOCS",
    "HENGE_WRITE_FIXTURES",
];

impl Settings {
    /// Takes the environment's settings.
    pub(crate) fn environment<T: AsRef<OsStr>>(&mut self, variables: impl Iterator<Item = (T, T)>) {
        for (variable, value) in variables {
            let variable = variable.as_ref().to_string_lossy();
            let Some(name) = variable.strip_prefix(PREFIX) else { continue };
            match value.as_ref().to_str() {
                None => self.refuse(&variable, "the value is not UTF-8".to_owned()),
                Some(value) if is_tooling(&variable) || is_service_link(&variable, value) => {}
                Some(value) => self.set(&name.to_lowercase(), value, &variable),
            }
        }
    }
}

fn is_tooling(variable: &str) -> bool {
    variable.starts_with(TEST_PREFIX) || TOOLING.contains(&variable)
}

/// True for the variables that Kubernetes makes for a service: `X_SERVICE_HOST`, `X_SERVICE_PORT`, `X_SERVICE_PORT_NAME`,
/// `X_PORT=tcp://...`, `X_PORT_9042_TCP`, `X_PORT_9042_TCP_ADDR`.
fn is_service_link(variable: &str, value: &str) -> bool {
    if variable.ends_with("_SERVICE_HOST") || variable.contains("_SERVICE_PORT") {
        return true;
    }
    let Some((_, after)) = variable.split_once("_PORT") else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let mut parts = after.split('_');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(""), None, None) => value.contains("://"),
        (Some(""), Some(port), Some("TCP" | "UDP" | "SCTP")) => is_number(port),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings;
    use std::fs;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    fn read_variable(variable: &str, value: &str) -> Result<Settings, String> {
        let mut settings = Settings::default();
        settings.environment([(variable, value)].into_iter());
        match &*settings.errors {
            [] => Ok(settings),
            [error, ..] => Err(error.to_string()),
        }
    }

    #[test]
    fn unknown_variables_are_refused() {
        let error = |variable| read_variable(variable, "x").unwrap_err();
        assert_eq!(error("HENGE_RAK"), "HENGE_RAK: no setting is called rak; did you mean rack?");
        assert_eq!(error("HENGE_BINARY"), "HENGE_BINARY: no setting is called binary");
        assert!(read_variable("HENGEST", "x").is_ok() && read_variable("PATH", "x").is_ok());
        assert_eq!(read_variable("HENGE_CONCURRENT_READS", "1").unwrap().warnings.len(), 1);
        let bytes = [(OsStr::new("HENGE_RACK"), OsStr::from_bytes(b"\xff"))];
        let mut settings = Settings::default();
        settings.environment(bytes.into_iter());
        assert_eq!(settings.errors[0].to_string(), "HENGE_RACK: the value is not UTF-8");
    }

    #[test]
    fn variables_of_tools_and_kubernetes_are_left_alone() {
        for variable in TOOLING.iter().chain(&["HENGE_TEST_SEEDS"]) {
            assert_eq!(read_variable(variable, "x").unwrap(), Settings::default(), "{variable}");
        }
        let links = [
            ("HENGE_SERVICE_HOST", "10.0.0.1"),
            ("HENGE_SERVICE_PORT", "9042"),
            ("HENGE_SERVICE_PORT_CQL", "9042"),
            ("HENGE_PORT", "tcp://10.0.0.1:9042"),
            ("HENGE_NODES_PORT_7000_UDP", "udp://10.0.0.1:7000"),
            ("HENGE_PORT_9042_TCP_ADDR", "10.0.0.1"),
        ];
        for (variable, value) in links {
            assert_eq!(read_variable(variable, value).unwrap(), Settings::default(), "{variable}");
        }
        assert!(read_variable("HENGE_PORT", "9042").is_err() && read_variable("HENGE_STORAGE_PORT", "7001").is_ok());
    }

    #[test]
    fn every_variable_in_the_repository_is_known() {
        let root = Path::new("../..");
        let mut unknown = Vec::new();
        for folder in ["scripts", "integration", "crates"] {
            search(&root.join(folder), &mut unknown);
        }
        assert!(unknown.is_empty(), "neither settings nor in TOOLING: {unknown:?}");
    }

    /// Collects the variables in the files of a folder that no server would start with.
    fn search(folder: &Path, unknown: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                search(&path, unknown);
            } else if path.file_name() != Some(OsStr::new("environment.rs")) {
                let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
                unknown.extend(variables(&text).filter(|v| !is_known(v)).map(|v| format!("{}: {v}", path.display())));
            }
        }
    }

    fn variables(text: &str) -> impl Iterator<Item = String> {
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|word| word.len() > PREFIX.len() && word.starts_with(PREFIX) && *word == word.to_uppercase())
            .map(str::to_owned)
    }

    fn is_known(variable: &str) -> bool {
        let name = variable[PREFIX.len()..].to_lowercase();
        is_tooling(variable)
            || is_service_link(variable, "://")
            || settings::find(&name).is_some()
            || settings::find_in_cassandra(&name).is_some()
    }
}
