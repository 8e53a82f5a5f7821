//! This node's part as a voter on the next entry of the log.

use crate::cluster::Cluster;
use crate::ground::world::{Lane, To, World};
use henge_base::HostId;
use henge_coordinator::Refusal;
use henge_metadata::{Answer, Ballots, Question, Seat};
use henge_paxos::Proposal;
use henge_storage::{EngineError, Store};
use std::sync::Arc;

/// Name of the local fact that holds the seat.
const FACT: &str = "metadata_seat";

/// The seat that an earlier run left behind. One that cannot be read would forget promises: that is an error.
pub(crate) fn stored_seat(store: &Store) -> Result<Seat, EngineError> {
    let Some(bytes) = store.local(FACT)? else { return Ok(Seat::default()) };
    Seat::decode(&bytes).ok_or_else(|| EngineError::Corrupt("the node's seat as a voter cannot be read".to_owned()))
}

impl<W: World> Cluster<W> {
    /// Votes for a peer, after following it to where its log ends.
    pub(crate) async fn vote_for_peer(&self, from: HostId, ballots: Ballots) -> Result<Answer, Refusal> {
        if self.epoch() < ballots.position.epoch {
            self.catch_up_at_once(ballots.position.epoch, To::Host(from)).await;
        }
        if !self.view().state.members.contains_key(&from) {
            return Err(Refusal::Other);
        }
        if let Question::Prepare(ballot) | Question::Accept(Proposal { ballot, .. }) = &ballots.question {
            self.context.check_received_stamp(ballot.micros).map_err(|_| Refusal::ClockAhead)?;
        }
        self.vote(&ballots).await.map_err(|_| Refusal::Other)
    }

    /// Votes. What the answer rests on is on disk before it is given.
    pub(super) async fn vote(&self, ballots: &Ballots) -> Result<Answer, EngineError> {
        let mut seat = self.seat.lock().await;
        let (position, is_voter) = {
            let state = &self.view().state;
            (state.position(), state.voters.contains(&self.context.host()))
        };
        if ballots.position == position && !is_voter {
            return Ok(Answer::NoVoter);
        }
        let mut next = seat.clone();
        let answer = next.answer(position, ballots);
        if answer.needs_sync() {
            if !self.context.options.faults.forget_votes {
                let (store, bytes) = (Arc::clone(&self.store), next.encode());
                self.context.world.disk(Lane::Metadata, move || store.put_local(FACT, &bytes)).await?;
            }
            *seat = next;
        }
        Ok(answer)
    }
}
