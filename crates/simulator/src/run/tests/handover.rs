//! Reads while ranges move: what one showed, a later one shows too (I4), although others are read by then, and whether anybody acknowledged
//! it or not.

use super::moves::with_rows;
use super::*;
use crate::machine::{Life, ROOM};
use crate::registers::{self, SHARED};
use crate::run::stored::stored_at;
use henge_node::PlanStep;

/// A register whose range moves, and the machines that hold it.
#[derive(Clone, Copy)]
struct Moving {
    key: i64,
    /// It is read until the plan's readers change.
    goes: usize,
    stay: [usize; 2],
    /// It is read from then on.
    comes: usize,
}

impl Run {
    /// A register that the newcomer gains from such a machine, if there is one.
    fn moving_register(&self, from: impl Fn(usize) -> bool) -> Option<Moving> {
        let life = self.lives().swap_remove(0);
        let machine = |host| (0..4).find(|machine| self.cluster.machines[*machine].host() == host).unwrap();
        let moving = |key| {
            let token = registers::read_command(&life, key)?.token;
            let placed = life.core.coordinator().keyspace_placement(registers::texts(key).keyspace)?;
            let (now, later) = (placed.placement.replicas(token)?, placed.across.as_ref()?.replicas(token)?);
            let goes = now.read.iter().find(|host| !later.read.contains(*host))?;
            let comes = later.read.iter().find(|host| !now.read.contains(*host))?;
            let stay: Vec<usize> = now.read.iter().filter(|host| *host != goes).map(machine).collect();
            Some(Moving { key, goes: machine(goes), stay: stay.try_into().ok()?, comes: machine(comes) })
        };
        (0..SHARED).filter_map(moving).find(|moving| from(moving.goes))
    }

    /// The value of a register on a machine.
    fn value_on(&self, machine: usize, key: i64) -> Option<i64> {
        let life: Life = self.cluster.machines[machine].life()?;
        stored_at(&life, key)?.version.map(|(_, value)| value)
    }

    /// The value that a machine reads at QUORUM.
    fn read_value(&mut self, machine: usize, key: i64) -> Option<i64> {
        let (read, _) = self.run_operation(machine, key, OperationKind::Read(None), Consistency::Quorum);
        assert_eq!(read.ending, Ending::Ok, "{read:?}");
        match read.kind {
            OperationKind::Read(found) => found.map(|(_, value)| value),
            _ => None,
        }
    }
}

/// A run with registers of value 1, whose plans take seconds.
fn with_registers(seed: u64, faults: Faults) -> Run {
    let mut run = with_rows(3, seed, faults, 2_000);
    // Tables are copied by their names: the registers come first, and this one takes its time.
    let text = "x".repeat(2_000);
    let slow = (0..60).map(|k| format!("INSERT INTO sim.slow (k, v) VALUES ({k}, '{text}')"));
    run.execute(&["DROP TABLE sim.moved", "CREATE TABLE sim.slow (k int PRIMARY KEY, v text)"].map(str::to_owned));
    run.execute(&slow.collect::<Vec<_>>());
    for key in 0..SHARED {
        run.write_value(0, key, 1);
    }
    run
}

/// The values that two quorum reads show, one by old replicas and one by new ones, of a value that nobody acknowledged. It was written to
/// one that stays, or also to the one that goes, once the new one had copied the one before; hints for the others are lost.
fn read_across_a_move(seed: u64, faults: Faults, is_on_both: bool) -> [Option<i64>; 2] {
    let mut run = with_registers(seed, Faults { drop_hints: true, ..faults });
    run.join(3, 0, &mut Random::new(seed));
    run.until_streaming();
    let Moving { key, goes, stay: [holder, other], comes } = run.moving_register(|_| true).unwrap();
    run.until("the newcomer has the register", || run.value_on(comes, key) == Some(1));
    let mut lacking = vec![other, comes];
    if !is_on_both {
        lacking.push(goes);
    }
    run.cut(lacking.iter().flat_map(|machine| [(holder, *machine), (*machine, holder)]));
    let write = OperationKind::Write((run.clients.stamp(&mut Random::new(seed)), 2));
    let (write, _) = run.run_operation(holder, key, write, Consistency::Quorum);
    assert_ne!(write.ending, Ending::Ok, "{write:?}");
    run.isolate(other);
    run.pass(SECOND);
    let has_it = [goes, holder, other, comes].map(|machine| run.value_on(machine, key) == Some(2));
    assert_eq!(has_it, [is_on_both, true, false, false], "{seed}");
    let first = run.read_value(goes, key);
    assert_eq!(run.step(), Some(PlanStep::Streaming), "{seed}: the new replica is read already");
    run.cut([]);
    run.until_moved();
    run.isolate(holder);
    let second = run.read_value(other, key);
    assert!(!run.broken(), "{seed}: {:?}", run.cluster.watch.lock().violations);
    run.cluster.clear();
    [first, second]
}

