//! Disks that are full or that fail.

use super::*;
use crate::machine::ROOM;
use std::sync::atomic::Ordering;

impl Run {
    /// Executes a statement through the first machine; the error, if it fails.
    fn refusal(&mut self, text: &str) -> Option<String> {
        let (slot, life, text) = (Slot::default(), self.lives().swap_remove(0), text.to_owned());
        let done = slot.clone();
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            done.fill(statement(&life, &text, &[], Consistency::Quorum, None).await.err().map(|e| e.to_string()));
        });
        self.await_slot(&slot).unwrap()
    }

    fn set_free(&self, bytes: u64) {
        self.cluster.machines.iter().for_each(|machine| machine.free_bytes.store(bytes, Ordering::Relaxed));
        self.pass(SECOND);
    }

    fn bytes_of(&self, family: Family) -> usize {
        (0..self.cluster.machines.len())
            .map(|machine| self.stored_values(machine, family).iter().map(Bytes::len).sum::<usize>())
            .sum()
    }
}

/// Conditional writes, counters and batches are refused as plain writes are, before any part of them is stored.
#[test]
fn a_full_disk_refuses_every_kind_of_write() {
    let mut run = Run::three(false, SharedTable::Default, &mut Random::new(5), Faults::default());
    let writes = [
        "INSERT INTO sim.registers (k, c, v) VALUES (1, 0, 1)",
        "DELETE FROM sim.registers WHERE k = 1",
        "INSERT INTO sim.swaps (k, v) VALUES (1, 1) IF NOT EXISTS",
        "UPDATE sim.counts SET n = n + 1 WHERE k = 1",
        "BEGIN BATCH INSERT INTO sim.pairs (k, v) VALUES (1, 1); INSERT INTO sim.pairs (k, v) VALUES (2, 1); APPLY BATCH",
        "CREATE TABLE sim.more (k int PRIMARY KEY)",
    ];
    let families = [Family::Rows, Family::Tombstones, Family::Paxos, Family::Batchlog, Family::Hints, Family::Index];
    run.set_free(0);
    let before = families.map(|family| run.bytes_of(family));
    for text in writes {
        let refusal = run.refusal(text).unwrap_or_default();
        assert!(refusal.contains("the disk is full"), "{text}: {refusal:?}");
        assert_eq!(families.map(|family| run.bytes_of(family)), before, "{text}");
    }
    run.set_free(ROOM);
    for text in writes {
        assert_eq!(run.refusal(text), None, "{text}");
    }
    run.cluster.clear();
}

/// Whichever write cannot be synced, the process ends, and nothing is acknowledged before it does.
#[test]
fn a_failed_sync_ends_the_process() {
    for seed in 0..5 {
        let mut run = Run::three(false, SharedTable::Default, &mut Random::new(seed), Faults::default());
        let before = run.cluster.machines[1].life().unwrap().owner;
        run.cluster.machines[1].fail_syncs(true);
        // No client writes; the lease of the clock is the next sync.
        let ended = || run.cluster.machines[1].life().is_none_or(|life| life.owner != before);
        run.until("the end of the process", ended);
        assert!(run.wait("the next start", |run| run.all_see_all()));
        assert!(!run.broken());
        run.cluster.clear();
    }
}

/// A write that is acknowledged while its coordinator's own disk is full reaches that disk too, once there is room: deletions,
/// conditional writes and additions as well.
#[test]
fn what_a_full_coordinator_missed_is_on_its_disk_at_last() {
    let lacking_after = |faults| {
        let mut run = Run::three(false, SharedTable::Default, &mut Random::new(9), faults);
        let insert = |k| format!("INSERT INTO sim.registers (k, c, v) VALUES ({k}, 0, 1)");
        let delete = |k| format!("DELETE FROM sim.registers WHERE k = {k} AND c = 0");
        assert!((0..10).all(|k| run.refusal(&insert(k)).is_none()));
        run.cluster.machines[0].free_bytes.store(0, Ordering::Relaxed);
        run.pass(SECOND);
        for k in 0..10 {
            assert_eq!(run.refusal(&delete(k)), None);
            assert_eq!(run.refusal(&insert(100 + k)), None);
            assert_eq!(run.refusal(&format!("INSERT INTO sim.swaps (k, v) VALUES ({k}, 1) IF NOT EXISTS")), None);
            assert_eq!(run.refusal(&format!("UPDATE sim.counts SET n = n + 1 WHERE k = {k}")), None);
        }
        run.set_free(ROOM);
        run.pass(HINTS);
        let rows = |machine| run.stored_values(machine, Family::Rows).into_iter().collect::<BTreeSet<_>>();
        let lacking = rows(1).difference(&rows(0)).count();
        run.cluster.clear();
        lacking
    };
    assert_eq!(lacking_after(Faults::default()), 0);
    assert!(lacking_after(Faults { forget_own: true, ..Faults::default() }) >= 20);
}

/// A read that finds the copy of a full machine out of date is answered by the others, through every node.
#[test]
fn a_quorum_read_does_without_a_copy_that_takes_no_repair() {
    let faults = Faults { forget_own: true, ..Faults::default() };
    let mut run = Run::three(false, SharedTable::Default, &mut Random::new(9), faults);
    run.cluster.machines[0].free_bytes.store(0, Ordering::Relaxed);
    run.pass(SECOND);
    for k in 0..10 {
        assert_eq!(run.refusal(&format!("INSERT INTO sim.registers (k, c, v) VALUES ({k}, 0, 1)")), None);
        assert_eq!(run.refusal(&format!("SELECT v FROM sim.registers WHERE k = {k} AND c = 0")), None);
    }
    run.cluster.clear();
}
