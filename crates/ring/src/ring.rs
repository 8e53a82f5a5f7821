//! The ring: all tokens in order, and the placements that follow from them.

use crate::Member;
use henge_model::Token;

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

    /// The owners of the tokens, from the token at `at` once round the ring.
    pub(crate) fn owners_from(&self, at: usize) -> impl Iterator<Item = usize> {
        let (before, after) = self.tokens.split_at(at);
        after.iter().chain(before).map(|(_, member)| *member)
    }
}
