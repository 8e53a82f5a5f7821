//! First boot: creating the cluster, or joining it through the seeds.
//!
//! A cluster is created once: by `--bootstrap`, or by discovery when every seed is reachable, none has a cluster and all hold
//! one identical list; then the first seed of that list creates it. Anything else waits, so that a partition at first boot
//! cannot make two clusters. A node whose seeds name only itself creates one if it is told to, or if no other machine can
//! reach it: it may have had a cluster and lost its disk.

use crate::cluster::Cluster;
use crate::cluster::identity_error::IdentityError;
use crate::cluster::propose::ChangeError;
use crate::ground::clock_trust::Verdict;
use crate::ground::options::Options;
use crate::ground::world::{To, World};
use crate::peers::ask_error::AskError;
use crate::peers::messages::metadata::{Probe, ProbeReply, ProposeReply};
use henge_base::HostId;
use henge_coordinator::Refusal;
use henge_metadata::{Command, CommandRefusal, JoinDraft};
use std::net::SocketAddr;
use std::time::Duration;

/// Between two attempts to find the cluster.
const RETRY_DELAY: Duration = Duration::from_millis(200);
/// One seed may take so long to answer.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// A node could not become a member, for good.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The cluster refuses this node; nothing changed.
    #[error("the cluster refuses this node: {0}")]
    Refused(CommandRefusal),
    /// Creating the cluster failed.
    #[error(transparent)]
    Change(ChangeError),
    /// Nobody said that this node is to create a cluster, and there is nobody to join.
    #[error(
        "this node is no member of a cluster, and its seeds name only itself: it would create a cluster of its own, beside any that \
         it had before its data directory was lost. To join a cluster, name members of it in seeds; to create one, start this node \
         once with --bootstrap"
    )]
    NobodyToJoin,
    /// The host was a member and is none any more.
    #[error(
        "host {0} is no member any more: its joining was taken back (henge admin abort), or it was removed. A removed host id never comes \
         back: start the node with an empty data directory, as a new one"
    )]
    Removed(HostId),
    /// This process is not the newest of its host.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// The refusal is in the words of the error: as its source it would be said twice.
impl From<CommandRefusal> for JoinError {
    fn from(refusal: CommandRefusal) -> JoinError {
        JoinError::Refused(refusal)
    }
}

/// The way to the cluster.
enum Discovery {
    /// There is none: this node is to create it.
    Create,
    /// Through this seed.
    Join(To),
    /// Not yet, for this reason.
    Wait(String),
    /// There is nobody to ask.
    Nobody,
}

/// A join that failed.
enum JoinFailure {
    Refused(CommandRefusal),
    /// The host is a member, and this process must not go on as it.
    Identity(IdentityError),
    /// It may succeed later; why it did not now.
    Retry(String),
}

impl<W: World> Cluster<W> {
    /// Returns once this node is a member whose process is confirmed, or is refused. Waits for seeds as long as it takes; the log says
    /// what it waits for.
    pub(crate) async fn become_member(&self) -> Result<(), JoinError> {
        let mut logged = String::new();
        loop {
            if self.is_member() {
                self.await_confirmation().await?;
                self.announce_addresses().await?;
                self.add_system_keyspaces().await;
                self.gossip_wakeup.notify_one();
                return Ok(());
            }
            let reason = match self.discover().await {
                Discovery::Create => {
                    self.create().await?;
                    continue;
                }
                Discovery::Join(seed) => match self.join(seed).await {
                    Ok(()) => {
                        tracing::info!(cluster = %self.view().state.cluster_id, "joined the cluster");
                        continue;
                    }
                    Err(JoinFailure::Refused(refused)) => return Err(refused.into()),
                    Err(JoinFailure::Identity(error)) => return Err(error.into()),
                    Err(JoinFailure::Retry(reason)) => reason,
                },
                Discovery::Wait(reason) => reason,
                Discovery::Nobody => return Err(JoinError::NobodyToJoin),
            };
            if reason != logged {
                tracing::info!("waiting to join: {reason}");
                logged = reason;
            }
            self.context.pause(RETRY_DELAY).await;
        }
    }

    async fn discover(&self) -> Discovery {
        let options = &self.context.options;
        let others: Vec<SocketAddr> = options.seeds.iter().copied().filter(|s| *s != options.address).collect();
        match others.is_empty() {
            // A node that replaces a member creates no cluster.
            true if options.replace.is_some() => return Discovery::Nobody,
            _ if options.bootstrap && options.replace.is_none() => return Discovery::Create,
            true if options.address.ip().is_loopback() => return Discovery::Create,
            true => return Discovery::Nobody,
            false => {}
        }
        let mut empty = 0;
        let mut silent = None;
        for seed in &others {
            let probe = Probe { seeds: options.seeds.clone() };
            match self.peers.ask(To::Address(*seed), &probe, PROBE_TIMEOUT).await {
                Ok(ProbeReply { epoch: Some(_), .. }) => return Discovery::Join(To::Address(*seed)),
                Ok(ProbeReply { seeds, .. }) if seeds == options.seeds => empty += 1,
                Ok(_) => return Discovery::Wait(format!("seed {seed} was given another list of seeds")),
                Err(_) => silent = Some(seed),
            }
        }
        match silent {
            Some(seed) => Discovery::Wait(format!("seed {seed} does not answer")),
            None if options.replace.is_none()
                && empty == others.len()
                && options.seeds.first() == Some(&options.address) =>
            {
                Discovery::Create
            }
            None => Discovery::Wait("no seed has a cluster yet; the first seed will create it".to_owned()),
        }
    }

