//! Settings as `system_views.settings` shows them: by Cassandra's names where there is one.

use super::{Config, Settings};
use crate::settings::{Values, all};
use henge_settings::{Secrecy, Setting};

/// Stands for the value of a secret, as in Cassandra.
const REDACTED: &str = "<REDACTED>";

/// Every setting with its value; `None` for one that is not set.
pub(super) fn visible_settings(settings: &Settings, config: &Config) -> Vec<(String, Option<String>)> {
    all().iter().map(|setting| one(setting, settings.text_of(setting.name), config)).collect()
}

fn one(setting: &Setting<Values>, value: &str, config: &Config) -> (String, Option<String>) {
    let value = match setting.name {
        _ if setting.secrecy != Secrecy::Public => REDACTED.to_owned(),
        "seeds" => {
            let seeds: Vec<String> = config.node.seeds.iter().map(ToString::to_string).collect();
            format!("{{seeds={}}}", seeds.join(","))
        }
        "data_directory" => format!("[{value}]"),
        _ => value.to_owned(),
    };
    (setting.cassandra.unwrap_or(setting.name).to_owned(), Some(value).filter(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_cassandras_names_and_no_secrets() {
        let mut settings = Settings::default();
        let text = "superuser_password: s3cret\nseeds: 127.0.0.3\nclient_encryption_options: {enabled: true, certificate: a.pem, key: hidden.key}";
        settings.text(text, "henge.yaml");
        let config = settings.config().unwrap();
        assert_eq!(config.visible_settings.len(), all().len());
        let value = |name: &str| {
            config.visible_settings.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("{name}")).1.as_deref()
        };
        assert_eq!(value("superuser_password"), Some(REDACTED));
        assert_eq!(value("client_encryption_options.key"), Some(REDACTED));
        assert_eq!(value("client_encryption_options.enabled"), Some("true"));
        assert_eq!(value("seed_provider.parameters"), Some("{seeds=127.0.0.3:7000}"));
        assert_eq!(value("data_file_directories"), Some("[./henge-data]"));
        assert_eq!(value("authenticator.class_name"), Some("AllowAllAuthenticator"));
        assert_eq!(value("certificates"), None);
        assert_eq!(value("read_request_timeout"), Some("5s"));
        assert_eq!(value("tombstone_warn_threshold"), Some("1000"));
        assert!(!format!("{config:?}").contains("s3cret"));
    }
}
