//! The writes that members owe to others, as each of them last said. Few members are all asked at the begin of a round; of many, one
//! after the other is asked all the time, so that a node has few links at once, and what it can prove is a little older.

use crate::cluster::view::View;
use crate::coordinator::Coordinator;
use crate::ground::world::World;
use crate::peers::messages::repair::{OwedReply, RepairOwed};
use futures_util::future::join_all;
use henge_base::{HostId, Micros};
use henge_coordinator::Replicas;
use std::collections::BTreeMap;
use std::time::Duration;

/// A member may take so long to say what it owes.
const OWED_TIMEOUT: Duration = Duration::from_secs(10);
/// Members up to which all of them are asked in each round.
const ASKED_TOGETHER_MAX: usize = 32;
/// Members that are asked in the time of a round if there are more: a thousand take half an hour, with rounds of a minute.
pub(super) const ASKED_PER_ROUND: u32 = 32;

/// The last word of each member.
#[derive(Debug, Default)]
pub(super) struct OwedWrites {
    answers: BTreeMap<HostId, Answer>,
    /// When each member was last asked, whether it answered or not.
    asked: BTreeMap<HostId, Micros>,
}

#[derive(Debug)]
struct Answer {
    /// When the member was asked: whatever it issued before was confirmed by then, or owed.
    asked: Micros,
    reply: OwedReply,
}

/// True if there are so many members that they are asked one after the other.
pub(super) fn are_many(members: usize) -> bool {
    members > ASKED_TOGETHER_MAX
}

/// The members that are up, this node included.
pub(super) fn live_members<W: World>(coordinator: &Coordinator<W>, view: &View) -> Vec<HostId> {
    view.state.members.keys().copied().filter(|host| coordinator.alive(*host)).collect()
}

impl OwedWrites {
    /// Asks all live members for the writes that they owe.
    pub(super) async fn ask_all<W: World>(&mut self, coordinator: &Coordinator<W>, view: &View) {
        self.ask(coordinator, &live_members(coordinator, view)).await;
    }

    /// Asks the live member that was not asked for the longest time, if there are many.
    pub(super) async fn ask_next<W: World>(&mut self, coordinator: &Coordinator<W>, view: &View) {
        if are_many(view.state.members.len()) {
            let next = self.next(coordinator.local(), live_members(coordinator, view).into_iter());
            self.ask(coordinator, next.as_slice()).await;
        }
    }

    /// Asks members for the writes that they owe. The word of one that does not answer stays what it was.
    async fn ask<W: World>(&mut self, coordinator: &Coordinator<W>, hosts: &[HostId]) {
        // A node whose clock is not trusted proves nothing.
        let Some(asked) = coordinator.stamp(0) else { return };
        let ask = |host: HostId| async move {
            let reply = match host == coordinator.local() {
                true => coordinator.owed_writes().await,
                false => coordinator.call_now(host, &RepairOwed {}, OWED_TIMEOUT).await,
            };
            (host, reply)
        };
        for (host, reply) in join_all(hosts.iter().map(|host| ask(*host))).await {
            self.asked.insert(host, asked);
            if let Ok(reply) = reply {
                self.note(host, asked, reply);
            }
        }
    }

    /// Forgets hosts that are no members.
    pub(super) fn retain(&mut self, is_member: impl Fn(HostId) -> bool) {
        self.answers.retain(|host, _| is_member(*host));
        self.asked.retain(|host, _| is_member(*host));
    }

    /// The host that was not asked for the longest time: one that never was, if there is one. Each node has an order of its own for those,
    /// so that not all of them ask the same one at a time.
    fn next(&self, local: HostId, hosts: impl Iterator<Item = HostId>) -> Option<HostId> {
        hosts.min_by_key(|host| (self.asked.get(host), host.0.as_u128() ^ local.0.as_u128()))
    }

    /// Notes what a member said when it was asked at that time.
    fn note(&mut self, host: HostId, asked: Micros, reply: OwedReply) {
        self.answers.insert(host, Answer { asked, reply });
    }

    /// A time before which none of these live members issued a write that it may still owe to any of the replicas, nor keeps a batch;
    /// `None` if one of them never said.
    pub(super) fn settled_before(&self, mut live: impl Iterator<Item = HostId>, replicas: &[HostId]) -> Option<Micros> {
        live.try_fold(Micros::MAX, |oldest, host| {
            let Answer { asked, reply } = self.answers.get(&host)?;
            let hints = reply.hosts.iter().filter(|(to, _)| replicas.contains(to)).map(|(_, oldest)| *oldest);
            Some(hints.chain(reply.batch).fold(oldest.min(*asked), Micros::min))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use uuid::Uuid;

    fn host(number: u128) -> HostId {
        HostId(Uuid::from_u128(number))
    }

    fn owes(hosts: &[(u128, Micros)], batch: Option<Micros>) -> OwedReply {
        OwedReply { hosts: hosts.iter().map(|(to, oldest)| (host(*to), *oldest)).collect(), batch, missed: Vec::new() }
    }

    #[test]
    fn the_oldest_write_that_concerns_the_replicas_and_the_oldest_word_bound_what_is_settled() {
        let mut owed = OwedWrites::default();
        let settled = |owed: &OwedWrites, live: &[u128]| {
            owed.settled_before(live.iter().map(|number| host(*number)), &[host(1), host(2)])
        };
        owed.note(host(1), 100, owes(&[], None));
        assert_eq!(settled(&owed, &[1, 2]), None, "the second one never said");
        owed.note(host(2), 200, owes(&[(9, 5)], None));
        assert_eq!(settled(&owed, &[1, 2]), Some(100), "a hint for another host concerns nobody here");
        owed.note(host(1), 300, owes(&[(2, 150)], None));
        assert_eq!(settled(&owed, &[1, 2]), Some(150));
        owed.note(host(2), 400, owes(&[], Some(120)));
        assert_eq!(settled(&owed, &[1, 2]), Some(120));
        assert_eq!(settled(&owed, &[1]), Some(150), "who is down is not asked");
    }

    #[test]
    fn each_member_has_its_turn_and_one_that_was_never_asked_is_first() {
        let mut owed = OwedWrites::default();
        let next = |owed: &OwedWrites| owed.next(host(9), [host(1), host(2), host(3)].into_iter());
        owed.asked.insert(host(1), 100);
        owed.asked.insert(host(3), 50);
        assert_eq!(next(&owed), Some(host(2)));
        owed.asked.insert(host(2), 200);
        assert_eq!(next(&owed), Some(host(3)), "whether it answered or not");
        owed.retain(|member| member != host(2));
        assert_eq!(next(&owed), Some(host(2)));
        assert!(are_many(33) && !are_many(32));
    }

    #[test]
    fn nodes_begin_with_different_members() {
        let owed = OwedWrites::default();
        let first = |local: u128| owed.next(host(local), (0..64).filter(|number| *number != local).map(host));
        let firsts: BTreeSet<_> = (0..64).map(first).collect();
        assert_eq!(firsts.len(), 64);
    }
}
