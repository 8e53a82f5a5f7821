//! Reads that this node's own copy can answer.

use crate::plan::required_answers;
use crate::{KeyspacePlacement, Replicas};
use henge_model::{Consistency, Replication, Token};

/// False if a read at this level needs more than one replica, wherever its row is.
pub fn may_read_one_replica(placed: &KeyspacePlacement, consistency: Consistency) -> bool {
    match consistency {
        Consistency::One | Consistency::LocalOne => true,
        Consistency::Any | Consistency::Serial | Consistency::LocalSerial => false,
        Consistency::Two | Consistency::Three => false,
        // A majority, or all, of two or more are two or more.
        Consistency::Quorum | Consistency::All | Consistency::LocalQuorum | Consistency::EachQuorum => {
            match &*placed.replication {
                Replication::Local => true,
                Replication::Simple { factor } => *factor <= 1,
                Replication::NetworkTopology { factors } => factors.values().any(|factor| *factor == 1),
            }
        }
    }
}

/// True if a read at this level may be answered by this node alone.
pub fn can_read_locally<R: Replicas>(
    replicas: &R,
    placed: &KeyspacePlacement,
    token: Token,
    consistency: Consistency,
) -> bool {
    let Some(range) = placed.placement.replicas(token).filter(|range| range.read.contains(replicas.local())) else {
        return false;
    };
    match consistency {
        Consistency::One | Consistency::LocalOne => true,
        Consistency::Any | Consistency::Serial | Consistency::LocalSerial => false,
        Consistency::Two | Consistency::Three => false,
        Consistency::Quorum | Consistency::All | Consistency::LocalQuorum | Consistency::EachQuorum => {
            let required = required_answers(replicas, placed, consistency);
            // Of a range that moves, what is read may have to be sent to others.
            let moves = range.write.len() > range.read.len();
            !moves && required.block_for() == 1 && required.group_of(|| replicas.datacenter(replicas.local())).is_some()
        }
    }
}