#[test]
fn what_a_read_mends_is_shown_once_others_are_read() {
    for seed in 41..44 {
        assert_eq!(read_across_a_move(seed, Faults::default(), false), [Some(2), Some(2)], "{seed}");
    }
    let bug = Faults { mend_readers_only: true, ..Faults::default() };
    assert_eq!(read_across_a_move(41, bug, false), [Some(2), Some(1)], "the scenario shows nothing");
}

#[test]
fn what_readers_agree_on_is_shown_once_others_are_read() {
    for seed in 41..44 {
        assert_eq!(read_across_a_move(seed, Faults::default(), true), [Some(2), Some(2)], "{seed}");
    }
    let bug = Faults { mend_readers_only: true, ..Faults::default() };
    assert_eq!(read_across_a_move(41, bug, true), [Some(2), Some(1)], "the scenario shows nothing");
}

/// True if a new replica has what the one that it displaces missed before the plan, and was brought by a hint once it had been copied from.
/// `None` if another one is displaced.
fn is_brought_by_a_hint(seed: u64, faults: Faults) -> Option<bool> {
    let mut run = with_registers(seed, faults);
    // Not the machine that drives the plan.
    run.cut([(2, 1), (1, 2)]);
    for key in 0..SHARED {
        run.write_value(2, key, 2);
    }
    run.pass(2 * SECOND);
    run.join(3, 0, &mut Random::new(seed));
    run.until_streaming();
    let Some(Moving { key, goes, comes, .. }) = run.moving_register(|goes| goes == 1) else {
        run.cluster.clear();
        return None;
    };
    run.until("the newcomer has the register", || run.value_on(comes, key).is_some());
    assert_eq!([goes, comes].map(|machine| run.value_on(machine, key)), [Some(1); 2], "{seed}");
    run.cut([]);
    run.until("the hint comes", || run.value_on(goes, key) == Some(2));
    assert_eq!(run.step(), Some(PlanStep::Streaming), "{seed}: the new replica is read already");
    run.until_moved();
    run.pass(HINTS);
    let is_there = run.value_on(comes, key) == Some(2);
    assert!(!run.broken(), "{seed}: {:?}", run.cluster.watch.lock().violations);
    run.cluster.clear();
    Some(is_there)
}

#[test]
fn what_hints_bring_to_a_replica_that_goes_comes_to_the_one_in_its_place() {
    let found = |faults: Faults| (51..60).find_map(|seed| is_brought_by_a_hint(seed, faults));
    assert_eq!(found(Faults::default()), Some(true));
    assert_eq!(found(Faults { forget_moved: true, ..Faults::default() }), Some(false), "the scenario shows nothing");
}

/// True if a new replica has what the one that it displaces missed on its full disk, and owes itself until others are read. `None` if the
/// newcomer displaces no replica of a register.
fn is_brought_from_a_full_disk(seed: u64, faults: Faults) -> Option<bool> {
    let mut run = with_registers(seed, faults);
    run.join(3, 0, &mut Random::new(seed));
    run.until_moved();
    run.cluster.machines[3].free_bytes.store(0, Ordering::Relaxed);
    run.pass(2 * SECOND);
    for key in 0..SHARED {
        run.write_value(3, key, 2);
    }
    run.leave(3);
    run.until_streaming();
    let moving = run.moving_register(|goes| goes == 3);
    if let Some(Moving { key, comes, .. }) = moving {
        run.until_step(PlanStep::Reading);
        run.pass(5 * SECOND);
        assert_eq!([3, comes].map(|machine| run.value_on(machine, key)), [Some(1); 2], "{seed}: nothing is missed");
        assert_eq!(run.step(), Some(PlanStep::Reading), "{seed}: it is gone, and owes itself what it missed");
    }
    run.cluster.machines[3].free_bytes.store(ROOM, Ordering::Relaxed);
    run.until_moved();
    run.pass(HINTS);
    assert!(!run.broken(), "{seed}: {:?}", run.cluster.watch.lock().violations);
    let is_there = moving.map(|Moving { key, comes, .. }| run.value_on(comes, key) == Some(2));
    run.cluster.clear();
    is_there
}

#[test]
fn what_a_full_disk_missed_comes_to_the_replica_in_its_place() {
    let found = |faults: Faults| (61..70).find_map(|seed| is_brought_from_a_full_disk(seed, faults));
    assert_eq!(found(Faults::default()), Some(true));
    assert_eq!(found(Faults { forget_moved: true, ..Faults::default() }), Some(false), "the scenario shows nothing");
}
