//! Conditional writes of two datacentres at both serial levels: one table has one of them.

use super::*;
use crate::client::statement_at;
use henge_model::Rows;

/// Machines of each datacentre, all with a copy.
const EACH: usize = 3;
const SERIAL: (Consistency, Consistency) = (Consistency::Quorum, Consistency::Serial);
const LOCAL: (Consistency, Consistency) = (Consistency::LocalQuorum, Consistency::LocalSerial);
const WRITE: &str = "INSERT INTO far.t (k, v) VALUES (1, 1) IF NOT EXISTS";
const READ: &str = "SELECT v FROM far.t WHERE k = 1";
/// The values in the answer to a write that was made, to one that was not, and to a read of the row and of none.
const APPLIED: Result<usize, String> = Ok(1);
const REFUSED: Result<usize, String> = Ok(3);
const FOUND: Result<usize, String> = Ok(1);
const NOTHING: Result<usize, String> = Ok(0);

struct Site {
    run: Run,
}

impl Site {
    fn new(replication: &str, faults: Faults) -> Site {
        let mut random = Random::new(9);
        let clockwork = Clockwork::new(random.fork("clockwork"));
        let of = |number| Options { datacenter: format!("dc{}", number / EACH + 1), ..options(number, faults) };
        let mut run = Run::of(clockwork, Shape::plain(2 * EACH, StormKind::Links), &mut random, of);
        assert!(run.form());
        run.execute(&[
            format!("CREATE KEYSPACE far WITH replication = {{'class': 'NetworkTopologyStrategy', {replication}}}"),
            "CREATE TABLE far.t (k int PRIMARY KEY, v int)".to_owned(),
        ]);
        run.pass(5 * SECOND);
        Site { run }
    }

    /// Begins a statement on a machine; its end has the number of values in the answer.
    fn begin(
        &self,
        machine: usize,
        text: &'static str,
        levels: (Consistency, Consistency),
    ) -> Slot<Result<usize, String>> {
        let slot = Slot::default();
        let (done, life) = (slot.clone(), self.run.cluster.machines[machine].life().unwrap());
        self.run.cluster.clockwork.spawn(Some(life.owner), async move {
            let outcome = statement_at(&life, text, &[], levels, None).await;
            let values = |rows: Rows| rows.rows.iter().map(Vec::len).sum();
            done.fill(outcome.map(values).map_err(|error| error.to_string()));
        });
        slot
    }

    fn ask(&mut self, machine: usize, text: &'static str, levels: (Consistency, Consistency)) -> Result<usize, String> {
        let slot = self.begin(machine, text, levels);
        self.run.await_slot(&slot).unwrap()
    }

    /// Cuts off some machines from the others, and waits until all know.
    fn cut_off(&mut self, machines: &[usize]) {
        let mut network = NetworkState::healthy();
        network.isolate(&machines.iter().copied().collect(), 2 * EACH, true);
        *self.run.cluster.network.lock() = network;
        self.run.pass(30 * SECOND);
    }

    fn end(self) {
        assert!(!self.run.broken(), "{:?}", self.run.cluster.watch.lock().violations);
        self.run.cluster.clear();
    }
}

fn is_refused(outcome: &Result<usize, String>, fixed: &str) -> bool {
    outcome.as_ref().is_err_and(|text| text.contains(&format!("are decided at {fixed},")))
}

#[test]
fn the_first_conditional_write_of_a_table_fixes_its_level() {
    let mut site = Site::new("'dc1': 3, 'dc2': 3", Faults::default());
    let (serial_read, local_read) = ((Consistency::Serial, Consistency::Serial), (Consistency::LocalSerial, LOCAL.1));
    // Where nothing is decided yet, reads are answered.
    assert_eq!(site.ask(0, READ, serial_read), NOTHING);
    assert_eq!(site.ask(0, READ, local_read), NOTHING);
    assert_eq!(site.ask(4, WRITE, LOCAL), APPLIED);
    for machine in [0, 4] {
        let refused = [site.ask(machine, WRITE, SERIAL), site.ask(machine, READ, serial_read)];
        assert!(refused.iter().all(|outcome| is_refused(outcome, "LOCAL_SERIAL")), "{refused:?}");
    }
    assert_eq!(site.ask(4, READ, local_read), FOUND);
    // A level that decides nothing is not concerned.
    assert_eq!(site.ask(0, READ, (Consistency::Quorum, Consistency::Serial)), FOUND);
    assert_eq!(site.ask(0, "ALTER TABLE far.t WITH serial_consistency = 'serial'", SERIAL), NOTHING);
    site.run.pass(2 * SECOND);
    for machine in [0, 4] {
        assert!(is_refused(&site.ask(machine, WRITE, LOCAL), "SERIAL"));
        assert_eq!(site.ask(machine, WRITE, SERIAL), REFUSED, "it is there");
    }
    assert_eq!(site.ask(0, "ALTER TABLE far.t WITH serial_consistency = 'UNSET'", SERIAL), NOTHING);
    site.run.pass(2 * SECOND);
    assert_eq!(site.ask(4, WRITE, LOCAL), REFUSED);
    site.end();
}

