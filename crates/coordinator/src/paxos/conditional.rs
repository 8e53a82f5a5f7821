//! Conditional writes.

use super::electorate::Electorate;
use super::propose::ProposalOutcome;
use crate::plan::WritePlan;
use crate::plan_epoch::names_stale_plan;
use crate::required::Shortage;
use crate::{KeyspacePlacement, ProposalTurn, Replicas, WriteError, WriteType};
use henge_base::{Bytes, Micros, Mono};
use henge_model::{Consistency, KeyRange, Mutation, ReadCommand, RowBlock, Token, merge_encoded};
use henge_paxos::Proposal;
use std::sync::Arc;

/// A conditional write of one partition.
#[derive(Clone, Debug)]
pub struct Conditional {
    /// Its keyspace.
    pub placed: KeyspacePlacement,
    /// The token of the partition.
    pub token: Token,
    /// The beginning of the partition's keys.
    pub key: Bytes,
    /// The rows that the condition is about, and all that the write touches.
    pub reads: Vec<ReadCommand>,
    /// The level of the decision: SERIAL or LOCAL_SERIAL.
    pub serial: Consistency,
    /// The replicas that must have the decision before it is answered.
    pub consistency: Consistency,
    /// The time by which the request must be answered.
    pub deadline: Mono,
}

/// The decision on rows that were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The condition does not hold.
    Stop,
    /// It holds: write this encoded [`henge_model::Mutation`].
    Write(Bytes),
    /// It holds, but there is nothing to write.
    Nothing,
}

/// Decides a write on the rows that are read, and commits it. `decide` gets the rows of each read, and the round's stamp,
/// which no other decision of the partition has. It may be called several times.
///
/// Returns true if the write was made, and the rows on which that was decided.
pub async fn conditional<R, E>(
    replicas: &R,
    request: Conditional,
    mut decide: impl FnMut(&[RowBlock], Micros) -> Result<Decision, E> + Send,
) -> Result<(bool, Vec<RowBlock>), E>
where
    R: Replicas,
    E: From<WriteError>,
{
    let Conditional { placed, token, key, reads, serial, consistency, deadline } = request;
    let unavailable =
        |consistency| move |Shortage { required, alive }| WriteError::Unavailable { consistency, required, alive };
    WritePlan::new(replicas, &placed, token, consistency).map_err(unavailable(consistency))?;
    let electorate = Electorate::new(replicas, placed, token, key, serial, deadline);
    let mut electorate = electorate.map_err(unavailable(serial))?;
    let reads: Vec<Arc<ReadCommand>> = reads.into_iter().map(Arc::new).collect();
    let turn = loop {
        match electorate.turn(&reads).await {
            Some(ProposalTurn::Own(turn)) => break turn,
            Some(ProposalTurn::Rows(blocks)) => {
                replicas.note(|| "Another round of this node has read or decided the rows".to_owned());
                // Nothing is written by this decision, so that no stamp is needed.
                if electorate.holds() && decide(&blocks, 0)? == Decision::Stop {
                    return Ok((false, blocks));
                }
                electorate.check_time(0)?;
            }
            None => return Err(electorate.timeout(0).into()),
        }
    };
    let mut after = 0;
    loop {
        let mark = turn.mark();
        let begun = electorate.begin(true, &reads, after).await;
        if let Some(decided) = electorate.doubts.take_decided() {
            electorate.commit(&decided.proposal, consistency).await?;
            return Ok((true, decided.blocks));
        }
        let begun = begun.map_err(|error| electorate.error_in_doubt(error))?;
        if electorate.doubts.are_lost() {
            return Err(electorate.undecided_error().into());
        }
        let decision = decide(&begun.blocks, begun.ballot.micros)?;
        let holds = decision != Decision::Stop;
        replicas.note(|| format!("Condition {}", if holds { "holds" } else { "does not hold" }));
        let update = if let Decision::Write(mutation) = decision { Some(mutation) } else { None };
        // While a value of this request is in doubt, a round that decides nothing ensures that it is not decided later.
        if update.is_none() && begun.stable && !electorate.doubts.exist() {
            turn.publish(mark, &rows_of(&reads, &begun.blocks));
            return Ok((holds, begun.blocks));
        }
        after = begun.superseded.max(begun.ballot.micros);
        if !begun.promised {
            electorate.back_off().await.map_err(|error| electorate.error_in_doubt(error))?;
            continue;
        }
        // With nothing to write, an empty decision ensures that no older value was decided meanwhile.
        let writes = update.is_some();
        let proposal = Proposal { ballot: begun.ballot, original: begun.ballot, update, before: begun.before };
        let mark = turn.mark();
        match electorate.propose(&proposal).await {
            ProposalOutcome::Accepted if writes => {
                // Those that waited when it was proposed find what it wrote.
                turn.publish(mark, &rows_after(&reads, &begun.blocks, &proposal));
                electorate.commit(&proposal, consistency).await?;
                return Ok((true, begun.blocks));
            }
            ProposalOutcome::Accepted if electorate.holds() => return Ok((holds, begun.blocks)),
            ProposalOutcome::Accepted => {}
            ProposalOutcome::Refused(by) => after = after.max(by),
            // The next round finds out.
            ProposalOutcome::Unknown(received) if writes => electorate.doubts.add(proposal, begun.blocks, received),
            ProposalOutcome::Failed(failures)
                if names_stale_plan(&failures)
                    && electorate.renew().await.map_err(|error| electorate.error_in_doubt(error))? => {}
            ProposalOutcome::Failed(failures) if !electorate.doubts.exist() => {
                let (received, block_for) = (0, electorate.quorum() as u32);
                let (consistency, write_type) = (serial, WriteType::Cas);
                return Err(WriteError::Failure { consistency, received, block_for, failures, write_type }.into());
            }
            ProposalOutcome::Failed(_) | ProposalOutcome::Unknown(_) => {}
        }
        electorate.back_off().await.map_err(|error| electorate.error_in_doubt(error))?;
    }
}

/// The rows of each read.
fn rows_of(reads: &[Arc<ReadCommand>], blocks: &[RowBlock]) -> Vec<(Arc<ReadCommand>, RowBlock)> {
    reads.iter().cloned().zip(blocks.iter().cloned()).collect()
}

/// The rows of each read once a value is written, of those reads for which that is plain: of one row, beside which there is nothing.
fn rows_after(
    reads: &[Arc<ReadCommand>],
    blocks: &[RowBlock],
    decided: &Proposal,
) -> Vec<(Arc<ReadCommand>, RowBlock)> {
    let Some(Ok(mutation)) = decided.update.clone().map(Mutation::decode) else { return Vec::new() };
    let after = |(read, block): (Arc<ReadCommand>, RowBlock)| {
        let KeyRange::One(key) = &read.keys else { return None };
        let is_plain =
            !read.statics && block.context.is_empty() && mutation.rows.iter().all(|(of, _)| of == key.bytes());
        let versions = block.rows.iter().chain(&mutation.rows).map(|(_, row)| &row[..]);
        let row = Bytes::from(merge_encoded(key.bytes(), versions));
        is_plain.then(|| (Arc::clone(&read), RowBlock { rows: vec![(key.to_bytes(), row)], ..block }))
    };
    rows_of(reads, blocks).into_iter().filter_map(after).collect()
}
