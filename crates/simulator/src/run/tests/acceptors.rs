//! The states of acceptors, which leave once what they decided is in the rows of all replicas, and not before.

use super::*;
use crate::client::statement_at;
use henge_model::{PartitionKey, Rows};
use std::collections::BTreeMap;

const MACHINES: usize = 4;
/// The machine that coordinates, and holds no copy of the key.
const COORDINATOR: usize = 0;
/// Microseconds of a message.
const LINK_US: u64 = 50_000;
/// The time in which ballots become old, are settled and are forgotten.
const ROUNDS: u64 = 120 * SECOND;
const KEYS: usize = 30;
/// The values in the answer to a write that was made, to one that was not, and to a read of a row.
const APPLIED: Result<usize, String> = Ok(1);
const REFUSED: Result<usize, String> = Ok(3);
const FOUND: Result<usize, String> = Ok(1);

fn site(faults: Faults) -> Run {
    let mut random = Random::new(5);
    let clockwork = Clockwork::new(random.fork("clockwork"));
    let of = |number| Options {
        auto_repair: true,
        repair_interval: Duration::from_secs(2),
        acceptor_purge_interval: Duration::from_secs(5),
        ..options(number, faults)
    };
    let mut run = Run::of(clockwork, Shape::plain(MACHINES, StormKind::Links), &mut random, of);
    assert!(run.form());
    run.cluster.has_slow_jobs.store(false, Ordering::Relaxed);
    run.execute(&[
        "CREATE KEYSPACE other WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}".to_owned(),
        "CREATE TABLE other.t (k int PRIMARY KEY, v int)".to_owned(),
    ]);
    run.pass(3 * SECOND);
    run
}

fn states(run: &Run) -> usize {
    (0..MACHINES).map(|machine| run.stored_values(machine, Family::Paxos).len()).sum()
}

/// The number of values that a statement gives through a machine at SERIAL; conditional writes commit at ANY.
fn ask(run: &mut Run, machine: usize, text: String) -> Result<usize, String> {
    let slot = begin(run, machine, text);
    run.await_slot(&slot).unwrap()
}

fn begin(run: &Run, machine: usize, text: String) -> Slot<Result<usize, String>> {
    let (slot, life) = (Slot::default(), run.cluster.machines[machine].life().unwrap());
    let done = slot.clone();
    run.cluster.clockwork.spawn(Some(life.owner), async move {
        let level = if text.starts_with("SELECT") { Consistency::Serial } else { Consistency::Any };
        let outcome = statement_at(&life, &text, &[], (level, Consistency::Serial), None).await;
        let values = |rows: Rows| rows.rows.iter().map(Vec::len).sum();
        done.fill(outcome.map(values).map_err(|error| error.to_string()));
    });
    slot
}

#[test]
fn acceptors_are_forgotten_once_all_replicas_have_what_they_decided() {
    let mut run = site(Faults::default());
    let read = |k: usize| format!("SELECT v FROM other.t WHERE k = {k}");
    for k in 0..KEYS {
        let insert = format!("INSERT INTO other.t (k, v) VALUES ({k}, 1) IF NOT EXISTS");
        assert_eq!(ask(&mut run, k % MACHINES, insert), APPLIED, "{k}");
        if k % 3 == 0 {
            assert_eq!(ask(&mut run, k % MACHINES, read(k)), FOUND);
        }
    }
    run.pass(SECOND);
    assert_eq!(states(&run), 3 * KEYS);
    run.pass(ROUNDS);
    assert_eq!(states(&run), 0, "{:?}", run.cluster.watch.lock().violations);
    for k in 0..KEYS {
        assert_eq!(ask(&mut run, (k + 1) % MACHINES, read(k)), FOUND, "{k}");
        // It is there, so that the condition does not hold; its row is answered.
        let insert = format!("INSERT INTO other.t (k, v) VALUES ({k}, 2) IF NOT EXISTS");
        assert_eq!(ask(&mut run, (k + 2) % MACHINES, insert), REFUSED, "{k}");
    }
    // New rounds are held in new states, which leave in their time.
    assert!(states(&run) > 0);
    run.pass(ROUNDS);
    assert_eq!(states(&run), 0);
    assert!(!run.broken());
    run.cluster.clear();
}

/// A table is not settled while a replica is away: what it alone has accepted may be decided.
#[test]
fn acceptors_are_kept_while_a_replica_is_away() {
    let mut run = site(Faults::default());
    assert_eq!(ask(&mut run, 1, "INSERT INTO other.t (k, v) VALUES (1, 1) IF NOT EXISTS".to_owned()), APPLIED);
    run.pass(SECOND);
    let replicas = replicas_of(&run, 1);
    run.isolate(replicas[0]);
    run.pass(ROUNDS);
    assert_eq!(states(&run), 3);
    run.cut([]);
    run.pass(ROUNDS);
    assert_eq!(states(&run), 0);
    run.cluster.clear();
}

