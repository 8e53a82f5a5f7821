//! Settling a partition: what earlier rounds left undecided is decided, or void.

use super::electorate::Electorate;
use crate::required::Shortage;
use crate::{KeyspacePlacement, ProposalTurn, Replicas, WriteError};
use henge_base::{Bytes, Mono};
use henge_model::{Consistency, Token};

/// A partition whose earlier rounds are to be ended.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// Its keyspace.
    pub placed: KeyspacePlacement,
    /// The token of the partition.
    pub token: Token,
    /// The beginning of the partition's keys.
    pub key: Bytes,
    /// The level of its decisions: SERIAL or LOCAL_SERIAL.
    pub serial: Consistency,
    /// The time by which it must have ended.
    pub deadline: Mono,
}

/// Ends what earlier rounds of a partition left undecided. A value that may have been decided is decided now, and committed; then an empty
/// one is: so no value of an earlier round can be decided later. An error leaves it as it was, or settled.
pub async fn settle_partition<R: Replicas>(replicas: &R, request: Settlement) -> Result<(), WriteError> {
    let Settlement { placed, token, key, serial, deadline } = request;
    let unavailable = |Shortage { required, alive }| WriteError::Unavailable { consistency: serial, required, alive };
    let mut electorate = Electorate::new(replicas, placed, token, key, serial, deadline).map_err(unavailable)?;
    let _turn = loop {
        match electorate.turn(&[]).await {
            Some(ProposalTurn::Own(turn)) => break turn,
            // Of another round, which may have begun before.
            Some(ProposalTurn::Rows(_)) => electorate.check_time(0)?,
            None => return Err(electorate.timeout(0)),
        }
    };
    let mut after = 0;
    loop {
        let begun = electorate.begin(false, &[], after).await?;
        after = begun.superseded.max(begun.ballot.micros);
        if begun.promised && electorate.decide_nothing(&begun, &mut after).await && electorate.holds() {
            return Ok(());
        }
        electorate.back_off().await?;
    }
}
