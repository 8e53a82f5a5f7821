//! Reads from replicas that differ or do not answer.

use super::*;
use crate::history::Operation;

impl Run {
    /// Runs an operation on a register to its end; the operation and the time it took in microseconds.
    pub(super) fn run_operation(
        &mut self,
        machine: usize,
        key: i64,
        kind: OperationKind,
        consistency: Consistency,
    ) -> (Operation, u64) {
        let life = self.cluster.machines[machine].life().unwrap();
        let number = self.clients.run(&life, key, kind, consistency, None);
        let end = self.now() + 30 * SECOND;
        let ended = |run: &Run| run.clients.history.lock().operations[number].ended;
        while ended(self).is_none() && self.now() < end {
            self.pass(SECOND / 1_000);
        }
        let operation = self.clients.history.lock().operations[number].clone();
        let time = operation.ended.unwrap() - operation.began;
        (operation, time)
    }

    pub(super) fn write_value(&mut self, machine: usize, key: i64, value: i64) {
        let kind = OperationKind::Write((self.clients.stamp(&mut Random::new(value as u64)), value));
        let (operation, _) = self.run_operation(machine, key, kind, Consistency::Quorum);
        assert_eq!(operation.ending, Ending::Ok, "{operation:?}");
    }
}

/// True if a read through a machine that missed a write and its hint repairs the machine. The read sees the write.
fn is_mended(table: SharedTable, consistency: Consistency) -> bool {
    let faults = Faults { drop_hints: true, ..Faults::default() };
    let mut run = Run::three(false, table, &mut Random::new(3), faults);
    run.write_value(0, 0, 1);
    run.pass(3 * PURGE_INTERVAL_SECONDS * SECOND);
    run.isolate(2);
    run.write_value(0, 0, 2);
    run.pass(3 * SECOND);
    run.cut([]);
    let level = |run: &Run| run.all_stored().iter().filter(|copy| copy.key == 0).all(|c| c.version.unwrap().1 == 2);
    assert!(!level(&run), "the third machine has missed nothing");
    let (read, _) = run.run_operation(2, 0, OperationKind::Read(None), consistency);
    assert!(matches!(read.kind, OperationKind::Read(Some((_, 2)))) && read.ending == Ending::Ok, "{read:?}");
    run.pass(SECOND);
    let mended = level(&run);
    run.cluster.clear();
    mended
}

/// A table that purges by `gc_grace_seconds` refuses writes issued before its fence; a read repair is issued when it is
/// sent.
#[test]
fn replicas_are_mended_behind_a_fence() {
    for consistency in [Consistency::Quorum, Consistency::All] {
        assert!(is_mended(SharedTable::Grace, consistency), "{consistency}");
    }
}

#[test]
fn replicas_of_a_table_without_read_repair_are_left_as_they_are() {
    for consistency in [Consistency::Quorum, Consistency::All] {
        assert!(!is_mended(SharedTable::Unrepaired, consistency), "{consistency}");
    }
}

/// `read_request_timeout` applies to reads of partitions by key, however many; `range_request_timeout` to all others.
#[test]
fn a_read_takes_as_long_as_its_kind_may() {
    let mut run = Run::three(false, SharedTable::Default, &mut Random::new(3), Faults::default());
    run.isolate(0);
    for (condition, seconds) in [
        ("k = 1 AND c = 0", 5),
        ("k = 1", 5),
        ("k IN (1, 2, 3)", 5),
        ("k = 1 AND v = 5", 5),
        ("v = 5", 10),
        ("token(k) > 5", 10),
        ("k > 5 ALLOW FILTERING", 10),
    ] {
        let text = format!("SELECT * FROM sim.registers WHERE {condition}");
        let (slot, life) = (Slot::default(), run.cluster.machines[0].life().unwrap());
        let (done, began, cluster) = (slot.clone(), run.now(), Arc::clone(&run.cluster));
        run.cluster.clockwork.spawn(Some(life.owner), async move {
            let failed = statement(&life, &text, &[], Consistency::All, None).await.is_err();
            done.fill((failed, cluster.clockwork.now() - began));
        });
        let outcome = run.await_slot(&slot);
        assert_eq!(outcome.map(|(failed, time)| (failed, time / SECOND)), Some((true, seconds)), "{condition}");
        run.cut([]);
        run.pass(10 * SECOND);
        run.isolate(0);
    }
    run.cluster.clear();
}

