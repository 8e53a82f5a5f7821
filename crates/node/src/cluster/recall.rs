//! A process that has started asks all other members to be admitted as its host. Until one of them has, it stamps nothing and
//! answers nothing from memory; one that is refused ends. docs/protocols/identity.md tells it all.

use crate::cluster::Cluster;
use crate::cluster::identity_error::IdentityError;
use crate::cluster::recalls::{Claims, RecallState, put_claims};
use crate::ground::standing::Standing;
use crate::ground::world::{CallError, Lane, To, World};
use crate::peers::ask_error::AskError;
use crate::peers::messages::recall::{Recall, RecallReply};
use henge_base::{HostId, Micros, Mono};
use henge_coordinator::Refusal;
use std::sync::Arc;
use std::time::Duration;

/// The pause after the first attempt that failed; doubled with each further one.
const RETRY_DELAY_MIN: Duration = Duration::from_millis(50);
/// The longest pause while nobody has confirmed this process, and after that.
const RETRY_DELAY_UNCONFIRMED_MAX: Duration = Duration::from_millis(100);
const RETRY_DELAY_MAX: Duration = Duration::from_secs(5);
/// A member may take so long to answer: it may have to find out if another process runs.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// Members that are slower than the first that answered by more than this are not waited for.
const LAGGARD_TIMEOUT: Duration = Duration::from_millis(200);
/// Members asked at a time.
const ASKED_MAX: usize = 64;
/// Others are looked for once so few are being asked: in a large cluster not after each answer.
const ASKED_MIN: usize = 48;
/// A process that was confirmed and is refused by one member hears what the others say for so long.
const CONTEST_TIMEOUT: Duration = Duration::from_secs(3);

impl<W: World> Cluster<W> {
    /// Asks members until all have admitted this process, and again those that forget it or start anew.
    pub(crate) async fn run_recalls(self: Arc<Self>) {
        let (mut member_since, mut delay) = (None, RETRY_DELAY_MIN);
        loop {
            for host in self.peers.doubts().take() {
                self.recalls.state.lock().admitted.remove(&host);
            }
            if self.is_member() {
                let since = *member_since.get_or_insert_with(|| self.context.world.mono());
                self.ask_members();
                self.conclude(since).await;
            }
            let delay_max = match self.context.standing.get() {
                Standing::Unconfirmed => RETRY_DELAY_UNCONFIRMED_MAX,
                _ => RETRY_DELAY_MAX,
            };
            tokio::select! {
                biased;
                () = self.recalls.changed.notified() => delay = RETRY_DELAY_MIN,
                () = self.peers.doubts().wait_for_doubt() => delay = RETRY_DELAY_MIN,
                () = self.context.pause(delay.min(delay_max)) => delay = (2 * delay).min(RETRY_DELAY_MAX),
            }
        }
    }

    /// Waits until this process may go on as its host, or may not.
    pub(super) async fn await_confirmation(&self) -> Result<(), IdentityError> {
        match self.context.standing.wait_until_decided().await {
            Standing::Refused => self.recalls.refusal().map_or(Ok(()), Err),
            _ => Ok(()),
        }
    }

    /// True once this process goes on as its host.
    pub(crate) fn may_go_on(&self) -> bool {
        matches!(self.context.standing.get(), Standing::Alone | Standing::Confirmed)
    }

    fn other_members(&self) -> Vec<HostId> {
        self.view().state.members.keys().copied().filter(|host| *host != self.context.host()).collect()
    }

    /// Asks those members that have not admitted this process, each in a task of its own: one that is silent delays no other.
    fn ask_members(self: &Arc<Self>) {
        let mut to_ask = Vec::new();
        {
            let (view, mut state) = (self.view(), self.recalls.state.lock());
            let RecallState { admitted, asked, .. } = &mut *state;
            if asked.len() > ASKED_MIN {
                return;
            }
            // Both are in the order of host ids: this is done after many an answer, and there may be a thousand members.
            let mut admitted = admitted.iter().peekable();
            for host in view.state.members.keys().filter(|host| **host != self.context.host()) {
                while admitted.next_if(|before| *before < host).is_some() {}
                if admitted.peek() != Some(&host) && asked.len() < ASKED_MAX && asked.insert(*host) {
                    to_ask.push(*host);
                }
            }
        }
        for host in to_ask {
            let cluster = Arc::clone(self);
            self.context.world.spawn("recall", async move {
                let reply = cluster.ask_to_be_admitted(host).await;
                cluster.take_reply(host, reply);
            });
        }
    }

    /// Asks a member if it knows anything that contradicts this process, and then to be admitted. Once it has admitted this process it
    /// sees later clocks than the lease that it was asked with: no claim to that lease may be left on disk by then.
    async fn ask_to_be_admitted(&self, host: HostId) -> Result<RecallReply, AskError> {
        let (lease, claim) = {
            let state = self.recalls.state.lock();
            (state.lease, state.claims.get(&host).copied())
        };
        let reply = self.ask_recall(To::Host(host), claim.unwrap_or(lease), true).await?;
        if reply != RecallReply::Admitted {
            return Ok(reply);
        }
        if !self.drop_claim(host).await {
            return Err(AskError::Call(CallError::NotSent));
        }
        self.ask_recall(To::Host(host), lease, false).await
    }

    pub(super) async fn ask_recall(&self, of: To, lease: Micros, is_question: bool) -> Result<RecallReply, AskError> {
        let is_accepted = self.context.options.accept_older_copy;
        let (generation, address) = (self.context.identity.generation, Some(self.context.options.address));
        let speaks = self.context.versions.speaks();
        let recall = Recall { generation, lease, is_question, is_accepted, address, speaks };
        self.peers.ask(of, &recall, ANSWER_TIMEOUT).await
    }

