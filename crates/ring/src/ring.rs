//! Tokens in ring order, and the walk from each of them to its replicas.

use crate::{Member, PlacedRange, Placement, strategy};
use henge_model::{Replication, Token, TokenRange};

/// The members round the ring.
#[derive(Clone, Debug)]
pub struct Ring {
    pub(crate) members: Vec<Member>,
    /// Each token with its owner's place in `members`, in token order, every token once.
    pub(crate) tokens: Vec<(Token, usize)>,
}

impl Ring {
    /// The ring of `members`. A token that two of them claim is the one's with the lower host id.
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
        Ring { members, tokens }
    }

    /// Where `replication` puts every token: a range for each token of the ring. [`Replication::Local`] has no ranges,
    /// for what it holds is each node's own.
    pub fn placements(&self, replication: &Replication) -> Placement {
        let Some(walk) = strategy::walk(self, replication) else { return Placement::default() };
        let Some(mut start) = self.tokens.last().map(|(token, _)| *token) else { return Placement::default() };
        let mut ranges = Vec::with_capacity(self.tokens.len());
        for (at, (end, _)) in self.tokens.iter().enumerate() {
            let hosts = walk.replicas(at).into_iter().map(|member| self.members[member].id).collect();
            ranges.push(PlacedRange::settled(TokenRange { start, end: *end }, hosts));
            start = *end;
        }
        Placement { ranges }
    }

    /// Owners of the tokens from the one at `at`, once round the ring.
    pub(crate) fn owners_from(&self, at: usize) -> impl Iterator<Item = usize> {
        let (before, after) = self.tokens.split_at(at);
        after.iter().chain(before).map(|(_, member)| *member)
    }
}