fn replicas_of(run: &Run, key: i32) -> Vec<usize> {
    let placed = run.lives()[0].core.coordinator().keyspace_placement("other").unwrap();
    let token = PartitionKey::from_components(&[&key.to_be_bytes()]).unwrap().token();
    let hosts = placed.placement.replicas(token).unwrap().read;
    (0..MACHINES).filter(|machine| hosts.contains(run.cluster.machines[*machine].host())).collect()
}

/// True if an acceptor on a machine's disk has a value: that names its partition.
fn has_value(run: &Run, machine: usize) -> bool {
    let (mut found, all) = (false, ScanRange { family: Family::Paxos, start: &[], end: &[], reversed: false });
    let scanned = run.cluster.machines[machine].engine().scan(&all, Tier::Disk, &mut |key, state| {
        found |= state.windows(key.len()).any(|bytes| bytes == key);
        Flow::Continue
    });
    scanned.unwrap();
    found
}

/// A value is decided and acknowledged, and its coordinator dies before any replica hears that: it stands in acceptors alone. Gives its key.
fn decide_unheard(run: &mut Run) -> i32 {
    let key = (0..).find(|key| !replicas_of(run, *key).contains(&COORDINATOR)).unwrap();
    let all = || (0..MACHINES).flat_map(|a| (0..MACHINES).map(move |b| (a, b)));
    let link_delays: BTreeMap<_, _> = all().map(|link| (link, (LINK_US, LINK_US))).collect();
    *run.cluster.network.lock() = NetworkState { link_delays: link_delays.clone(), ..NetworkState::healthy() };
    let written = begin(run, COORDINATOR, format!("INSERT INTO other.t (k, v) VALUES ({key}, 1) IF NOT EXISTS"));
    let accepted = |run: &Run| (0..MACHINES).filter(|machine| has_value(run, *machine)).count();
    let end = run.now() + 10 * SECOND;
    while accepted(run) < 3 {
        assert!(run.now() < end, "nobody accepts it");
        run.pass(SECOND / 1_000);
    }
    // The replies arrive, and nothing that the coordinator says from now on.
    let cut = (0..MACHINES).map(|to| (COORDINATOR, to)).collect();
    *run.cluster.network.lock() = NetworkState { link_delays, cut, ..NetworkState::healthy() };
    assert_eq!(run.await_slot(&written), Some(APPLIED), "it is acknowledged");
    crash(&run.cluster, COORDINATOR);
    run.cut([]);
    key
}

/// True if a value that stands in acceptors alone is read at SERIAL after all that was settled is forgotten.
fn outlives_its_coordinator(faults: Faults) -> bool {
    let mut run = site(Faults { drop_hints: true, ..faults });
    let key = decide_unheard(&mut run);
    run.pass(ROUNDS);
    let found = ask(&mut run, COORDINATOR + 1, format!("SELECT v FROM other.t WHERE k = {key}")).unwrap();
    run.cluster.clear();
    found == 1
}

#[test]
fn what_stands_in_acceptors_alone_is_not_forgotten() {
    assert!(outlives_its_coordinator(Faults::default()));
    assert!(!outlives_its_coordinator(Faults { settle_undecided: true, ..Faults::default() }), "it shows nothing");
}

/// TRUNCATE leaves nothing behind that could come to pass later: neither what stands in acceptors alone, nor what its coordinator still
/// has to say of it once it is back.
#[test]
fn what_was_undecided_does_not_come_back_after_a_truncation() {
    let mut run = site(Faults::default());
    let key = decide_unheard(&mut run);
    run.execute(&["TRUNCATE other.t".to_owned()]);
    let read = format!("SELECT v FROM other.t WHERE k = {key}");
    let nothing = Ok(0);
    assert_eq!(ask(&mut run, COORDINATOR + 1, read.clone()), nothing);
    start(&run.cluster, COORDINATOR);
    run.pass(ROUNDS);
    for machine in 0..MACHINES {
        assert_eq!(ask(&mut run, machine, read.clone()), nothing, "{machine}");
    }
    let insert = format!("INSERT INTO other.t (k, v) VALUES ({key}, 2) IF NOT EXISTS");
    assert_eq!(ask(&mut run, COORDINATOR, insert), APPLIED);
    run.pass(ROUNDS);
    assert_eq!(states(&run), 0);
    assert!(!run.broken());
    run.cluster.clear();
}
