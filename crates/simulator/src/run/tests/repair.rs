//! Anti-entropy: docs/protocols/anti-entropy.md.

use super::*;
use henge_model::{Key, Token};

const KEYS: usize = 40;
/// The time in which sessions have been through everything a few times, and what they allow to forget is forgotten.
const ROUNDS: u64 = 60 * SECOND;

fn comparing(number: usize, faults: Faults) -> Options {
    Options { auto_repair: true, repair_interval: Duration::from_secs(2), ..options(number, faults) }
}

/// As [`comparing`], without hints.
fn forgetful(number: usize, faults: Faults) -> Options {
    Options { hinted_handoff: false, ..comparing(number, faults) }
}

fn create() -> [String; 2] {
    [
        "CREATE KEYSPACE other WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}".to_owned(),
        "CREATE TABLE other.t (k int, c int, v int, PRIMARY KEY (k, c)) WITH read_repair = 'NONE'".to_owned(),
    ]
}

impl Run {
    /// The table's rows and tombstones on a machine's disk.
    fn table_on(&self, machine: usize) -> Vec<(Family, Bytes, Bytes)> {
        let life = self.cluster.machines[machine].life().unwrap();
        let (start, end) = Key::table_range(self.other_table(&life), Token::MIN, Token::MIN);
        let mut rows = Vec::new();
        for family in [Family::Rows, Family::Tombstones] {
            let range = ScanRange { family, start: &start, end: &end, reversed: false };
            let scanned = self.cluster.machines[machine].engine().scan(&range, Tier::Disk, &mut |key, row| {
                rows.push((family, Bytes::copy_from_slice(key), Bytes::copy_from_slice(row)));
                Flow::Continue
            });
            scanned.unwrap();
        }
        rows
    }

    fn other_table(&self, life: &crate::machine::Life) -> henge_model::StorageId {
        life.node.tables().iter().find(|table| table.keyspace == "other").unwrap().storage_id
    }

    fn are_equal(&self) -> bool {
        let first = self.table_on(0);
        (1..3).all(|machine| self.table_on(machine) == first)
    }

    fn write_rows(&mut self, value: usize) {
        let rows = (0..KEYS).map(|k| format!("INSERT INTO other.t (k, c, v) VALUES ({k}, {}, {value})", k % 3));
        self.execute(&rows.collect::<Vec<_>>());
    }

    fn delete_rows(&mut self) {
        let clauses = ["", "AND c = 1", "AND c >= 0"];
        let deletions = (0..KEYS).map(|k| format!("DELETE FROM other.t WHERE k = {k} {}", clauses[k % 3]));
        self.execute(&deletions.collect::<Vec<_>>());
    }

    /// Number of rows that a read through each machine finds, the most.
    fn rows_found(&mut self) -> usize {
        let mut most = 0;
        for life in self.lives() {
            for level in [Consistency::One, Consistency::All] {
                let (slot, life) = (Slot::default(), life.clone());
                let done = slot.clone();
                self.cluster.clockwork.spawn(Some(life.owner), async move {
                    let read = statement(&life, "SELECT k FROM other.t", &[], level, None).await;
                    done.fill(read.map(|rows| rows.rows.len()).map_err(|error| error.to_string()));
                });
                most = most.max(self.await_slot(&slot).unwrap().unwrap());
            }
        }
        most
    }

    fn missed_count(&self) -> u64 {
        let of = |life: crate::machine::Life| life.store.missed_writes().unwrap();
        self.lives().into_iter().flat_map(of).map(|(_, missed)| missed.count).sum()
    }

    fn revive(&mut self, machine: usize) {
        start(&self.cluster, machine);
        assert!(self.wait("all machines", |run| run.all_see_all()));
    }
}

/// A replica that was away, of whose hints nothing was kept, becomes equal by comparing alone, and records of what it missed go.
#[test]
fn a_replica_that_missed_writes_becomes_equal_without_hints() {
    for (seed, is_enabled) in [(1, true), (2, true), (3, true), (1, false)] {
        let mut run = three(seed, |n| Options { auto_repair: is_enabled, ..forgetful(n, Faults::default()) });
        run.execute(&create());
        run.pass(2 * SECOND);
        run.write_rows(1);
        crash(&run.cluster, 2);
        run.pass(20 * SECOND);
        run.write_rows(2);
        run.delete_rows();
        run.execute(&["INSERT INTO other.t (k, c, v) VALUES (7, 9, 9)".to_owned()]);
        run.pass(2 * SECOND);
        run.revive(2);
        assert!(!run.are_equal() && run.missed_count() > 0);
        run.pass(ROUNDS);
        assert_eq!(run.are_equal(), is_enabled, "seed {seed}");
        assert_eq!(run.missed_count() == 0, is_enabled, "seed {seed}");
        assert!(!run.broken());
        run.cluster.clear();
    }
}

