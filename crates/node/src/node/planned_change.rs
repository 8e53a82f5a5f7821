//! The command of a change that an operator looks at before it is given.

use crate::ground::options::Options;
use henge_base::{HostId, Random};
use henge_metadata::{ClusterState, Command, JoinDraft};
use henge_model::Replication;
use henge_operator::{PreviewSelection, PreviewedChange};
use std::net::SocketAddr;

/// The question names no change. Nothing was looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnknownChange(String);

/// A change that may be looked at.
pub(super) struct PlannedChange {
    /// Its command.
    pub(super) command: Command,
    /// The same as an operator gives it who accepts what it costs.
    pub(super) forced: Command,
    /// The change in words, where it needs no plan.
    pub(super) text: String,
}

impl PlannedChange {
    /// The command of a selection, asked of the member `own`.
    pub(super) fn of(
        selection: &PreviewSelection,
        state: &ClusterState,
        own: HostId,
        options: &Options,
    ) -> Result<PlannedChange, UnknownChange> {
        let host = selection.host_id.as_deref().map(parse_host).transpose()?;
        let named =
            || host.ok_or_else(|| UnknownChange("a host id is needed: henge admin status lists them".to_owned()));
        let force = selection.force.unwrap_or(false);
        // A node that is yet to come has a number that nobody has, and it is the same whoever asks.
        let newcomer = HostId::random(&mut Random::new(state.epoch.index));
        let name = state.name.clone();
        let twice = |command: Command, text: String| PlannedChange { forced: command.clone(), command, text };
        Ok(match selection.change {
            PreviewedChange::Decommission => {
                let id = host.unwrap_or(own);
                let command = |force| Command::LeaveMember { id, force };
                PlannedChange { command: command(force), forced: command(true), text: format!("host {id} leaves") }
            }
            PreviewedChange::Removenode => {
                let id = named()?;
                let command = |force| Command::RemoveMember { id, force };
                PlannedChange { command: command(force), forced: command(true), text: format!("host {id} is removed") }
            }
            PreviewedChange::Replace => {
                let dead = named()?;
                let of = state.members.get(&dead);
                let of = of
                    .ok_or_else(|| UnknownChange(format!("host {dead} is no member: henge admin status lists them")))?;
                let (address, rpc_address, num_tokens) = (of.address, of.rpc_address, options.num_tokens);
                let (datacenter, rack, speaks) = (of.datacenter.clone(), of.rack.clone(), options.versions);
                let member = JoinDraft { id: newcomer, datacenter, rack, address, rpc_address, num_tokens, speaks };
                let text = format!("a new node replaces host {dead}");
                twice(Command::ReplaceMember { name, dead, member }, text)
            }
            PreviewedChange::Join => {
                let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
                let member = JoinDraft {
                    id: newcomer,
                    datacenter: selection.datacenter.clone().unwrap_or_else(|| options.datacenter.clone()),
                    rack: selection.rack.clone().unwrap_or_else(|| options.rack.clone()),
                    address: nowhere,
                    rpc_address: nowhere,
                    num_tokens: selection.num_tokens.unwrap_or(options.num_tokens),
                    speaks: options.versions,
                };
                twice(Command::Join { name, member }, "a new node joins".to_owned())
            }
            PreviewedChange::Alter => {
                let (Some(keyspace), Some(text)) = (&selection.keyspace, &selection.replication) else {
                    return Err(UnknownChange("a keyspace and its new replication are needed".to_owned()));
                };
                let of = state.schema.keyspaces.get(keyspace);
                let of = of.ok_or_else(|| UnknownChange(format!("there is no keyspace {keyspace}")))?;
                let replication = parse_replication(text)?;
                let told = format!("keyspace {keyspace} goes from {} to {replication}", of.replication);
                let (name, durable_writes) = (keyspace.clone(), of.durable_writes);
                twice(Command::AlterKeyspace { name, durable_writes, replication: Some(replication) }, told)
            }
        })
    }
}

fn parse_host(text: &str) -> Result<HostId, UnknownChange> {
    text.parse()
        .map(HostId)
        .map_err(|_| UnknownChange(format!("{text:?} is no host id: henge admin status lists them")))
}

/// A replication setting: a number of copies, or `dc1:3,dc2:2`.
fn parse_replication(text: &str) -> Result<Replication, UnknownChange> {
    let unreadable = || {
        UnknownChange(format!(
            "invalid replication {text:?}: expected a number of copies for SimpleStrategy, such as 3, or datacentres with theirs for \
             NetworkTopologyStrategy, such as dc1:3,dc2:2"
        ))
    };
    if let Ok(factor) = text.parse() {
        return if factor > 0 { Ok(Replication::Simple { factor }) } else { Err(unreadable()) };
    }
    let factor = |part: &str| {
        let (name, factor) = part.split_once(':')?;
        Some((name.to_owned(), factor.parse().ok().filter(|factor| *factor > 0)?))
    };
    let factors = text.split(',').map(factor).collect::<Option<_>>().ok_or_else(unreadable)?;
    Ok(Replication::NetworkTopology { factors })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replication_is_a_number_or_datacentres_with_theirs() {
        assert_eq!(parse_replication("3"), Ok(Replication::Simple { factor: 3 }));
        let factors = [("dc1".to_owned(), 3), ("dc2".to_owned(), 2)].into();
        assert_eq!(parse_replication("dc1:3,dc2:2"), Ok(Replication::NetworkTopology { factors }));
        for text in ["", "0", "dc1", "dc1:0", "dc1:3,", "dc1:x", "-1"] {
            assert!(parse_replication(text).is_err(), "{text:?}");
        }
    }
}
