//! Clocks that are wrong: the table of docs/protocols/clocks.md, row by row.

use super::*;
use crate::client::is_definite;
use crate::wall_clock::WallClock;
use henge_model::Rows;

const HOUR_US: i64 = 3_600_000_000;

/// The outcome of a statement, and the error's text with true if the error is definite.
type Outcome = Result<Rows, (bool, String)>;

impl Run {
    /// Executes a statement at a level through a machine.
    fn ask(&mut self, machine: usize, text: &str, level: Consistency) -> Outcome {
        let (slot, text) = (Slot::default(), text.to_owned());
        let (done, life) = (slot.clone(), self.cluster.machines[machine].life().unwrap());
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let outcome = statement(&life, &text, &[], level, None).await;
            done.fill(outcome.map_err(|error| (is_definite(&error), error.to_string())));
        });
        self.await_slot(&slot).unwrap()
    }

    /// Writes a value whose timestamp is its coordinator's.
    fn write_stamped(&mut self, machine: usize, value: i64) -> Outcome {
        self.ask(machine, &format!("INSERT INTO sim.lasting (k, v) VALUES (1, {value})"), Consistency::Quorum)
    }

    fn read_stamped(&mut self, machine: usize, level: Consistency) -> Option<i64> {
        let rows = self.ask(machine, "SELECT v FROM sim.lasting WHERE k = 1", level).unwrap().rows;
        Some(i64::from_be_bytes(rows.first()?.first()?.as_ref()?.as_ref().try_into().ok()?))
    }

    /// Replaces a value if it is as expected; true if it was.
    fn replace(&mut self, machine: usize, from: i64, to: i64) -> Result<bool, (bool, String)> {
        let text = format!("UPDATE sim.swaps SET v = {to} WHERE k = 9 IF v = {from}");
        let rows = self.ask(machine, &text, Consistency::Quorum)?.rows;
        Ok(rows[0][0].as_deref() == Some(&[1]))
    }

    fn set_clock(&self, machine: usize, ahead_us: i64, gain_us: i64) {
        *self.cluster.machines[machine].clock.lock() = WallClock { ahead_us, gain_us, set_at: self.now() };
    }

    fn await_trust(&mut self, machine: usize) {
        let is_ready = |run: &Run| run.cluster.machines[machine].life().unwrap().node.readiness().is_ok();
        assert!(self.wait("a clock that is right", is_ready));
    }
}

/// Three machines with right clocks, a stamped value and a replaced one.
fn with_values(seed: u64) -> Run {
    let mut run = Run::three(false, SharedTable::Default, &mut Random::new(seed), Faults::default());
    run.write_stamped(1, 1).unwrap();
    run.ask(1, "INSERT INTO sim.swaps (k, v) VALUES (9, 1) IF NOT EXISTS", Consistency::Quorum).unwrap();
    run
}

/// Asserts what must hold while the first machine's clock is wrong, and once it is right again.
fn assert_wrong_clock_harms_nobody(mut run: Run, what: &str) {
    for error in [run.write_stamped(0, 666).unwrap_err(), run.replace(0, 1, 666).unwrap_err()] {
        assert!(error.0 && error.1.contains("clock"), "{what}: {error:?}");
    }
    let serial = run.ask(0, "SELECT v FROM sim.swaps WHERE k = 9", Consistency::Serial).unwrap_err();
    assert!(serial.0 && serial.1.contains("clock"), "{what}: {serial:?}");
    let reason = run.cluster.machines[0].life().unwrap().node.readiness().unwrap_err();
    assert!(reason.contains("clock"), "{what}: {reason}");
    // All others go on, and need the machine's copy for nothing.
    for (machine, value) in [(1, 2), (2, 3)] {
        run.write_stamped(machine, value).unwrap();
        assert_eq!(run.replace(machine, value - 1, value), Ok(true), "{what}: the partition is locked");
    }
    assert_eq!(run.read_stamped(0, Consistency::Quorum), Some(3), "{what}: reads go on through the machine");
    assert_eq!(run.read_stamped(1, Consistency::All), Some(3), "{what}: its copy takes what others stamp");
    // A change of the schema that is asked of it is made by another voter.
    run.ask(0, &format!("CREATE TABLE sim.after_{} (k int PRIMARY KEY)", what.replace(' ', "_")), Consistency::One)
        .unwrap();
    run.set_clock(0, 0, 0);
    run.await_trust(0);
    run.write_stamped(0, 4).unwrap();
    assert_eq!(run.replace(0, 3, 4), Ok(true), "{what}");
    run.write_stamped(1, 5).unwrap();
    assert_eq!(run.replace(1, 4, 5), Ok(true), "{what}: the partition is locked");
    assert_eq!(run.read_stamped(2, Consistency::All), Some(5), "{what}: a later write lost");
    assert!(!run.broken(), "{what}: {:?}", run.cluster.watch.lock().violations);
    run.cluster.clear();
}

