//! Changing the cluster's metadata. A voter turns a command into an entry, stores it, and waits until the members that are up
//! have it too, so that a client that was told of a table can use it everywhere.

use crate::cluster::Cluster;
use crate::ground::world::{To, World};
use crate::peers::ask_error::AskError;
use crate::peers::message::{Body, Message};
use crate::peers::messages::metadata::{Advance, AdvanceReply, Propose, ProposeReply};
use futures_util::future::join_all;
use henge_base::{HostId, Random};
use henge_metadata::{Command, Epoch, Refused};
use std::time::Duration;

/// A member that seems down may take so long to confirm an epoch.
const DOWN_MEMBER_TIMEOUT: Duration = Duration::from_millis(300);

/// A change of metadata was not made, or is not known to have been.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The log refuses it; nothing changed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The voters could not be reached; nothing was sent, or the outcome is unknown.
    #[error("the cluster's metadata cannot be changed now: {0}")]
    Unreachable(String),
}

impl<W: World> Cluster<W> {
    /// Carries out a command, here or at a voter. Gives the epoch at which it holds, and true if anything changed.
    pub(crate) async fn change(&self, command: Command) -> Result<(Epoch, bool), ChangeError> {
        let voters: Vec<HostId> = self.view().state.voters.clone();
        if voters.contains(&self.context.host()) {
            return self.propose(command).await;
        }
        self.ask_voters(&voters, command).await
    }

    /// Carries out a command of a peer. One that was forwarded already is not passed on once more.
    pub(crate) async fn change_for_peer(&self, Propose { command, forwarded }: Propose) -> ProposeReply {
        if self.epoch().index == 0 {
            return ProposeReply::NotReady("this node has no cluster yet".to_owned());
        }
        if forwarded && !self.view().state.voters.contains(&self.context.host()) {
            return ProposeReply::NotReady("this node does not vote on metadata".to_owned());
        }
        match self.change(command).await {
            Ok((epoch, changed)) => ProposeReply::Agreed { epoch, changed },
            Err(ChangeError::Refused(refused)) => ProposeReply::Refused(refused),
            Err(ChangeError::Unreachable(reason)) => ProposeReply::NotReady(reason),
        }
    }

    /// Follows a peer to a new epoch.
    pub(crate) async fn advance(&self, from: HostId, Advance { epoch }: Advance) -> AdvanceReply {
        self.catch_up_at_once(epoch, To::Host(from)).await;
        AdvanceReply { epoch: self.epoch() }
    }

    /// Makes an entry of a command, and tells the members. Called by voters, and by the node that creates the cluster: on its first
    /// entry no voter can agree, because none is named yet.
    pub(super) async fn propose(&self, command: Command) -> Result<(Epoch, bool), ChangeError> {
        let timeout = self.context.options.metadata_timeout;
        let Some(_lock) = self.context.within(timeout, self.proposal_lock.lock()).await else {
            let text = format!("another change has been under way for {timeout:?}; nothing was changed");
            return Err(ChangeError::Unreachable(text));
        };
        let mut random = Random::new(self.context.world.random("metadata"));
        let state = self.view().state.clone();
        let entry = match henge_metadata::propose(&state, &command, &mut random, self.context.world.wall_us()) {
            Ok(entry) => entry,
            Err(refused) if refused.is_no_op() => return Ok((state.epoch, false)),
            Err(refused) => return Err(refused.into()),
        };
        let epoch = entry.epoch;
        self.append(entry).await.map_err(|e| ChangeError::Unreachable(e.to_string()))?;
        self.announce(epoch).await;
        Ok((epoch, true))
    }

    /// Tells every member of a new epoch, and waits for each to have it or to be too slow.
    async fn announce(&self, epoch: Epoch) {
        let members: Vec<HostId> = self.view().state.members.keys().copied().collect();
        let up = self.peers.liveness().up();
        let others = members.into_iter().filter(|member| *member != self.context.host());
        join_all(others.map(|member| {
            // A member that seems down may have come up this moment: it is told too, but not waited for long.
            let is_up = up.contains(&member);
            let timeout = if is_up { self.context.options.metadata_timeout / 2 } else { DOWN_MEMBER_TIMEOUT };
            self.announce_to(member, epoch, timeout)
        }))
        .await;
    }

    async fn announce_to(&self, member: HostId, epoch: Epoch, timeout: Duration) {
        match self.peers.ask(To::Host(member), &Advance { epoch }, timeout).await {
            Ok(AdvanceReply { epoch: confirmed }) if confirmed >= epoch => {}
            Ok(_) => tracing::warn!(%member, %epoch, "a member cannot follow to a new epoch; its log says why"),
            Err(error) => {
                tracing::warn!(%member, %epoch, %error, "a member has not confirmed a new epoch; it will catch up")
            }
        }
    }

    async fn ask_voters(&self, voters: &[HostId], command: Command) -> Result<(Epoch, bool), ChangeError> {
        let mut last = "no voter is known".to_owned();
        let question = Propose { command, forwarded: true };
        let (bytes, bytes_max) = (question.encode().len(), Propose::BYTES_MAX);
        if bytes > bytes_max {
            let text = format!("the statement takes {bytes} bytes, more than the {bytes_max} that reach a voter");
            return Err(Refused::Limit(text).into());
        }
        for voter in voters {
            match self.peers.ask(To::Host(*voter), &question, self.context.options.metadata_timeout).await {
                Ok(ProposeReply::Agreed { epoch, changed }) => {
                    self.catch_up_at_once(epoch, To::Host(*voter)).await;
                    return Ok((epoch, changed));
                }
                Ok(ProposeReply::Refused(refused)) => return Err(refused.into()),
                Ok(ProposeReply::NotReady(reason)) => last = reason,
                Err(error) if error.is_definite() => last = format!("voter {voter}: {error}"),
                // The command may have been carried out: asking another voter could do it twice.
                Err(AskError::Call(_)) => {
                    return Err(ChangeError::Unreachable(format!(
                        "voter {voter} did not answer in time; the outcome is unknown"
                    )));
                }
                Err(error) => {
                    return Err(ChangeError::Unreachable(format!("voter {voter}: {error}; the outcome is unknown")));
                }
            }
        }
        Err(ChangeError::Unreachable(last))
    }
}
