//! Token allocation for a node that joins. With few tokens per node, random tokens give very unequal shares, so new
//! tokens cut the widest ranges of members that own more than their part. The width of a range stands for its load,
//! since keys are hashed evenly.

use crate::{Member, Ring};
use henge_base::Random;
use henge_model::Token;
use std::collections::BTreeSet;

/// The number of tokens on the whole ring.
const RING_TOKENS: u128 = 1 << 64;
/// The deepest cut into a range, in thousandths of its width: a deeper one would leave the owner's token almost
/// nothing.
const CUT_PERMILLE_MAX: u128 = 800;
/// The largest random reduction of a cut, in thousandths of the planned width, so that clusters differ in their tokens.
const JITTER_PERMILLE_MAX: u64 = 20;

/// Allocates `count` tokens that none of `members` has, so that the newcomer's share of the ring comes near the share
/// of its tokens. Replicas are counted by datacentre: where there are several, give the members of the newcomer's own
/// to [`allocate_tokens_beside`].
pub fn allocate_tokens(random: &mut Random, members: &[Member], count: u32) -> Vec<Token> {
    allocate_tokens_beside(random, members, &[], count)
}

/// Like [`allocate_tokens`], with shares computed over `members` only, and tokens that none of `others` has either.
pub fn allocate_tokens_beside(random: &mut Random, members: &[Member], others: &[Member], count: u32) -> Vec<Token> {
    let mut taken: BTreeSet<Token> = members.iter().chain(others).flat_map(|of| of.tokens.iter().copied()).collect();
    taken.insert(Token::MIN);
    let mut shares = Shares::new(members, count);
    let mut tokens = Vec::with_capacity(count as usize);
    for left in (1..=count).rev() {
        let wanted = match shares.cut_widest_range(u128::from(left), random) {
            Some(token) => token,
            None => evenly_spaced_token(random, &tokens, count),
        };
        let token = next_free_token(&taken, wanted);
        taken.insert(token);
        tokens.push(token);
    }
    tokens.sort_unstable();
    tokens
}

/// The next of `count` evenly spaced tokens, for a ring without members whose ranges could be cut.
fn evenly_spaced_token(random: &mut Random, tokens: &[Token], count: u32) -> Token {
    match tokens.last() {
        None => Token(random.next_u64() as i64),
        Some(last) => Token(last.0.wrapping_add((RING_TOKENS / u128::from(count.max(1))) as i64)),
    }
}

/// `wanted`, or the next token that is not taken. There is one, since `taken` holds far fewer than all tokens.
fn next_free_token(taken: &BTreeSet<Token>, wanted: Token) -> Token {
    let mut token = wanted;
    while taken.contains(&token) {
        token = Token(token.0.wrapping_add(1));
    }
    token
}

/// The shares of all owners, and the width that the newcomer still needs.
struct Shares {
    owners: Vec<Owner>,
    wanted: u128,
}

/// A member's ranges.
struct Owner {
    tokens: u128,
    width: u128,
    /// Start and width of each range.
    ranges: Vec<(Token, u128)>,
}

impl Shares {
    fn new(members: &[Member], count: u32) -> Shares {
        let ring = Ring::new(members);
        let mut owners: Vec<Owner> =
            ring.members.iter().map(|_| Owner { tokens: 0, width: 0, ranges: Vec::new() }).collect();
        let mut start = ring.tokens.last().map_or(Token::MIN, |(token, _)| *token);
        for (end, owner) in &ring.tokens {
            let width = range_width(start, *end);
            let owner = &mut owners[*owner];
            owner.ranges.push((start, width));
            owner.width += width;
            owner.tokens += 1;
            start = *end;
        }
        owners.retain(|owner| owner.tokens > 0);
        let all = ring.tokens.len() as u128 + u128::from(count);
        Shares { owners, wanted: RING_TOKENS * u128::from(count) / all.max(1) }
    }

    /// Cuts the widest range of the owner with the greatest width per token, so that `left` such cuts give the width
    /// wanted; `None` if no member owns tokens. The newcomer gets the range from its start to the returned token.
    fn cut_widest_range(&mut self, left: u128, random: &mut Random) -> Option<Token> {
        let owner = self.owners.iter_mut().max_by_key(|owner| owner.width / owner.tokens)?;
        let (start, width) = owner.ranges.iter_mut().max_by_key(|(_, width)| *width)?;
        let jitter = u128::from(1000 - random.below(JITTER_PERMILLE_MAX + 1));
        let part = (self.wanted / left * jitter / 1000).min(*width * CUT_PERMILLE_MAX / 1000).max(1);
        let token = Token(start.0.wrapping_add(part as i64));
        *start = token;
        *width = width.saturating_sub(part);
        owner.width = owner.width.saturating_sub(part);
        self.wanted = self.wanted.saturating_sub(part);
        Some(token)
    }
}

/// The number of tokens above `start` up to `end`, round the ring if it wraps; equal ends mean the whole ring.
fn range_width(start: Token, end: Token) -> u128 {
    match end.0.wrapping_sub(start.0) as u64 {
        0 => RING_TOKENS,
        width => u128::from(width),
    }
}