/// A replica whose rows are gone gets all of them back.
#[test]
fn a_replica_whose_rows_are_gone_gets_them_back() {
    let mut run = three(4, |n| forgetful(n, Faults::default()));
    run.execute(&create());
    run.pass(2 * SECOND);
    run.write_rows(1);
    run.pass(10 * SECOND);
    let full = run.table_on(0);
    assert_eq!(full.len(), KEYS);
    let table = run.other_table(&run.cluster.machines[1].life().unwrap());
    crash(&run.cluster, 1);
    let (start, end) = Key::table_range(table, Token::MIN, Token::MIN);
    run.cluster.machines[1].engine().remove(Family::Rows, &start, &end).unwrap();
    run.revive(1);
    run.pass(ROUNDS);
    assert_eq!(run.table_on(1), full);
    run.cluster.clear();
}

/// Of three copies deletions leave the disk once all have them, and nothing that they covered comes back; not while one copy is away.
fn deleted_with_one_away(seed: u64, faults: Faults) -> (usize, usize, usize) {
    let mut run = three(seed, |n| forgetful(n, faults));
    run.execute(&create());
    run.pass(2 * SECOND);
    run.write_rows(1);
    run.pass(10 * SECOND);
    crash(&run.cluster, 2);
    run.pass(20 * SECOND);
    run.delete_rows();
    run.pass(ROUNDS);
    let while_away = run.table_on(0).iter().filter(|(family, ..)| *family == Family::Tombstones).count();
    run.revive(2);
    run.pass(2 * ROUNDS);
    let left = (0..3).map(|machine| run.table_on(machine).len()).sum();
    let found = run.rows_found();
    assert!(!run.broken());
    run.cluster.clear();
    (while_away, left, found)
}

#[test]
fn deletions_are_forgotten_once_all_replicas_have_them() {
    for seed in 0..3 {
        let (while_away, left, found) = deleted_with_one_away(seed, Faults::default());
        assert!(while_away > 0, "seed {seed}: forgotten although a replica was away");
        assert_eq!((left, found), (0, 0), "seed {seed}");
    }
    let without_one = Faults { prove_without_one: true, ..Faults::default() };
    assert!((0..3).any(|seed| deleted_with_one_away(seed, without_one).2 > 0), "the scenario shows nothing");
}

/// Deletions that are still on their way as hints, because their holder is down, bring back nothing when they come after all.
fn deleted_by_late_hints(seed: u64, faults: Faults) -> usize {
    let mut run = three(seed, |n| comparing(n, faults));
    run.execute(&create());
    run.pass(2 * SECOND);
    run.write_rows(1);
    run.pass(10 * SECOND);
    // The first machine alone knows of the deletions: by its own copy, and by hints for the others.
    run.isolate(0);
    run.pass(20 * SECOND);
    let life = run.cluster.machines[0].life().unwrap();
    for k in 0..KEYS {
        let (slot, life) = (Slot::default(), life.clone());
        let done = slot.clone();
        run.cluster.clockwork.spawn(Some(life.owner), async move {
            let text = format!("DELETE FROM other.t WHERE k = {k}");
            done.fill(statement(&life, &text, &[], Consistency::One, None).await.is_ok());
        });
        assert_eq!(run.await_slot(&slot), Some(true));
    }
    drop(life);
    run.pass(2 * SECOND);
    // Handoff is paused: what it owes stays owed while all is compared.
    run.cluster.machines[0].life().unwrap().node.set_handoff_paused(true);
    run.cut([]);
    run.pass(ROUNDS);
    run.cluster.machines[0].life().unwrap().node.set_handoff_paused(false);
    run.pass(ROUNDS);
    let found = run.rows_found();
    assert!(!run.broken());
    run.cluster.clear();
    found
}

#[test]
fn deletions_that_are_owed_are_not_lost() {
    for seed in 0..2 {
        assert_eq!(deleted_by_late_hints(seed, Faults::default()), 0, "seed {seed}");
    }
}

