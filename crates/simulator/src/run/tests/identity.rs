//! Older copies of disks, clones, disks that change places: the table of docs/protocols/identity.md.

mod addresses;
mod refusals;

use super::*;
use crate::disk::Disk;
use crate::disk_mishap::exchange;

impl Run {
    fn exchange_disk(&self, machine: usize, disk: Disk, is_wrong: bool) -> Disk {
        exchange(&self.cluster, machine, disk, is_wrong)
    }

    fn image(&self, machine: usize) -> Disk {
        self.cluster.machines[machine].disk_image()
    }

    /// The second machine and the third end, and start with each other's disk.
    fn swap_disks(&self) {
        crash(&self.cluster, 1);
        crash(&self.cluster, 2);
        let (one, two) = (self.image(1), self.image(2));
        self.exchange_disk(1, two, false);
        self.exchange_disk(2, one, false);
        start(&self.cluster, 1);
        start(&self.cluster, 2);
    }

    /// The reason why a machine's process ends within ten seconds; `None` if it serves.
    fn refusal_of(&self, machine: usize) -> Option<String> {
        let machine = &self.cluster.machines[machine];
        let serves = || machine.life().is_some_and(|life| life.node.readiness().is_ok());
        self.until("a verdict", || machine.refusal.lock().is_some() || serves());
        machine.refusal.lock().clone()
    }

    /// Adds to a counter through a machine, which leads the addition.
    fn add(&mut self, machine: usize, times: usize) {
        for _ in 0..times {
            self.act(machine, "UPDATE sim.counts SET n = n + 1 WHERE k = 5", Consistency::Quorum).unwrap();
        }
    }

    fn counter(&mut self, machine: usize) -> i64 {
        let rows = self.act(machine, "SELECT n FROM sim.counts WHERE k = 5", Consistency::All).unwrap();
        i64::from_be_bytes(rows[0][0].as_deref().unwrap().try_into().unwrap())
    }

    fn act(
        &mut self,
        machine: usize,
        text: &'static str,
        level: Consistency,
    ) -> Result<Vec<Vec<Option<Bytes>>>, String> {
        let (slot, life) = (Slot::default(), self.cluster.machines[machine].life().unwrap());
        let done = slot.clone();
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let outcome = statement(&life, text, &[], level, None).await;
            done.fill(outcome.map(|rows| rows.rows).map_err(|error| error.to_string()));
        });
        self.await_slot(&slot).unwrap()
    }

    fn assert_all_well(&mut self, what: &str) {
        assert!(self.wait("all machines", |run| run.all_see_all()), "{what}");
        assert!(!self.broken(), "{what}: {:?}", self.cluster.watch.lock().violations);
        self.cluster.clear();
    }
}

fn without_checks() -> Faults {
    Faults { admit_older_copies: true, ..Faults::default() }
}

fn cluster(seed: u64, machines: usize, faults: Faults) -> Run {
    let mut random = Random::new(seed);
    let clockwork = Clockwork::new(random.fork("clockwork"));
    let shape = Shape::plain(machines, StormKind::Crashes);
    let mut run = Run::of(clockwork, shape, &mut random, |n| options(n, faults));
    assert!(run.form());
    run.cluster.has_slow_jobs.store(false, Ordering::Relaxed);
    run.pass(2 * SECOND);
    run
}

/// Additions to a counter, a copy of their leader's disk, more additions; then the machine is started on the copy. Gives the reason
/// why it ended, and the counter's value after one more addition.
fn set_back(seed: u64, faults: Faults) -> (Option<String>, i64) {
    let mut run = cluster(seed, 3, faults);
    run.add(1, 10);
    let copy = run.image(1);
    run.pass(SECOND);
    run.add(1, 10);
    let newest = run.exchange_disk(1, copy, true);
    start(&run.cluster, 1);
    let refusal = run.refusal_of(1);
    if refusal.is_some() {
        run.exchange_disk(1, newest, false);
        start(&run.cluster, 1);
    }
    assert!(run.wait("all machines", |run| run.all_see_all()));
    run.pass(SECOND);
    run.add(1, 1);
    let counter = run.counter(0);
    assert!(refusal.is_none() || !run.broken(), "{:?}", run.cluster.watch.lock().violations);
    run.cluster.clear();
    (refusal, counter)
}

