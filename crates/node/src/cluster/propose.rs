//! Changing the cluster's metadata. A voter turns a command into an entry, has the voters agree on it, and waits until the members that
//! are up have it too.

use crate::cluster::Cluster;
use crate::cluster::agree::AgreementError;
use crate::ground::world::{To, World};
use crate::peers::ask_error::AskError;
use crate::peers::message::{Body, Message};
use crate::peers::messages::metadata::{Propose, ProposeReply};
use henge_base::{HostId, Mono, Random};
use henge_metadata::{Ballots, ClusterState, Command, CommandId, CommandRefusal, Epoch, Question, SealedEntry};
use std::pin::pin;
use std::time::Duration;

/// A voter that was given a command is asked whether it is still there after so long, again and again.
const SILENCE: Duration = Duration::from_millis(80);
/// It may take so long to say so.
const SIGN_OF_LIFE_TIMEOUT: Duration = Duration::from_millis(40);

/// A voter's reason while its disk is full.
const DISK_IS_FULL: &str = "the disk is full";

/// A change of metadata was not made, or is not known to have been.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The log refuses it; nothing changed.
    #[error(transparent)]
    Refused(#[from] CommandRefusal),
    /// The voters could not be reached, or did not agree in time; nothing changed.
    #[error("the cluster's metadata cannot be changed now: {0}")]
    Unreachable(String),
    /// The change may have been made, or may be yet.
    #[error("the cluster's metadata cannot be changed now: {0}; the outcome is unknown")]
    Unknown(String),
}

/// The outcome of giving a command to one voter.
enum Attempt {
    /// It was carried out.
    Agreed((Epoch, bool)),
    /// It was not, for this reason; another voter may.
    NotReady(String),
    /// It may have been. Another voter may be asked all the same, for a command is carried out once.
    Unknown(String),
}

impl<W: World> Cluster<W> {
    /// Carries out a command, here or at a voter. Gives the epoch at which it holds, and true if anything changed.
    pub(crate) async fn change(&self, command: Command) -> Result<(Epoch, bool), ChangeError> {
        self.change_before(self.context.deadline_after(self.context.options.metadata_timeout), command).await
    }

    /// Carries out a command of a client, whose time counts from the receipt of its request.
    pub(crate) async fn change_before(&self, deadline: Mono, command: Command) -> Result<(Epoch, bool), ChangeError> {
        self.foresee_lost_quorum(&command)?;
        self.change_once(&self.new_command(command, true), deadline).await
    }