/// A session that is under way when its range changes hands writes nothing to a replica that has the range no more.
fn rows_on_former_replica(faults: Faults) -> usize {
    let mut random = Random::new(8);
    let clockwork = Clockwork::new(random.fork("clockwork"));
    let shape = Shape::plain(5, StormKind::Links);
    let options = |n| Options { repair_interval: Duration::from_secs(30), ..forgetful(n, faults) };
    let mut run = Run::of(clockwork, shape, &mut random, options);
    assert!(run.form());
    run.cluster.has_slow_jobs.store(false, Ordering::Relaxed);
    run.execute(&create());
    let hosts = run.cluster.hosts();
    let all = |readers: [usize; 3]| {
        let readers: Vec<_> = readers.into_iter().map(|machine| hosts[machine]).collect();
        let pending = hosts.iter().copied().filter(|host| !readers.contains(host)).collect();
        henge_node::RangeReplicas { end: Token(i64::MIN), readers, pending }
    };
    let alone = |range: henge_node::RangeReplicas| henge_node::RangeReplicas { pending: Vec::new(), ..range };
    assert!(run.spread());
    for range in [all([0, 1, 2]), alone(all([0, 1, 2]))] {
        assert!(run.place_and_pass(|_| vec![range.clone()]));
    }
    crash(&run.cluster, 2);
    run.pass(20 * SECOND);
    run.write_rows(1);
    run.revive(2);
    assert_eq!(run.table_on(2).len(), 0);
    // It takes so long to read that the range has moved before it answers.
    run.cluster.machines[2].stall_us.store(SECOND / 2, Ordering::Relaxed);
    let life = run.cluster.machines[0].life().unwrap();
    run.cluster.clockwork.spawn(Some(life.owner), async move {
        let _ = life.node.repair(Some("other".to_owned()), None).await;
    });
    // By then all have said what they owe, and the session is under way.
    run.pass(13 * SECOND / 10);
    for range in [all([0, 1, 2]), all([0, 1, 3]), alone(all([0, 1, 3]))] {
        assert!(run.place_and_pass(|_| vec![range.clone()]));
    }
    run.cluster.machines[2].stall_us.store(0, Ordering::Relaxed);
    // What comes late is removed with the rest of the range that it lost, so it is looked for on the way.
    let before = run.table_on(2).len();
    let mut most = before;
    for _ in 0..200 {
        run.pass(SECOND / 10);
        most = most.max(run.table_on(2).len());
    }
    run.cluster.clear();
    most - before
}

#[test]
fn a_session_ends_when_its_range_changes_hands() {
    assert_eq!(rows_on_former_replica(Faults::default()), 0);
    assert!(rows_on_former_replica(Faults { serve_stale_plans: true, ..Faults::default() }) > 0, "it shows nothing");
}

/// Deletions that are acknowledged at ANY, and known to one node's disk only, come to one replica after others of a later time were forgotten.
/// Gives the number of rows that are back.
fn deleted_by_one_late_hint(faults: Faults) -> usize {
    let mut random = Random::new(12);
    let clockwork = Clockwork::new(random.fork("clockwork"));
    let shape = Shape { compares: true, ..Shape::plain(4, StormKind::Links) };
    let mut run = Run::of(clockwork, shape, &mut random, |n| comparing(n, faults));
    assert!(run.form());
    run.cluster.has_slow_jobs.store(false, Ordering::Relaxed);
    run.execute(&create());
    run.pass(2 * SECOND);
    run.write_rows(1);
    run.pass(10 * SECOND);
    run.isolate(3);
    run.pass(20 * SECOND);
    let life = run.cluster.machines[3].life().unwrap();
    let mut deleted = Vec::new();
    for k in 0..KEYS {
        let delete = |level| (format!("DELETE FROM other.t WHERE k = {k}"), level);
        let mut at = |(text, level): (String, Consistency)| {
            let (slot, life) = (Slot::default(), life.clone());
            let done = slot.clone();
            run.cluster.clockwork.spawn(Some(life.owner), async move {
                done.fill(statement(&life, &text, &[], level, None).await.is_ok());
            });
            run.await_slot(&slot).unwrap()
        };
        // At ONE it succeeds where the fourth machine is a replica itself; of the others there are hints only.
        if !at((format!("SELECT v FROM other.t WHERE k = {k}"), Consistency::One)) {
            assert!(at(delete(Consistency::Any)));
            deleted.push(k);
        }
    }
    assert!(!deleted.is_empty());
    life.node.set_handoff_paused(true);
    run.pass(2 * SECOND);
    run.cut([]);
    assert!(run.wait("all machines", |run| run.all_see_all()));
    run.execute(&["DELETE FROM other.t WHERE k = 1000".to_owned()]);
    run.pass(ROUNDS);
    for host in &run.cluster.hosts()[1..3] {
        life.node.truncate_hints(Some(*host)).unwrap();
    }
    life.node.set_handoff_paused(false);
    drop(life);
    run.pass(10 * SECOND);
    run.execute(&["DELETE FROM other.t WHERE k = 1001".to_owned()]);
    run.pass(2 * ROUNDS);
    let mut found = 0;
    for k in deleted {
        found += usize::from(run.rows_at_all(&format!("SELECT v FROM other.t WHERE k = {k}")) > 0);
    }
    run.cluster.clear();
    found
}

impl Run {
    /// Number of rows that a read at ALL finds.
    fn rows_at_all(&mut self, text: &str) -> usize {
        let (slot, text, life) = (Slot::default(), text.to_owned(), self.lives().swap_remove(0));
        let done = slot.clone();
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let read = statement(&life, &text, &[], Consistency::All, None).await;
            done.fill(read.map(|rows| rows.rows.len()).map_err(|error| error.to_string()));
        });
        self.await_slot(&slot).unwrap().unwrap()
    }
}

#[test]
fn a_deletion_that_one_replica_learns_late_is_not_forgotten_there_alone() {
    assert_eq!(deleted_by_one_late_hint(Faults::default()), 0);
    assert!(deleted_by_one_late_hint(Faults { forget_unproven: true, ..Faults::default() }) > 0, "it shows nothing");
}