#[test]
fn a_node_on_an_older_copy_of_its_disk_is_refused() {
    for seed in 0..5 {
        assert_eq!(set_back(seed, without_checks()), (None, 11), "ten acknowledged additions are lost");
        let (refusal, counter) = set_back(seed, Faults::default());
        let refusal = refusal.unwrap();
        assert!(refusal.contains("older copy") && refusal.contains("empty data directory"), "{refusal}");
        assert_eq!(counter, 21);
    }
}

#[test]
fn an_operator_may_accept_an_older_copy() {
    for seed in 0..5 {
        let mut run = cluster(seed, 3, Faults::default());
        let copy = run.image(1);
        run.pass(3 * SECOND);
        run.exchange_disk(1, copy, false);
        run.cluster.machines[1].options.lock().accept_older_copy = true;
        start(&run.cluster, 1);
        assert_eq!(run.refusal_of(1), None);
        run.pass(SECOND);
        // From now on it is the newest disk, and needs nobody's word.
        crash(&run.cluster, 1);
        run.cluster.machines[1].options.lock().accept_older_copy = false;
        start(&run.cluster, 1);
        run.assert_all_well("an accepted copy");
    }
}

#[test]
fn peers_remember_over_their_restarts() {
    for seed in 0..5 {
        let mut run = cluster(seed, 3, Faults::default());
        let copy = run.image(1);
        run.pass(4 * SECOND);
        let newest = run.exchange_disk(1, copy, true);
        for peer in [0, 2] {
            crash(&run.cluster, peer);
            start(&run.cluster, peer);
        }
        start(&run.cluster, 1);
        assert!(run.refusal_of(1).unwrap().contains("older copy"));
        run.exchange_disk(1, newest, false);
        start(&run.cluster, 1);
        run.assert_all_well("the newest disk");
    }
}

/// A copy that was started while nobody could tell that it is one is still found out, whatever it did since.
#[test]
fn an_older_copy_does_not_become_the_newest_by_being_started() {
    for seed in 0..5 {
        let mut run = cluster(seed, 3, Faults::default());
        let copy = run.image(1);
        run.pass(3 * SECOND);
        for machine in [0, 2] {
            crash(&run.cluster, machine);
        }
        let newest = run.exchange_disk(1, copy, true);
        start(&run.cluster, 1);
        run.pass(9 * SECOND);
        let life = run.cluster.machines[1].life().unwrap();
        assert!(life.node.readiness().unwrap_err().contains("older copy"), "it waits for a member");
        run.until("the end of its patience", || life.node.readiness().is_ok());
        run.pass(5 * SECOND);
        for _ in 0..4 {
            crash(&run.cluster, 1);
            start(&run.cluster, 1);
            run.pass(SECOND / 2);
        }
        start(&run.cluster, 0);
        run.until("its end", || run.cluster.machines[1].refusal.lock().is_some());
        run.exchange_disk(1, newest, false);
        start(&run.cluster, 1);
        start(&run.cluster, 2);
        run.assert_all_well("the newest disk");
    }
}

/// A node whose peers were off for long is admitted by them when they are back.
#[test]
fn a_node_that_went_on_alone_is_admitted_later() {
    for seed in 0..5 {
        let mut run = cluster(seed, 3, Faults::default());
        for machine in 0..3 {
            crash(&run.cluster, machine);
        }
        start(&run.cluster, 1);
        run.pass(15 * SECOND);
        assert!(run.lives()[0].node.readiness().is_ok());
        crash(&run.cluster, 1);
        start(&run.cluster, 1);
        run.pass(15 * SECOND);
        start(&run.cluster, 0);
        run.pass(5 * SECOND);
        crash(&run.cluster, 1);
        start(&run.cluster, 1);
        run.pass(5 * SECOND);
        start(&run.cluster, 2);
        run.assert_all_well("all are back");
    }
}

