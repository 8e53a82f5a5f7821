//! Logged batches whose keepers, replicas and coordinators fail.

use super::*;

/// The third machine is silent while a batch is written, and the coordinator dies before it owes it anything on disk. Returns the number
/// of rows that the third has in the end.
fn rows_of_one_that_missed_a_batch(faults: Faults) -> usize {
    let mut run = Run::three(false, SharedTable::Default, &mut Random::new(5), faults);
    run.execute(&[
        "CREATE KEYSPACE other WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}".to_owned(),
        "CREATE TABLE other.t (k int PRIMARY KEY)".to_owned(),
    ]);
    run.pass(SECOND);
    let before = run.stored_values(2, Family::Rows).len();
    run.isolate(2);
    let began = run.now();
    let batch = "BEGIN BATCH INSERT INTO other.t (k) VALUES (1); INSERT INTO other.t (k) VALUES (2) APPLY BATCH";
    run.execute(&[batch.to_owned()]);
    assert!(run.now() - began < SECOND / 4, "a keeper that is silent is replaced");
    run.pass(SECOND);
    crash(&run.cluster, 0);
    run.cut([]);
    run.pass(60 * SECOND);
    let rows = run.stored_values(2, Family::Rows).len() - before;
    assert!(
        run.stored_values(1, Family::Batchlog).is_empty(),
        "the dead coordinator's part is owed, and no batch waits for it"
    );
    assert!(!run.broken());
    run.cluster.clear();
    rows
}

#[test]
fn a_batch_is_kept_until_what_is_owed_of_it_is_on_disk() {
    assert_eq!(rows_of_one_that_missed_a_batch(Faults::default()), 2);
    let early = Faults { forget_batches_early: true, ..Faults::default() };
    assert_eq!(rows_of_one_that_missed_a_batch(early), 0, "the scenario shows nothing");
}
