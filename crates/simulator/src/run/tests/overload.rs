//! Requests that come too late, or that nobody has time for.

use super::*;
use henge_base::Mono;
use henge_cql::{BoundValue, Warnings};
use henge_model::Rows;
use henge_node::{Page, Parameters};

/// The parameters of a request that a client sent, received at a time.
pub(super) fn parameters<'a>(
    values: &'a [BoundValue<'a>],
    consistency: Consistency,
    received: u64,
    warnings: &'a Warnings,
) -> Parameters<'a> {
    Parameters {
        values,
        consistency,
        serial: Consistency::Serial,
        timestamp: None,
        now_seconds: None,
        page: Page::default(),
        user: None,
        client: None,
        warnings,
        received: Some(Mono(received)),
    }
}

impl Run {
    /// The error of a statement at ALL through the first machine, received at a time, and the microseconds that it took.
    fn outcome(&mut self, text: &'static str, received: u64) -> (Option<String>, u64) {
        let (slot, began) = (Slot::default(), self.now());
        let (done, life, cluster) = (slot.clone(), self.lives().swap_remove(0), Arc::clone(&self.cluster));
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let ready = life.core.prepare(text, None).unwrap();
            let warnings = Warnings::default();
            let parameters = parameters(&[], Consistency::All, received, &warnings);
            let outcome = life.core.execute(&ready, &parameters, &mut Rows::new(2)).await;
            done.fill((outcome.err().map(|error| error.to_string()), cluster.clockwork.now()));
        });
        let (error, ended) = self.await_slot(&slot).unwrap();
        (error, ended - began)
    }
}

/// A request's time counts from its receipt: one that waited all of it is not begun.
#[test]
fn a_request_that_waited_for_too_long_is_not_begun() {
    let mut run = Run::three(false, SharedTable::Default, &mut Random::new(5), Faults::default());
    run.pass(20 * SECOND);
    let late = run.now() - 15 * SECOND;
    let texts = [
        "INSERT INTO sim.registers (k, c, v) VALUES (1, 0, 1)",
        "SELECT v FROM sim.registers WHERE k = 1",
        "CREATE TABLE sim.late (k int PRIMARY KEY)",
    ];
    for text in texts {
        let (error, _) = run.outcome(text, late);
        assert!(
            error.as_ref().is_some_and(|error| error.starts_with("the request waited for 15")),
            "{text}: {error:?}"
        );
        let now = run.now();
        assert_eq!(run.outcome(text, now).0, None, "{text}");
    }
    run.cluster.clear();
}

/// A write that this node's own disk holds up ends with its time, and is not acknowledged long after.
#[test]
fn a_write_on_a_stalled_disk_ends_with_its_time() {
    let mut run = Run::three(false, SharedTable::Default, &mut Random::new(5), Faults::default());
    run.cluster.machines[0].stall_us.store(13 * SECOND, Ordering::Relaxed);
    let now = run.now();
    let (error, took) = run.outcome("INSERT INTO sim.registers (k, c, v) VALUES (1, 0, 1)", now);
    assert!(error.as_ref().is_some_and(|error| error.starts_with("Operation timed out")), "{error:?}");
    assert!(took < 3 * SECOND, "{took} us");
    run.cluster.machines[0].stall_us.store(0, Ordering::Relaxed);
    run.cluster.clear();
}

/// A ballot whose proposer has given up promises nothing: the disk job that comes to its turn late is not begun.
#[test]
fn a_disk_job_whose_time_has_passed_is_not_begun() {
    let mut run = Run::three(false, SharedTable::Default, &mut Random::new(5), Faults::default());
    let late = |run: &Run| run.cluster.machines[1].life().unwrap().node.metrics().requests_late.get();
    let (before, late_before) = (run.stored_values(1, Family::Paxos), late(&run));
    run.cluster.machines[1].empty_caches();
    run.cluster.machines[1].stall_us.store(13 * SECOND, Ordering::Relaxed);
    let now = run.now();
    let (error, _) = run.outcome("UPDATE sim.registers SET v = 1 WHERE k = 1 AND c = 0 IF v = 99", now);
    assert!(error.is_none(), "the others suffice: {error:?}");
    run.pass(40 * SECOND);
    assert!(late(&run) > late_before);
    assert_eq!(run.stored_values(1, Family::Paxos), before, "it promised to somebody who has gone");
    run.cluster.machines[1].stall_us.store(0, Ordering::Relaxed);
    run.cluster.clear();
}
