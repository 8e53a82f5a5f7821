//! Settings as `system_views.settings` shows them: by Cassandra's names where there is one.

use crate::config::{Config, Settings};
use crate::setting::all;

/// Stands for what nobody is shown: passwords, and as in Cassandra the places of keys.
const REDACTED: &str = "<REDACTED>";
const SECRETS: [&str; 4] = [
    "superuser_password",
    "client_encryption_options_certificate",
    "client_encryption_options_key",
    "client_encryption_options_truststore",
];
/// Settings of a map, whose names have a dot in Cassandra's table.
const MAP: &str = "client_encryption_options";

/// Every setting with its value; `None` for one that is not set.
pub(crate) fn shown(settings: &Settings, config: &Config) -> Vec<(String, Option<String>)> {
    all().map(|setting| one(setting.name, settings.text_of(setting.name), config)).collect()
}

fn one(name: &str, value: &str, config: &Config) -> (String, Option<String>) {
    let value = match name {
        _ if SECRETS.contains(&name) => REDACTED.to_owned(),
        "seeds" => {
            let seeds: Vec<String> = config.node.seeds.iter().map(ToString::to_string).collect();
            format!("{{seeds={}}}", seeds.join(","))
        }
        "data_directory" => format!("[{value}]"),
        _ => value.to_owned(),
    };
    let name = match name.strip_prefix(MAP).and_then(|rest| rest.strip_prefix('_')) {
        Some(part) => format!("{MAP}.{part}"),
        None => named(name).to_owned(),
    };
    (name, Some(value).filter(|value| !value.is_empty()))
}

/// Cassandra's name for one of Henge's.
fn named(name: &str) -> &str {
    match name {
        "authenticator" => "authenticator.class_name",
        "authorizer" => "authorizer.class_name",
        "seeds" => "seed_provider.parameters",
        "data_directory" => "data_file_directories",
        own => own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_cassandras_names_and_no_secrets() {
        let mut settings = Settings::default();
        let text = "superuser_password: s3cret\nseeds: 127.0.0.3\nclient_encryption_options: {enabled: true, certificate: a.pem, key: hidden.key}";
        settings.text(text, "henge.yaml").unwrap();
        let config = settings.config().unwrap();
        assert_eq!(config.shown.len(), all().count());
        let value =
            |name: &str| config.shown.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("{name}")).1.as_deref();
        assert_eq!(value("superuser_password"), Some(REDACTED));
        assert_eq!(value("client_encryption_options.key"), Some(REDACTED));
        assert_eq!(value("client_encryption_options.enabled"), Some("true"));
        assert_eq!(value("seed_provider.parameters"), Some("{seeds=127.0.0.3:7000}"));
        assert_eq!(value("data_file_directories"), Some("[./henge-data]"));
        assert_eq!(value("authenticator.class_name"), Some("AllowAllAuthenticator"));
        assert_eq!(value("certificates"), None);
        assert_eq!(value("read_request_timeout"), Some("5s"));
        assert_eq!(value("tombstone_warn_threshold"), Some("1000"));
        assert!(!format!("{:?}", config.shown).contains("s3cret"));
    }
}
