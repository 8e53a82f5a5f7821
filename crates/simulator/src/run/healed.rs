//! Checks of a healed cluster that send it requests.

use super::{Run, SECOND};
use crate::client::statement;
use crate::counts;
use crate::history::{Ending, OperationKind, SwapKind};
use crate::lasting;
use crate::pairs;
use crate::registers;
use crate::slot::Slot;
use crate::swap;
use henge_coordinator::Event;
use henge_cql::BoundValue;
use henge_model::Consistency;

impl Run {
    /// I31: once healed, every node serves quorum writes and reads.
    pub(super) fn progress(&mut self) {
        let mut numbers = Vec::new();
        for life in self.lives() {
            let stamp = self.clients.stamp(&mut self.random);
            let key = self.random.below(registers::ALL as u64) as i64;
            let value = 1_000_000 + life.owner.machine as i64;
            numbers.push(self.clients.run(&life, key, OperationKind::Write((stamp, value)), Consistency::Quorum, None));
            numbers.push(self.clients.run(&life, key, OperationKind::Read(None), Consistency::Quorum, None));
            self.pass(SECOND);
        }
        self.pass(10 * SECOND);
        self.must_be_good("I31", &numbers);
        self.swap_on();
    }

    /// I31: once healed, conditional writes succeed through every reader, one at a time.
    fn swap_on(&mut self) {
        for life in self.readers() {
            for key in 0..swap::KEYS {
                let read = self.clients.swap(&life, key, SwapKind::Read, None);
                self.pass(3 * SECOND);
                let from = self.clients.swaps.lock()[read].seen;
                let to = self.random.below(1 << 60) as i64;
                let write = self.clients.swap(&life, key, SwapKind::Swap { from, to }, None);
                self.pass(3 * SECOND);
                let swaps = self.clients.swaps.lock();
                if swaps[read].ending != Ending::Ok || !swaps[write].applied {
                    let what = format!("on a healthy cluster: {:?}, then {:?}", swaps[read], swaps[write]);
                    self.cluster.record_violation("I31", what);
                }
            }
        }
    }

    /// I21: no counter has more than was added to it, or less than was acknowledged.
    pub(super) fn read_counts(&mut self) {
        let Some(life) = self.lives().into_iter().next() else { return };
        for key in 0..counts::COUNT {
            let slot = Slot::default();
            let (done, life) = (slot.clone(), life.clone());
            self.cluster.clockwork.spawn(Some(life.owner), async move {
                let key = key.to_be_bytes();
                let read = statement(&life, counts::READ, &[BoundValue::Value(&key)], Consistency::All, None).await;
                done.fill(read.map(|rows| rows.rows).map_err(|e| e.to_string()));
            });
            let what = match self.await_slot(&slot) {
                Some(Ok(rows)) => counts::counter_violation(key, &self.clients.additions.lock(), &rows),
                other => Some(format!("counter {key} cannot be read: {other:?}")),
            };
            if let Some(what) = what {
                self.cluster.record_violation("I21", what);
            }
        }
    }

    /// I35: no write won by a clock that was wrong.
    pub(super) fn read_lasting(&mut self) {
        let Some(life) = self.lives().into_iter().next() else { return };
        for key in 0..lasting::COUNT {
            let slot = Slot::default();
            let (done, life) = (slot.clone(), life.clone());
            self.cluster.clockwork.spawn(Some(life.owner), async move {
                let key = key.to_be_bytes();
                let read = statement(&life, lasting::READ, &[BoundValue::Value(&key)], Consistency::All, None).await;
                done.fill(read.map(|rows| rows.rows).map_err(|e| e.to_string()));
            });
            let what = match self.await_slot(&slot) {
                Some(Ok(rows)) => lasting::lasting_violation(key, &self.clients.lasting.lock(), &rows),
                other => Some(format!("key {key} cannot be read: {other:?}")),
            };
            if let Some(what) = what {
                self.cluster.record_violation("I35", what);
            }
        }
    }

    /// I20: a batch is written completely or not at all.
    pub(super) fn read_pairs(&mut self) {
        let Some(life) = self.lives().into_iter().next() else { return };
        for pair in 0..pairs::COUNT {
            let slot = Slot::default();
            let (done, life) = (slot.clone(), life.clone());
            self.cluster.clockwork.spawn(Some(life.owner), async move {
                let [first, second] = pairs::keys(pair).map(i64::to_be_bytes);
                let read = |key: [u8; 8]| {
                    let life = life.clone();
                    async move {
                        statement(&life, pairs::READ, &[BoundValue::Value(&key)], Consistency::All, None).await
                    }
                };
                let (first, second) = (read(first).await, read(second).await);
                done.fill(match (first, second) {
                    (Ok(first), Ok(second)) => Ok((first.rows, second.rows)),
                    (Err(error), _) | (_, Err(error)) => Err(error.to_string()),
                });
            });
            let what = match self.await_slot(&slot) {
                Some(Ok((first, second))) => pairs::torn(pair, &self.clients.batches.lock(), &first, &second),
                other => Some(format!("pair {pair} cannot be read: {other:?}")),
            };
            if let Some(what) = what {
                self.cluster.record_violation("I20", what);
            }
        }
    }

    /// Digests that differed, and rows that were repaired, on all machines.
    pub(super) fn repairs(&self) -> (u64, u64) {
        let of = |event| self.lives().iter().map(|l| l.node.metrics().events_of(event)).sum();
        (of(Event::DigestMismatch), of(Event::ReadRepair))
    }

    /// I15: replicas with the same content answer with the same digest, and nothing is repaired.
    pub(super) fn quiet(&mut self) {
        let before = self.repairs();
        self.read_all(Consistency::Quorum);
        let after = self.repairs();
        if before != after {
            let what =
                format!("digest mismatches and repairs went from {before:?} to {after:?} with nothing to repair");
            self.cluster.record_violation("I15", what);
        }
    }
}
