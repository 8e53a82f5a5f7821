//! The ring: all tokens in order, and the placements that follow from them.

use crate::{Member, PlacedRange, Placement, strategy};
use henge_model::{Replication, Token, TokenRange};

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

    /// The placement of every token under `replication`, with one range per token of the ring. [`Replication::Local`]
    /// has no ranges, for each node keeps its own rows.
    pub fn place(&self, replication: &Replication) -> Placement {
        let Some(walk) = strategy::strategy_over(self, replication) else { return Placement::default() };
        let Some(mut start) = self.tokens.last().map(|(token, _)| *token) else { return Placement::default() };
        let mut ranges = Vec::with_capacity(self.tokens.len());
        for (at, (end, _)) in self.tokens.iter().enumerate() {
            let hosts = walk.replicas(at).into_iter().map(|member| self.members[member].id).collect();
            ranges.push(PlacedRange::stable(TokenRange { start, end: *end }, hosts));
            start = *end;
        }
        let placement = Placement { ranges };
        debug_assert_eq!(placement.check(), Ok(()));
        placement
    }

    /// The owners of the tokens, from the token at `at` once round the ring.
    pub(crate) fn owners_from(&self, at: usize) -> impl Iterator<Item = usize> {
        let (before, after) = self.tokens.split_at(at);
        after.iter().chain(before).map(|(_, member)| *member)
    }
}