    /// Answers a node that looks for the cluster, or a member that looks for others.
    pub(crate) fn answer_probe(&self, from: HostId) -> ProbeReply {
        let epoch = self.epoch();
        let epoch = (epoch.index > 0).then_some(epoch);
        let moved = if self.has_member(from) { self.moved_members() } else { Vec::new() };
        ProbeReply { host: self.context.host(), seeds: self.context.options.seeds.clone(), epoch, moved }
    }

    fn draft(&self) -> JoinDraft {
        draft(self.context.host(), &self.context.options)
    }

    async fn create(&self) -> Result<(), JoinError> {
        let name = self.context.options.cluster_name.clone();
        let command = self.new_command(Command::Bootstrap { name, first: self.draft() }, false);
        let deadline = self.context.deadline_after(self.context.options.metadata_timeout);
        self.propose(&command, deadline).await.map_err(JoinError::Change)?;
        // Nobody else is in it whose clock could be asked: clients are served from here on.
        self.context.clock.take(Verdict::Alone, true, self.context.now());
        tracing::info!(cluster = %self.view().state.cluster_id, "created a cluster");
        Ok(())
    }

    async fn join(&self, seed: To) -> Result<(), JoinFailure> {
        let (name, member) = (self.context.options.cluster_name.clone(), self.draft());
        let command = match self.context.options.replace {
            Some(dead) => Command::ReplaceMember { name, dead, member },
            None => Command::Join { name, member },
        };
        let question = self.new_command(command, false);
        let answer = self.peers.ask(seed, &question, self.context.options.metadata_timeout).await;
        // Whatever the answer, the log decides: an earlier attempt may have been agreed while its answer was lost.
        self.pull_all(seed).await;
        if self.is_member() {
            return Ok(());
        }
        Err(match answer {
            Ok(ProposeReply::Agreed { .. }) => {
                JoinFailure::Retry("the log with this node in it has not arrived yet".to_owned())
            }
            Ok(ProposeReply::Refused(CommandRefusal::Busy(reason))) => JoinFailure::Retry(reason),
            Ok(ProposeReply::Refused(CommandRefusal::MemberAlready(_))) => self.claim_membership(seed).await,
            Ok(ProposeReply::Refused(refused)) => JoinFailure::Refused(refused),
            Ok(ProposeReply::NotReady(reason) | ProposeReply::Unknown(reason)) => JoinFailure::Retry(reason),
            Err(AskError::Refused(Refusal::Superseded)) => self.claim_membership(seed).await,
            Err(error) => JoinFailure::Retry(error.to_string()),
        })
    }

    /// The host is a member already, with another process: one that was killed before it had the log with itself in it, or one that was
    /// started on the host's own directory. This process asks the seed to be admitted in its place.
    async fn claim_membership(&self, seed: To) -> JoinFailure {
        let retry = |error: AskError| JoinFailure::Retry(error.to_string());
        let peer = match self.peers.probe(seed, PROBE_TIMEOUT).await {
            Ok((_, ProbeReply { host, .. })) => host,
            Err(error) => return retry(error),
        };
        let lease = self.recalls.lease();
        match self.ask_recall(seed, lease, false).await {
            Ok(reply) => {
                let (host, generation) = (self.context.host(), self.context.identity.generation);
                IdentityError::of(host, peer, reply, generation, lease).map_or_else(
                    || JoinFailure::Retry("the cluster has this node already, and its log is on its way".to_owned()),
                    JoinFailure::Identity,
                )
            }
            Err(error) => retry(error),
        }
    }

    /// True if this node is a member under the addresses that it has now.
    pub(crate) fn has_its_addresses(&self) -> bool {
        let options = &self.context.options;
        let member = self.view().state.members.get(&self.context.host()).map(|m| (m.address, m.rpc_address));
        member.is_none_or(|addresses| addresses == (options.address, options.rpc_address))
    }

    /// Announces the addresses of a member that comes back under others. If the voters cannot be reached now, they hear of it later.
    pub(crate) async fn announce_addresses(&self) -> Result<(), JoinError> {
        if self.has_its_addresses() {
            return Ok(());
        }
        let draft = self.draft();
        let (address, rpc_address) = (draft.address, draft.rpc_address);
        match self.change(Command::UpdateMember { id: draft.id, address, rpc_address }).await {
            Ok(_) => Ok(()),
            Err(ChangeError::Refused(refused)) => Err(refused.into()),
            Err(error) => {
                tracing::warn!(%error, "this node's new addresses could not be announced yet");
                Ok(())
            }
        }
    }

    /// Adds the keyspaces that a cluster of an older release lacks. Only voters do, for they are sure to know the command.
    async fn add_system_keyspaces(&self) {
        let is_voter = self.view().state.voters.contains(&self.context.host());
        if !is_voter || self.view().state.has_system_keyspaces() {
            return;
        }
        if let Err(error) = self.change(Command::CreateSystemKeyspaces).await {
            tracing::warn!(%error, "cannot add the keyspace of traces; nothing is traced until the next start");
        }
    }
}

/// A node as a member.
pub(crate) fn draft(id: HostId, options: &Options) -> JoinDraft {
    JoinDraft {
        id,
        datacenter: options.datacenter.clone(),
        rack: options.rack.clone(),
        address: options.address,
        rpc_address: options.rpc_address,
        num_tokens: options.num_tokens,
        speaks: options.versions,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;

    #[test]
    fn a_refusal_is_said_once() {
        let error = JoinError::from(CommandRefusal::Member("host x is up".to_owned()));
        assert_eq!(
            (error.to_string().as_str(), error.source().is_none()),
            ("the cluster refuses this node: host x is up", true)
        );
    }
}