/// All begin at the same time, from all machines: those of one level are answered, the others are refused.
#[test]
fn one_of_the_first_conditional_writes_wins() {
    let mut site = Site::new("'dc1': 3, 'dc2': 3", Faults::default());
    let slots: Vec<_> = (0..24)
        .map(|number| site.begin(number % (2 * EACH), WRITE, if number % 4 < 2 { SERIAL } else { LOCAL }))
        .collect();
    let outcomes: Vec<_> = slots.iter().map(|slot| site.run.await_slot(slot).unwrap()).collect();
    let count = |of: usize| outcomes.iter().enumerate().filter(|(n, o)| n % 4 / 2 == of && o.is_ok()).count();
    assert!([(12, 0), (0, 12)].contains(&(count(0), count(1))), "{outcomes:?}");
    let refused = |o: &Result<usize, String>| is_refused(o, "SERIAL") || is_refused(o, "LOCAL_SERIAL");
    assert_eq!(outcomes.iter().filter(|outcome| refused(outcome)).count(), 12, "{outcomes:?}");
    site.end();
}

/// If one datacentre has all copies both levels have the same voters: drivers that have other defaults share a table.
#[test]
fn levels_are_mixed_where_they_are_the_same() {
    for replication in ["'dc1': 3", "'dc1': 3, 'dc2': 0"] {
        let mut site = Site::new(replication, Faults::default());
        assert_eq!(site.ask(0, WRITE, LOCAL), APPLIED);
        assert_eq!(site.ask(1, WRITE, SERIAL), REFUSED);
        assert_eq!(site.ask(1, READ, (Consistency::LocalSerial, LOCAL.1)), FOUND);
        site.end();
    }
}

/// A row that does not exist is inserted at LOCAL_SERIAL in one datacentre, and at SERIAL by replicas that have not heard of it.
fn insertions(faults: Faults) -> (Result<usize, String>, Result<usize, String>) {
    let mut site = Site::new("'dc1': 3, 'dc2': 3", faults);
    // The first write fixes the level while all are there.
    assert_eq!(site.ask(0, "INSERT INTO far.t (k, v) VALUES (0, 0) IF NOT EXISTS", LOCAL), APPLIED);
    site.run.pass(2 * SECOND);
    site.cut_off(&[0, 1]);
    let local = site.ask(0, WRITE, LOCAL);
    let global = site.ask(4, WRITE, SERIAL);
    site.run.cluster.clear();
    (local, global)
}

/// The scope is of use: without it both are told that they inserted the row.
#[test]
fn mixed_levels_decide_twice() {
    let (local, global) = insertions(Faults::default());
    assert!(local == APPLIED && is_refused(&global, "LOCAL_SERIAL"), "{local:?}, {global:?}");
    let faults = Faults { mix_serial_levels: true, ..Faults::default() };
    assert_eq!(insertions(faults), (APPLIED, APPLIED));
}

/// Two machines of three miss that the level was fixed, and what was decided; then they are asked at the other level. Gives their answer, and
/// the one of after the cut.
fn reads_of_who_missed_the_first_write(faults: Faults) -> [Result<usize, String>; 2] {
    let mut site = Site::new("'dc1': 3, 'dc2': 3", faults);
    site.cut_off(&[4, 5]);
    assert_eq!(site.ask(0, WRITE, SERIAL), APPLIED);
    let local_read = (Consistency::LocalSerial, LOCAL.1);
    let meanwhile = site.ask(4, READ, local_read);
    *site.run.cluster.network.lock() = NetworkState::healthy();
    site.run.pass(30 * SECOND);
    let outcomes = [meanwhile, site.ask(4, READ, local_read)];
    site.end();
    outcomes
}

/// A node that knows of no level asks whether there is one. It had answered that no row was there, after another client had been told that
/// the row was inserted (seeds 1174, 1404, 1551, 1621 and 1772 broke I5).
#[test]
fn a_read_misses_no_decision_at_a_level_that_its_node_has_not_heard_of() {
    let [meanwhile, healed] = reads_of_who_missed_the_first_write(Faults::default());
    assert!(meanwhile.as_ref().is_err_and(|text| text.contains("metadata")), "{meanwhile:?}");
    assert!(is_refused(&healed, "SERIAL"), "{healed:?}");
    let faults = Faults { trust_unfixed_levels: true, ..Faults::default() };
    assert_eq!(reads_of_who_missed_the_first_write(faults)[0], NOTHING, "the bug is of use");
}
