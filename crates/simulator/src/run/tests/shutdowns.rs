//! Planned shutdowns.

use super::*;
use crate::power::shut_down;

impl Run {
    /// The error of a read at ALL through the first machine, and the simulated microseconds that it took.
    fn read_at_all(&mut self) -> (Option<String>, u64) {
        let (slot, began) = (Slot::default(), self.now());
        let (done, life) = (slot.clone(), self.lives().swap_remove(0));
        let cluster = Arc::clone(&self.cluster);
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let text = "SELECT v FROM other.t WHERE k = 1";
            let outcome = statement(&life, text, &[], Consistency::All, None).await;
            done.fill((outcome.err().map(|error| error.to_string()), cluster.clockwork.now()));
        });
        let (error, ended) = self.await_slot(&slot).unwrap();
        (error, ended - began)
    }
}

/// Peers that were told ask the node for nothing more: what needs it is refused at once, and does not wait in vain.
#[test]
fn peers_of_a_node_that_shuts_down_do_not_wait_for_it() {
    for silent_shutdown in [false, true] {
        let faults = Faults { silent_shutdown, ..Faults::default() };
        let mut run = Run::three(false, SharedTable::Default, &mut Random::new(6), faults);
        let replication = "{'class': 'SimpleStrategy', 'replication_factor': 3}";
        run.execute(&[
            format!("CREATE KEYSPACE other WITH replication = {replication}"),
            "CREATE TABLE other.t (k int PRIMARY KEY, v int)".to_owned(),
            "INSERT INTO other.t (k, v) VALUES (1, 1)".to_owned(),
        ]);
        run.pass(SECOND);
        assert_eq!(run.read_at_all().0, None);
        shut_down(&run.cluster, 2, 20 * SECOND);
        run.until("the shutdown", || run.lives().len() == 2);
        let (error, took) = run.read_at_all();
        let is_refused = error.is_some_and(|error| error.starts_with("Cannot achieve consistency level"));
        // One that was told nothing waits, and what it is told in the end is left to chance.
        assert_eq!(is_refused && took < SECOND / 10, !silent_shutdown, "{took} us");
        run.pass(25 * SECOND);
        assert_eq!(run.read_at_all().0, None, "its next life is up");
        assert!(!run.broken());
        run.cluster.clear();
    }
}
