//! The banner above the first prompt, and SHOW HOST and SHOW VERSION.

use crate::session::Session;
use henge_protocol::{QueryParameters, Response};

impl Session {
    /// The first line of the banner.
    pub(crate) fn connection_line(&mut self) -> anyhow::Result<String> {
        let name = self.read_local("cluster_name")?;
        Ok(format!("Connected to {name} at {}:{}", self.target().host, self.target().port))
    }

    /// The second line of the banner.
    pub(crate) fn version_line(&mut self) -> anyhow::Result<String> {
        let release = self.read_local("release_version")?;
        let connection = self.connection()?;
        let languages = connection.supported.options.get("CQL_VERSION");
        let language = languages.and_then(|v| v.first()).cloned().unwrap_or_default();
        Ok(format!(
            "[henge shell {} | Cassandra {release} | CQL spec {language} | Native protocol v{}]",
            env!("CARGO_PKG_VERSION"),
            connection.version().number()
        ))
    }

    fn read_local(&mut self, column: &str) -> anyhow::Result<String> {
        let text = format!("SELECT {column} FROM system.local");
        match self.connection()?.query(&text, QueryParameters::default())?.outcome {
            Ok(Response::Rows(rows)) => {
                let value = rows.rows.first().and_then(|row| row.first()?.as_ref());
                Ok(value.map_or("?".to_owned(), |v| String::from_utf8_lossy(v).into_owned()))
            }
            _ => Ok("?".to_owned()),
        }
    }
}
