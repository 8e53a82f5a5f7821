//! Ranges change hands while requests are under way.

use super::*;
use crate::plan::ReaderChange;
use crate::world::SimWorld;
use henge_base::HostId;
use henge_coordinator::{Recipient, Refusal, ReplicaError};
use henge_model::{Key, KeyRange, Mutation, Row, Rows, SharedMutation, Token, WriteId, encode_row};
use henge_node::{Coordinator, Epoch, Error, RangeReplicas};
use henge_paxos::{Ballot, History, Proposal, Request, Scope};

/// The time that a request has.
const PATIENCE: Duration = Duration::from_secs(2);

impl Run {
    /// A cluster of five whose machines all take writes, so that reads may move to any of them.
    fn five_that_take_all_writes(faults: Faults) -> Run {
        let mut run = Run::of_machines(5, false, SharedTable::Default, &mut Random::new(21), faults);
        assert!(run.spread(), "{:?}", run.cluster.watch.lock().violations);
        run
    }

    fn epoch(&self) -> Epoch {
        self.cluster.machines[0].life().unwrap().node.log_end().epoch
    }

    /// Has these machines hold all rows, and no others.
    fn hold_by(&mut self, machines: [usize; 3]) {
        let hosts = self.cluster.hosts();
        let readers: Vec<HostId> = machines.iter().map(|machine| hosts[*machine]).collect();
        let pending = hosts.into_iter().filter(|host| !readers.contains(host)).collect();
        let range = RangeReplicas { end: Token(i64::MIN), readers, pending };
        let alone = RangeReplicas { pending: Vec::new(), ..range.clone() };
        assert!(self.place_and_pass(|_| vec![range.clone()]) && self.place_and_pass(|_| vec![alone.clone()]));
        self.pass(SECOND);
    }

    /// Sends a write that was planned at an epoch from one machine to another.
    fn write_planned_at(&mut self, epoch: Epoch, from: usize, to: usize) -> Result<(), ReplicaError> {
        self.send_planned_at(epoch, from, to, |coordinator, recipient, mutation| {
            coordinator.write(recipient, &mutation, coordinator.mono() + PATIENCE)
        })
    }

    /// Sends a decision of Paxos, with the same write in it.
    fn commit_planned_at(&mut self, epoch: Epoch, from: usize, to: usize) -> Result<(), ReplicaError> {
        self.send_planned_at(epoch, from, to, |coordinator, recipient, mutation| {
            let row = &mutation.mutation().rows[0].0;
            let key = row.slice(..Key::partition(row).unwrap());
            let ballot = Ballot { micros: mutation.mutation().id.issued, scope: Scope::Global, node: 1 };
            let update = Some(mutation.bytes().clone());
            let proposal = Proposal { ballot, original: ballot, update, before: History::default() };
            let commit = Request::Commit { key, proposal }.into();
            coordinator.commit(recipient, commit, mutation.bytes().clone(), coordinator.mono() + PATIENCE)
        })
    }

    /// Has one machine send a mutation of a register to another.
    fn send_planned_at<W: Future<Output = Result<(), ReplicaError>> + Send + 'static>(
        &mut self,
        epoch: Epoch,
        from: usize,
        to: usize,
        send: impl Fn(&Coordinator<SimWorld>, Recipient, SharedMutation) -> W,
    ) -> Result<(), ReplicaError> {
        let (slot, life) = (Slot::default(), self.cluster.machines[from].life().unwrap());
        let KeyRange::One(key) = registers::read_command(&life, 0).unwrap().keys else {
            panic!("a register is one row")
        };
        let mut row = Vec::new();
        encode_row(key.bytes(), &Row::default(), &mut row);
        let id = WriteId::of_repair(true_stamp(&life));
        let mutation = SharedMutation::from(Mutation::single(id, key.to_bytes(), row.into()));
        let recipient = Recipient { host: self.cluster.machines[to].host(), epoch };
        let (done, sent) = (slot.clone(), send(life.core.coordinator(), recipient, mutation));
        self.cluster.clockwork.spawn(Some(life.owner), async move { done.fill(sent.await) });
        self.await_slot(&slot).unwrap()
    }
}

