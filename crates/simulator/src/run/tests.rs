//! Scenarios with a course of their own.

use super::*;

impl Run {
    fn stored_bytes(&self) -> u64 {
        self.lives().iter().map(|life| life.store.figures().live_data_bytes).sum()
    }

    /// Executes statements one after another through one node.
    fn execute(&mut self, statements: &[String]) {
        for text in statements {
            let (slot, text) = (Slot::default(), text.clone());
            let done = slot.clone();
            let life = self.lives().swap_remove(0);
            self.cluster.clockwork.spawn(Some(life.owner), async move {
                done.fill(statement(&life, &text, &[], Consistency::One, None).await.map_err(|e| e.to_string()));
            });
            let outcome = self.await_slot(&slot);
            assert!(matches!(outcome, Some(Ok(_))), "{outcome:?}");
        }
    }
}

/// What has to be known of a deletion is known where there is one copy only; with three it is not, so there it stays.
#[test]
fn what_is_deleted_leaves_the_disk_once_that_is_safe() {
    for (factor, table, leaves) in [
        (1, "", true),
        (3, "", false),
        (
            3,
            "WITH gc_grace_seconds = 10 AND compaction = {'class': 'UnifiedCompactionStrategy', 'only_purge_repaired_tombstones': 'false'}",
            true,
        ),
    ] {
        let mut run = Run::new(&mut Random::new(7), Faults::default());
        assert!(run.form());
        let replication = format!("{{'class': 'SimpleStrategy', 'replication_factor': {factor}}}");
        run.execute(&[
            format!("CREATE KEYSPACE other WITH replication = {replication}"),
            format!("CREATE TABLE other.t (k int, c int, v text, PRIMARY KEY (k, c)) {table}"),
        ]);
        run.pass(5 * SECOND);
        let empty = run.stored_bytes();
        let text = "x".repeat(200);
        let rows = (0..30).map(|k| format!("INSERT INTO other.t (k, c, v) VALUES ({k}, 1, '{text}')"));
        run.execute(&rows.collect::<Vec<_>>());
        let full = run.stored_bytes();
        assert!(full > empty + 30 * 200);
        let clauses = ["", "AND c = 1", "AND c > 0"];
        let deletions = (0..30).map(|k| format!("DELETE FROM other.t WHERE k = {k} {}", clauses[k % 3]));
        run.execute(&deletions.collect::<Vec<_>>());
        run.pass(60 * SECOND);
        let deleted = run.stored_bytes();
        run.pass(300 * SECOND);
        let left = run.stored_bytes();
        assert_eq!(left < empty + 500, leaves, "{factor} replicas: {empty}, {full}, {deleted}, then {left} bytes");
        run.cluster.clear();
    }
}
