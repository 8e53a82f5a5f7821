//! The ring: all tokens in order, and the placements that follow from them.

use crate::{Member, MemberIds, MemberNumber, Placement, ReplicaSet, strategy};
use henge_model::{Replication, Token};

/// The members and their tokens in ring order.
#[derive(Clone, Debug)]
pub struct Ring {
    pub(crate) members: Vec<Member>,
    /// Each token with the index of its owner in `members`, in token order, without duplicates.
    pub(crate) tokens: Vec<(Token, usize)>,
}

impl Ring {
    /// The ring of `members`. A token claimed by two of them belongs to the one with the lower host id.
    pub fn new(members: &[Member]) -> Ring {
        let mut members = members.to_vec();
        members.sort_by_key(|member| member.id);
        members.dedup_by_key(|member| member.id);
        let mut tokens: Vec<(Token, usize)> = Vec::new();
        for (at, member) in members.iter().enumerate() {
            tokens.extend(member.tokens.iter().map(|token| (*token, at)));
        }
        tokens.sort_unstable();
        tokens.dedup_by_key(|(token, _)| *token);
        debug_assert!(tokens.is_sorted_by(|(a, _), (b, _)| a < b), "every token has one owner");
        Ring { members, tokens }
    }

    /// The placement of every token under `replication`, with one range per token of the ring, over this ring's members
    /// in the order of their ids. [`Replication::Local`] has no ranges, for each node keeps its own rows.
    pub fn place(&self, replication: &Replication) -> Placement {
        let Some(walk) = strategy::strategy_over(self, replication) else { return Placement::default() };
        let ids: MemberIds = self.members.iter().map(|member| member.id).collect();
        let ranges = self.tokens.iter().enumerate().map(|(at, (end, _))| {
            let readers: Vec<MemberNumber> = walk.replicas(at).into_iter().map(|at| at as MemberNumber).collect();
            (*end, ReplicaSet::new(&readers, &[], 0))
        });
        let placement = Placement::new(ids, ranges);
        debug_assert_eq!(placement.check(), Ok(()));
        placement
    }

    /// The owners of the tokens, from the token at `at` once round the ring.
    pub(crate) fn owners_from(&self, at: usize) -> impl Iterator<Item = usize> {
        let (before, after) = self.tokens.split_at(at);
        after.iter().chain(before).map(|(_, member)| *member)
    }
}