    fn take_reply(&self, host: HostId, reply: Result<RecallReply, AskError>) {
        let (generation, now) = (self.context.identity.generation, self.context.world.mono());
        {
            let mut state = self.recalls.state.lock();
            state.asked.remove(&host);
            let lease = state.claims.get(&host).copied().unwrap_or(state.lease);
            let error = match reply {
                Ok(reply) => IdentityError::of(self.context.host(), host, reply, generation, lease),
                // It knows as much of the log as this node, which takes itself for a member.
                Err(AskError::Refused(Refusal::Stranger)) => {
                    Some(IdentityError::Removed { host: self.context.host(), peer: host })
                }
                Err(_) => return,
            };
            match error {
                None => {
                    state.refused.remove(&host);
                    state.admitted.insert(host);
                    state.first_admitted.get_or_insert(now);
                }
                Some(error) => {
                    state.admitted.remove(&host);
                    state.refused.insert(host, error);
                    if self.context.standing.is_confirmed() && state.contested.is_none() {
                        // The others are asked anew: they may have admitted another process meanwhile.
                        state.contested = Some(now);
                        state.admitted.clear();
                    }
                }
            }
        }
        if !self.context.standing.is_confirmed() {
            // A peer that has just admitted this process has not listened to its gossip so far.
            self.gossip_wakeup.notify_one();
        }
        self.recalls.changed.notify_one();
    }

    /// Concludes from the answers so far.
    async fn conclude(&self, since: Mono) {
        let now = self.context.world.mono();
        match self.context.standing.get() {
            Standing::Refused => {}
            Standing::Confirmed => self.conclude_contest(now),
            standing => {
                if let Some(error) = self.recalls.refusal() {
                    self.context.standing.set(Standing::Refused);
                    if standing == Standing::Alone {
                        self.context.world.fatal(&error.to_string());
                    }
                    return;
                }
                let (all, first) = {
                    let state = self.recalls.state.lock();
                    (self.other_members().iter().all(|host| state.admitted.contains(host)), state.first_admitted)
                };
                if all || first.is_some_and(|first| now.since(first) >= LAGGARD_TIMEOUT) {
                    self.go_on(standing, Standing::Confirmed).await;
                } else if first.is_none()
                    && standing == Standing::Unconfirmed
                    && now.since(since) >= self.context.options.recall_patience
                {
                    self.go_on(standing, Standing::Alone).await;
                }
            }
        }
    }

    /// Goes on as the host, once the claims of members that have not answered are on disk.
    async fn go_on(&self, before: Standing, next: Standing) {
        if before == Standing::Unconfirmed && !self.keep_claims().await {
            return;
        }
        if next == Standing::Alone {
            tracing::warn!(
                "no other member answers, so nobody can say if this data directory is an older copy; this node serves its clients, and \
                 ends if a member says so later"
            );
        }
        self.context.standing.set(next);
    }

    /// Ends this process if most members that answer refuse it. One alone is not believed: it may be the one that was misled.
    fn conclude_contest(&self, now: Mono) {
        let mut state = self.recalls.state.lock();
        let Some(contested) = state.contested else { return };
        let has_answered = |host: &HostId| state.admitted.contains(host) || state.refused.contains_key(host);
        if !self.other_members().iter().all(has_answered) && now.since(contested) < CONTEST_TIMEOUT {
            return;
        }
        state.contested = None;
        if state.refused.len() > state.admitted.len() {
            let error = state.refused.values().next().map(ToString::to_string).unwrap_or_default();
            drop(state);
            self.context.standing.set(Standing::Refused);
            return self.context.world.fatal(&error);
        }
        for (peer, error) in std::mem::take(&mut state.refused) {
            if state.logged.insert(peer) {
                tracing::error!(%peer, %error, "a member does not admit this process, most others do");
            }
        }
    }

    /// Stores a claim for each member that has not cleared this process, whose lease goes on from now.
    async fn keep_claims(&self) -> bool {
        let others = self.other_members();
        self.change_claims(|state| {
            let mut claims = state.claims.clone();
            claims.retain(|host, _| others.contains(host));
            for host in others.iter().filter(|host| !state.cleared.contains(host)) {
                claims.entry(*host).or_insert(state.lease);
            }
            Some(claims)
        })
        .await
    }

    /// Drops the claim of a member that has cleared this process. Those of others that wait for their turn go with it: a start in a large
    /// cluster does not sync once for each member.
    async fn drop_claim(&self, host: HostId) -> bool {
        self.recalls.state.lock().cleared.insert(host);
        self.change_claims(|state| {
            let is_left = |host: &HostId| !state.cleared.contains(host);
            let left = || state.claims.iter().filter(|(host, _)| is_left(host)).map(|(host, lease)| (*host, *lease));
            state.claims.contains_key(&host).then(|| left().collect())
        })
        .await
    }

    /// Changes the claims on disk, synced, to what `change` makes of them, `None` to leave them; true if that succeeded.
    async fn change_claims(&self, change: impl FnOnce(&RecallState) -> Option<Claims>) -> bool {
        let _turn = self.recalls.claims_lock.lock().await;
        let claims = {
            let state = self.recalls.state.lock();
            match change(&state).filter(|claims| *claims != state.claims) {
                Some(claims) => claims,
                None => return true,
            }
        };
        let (store, changed) = (Arc::clone(&self.store), claims.clone());
        if let Err(error) = self.context.world.disk(Lane::Metadata, move || put_claims(&store, &changed)).await {
            tracing::error!(%error, "cannot store which members have confirmed this node");
            return false;
        }
        self.recalls.state.lock().claims = claims;
        true
    }
}