#[test]
fn a_clone_beside_its_original_ends_and_the_original_goes_on() {
    for (seed, wait) in [(1, 0), (2, 0), (3, SECOND / 5), (4, 3 * SECOND), (5, 30 * SECOND)] {
        let mut run = cluster(seed, 4, Faults::default());
        crash(&run.cluster, 3);
        let owner = run.cluster.machines[1].life().unwrap().owner;
        let clone = run.image(1);
        let own = run.exchange_disk(3, clone, true);
        run.pass(wait);
        start(&run.cluster, 3);
        let refusal = run.refusal_of(3).unwrap();
        assert!(refusal.contains("another process runs") || refusal.contains("older copy"), "{refusal}");
        // By then all know that the third member is down.
        run.pass(15 * SECOND);
        assert_eq!(run.cluster.machines[1].life().map(|life| life.owner), Some(owner), "the original was displaced");
        run.add(1, 1);
        run.exchange_disk(3, own, false);
        start(&run.cluster, 3);
        run.assert_all_well("clone");
    }
    let run = cluster(1, 4, without_checks());
    let clone = run.image(1);
    run.exchange_disk(3, clone, true);
    start(&run.cluster, 3);
    assert_eq!(run.refusal_of(3), None, "the scenario shows nothing");
    run.cluster.clear();
}

/// Of two copies of a disk that are started at one moment at most one goes on.
#[test]
fn two_copies_started_at_one_moment_do_not_both_go_on() {
    for seed in 0..10 {
        let run = cluster(seed, 4, Faults::default());
        crash(&run.cluster, 1);
        let copy = run.image(1);
        run.exchange_disk(3, copy, true);
        run.cluster.machines[1].has_wrong_disk.store(true, Ordering::Relaxed);
        start(&run.cluster, 1);
        start(&run.cluster, 3);
        run.pass(10 * SECOND);
        let up = [1, 3].into_iter().filter(|machine| run.cluster.machines[*machine].life().is_some()).count();
        assert!(up <= 1, "seed {seed}: both run");
        assert!(!run.broken(), "{:?}", run.cluster.watch.lock().violations);
        run.cluster.clear();
    }
}

#[test]
fn a_whole_cluster_comes_back_from_a_power_cut() {
    for seed in 0..10 {
        let mut run = cluster(seed, 3, Faults::default());
        (0..3).for_each(|machine| crash(&run.cluster, machine));
        for machine in 0..3 {
            let (cluster, at) = (Arc::clone(&run.cluster), run.now() + run.cluster.chance(3 * SECOND));
            run.cluster.clockwork.at(at, move || start(&cluster, machine));
        }
        run.pass(3 * SECOND);
        let begun = run.now();
        assert!(run.wait("all machines", |run| run.all_see_all()));
        assert!(run.now() - begun < 5 * SECOND, "{} us", run.now() - begun);
        run.assert_all_well("power cut");
    }
}

#[test]
fn disks_that_change_places_keep_their_hosts() {
    for seed in 0..5 {
        let mut run = cluster(seed, 3, Faults::default());
        run.add(1, 5);
        run.swap_disks();
        assert!(run.wait("all machines", |run| run.all_see_all()));
        run.pass(5 * SECOND);
        run.add(2, 5);
        assert_eq!(run.counter(1), 10);
        run.assert_all_well("swapped disks");
    }
}

#[test]
fn a_machine_that_lost_its_disk_is_no_member_any_more() {
    let mut run = cluster(1, 3, Faults::default());
    let lost = run.exchange_disk(1, Disk::empty(&mut Random::new(99)), true);
    start(&run.cluster, 1);
    run.until("a verdict", || run.cluster.machines[1].refusal.lock().is_some());
    let refusal = run.cluster.machines[1].refusal.lock().clone().unwrap();
    assert!(refusal.contains("belongs to member") && refusal.contains("removenode"), "{refusal}");
    run.add(0, 3);
    run.exchange_disk(1, lost, false);
    start(&run.cluster, 1);
    run.assert_all_well("the old disk");
}