#[test]
fn a_clock_that_goes_wrong_while_a_node_runs_harms_nobody() {
    for (what, ahead_us, gain_us, until_noticed) in [
        ("an hour ahead", HOUR_US, 0, 0),
        ("an hour back", -HOUR_US, 0, 0),
        ("frozen", 0, -1_000_000, 2 * SECOND),
        ("drifting ahead", 0, 50_000, 12 * SECOND),
        ("drifting behind", 0, -50_000, 12 * SECOND),
    ] {
        let run = with_values(4);
        run.set_clock(0, ahead_us, gain_us);
        run.pass(until_noticed);
        assert_wrong_clock_harms_nobody(run, what);
    }
}

#[test]
fn a_node_that_starts_with_a_wrong_clock_harms_nobody() {
    for (what, ahead_us) in [("started ahead", HOUR_US), ("started behind", -HOUR_US)] {
        let mut run = with_values(5);
        crash(&run.cluster, 0);
        run.set_clock(0, ahead_us, 0);
        start(&run.cluster, 0);
        // Before it has met anybody it stamps nothing either.
        let at_once = run.write_stamped(0, 666).unwrap_err();
        assert!(at_once.0 && at_once.1.contains("clock"), "{what}: {at_once:?}");
        run.pass(3 * SECOND);
        assert_wrong_clock_harms_nobody(run, what);
    }
}

/// All clocks were set back while nothing ran: nobody stamps anything until the time of the last stamps has come again.
#[test]
fn clocks_that_were_set_back_everywhere_wait_until_they_have_caught_up() {
    let mut run = with_values(9);
    (0..3).for_each(|machine| crash(&run.cluster, machine));
    for machine in 0..3 {
        run.set_clock(machine, -20_000_000, 0);
        start(&run.cluster, machine);
    }
    run.pass(5 * SECOND);
    for machine in 0..3 {
        for error in [run.write_stamped(machine, 666).unwrap_err(), run.replace(machine, 1, 666).unwrap_err()] {
            assert!(error.0 && error.1.contains("clock"), "{machine}: {error:?}");
        }
        assert_eq!(run.read_stamped(machine, Consistency::All), Some(1), "reads go on");
    }
    run.pass(20 * SECOND);
    for (machine, value) in [(0, 2), (1, 3), (2, 4)] {
        run.write_stamped(machine, value).unwrap();
        assert_eq!(run.replace(machine, value - 1, value), Ok(true), "the partition is locked");
        assert_eq!(run.read_stamped(0, Consistency::All), Some(value), "a later write lost");
    }
    run.cluster.clear();
}

