//! The watch over this node's clock: once a second it is compared with those of a few peers. A node whose clock most of them
//! differ from coordinates no writes until it is right again.

use crate::cluster::Cluster;
use crate::ground::clock::Now;
use crate::ground::clock_trust::{Comparison, Reading, Verdict, judge};
use crate::ground::context::Context;
use crate::ground::world::{To, World};
use crate::peers::Peers;
use crate::peers::messages::metadata::{TimeReply, TimeRequest};
use crate::work::worker::{Next, StepError, Worker};
use futures_util::future::join_all;
use henge_base::{HostId, Mono};
use std::sync::Arc;
use std::time::Duration;

/// Between two rounds.
const ROUND_INTERVAL: Duration = Duration::from_secs(1);
/// Between two rounds while the clock was never compared.
const FIRST_INTERVAL: Duration = Duration::from_millis(50);
/// A peer may take so long to tell its time.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(500);
/// Peers that are asked in a round, of those that this node gossips with: the links are there.
const PEERS_MAX: usize = 16;
/// The time after its start, or after it joined, from which a node trusts its own clock if no peer has come up.
const PEERLESS_TRUST_DELAY: Duration = Duration::from_secs(5);

/// Compares the clock with those of peers.
pub(crate) struct ClockWatch<W> {
    context: Arc<Context<W>>,
    cluster: Arc<Cluster<W>>,
    peers: Arc<Peers<W>>,
    /// The moment from which on peers are waited for: the start, or when this node last had no cluster.
    began: Mono,
    /// True if stamps were refused after the last round.
    is_refusing: bool,
    last: &'static str,
}

impl<W: World> ClockWatch<W> {
    /// Nothing has been compared yet.
    pub(crate) fn new(context: Arc<Context<W>>, cluster: Arc<Cluster<W>>, peers: Arc<Peers<W>>) -> Self {
        let began = context.world.mono();
        ClockWatch { context, cluster, peers, began, is_refusing: false, last: "" }
    }

    /// The peers to ask.
    fn partners(&self) -> Vec<HostId> {
        let (own, up) = (self.context.host(), self.peers.liveness().up());
        let (before, after): (Vec<HostId>, Vec<HostId>) =
            self.cluster.gossip_partners().into_iter().filter(|host| up.contains(host)).partition(|host| *host < own);
        // Those whose ids follow on this node's come first, or all would ask the same.
        after.into_iter().chain(before).take(PEERS_MAX).collect()
    }

    /// True once this node knows of a cluster.
    fn has_cluster(&self) -> bool {
        !self.cluster.view().state.members.is_empty()
    }

    async fn compare(&self, peer: HostId, sent: Now) -> Option<Comparison> {
        let answer = self.peers.ask(To::Host(peer), &TimeRequest {}, ANSWER_TIMEOUT).await;
        let TimeReply { wall_us, has_jumped } = answer.ok()?;
        // By the monotonic clock: a wall clock that jumped meanwhile would hide in the round trip.
        let round_trip = self.context.world.mono().since(sent.mono).as_micros() as i64;
        let comparison = Comparison::new(sent.wall, sent.wall + round_trip, Reading { wall_us, has_jumped });
        self.context.metrics.peer_clock_offset(peer, comparison.offset_us);
        Some(comparison)
    }

    fn judge(&self, asked: usize, comparisons: &[Comparison]) -> Verdict {
        let others = self.cluster.view().state.members.keys().any(|member| *member != self.context.host());
        match self.has_cluster() {
            // A newcomer has nothing to stamp yet, and nobody to trust: it is about to be one among others.
            false => Verdict::Open,
            true if others => judge(comparisons, asked - comparisons.len()),
            true => Verdict::Alone,
        }
    }

    /// Says once in the log that stamps are refused, and once that they are not any more.
    fn report(&mut self) {
        let refused = self.context.clock.check(self.context.now()).err();
        self.context.metrics.clock_trusted.set(i64::from(refused.is_none()));
        let is_refusing = refused.is_some_and(|error| !error.is_start());
        if is_refusing != self.is_refusing {
            match refused {
                Some(error) => tracing::error!("{error}; until it is right this node coordinates no writes"),
                None => tracing::info!("this node's clock is right again: it coordinates writes"),
            }
        }
        self.is_refusing = is_refusing;
        self.last = if refused.is_some() { "the clock is not trusted" } else { "" };
    }
}

impl<W: World> Worker for ClockWatch<W> {
    const NAME: &'static str = "clock_watch";
    const RETRY_DELAY: Duration = ROUND_INTERVAL;

    async fn step(&mut self) -> Result<Next, StepError> {
        let partners = self.partners();
        // The verdict is of the clock as it was when peers were asked: it may jump before they have answered.
        let asked_at = self.context.now();
        if !self.has_cluster() {
            self.began = asked_at.mono;
        }
        let answers = join_all(partners.iter().map(|peer| self.compare(*peer, asked_at))).await;
        let comparisons: Vec<Comparison> = answers.into_iter().flatten().collect();
        let may_trust_alone = asked_at.mono.since(self.began) >= PEERLESS_TRUST_DELAY;
        self.context.clock.take(self.judge(partners.len(), &comparisons), may_trust_alone, asked_at);
        if let Some(offset) = middle(comparisons.iter().map(|peer| peer.offset_us).collect()) {
            self.context.clock.tell_offset(offset.saturating_neg());
            self.context.metrics.clock_offset.set(offset.saturating_neg());
        }
        self.report();
        let is_new = self.context.clock.check(self.context.now()).is_err_and(|error| error.is_start());
        Ok(Next::Pause(if is_new { FIRST_INTERVAL } else { ROUND_INTERVAL }))
    }

    async fn wait(&mut self) {}

    fn progress(&self) -> String {
        self.last.to_owned()
    }
}

/// The middle one of the offsets of peers; of two that are in the middle the smaller one: where one of two peers is off, that peer is
/// wrong and not this node.
fn middle(mut offsets: Vec<i64>) -> Option<i64> {
    offsets.sort_unstable();
    let last = offsets.len().checked_sub(1)?;
    [offsets[last / 2], offsets[offsets.len() / 2]].into_iter().min_by_key(|offset| offset.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::middle;

    #[test]
    fn one_of_two_peers_that_is_off_is_not_held_against_this_node() {
        let cases: [(&[i64], Option<i64>); 6] = [
            (&[], None),
            (&[7], Some(7)),
            (&[200_000, 3], Some(3)),
            (&[-200_000, 3], Some(3)),
            (&[200_000, 190_000], Some(190_000)),
            (&[5, 200_000, -1], Some(5)),
        ];
        for (offsets, expected) in cases {
            assert_eq!(middle(offsets.to_vec()), expected, "{offsets:?}");
        }
    }
}
