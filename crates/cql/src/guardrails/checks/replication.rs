//! Guardrails on replication, and warnings about it.

use crate::error::Error;
use crate::guardrails::Guard;
use henge_model::Replication;
use std::collections::BTreeMap;

impl Guard<'_> {
    /// Applies the guardrails on a keyspace's replication.
    pub fn replication(&self, keyspace: &str, replication: &Replication) -> Result<(), Error> {
        let Some(rails) = self.settings().map(|settings| &settings.schema) else { return Ok(()) };
        let factors: Vec<u32> = match replication {
            Replication::Local => Vec::new(),
            Replication::Simple { factor } => vec![*factor],
            Replication::NetworkTopology { factors } => factors.values().copied().collect(),
        };
        for factor in factors {
            let text = |side: &str, word: &str, limit: u64| {
                format!(
                    "The keyspace {keyspace} has a replication factor of {factor}, {side} the {word} threshold of \
                     {limit}."
                )
            };
            let (most, least) = (rails.maximum_replication_factor, rails.minimum_replication_factor);
            self.check_threshold("maximum_replication_factor", most.above(factor.into()), |limit| {
                text("above", limit.word(), limit.limit())
            })?;
            self.check_threshold("minimum_replication_factor", least.below(factor.into()), |limit| {
                text("below", limit.word(), limit.limit())
            })?;
        }
        Ok(())
    }

    /// Warns if a keyspace has more copies than there are nodes. `nodes` counts them by datacentre.
    pub fn warn_of_few_nodes(&self, keyspace: &str, replication: &Replication, nodes: &BTreeMap<String, usize>) {
        let told = |factor: u32, nodes: usize, of: String| {
            if factor as usize > nodes {
                self.warn(format!(
                    "Your replication factor {factor} for keyspace {keyspace} is higher than the number of nodes {nodes}{of}"
                ));
            }
        };
        match replication {
            Replication::Local => {}
            Replication::Simple { factor } => told(*factor, nodes.values().sum(), String::new()),
            Replication::NetworkTopology { factors } => {
                for (datacenter, factor) in factors {
                    let there = nodes.get(datacenter).copied().unwrap_or(0);
                    told(*factor, there, format!(" for datacenter {datacenter}"));
                }
            }
        }
    }
}