fn true_stamp(life: &Life) -> henge_base::Micros {
    life.core.coordinator().stamp(0).unwrap()
}

fn text_of(error: Error) -> String {
    error.to_string()
}

/// A replica refuses what was planned before its range changed hands, and nothing else: another change of the metadata makes no request
/// stale.
#[test]
fn requests_that_were_planned_before_a_move_are_refused() {
    for serve_stale_plans in [false, true] {
        let faults = Faults { serve_stale_plans, ..Faults::default() };
        let mut run = Run::five_that_take_all_writes(faults);
        let before = run.epoch();
        run.hold_by([0, 3, 4]);
        let stale = Err(ReplicaError::Refused(Refusal::StaleEpoch));
        let outcome = run.write_planned_at(before, 0, 3);
        assert_eq!(outcome, if serve_stale_plans { Ok(()) } else { stale });
        assert_eq!(run.write_planned_at(run.epoch(), 0, 3), Ok(()));
        if !serve_stale_plans {
            assert_eq!(run.write_planned_at(run.epoch(), 0, 1), stale, "it holds the range no more");
            assert_eq!(run.write_planned_at(before, 0, 0), stale, "the own copy passes the same fence");
        }
        let after = run.epoch();
        run.execute(&["CREATE TABLE sim.other (k int PRIMARY KEY)".to_owned()]);
        run.pass(SECOND);
        assert!(run.epoch() > after);
        assert_eq!(run.write_planned_at(after, 0, 3), Ok(()));
        assert!(!run.broken());
        run.cluster.clear();
    }
}

/// A replica that has not heard of the newest entries, and cannot, takes no write that was planned by them, and no decision: they may be a
/// move away and back, for which it deletes what it has.
#[test]
fn a_replica_that_is_behind_takes_no_write_of_a_later_epoch() {
    let mut run = three(12, |n| options(n, Faults::default()));
    crash(&run.cluster, 1);
    run.execute(&["CREATE TABLE sim.other (k int PRIMARY KEY)".to_owned()]);
    // The first machine withholds log entries; only the third can bring the second up to date.
    crash(&run.cluster, 0);
    run.cluster.machines[0].options.lock().faults.withhold_entries = true;
    start(&run.cluster, 0);
    crash(&run.cluster, 2);
    start(&run.cluster, 1);
    run.pass(20 * SECOND);
    let behind = Err(ReplicaError::Refused(Refusal::Behind));
    assert_eq!(run.write_planned_at(run.epoch(), 0, 1), behind);
    assert_eq!(run.commit_planned_at(run.epoch(), 0, 1), behind);
    start(&run.cluster, 2);
    run.pass(20 * SECOND);
    assert_eq!(run.write_planned_at(run.epoch(), 0, 1), Ok(()));
    assert_eq!(run.commit_planned_at(run.epoch(), 0, 1), Ok(()));
    run.cluster.clear();
}

/// Statements that were prepared before a move are carried out by the newer placement.
#[test]
fn statements_are_carried_out_while_ranges_change_hands() {
    let mut run = Run::five_that_take_all_writes(Faults::default());
    let mut random = Random::new(5);
    for value in 0..20 {
        run.rotate(&ReaderChange::draw(5, &mut random));
        let life = run.cluster.machines[value % 5].life().unwrap();
        let (slot, key) = (Slot::default(), 0_i64.to_be_bytes());
        let (done, number) = (slot.clone(), (value as i64).to_be_bytes());
        run.cluster.clockwork.spawn(Some(life.owner), async move {
            let texts = registers::texts(0);
            let values = [henge_cql::BoundValue::Value(&key), henge_cql::BoundValue::Value(&number)];
            let written = statement(&life, texts.insert, &values, Consistency::Quorum, None).await;
            let read = statement(&life, texts.select, &values[..1], Consistency::Quorum, None).await;
            let rows = |read: Rows| read.rows.len();
            done.fill((written.map(rows).map_err(text_of), read.map(rows).map_err(text_of)));
        });
        // Both are planned anew if they meet the change.
        assert_eq!(run.await_slot(&slot), Some((Ok(0), Ok(1))), "{value}");
        run.pass(SECOND / 5);
    }
    assert!(!run.broken());
    run.cluster.clear();
}