/// A small step, as of a leap second that is smeared elsewhere, stops nobody.
#[test]
fn a_clock_within_the_bound_is_trusted() {
    for ahead_us in [-350_000, 350_000] {
        let mut run = with_values(6);
        run.set_clock(0, ahead_us, 0);
        for value in 2..6 {
            run.write_stamped(0, value).unwrap();
            run.pass(SECOND);
        }
        assert_eq!(run.replace(0, 1, 2), Ok(true));
        assert!(!run.broken());
        run.cluster.clear();
    }
}

/// A newcomer that reaches nobody has no clock to compare its own with, and is not alone in a cluster of its own: it stamps nothing once it
/// has joined before others have confirmed its time.
#[test]
fn a_newcomer_with_a_wrong_clock_that_reaches_nobody_at_first_harms_nobody() {
    for (seed, is_wrong_from_the_start, seconds_alone) in [(10, false, 1), (11, false, 9), (12, true, 1), (13, true, 9)]
    {
        let mut run = super::moves::with_rows(3, seed, Faults::default(), 0);
        run.isolate(3);
        run.join(3, 0, &mut Random::new(seed));
        run.pass(SECOND / 2);
        if is_wrong_from_the_start {
            crash(&run.cluster, 3);
        }
        run.set_clock(3, HOUR_US, 0);
        if is_wrong_from_the_start {
            start(&run.cluster, 3);
        }
        run.pass(seconds_alone * SECOND);
        run.cut([]);
        let newcomer = run.cluster.machines[3].life().unwrap().node;
        run.until("a member", || newcomer.is_member());
        run.pass(5 * SECOND);
        let reason = newcomer.readiness().unwrap_err();
        assert!(reason.contains("clock"), "{seed}: {reason}");
        assert!(!run.broken(), "{seed}: {:?}", run.cluster.watch.lock().violations);
        run.set_clock(3, 0, 0);
        run.await_trust(3);
        run.until_moved();
        assert!(!run.broken(), "{seed}: {:?}", run.cluster.watch.lock().violations);
        run.cluster.clear();
    }
}

/// Of two nodes nobody can say whose clock is wrong, unless it jumped: both stop.
#[test]
fn two_nodes_that_differ_from_each_other_both_stop() {
    let mut run = with_values(7);
    crash(&run.cluster, 2);
    crash(&run.cluster, 0);
    run.set_clock(0, HOUR_US, 0);
    // The other one restarts too, so that both are new to each other.
    crash(&run.cluster, 1);
    start(&run.cluster, 0);
    start(&run.cluster, 1);
    run.pass(4 * SECOND);
    for machine in [0, 1] {
        assert!(run.write_stamped(machine, 9).unwrap_err().1.contains("clock"), "{machine}");
    }
    assert_eq!(run.read_stamped(1, Consistency::Quorum), Some(1));
    run.set_clock(0, 0, 0);
    run.await_trust(0);
    run.await_trust(1);
    run.write_stamped(1, 2).unwrap();
    run.cluster.clear();
}

/// No other node takes what one stamps all the same, neither a write nor a ballot.
#[test]
fn replicas_and_acceptors_refuse_what_is_stamped_beyond_the_bound() {
    let mut run = with_values(8);
    crash(&run.cluster, 0);
    run.cluster.machines[0].options.lock().faults.stamp_beyond_the_bound = true;
    run.set_clock(0, HOUR_US, 0);
    start(&run.cluster, 0);
    run.pass(2 * SECOND);
    let copies = |run: &Run| [1, 2].map(|machine| run.stored_values(machine, Family::Rows));
    let before = copies(&run);
    assert!(run.write_stamped(0, 666).is_err());
    assert!(run.replace(0, 1, 666).is_err());
    run.pass(5 * SECOND);
    assert_eq!(copies(&run), before, "neither as a write nor as a hint");
    assert_eq!(run.replace(1, 1, 2), Ok(true), "no acceptor promised the ballot");
    let refused = run.lives()[1].node.metrics().registry().render(|| ()).unwrap();
    assert!(!refused.contains("henge_stamps_refused_total 0"), "refusals are counted");
    run.cluster.clear();
}
