//! Replication settings of CREATE KEYSPACE.

use crate::error::Error;
use henge_model::{Replication, ReplicationFactor};
use std::collections::{BTreeMap, BTreeSet};

impl ReplicationDraft {
    /// Reads the map of `WITH replication`.
    pub(crate) fn read(mut map: BTreeMap<String, String>) -> Result<ReplicationDraft, Error> {
        let Some(class) = map.remove("class") else {
            return Err(Error::config("Missing replication strategy class"));
        };
        match class.strip_prefix("org.apache.cassandra.locator.").unwrap_or(&class) {
            "SimpleStrategy" => simple(map),
            "NetworkTopologyStrategy" => network_topology(map),
            "LocalStrategy" => {
                Err(Error::invalid("Unable to use given strategy class: LocalStrategy is reserved for internal use."))
            }
            other => {
                let full = if other.contains('.') { String::new() } else { "org.apache.cassandra.locator.".to_owned() };
                Err(Error::config(format!("Unable to find replication strategy class '{full}{other}'")))
            }
        }
    }

    /// True for SimpleStrategy.
    pub(crate) fn is_simple(&self) -> bool {
        matches!(self, ReplicationDraft::Simple { .. })
    }

    /// Resolves the setting against the datacentres of the cluster; an unknown one is refused. `default` is the number
    /// of copies where the statement gives none.
    pub fn resolve(&self, datacenters: &BTreeSet<String>, default: ReplicationFactor) -> Result<Replication, Error> {
        let (named, every) = match self {
            ReplicationDraft::Simple { factor } => {
                return Ok(Replication::Simple { factor: factor.unwrap_or(default) });
            }
            ReplicationDraft::NetworkTopology { factors, every_datacenter } => {
                let unsaid = Some(default).filter(|_| factors.is_empty());
                (factors, every_datacenter.or(unsaid))
            }
        };
        if let Some(unknown) = named.keys().find(|dc| !datacenters.contains(*dc)) {
            let message = format!("Unrecognized strategy option {{{unknown}}} passed to NetworkTopologyStrategy");
            return Err(Error::config(message)
                .with_hint(crate::error::nearest(unknown, datacenters.iter().map(String::as_str))));
        }
        let mut factors: BTreeMap<String, ReplicationFactor> = BTreeMap::new();
        if let Some(factor) = every {
            factors.extend(datacenters.iter().map(|dc| (dc.clone(), factor)));
        }
        factors.extend(named.iter().map(|(dc, factor)| (dc.clone(), *factor)));
        factors.retain(|_, factor| *factor > 0);
        if factors.is_empty() {
            return Err(Error::config("Configuration for at least one datacenter must be present"));
        }
        Ok(Replication::NetworkTopology { factors })
    }
}

fn simple(mut map: BTreeMap<String, String>) -> Result<ReplicationDraft, Error> {
    let text = map.remove("replication_factor");
    if let Some(option) = map.keys().next() {
        return Err(Error::config(format!("Unrecognized strategy option {{{option}}} passed to SimpleStrategy")));
    }
    let factor = text.map(|text| factor(&text)).transpose()?;
    if factor == Some(0) {
        return Err(Error::config("Replication factor must be positive; found 0"));
    }
    Ok(ReplicationDraft::Simple { factor })
}

fn network_topology(mut map: BTreeMap<String, String>) -> Result<ReplicationDraft, Error> {
    let every_datacenter = map.remove("replication_factor").map(|text| factor(&text)).transpose()?;
    let factors: BTreeMap<_, _> =
        map.into_iter().map(|(dc, text)| Ok((dc, factor(&text)?))).collect::<Result<_, Error>>()?;
    Ok(ReplicationDraft::NetworkTopology { factors, every_datacenter })
}

fn factor(text: &str) -> Result<ReplicationFactor, Error> {
    if text.contains('/') {
        return Err(Error::config("Transient replication is not supported"));
    }
    let number: i64 =
        text.trim().parse().map_err(|_| Error::config(format!("Replication factor must be numeric; found {text}")))?;
    u32::try_from(number).map_err(|_| Error::config(format!("Replication factor must be non-negative, found {number}")))
}

/// A replication setting as a statement gives it, not yet resolved against the cluster's datacentres.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplicationDraft {
    /// SimpleStrategy.
    Simple {
        /// Number of copies; `None` means `default_keyspace_rf`.
        factor: Option<ReplicationFactor>,
    },
    /// NetworkTopologyStrategy. Without any factor every datacentre gets `default_keyspace_rf` copies.
    NetworkTopology {
        /// Copies by datacentre. Zero takes a datacentre out of `every_datacenter`.
        factors: BTreeMap<String, ReplicationFactor>,
        /// `replication_factor`: the copies in each datacentre that is not named.
        every_datacenter: Option<ReplicationFactor>,
    },
}
