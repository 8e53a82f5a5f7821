//! The ways in which a placement, or a change of one, may be wrong.

use crate::hosts::MemberNumber;
use henge_base::HostId;
use henge_model::Token;
use std::fmt;

/// A broken rule of placements, or a change that does not fit one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlacementFault {
    /// Ends are not in ascending order from here on, so that look-ups miss ranges.
    Order(Token),
    /// A range names a node twice, which would count twice for a level.
    Twice(HostId),
    /// A change ends a range that is not there.
    Missing(Token),
    /// A change names a replica set that it does not have.
    UnknownSet(u32),
    /// A change names a member that never joined.
    UnknownMember(MemberNumber),
    /// Lists that say something of the same ranges, or of the same sets, are of different lengths.
    Lengths,
}

impl fmt::Display for PlacementFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlacementFault::Order(end) => write!(f, "the range up to {end} is not in order"),
            PlacementFault::Twice(host) => write!(f, "a range names host {host} twice"),
            PlacementFault::Missing(end) => write!(f, "no range ends at {end}"),
            PlacementFault::UnknownSet(number) => write!(f, "there is no replica set {number}"),
            PlacementFault::UnknownMember(number) => write!(f, "no member has the number {number}"),
            PlacementFault::Lengths => f.write_str("lists of ranges or replica sets are not of one length"),
        }
    }
}

impl std::error::Error for PlacementFault {}

/// Refuses ends that do not ascend.
pub(crate) fn check_order(ends: &[Token]) -> Result<(), PlacementFault> {
    match ends.windows(2).find(|pair| pair[0] >= pair[1]) {
        Some(pair) => Err(PlacementFault::Order(pair[1])),
        None => Ok(()),
    }
}