/// One pair of machines is cut while both reach the third, which relays the heartbeats of each to the other.
#[test]
fn a_cut_between_two_machines_delays_reads_for_seconds_only() {
    let mut run = Run::three(false, SharedTable::Default, &mut Random::new(5), Faults::default());
    let read = |run: &mut Run, machine| {
        let (read, time) = run.run_operation(machine, 0, OperationKind::Read(None), Consistency::Quorum);
        assert_eq!(read.ending, Ending::Ok, "{read:?}");
        time
    };
    run.cut([(0, 1), (1, 0)]);
    let began = run.now();
    while run.now() < began + 12 * SECOND {
        for machine in 0..3 {
            read(&mut run, machine);
        }
        run.pass(SECOND / 10);
    }
    for number in 0..30 {
        let time = read(&mut run, number % 3);
        assert!(time < SECOND / 10, "machine {} waited {time} us", number % 3);
    }
    // The third takes both for up, and once the link is whole they do so too.
    let all =
        |run: &mut Run, machine| run.run_operation(machine, 0, OperationKind::Read(None), Consistency::All).0.ending;
    assert_eq!(all(&mut run, 2), Ending::Ok);
    assert_ne!(all(&mut run, 0), Ending::Ok);
    run.cut([]);
    run.pass(5 * SECOND);
    assert_eq!(all(&mut run, 0), Ending::Ok);
    run.cluster.clear();
}

/// A thousand pieces of the ring are read many at once: one after the other they would take two seconds.
#[test]
fn a_scan_of_many_ranges_with_few_rows_takes_few_round_trips() {
    const ROWS: usize = 20;
    let mut random = Random::new(5);
    let clockwork = Clockwork::new(random.fork("clockwork"));
    let shape = Shape::plain(5, StormKind::Crashes);
    let many_tokens = |n| Options { num_tokens: 256, ..options(n, Faults::default()) };
    let mut run = Run::of(clockwork, shape, &mut random, many_tokens);
    assert!(run.form());
    run.cluster.has_slow_jobs.store(false, Ordering::Relaxed);
    run.execute(&[
        "CREATE KEYSPACE single WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}".to_owned(),
        "CREATE TABLE single.t (k int PRIMARY KEY, v int)".to_owned(),
    ]);
    let rows = (0..ROWS).map(|k| format!("INSERT INTO single.t (k, v) VALUES ({k}, 1)"));
    run.execute(&rows.collect::<Vec<_>>());
    run.pass(5 * SECOND);
    let placed = run.lives()[0].core.coordinator().keyspace_placement("single").unwrap();
    assert!(placed.placement.ranges().count() >= 1_280);
    *run.cluster.network.lock() = NetworkState { delay: (1_000, 1_000), ..NetworkState::healthy() };
    let (slot, life, began) = (Slot::default(), run.lives().swap_remove(0), run.now());
    let (done, cluster) = (slot.clone(), Arc::clone(&run.cluster));
    run.cluster.clockwork.spawn(Some(life.owner), async move {
        let rows = statement(&life, "SELECT k FROM single.t", &[], Consistency::One, None).await.unwrap();
        done.fill((rows.rows.len(), cluster.clockwork.now() - began));
    });
    let (rows, took) = run.await_slot(&slot).unwrap();
    assert_eq!(rows, ROWS);
    // 25,600 pieces, 100 nodes of 256 tokens each, take 25 times as long: less than a second.
    assert!(took < SECOND / 20, "{took} us");
    run.cluster.clear();
}
