//! Conditional writes.

use super::begin::Begun;
use super::electorate::Electorate;
use super::propose::ProposalOutcome;
use crate::plan::WritePlan;
use crate::plan_epoch::names_stale_plan;
use crate::required::Shortage;
use crate::{KeyspacePlacement, ProposalTurn, Refusal, Replicas, Turn, WriteError, WriteType};
use henge_base::{Bytes, HostId, Micros, Mono};
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
    let electorate = Electorate::new(replicas, placed, token, key, serial, deadline).map_err(unavailable(serial))?;
    let reads: Vec<Arc<ReadCommand>> = reads.into_iter().map(Arc::new).collect();
    let turn = match wait_for_turn(&electorate, &reads, &mut decide).await? {
        ProposalTurn::Own(turn) => turn,
        ProposalTurn::Rows(blocks) => return Ok((false, blocks)),
    };
    let (mut rounds, mut after) = (Rounds { electorate, reads, consistency, turn }, 0);
    loop {
        match rounds.run(after, &mut decide).await? {
            Round::Decided { written, blocks } => return Ok((written, blocks)),
            Round::Again { after: later } => after = later,
        }
        rounds.back_off().await?;
    }
}

/// Waits for the turn on the partition. Rows are those of another round of this node, if the condition does not hold on them.
async fn wait_for_turn<R, E>(
    electorate: &Electorate<'_, R>,
    reads: &[Arc<ReadCommand>],
    decide: &mut (impl FnMut(&[RowBlock], Micros) -> Result<Decision, E> + Send),
) -> Result<ProposalTurn, E>
where
    R: Replicas,
    E: From<WriteError>,
{
    loop {
        let turn = electorate.turn(reads).await.ok_or_else(|| electorate.timeout(0))?;
        let ProposalTurn::Rows(blocks) = turn else { return Ok(turn) };
        electorate.replicas.note(|| "Another round of this node has read or decided the rows".to_owned());
        // Nothing is written by this decision, so that no stamp is needed.
        if electorate.holds() && decide(&blocks, 0)? == Decision::Stop {
            return Ok(ProposalTurn::Rows(blocks));
        }
        electorate.check_time(0)?;
    }
}

/// The end of a round.
enum Round {
    /// The request has its answer: true if the write was made, and the rows on which that was decided.
    Decided { written: bool, blocks: Vec<RowBlock> },
    /// Nothing is known to be decided. The next round takes a ballot after this one.
    Again { after: Micros },
}

/// The rounds of one conditional write, which has the turn on its partition.
struct Rounds<'a, R> {
    electorate: Electorate<'a, R>,
    reads: Vec<Arc<ReadCommand>>,
    /// The replicas that must have the decision before it is answered.
    consistency: Consistency,
    turn: Box<dyn Turn>,
}

impl<R: Replicas> Rounds<'_, R> {
    /// Reads the rows in a ballot after another, decides on them, and proposes what was decided.
    async fn run<E: From<WriteError>>(
        &mut self,
        after: Micros,
        decide: &mut (impl FnMut(&[RowBlock], Micros) -> Result<Decision, E> + Send),
    ) -> Result<Round, E> {
        let mark = self.turn.mark();
        let begun = self.electorate.begin(true, &self.reads, after).await;
        if let Some(decided) = self.electorate.doubts.take_decided() {
            self.electorate.commit(&decided.proposal, self.consistency).await?;
            return Ok(Round::Decided { written: true, blocks: decided.blocks });
        }
        let begun = begun.map_err(|error| self.electorate.error_in_doubt(error))?;
        if self.electorate.doubts.are_lost() {
            return Err(self.electorate.undecided_error().into());
        }
        let decision = decide(&begun.blocks, begun.ballot.micros)?;
        let holds = decision != Decision::Stop;
        self.electorate.replicas.note(|| format!("Condition {}", if holds { "holds" } else { "does not hold" }));
        let update = if let Decision::Write(mutation) = decision { Some(mutation) } else { None };
        // While a value of this request is in doubt, a round that decides nothing ensures that it is not decided later.
        if update.is_none() && begun.stable && !self.electorate.doubts.exist() {
            self.turn.publish(mark, &rows_of(&self.reads, &begun.blocks));
            return Ok(Round::Decided { written: holds, blocks: begun.blocks });
        }
        if !begun.promised {
            return Ok(Round::Again { after: begun.superseded.max(begun.ballot.micros) });
        }
        Ok(self.propose(begun, update, holds).await?)
    }

    /// Proposes a value and commits it. With nothing to write, an empty one ensures that no older value was decided meanwhile.
    async fn propose(&mut self, begun: Begun, update: Option<Bytes>, holds: bool) -> Result<Round, WriteError> {
        let Begun { ballot, before, blocks, superseded, .. } = begun;
        let (writes, after) = (update.is_some(), superseded.max(ballot.micros));
        let proposal = Proposal { ballot, original: ballot, update, before };
        let mark = self.turn.mark();
        match self.electorate.propose(&proposal).await {
            ProposalOutcome::Accepted if writes => {
                // Those that waited when it was proposed find what it wrote.
                self.turn.publish(mark, &rows_after(&self.reads, &blocks, &proposal));
                self.electorate.commit(&proposal, self.consistency).await?;
                return Ok(Round::Decided { written: true, blocks });
            }
            ProposalOutcome::Accepted if self.electorate.holds() => {
                return Ok(Round::Decided { written: holds, blocks });
            }
            ProposalOutcome::Accepted => {}
            ProposalOutcome::Refused(by) => return Ok(Round::Again { after: after.max(by) }),
            // The next round finds out.
            ProposalOutcome::Unknown(received) if writes => self.electorate.doubts.add(proposal, blocks, received),
            ProposalOutcome::Failed(failures) => self.pass_over(failures).await?,
            ProposalOutcome::Unknown(_) => {}
        }
        Ok(Round::Again { after })
    }

    /// Takes the failure of a proposal: the request fails, unless there are other voters to ask, or an earlier value is in doubt.
    async fn pass_over(&mut self, failures: Vec<(HostId, Refusal)>) -> Result<(), WriteError> {
        let electorate = &mut self.electorate;
        if names_stale_plan(&failures) && electorate.renew().await.map_err(|error| electorate.error_in_doubt(error))? {
            return Ok(());
        }
        if electorate.doubts.exist() {
            return Ok(());
        }
        let (received, block_for) = (0, electorate.quorum() as u32);
        let (consistency, write_type) = (electorate.consistency, WriteType::Cas);
        Err(WriteError::Failure { consistency, received, block_for, failures, write_type })
    }

    /// Waits before the next round.
    async fn back_off(&mut self) -> Result<(), WriteError> {
        self.electorate.back_off().await.map_err(|error| self.electorate.error_in_doubt(error))
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