    /// Refuses a command that begins a plan by which a range would lack a quorum, as this node sees who is up: the voter that carries it
    /// out may not have noticed yet that a member is down. All else is for that voter to say.
    fn foresee_lost_quorum(&self, command: &Command) -> Result<(), CommandRefusal> {
        if !command.may_begin_a_plan() {
            return Ok(());
        }
        let state = self.view().state.clone();
        let Ok(entry) = self.draft_entry(&state, command) else { return Ok(()) };
        match self.check_plan(&state, command, entry) {
            Err(refused @ CommandRefusal::Busy(_)) => Err(refused),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// A command with an id of its own.
    pub(super) fn new_command(&self, command: Command, forwarded: bool) -> Propose {
        let origin = CommandId::random(&mut Random::new(self.context.world.random("command")));
        Propose { origin, command, forwarded }
    }

    async fn change_once(&self, question: &Propose, deadline: Mono) -> Result<(Epoch, bool), ChangeError> {
        let mut unknown = None;
        let mut last = "no voter is known".to_owned();
        for voter in self.voters_in_order() {
            let outcome = match voter == self.context.host() {
                true if self.lacks_room_for(&question.command) => Ok(Attempt::NotReady(DISK_IS_FULL.to_owned())),
                true if let Some(reason) = self.clock_fault() => Ok(Attempt::NotReady(reason)),
                true => self.propose(question, deadline).await.map(Attempt::Agreed),
                false => self.ask_for(voter, question, deadline).await,
            };
            match (outcome, &unknown) {
                (Ok(Attempt::Agreed(outcome)), _) => return Ok(outcome),
                (Ok(Attempt::NotReady(reason)), _) => last = reason,
                (Ok(Attempt::Unknown(reason)), _) => unknown = Some(reason),
                (Err(error), None) => return Err(error),
                // The voter before may carry the command out yet.
                (Err(error), Some(reason)) => return Err(ChangeError::Unknown(format!("{reason}; then: {error}"))),
            }
        }
        Err(unknown.map_or(ChangeError::Unreachable(last), ChangeError::Unknown))
    }

    /// Carries out a command of a peer. One that was forwarded already is not passed on once more.
    pub(crate) async fn change_for_peer(&self, question: Propose) -> ProposeReply {
        if self.epoch().index == 0 {
            return ProposeReply::NotReady("this node has no cluster yet".to_owned());
        }
        let is_voter = self.view().state.voters.contains(&self.context.host());
        let deadline = self.context.deadline_after(self.context.options.metadata_timeout);
        let changed = match (is_voter, question.forwarded) {
            (true, _) if self.lacks_room_for(&question.command) => {
                return ProposeReply::NotReady(DISK_IS_FULL.to_owned());
            }
            (true, _) => self.propose(&question, deadline).await,
            (false, true) => return ProposeReply::NotReady("this node does not vote on metadata".to_owned()),
            (false, false) => self.change_once(&Propose { forwarded: true, ..question }, deadline).await,
        };
        match changed {
            Ok((epoch, changed)) => ProposeReply::Agreed { epoch, changed },
            Err(ChangeError::Refused(refused)) => ProposeReply::Refused(refused),
            Err(ChangeError::Unreachable(reason)) => ProposeReply::NotReady(reason),
            Err(ChangeError::Unknown(reason)) => ProposeReply::Unknown(reason),
        }
    }

    /// True of what clients ask for, unless it makes room, while this node's disk is full: refused as their other writes are.
    fn lacks_room_for(&self, command: &Command) -> bool {
        self.context.is_disk_full() && command.takes_room()
    }

    /// The reason why this voter's clock gives no ballots, unless that may pass or nobody else votes: another voter carries commands out.
    fn clock_fault(&self) -> Option<String> {
        let needs_ballots = self.view().state.voters.len() > 1;
        let patience = self.context.options.metadata_timeout.as_micros() as i64;
        let refused = self.context.clock.check(self.context.now()).err().filter(|_| needs_ballots)?;
        (!refused.may_pass_within(patience)).then(|| refused.to_string())
    }

    /// The voters, those first that seem up and have not been silent lately: commands that all go to one of them do not compete.
    fn voters_in_order(&self) -> Vec<HostId> {
        let mut voters = self.view().state.voters.clone();
        let (own, up, now) = (self.context.host(), self.peers.liveness().up(), self.context.world.mono());
        voters.sort_by_key(|voter| *voter != own && (!up.contains(voter) || self.quiet_members.contains(*voter, now)));
        voters
    }

    /// Has an entry made of a command agreed on, and tells the members. Called by voters, and by the node that creates the cluster: on
    /// its first entry nobody votes, because no voter is named yet.
    pub(super) async fn propose(&self, question: &Propose, deadline: Mono) -> Result<(Epoch, bool), ChangeError> {
        let (epoch, changed) = {
            let left = deadline.since(self.context.world.mono());
            let Some(lock) = self.context.within(left, self.proposal_lock.lock()).await else {
                let text = format!("another change has been under way for {left:?}; nothing was changed");
                return Err(ChangeError::Unreachable(text));
            };
            let outcome = self.agree(question, deadline).await?;
            drop(lock);
            outcome
        };
        if changed {
            self.announce(epoch).await;
        }
        Ok((epoch, changed))
    }

    async fn agree(&self, question: &Propose, deadline: Mono) -> Result<(Epoch, bool), ChangeError> {
        let mut random = Random::new(self.context.world.random("metadata"));
        loop {
            let state = self.view().state.clone();
            if let Some(index) = state.recent.index_of(question.origin) {
                return Ok((Epoch { index, ..state.epoch }, true));
            }
            let wall = self.context.wall_us();
            let proposed = henge_metadata::propose(&state, question.origin, &question.command, &mut random, wall);
            let agreed = match proposed.and_then(|entry| self.check_plan(&state, &question.command, entry)) {
                Ok(entry) => self.decide(&state, Some(&entry), deadline).await,
                Err(refused) => match self.confirm_end(&state, deadline).await {
                    Ok(true) if refused.is_no_op() => return Ok((state.epoch, false)),
                    Ok(true) => return Err(refused.into()),
                    Ok(false) => Ok(true),
                    Err(error) => Err(error),
                },
            };
            agreed.map_err(|error| match error {
                AgreementError::NotProposed(reason) => ChangeError::Unreachable(reason),
                AgreementError::Unknown(reason) => ChangeError::Unknown(reason),
            })?;
        }
    }

    /// The entry that a command would make now, as this node sees the cluster; nothing is changed.
    pub(crate) fn rehearse(&self, state: &ClusterState, command: &Command) -> Result<SealedEntry, CommandRefusal> {
        let entry = self.draft_entry(state, command)?;
        self.check_plan(state, command, entry)
    }

    /// The same, if only the log had a say: whoever is up.
    pub(crate) fn draft_entry(&self, state: &ClusterState, command: &Command) -> Result<SealedEntry, CommandRefusal> {
        let mut random = Random::new(self.context.world.random("metadata"));
        henge_metadata::propose(state, CommandId::random(&mut random), command, &mut random, self.context.wall_us())
    }

    /// Has a voter carry out a command.
    async fn ask_for(&self, voter: HostId, question: &Propose, deadline: Mono) -> Result<Attempt, ChangeError> {
        let (bytes, bytes_max) = (question.encode().len(), Propose::BYTES_MAX);
        if bytes > bytes_max {
            let text = format!("the statement takes {bytes} bytes, more than the {bytes_max} that reach a voter");
            return Err(CommandRefusal::Limit(text).into());
        }
        match self.ask_while_alive(voter, question, deadline).await {
            Some(Ok(ProposeReply::Agreed { epoch, changed })) => {
                self.catch_up_at_once(epoch, To::Host(voter)).await;
                Ok(Attempt::Agreed((epoch, changed)))
            }
            Some(Ok(ProposeReply::Refused(refused))) => Err(refused.into()),
            Some(Ok(ProposeReply::NotReady(reason))) => Ok(Attempt::NotReady(reason)),
            Some(Ok(ProposeReply::Unknown(reason))) => Ok(Attempt::Unknown(reason)),
            Some(Err(error)) if error.is_definite() => Ok(Attempt::NotReady(format!("voter {voter}: {error}"))),
            Some(Err(error)) => Ok(Attempt::Unknown(format!("voter {voter}: {error}"))),
            None => {
                self.quiet_members.note(voter, self.context.world.mono());
                Ok(Attempt::Unknown(format!("voter {voter} fell silent")))
            }
        }
    }

    /// Waits for a voter's reply as long as it gives signs of life; `None` if it stops.
    async fn ask_while_alive(
        &self,
        voter: HostId,
        question: &Propose,
        deadline: Mono,
    ) -> Option<Result<ProposeReply, AskError>> {
        let voter = To::Host(voter);
        let left = deadline.since(self.context.world.mono());
        let mut reply = pin!(self.peers.ask(voter, question, left));
        loop {
            tokio::select! {
                biased;
                reply = &mut reply => return Some(reply),
                () = self.context.pause(SILENCE) => {}
            }
            let look = Ballots { position: self.view().state.position(), question: Question::Look };
            tokio::select! {
                biased;
                reply = &mut reply => return Some(reply),
                alive = self.peers.ask(voter, &look, SIGN_OF_LIFE_TIMEOUT) => { alive.ok()?; }
            }
        }
    }
}
