//! Machines of two releases in one cluster, and the version of the formats raised under load. The newer release speaks a version that no real
//! one does.

use super::*;
use crate::disk_mishap::exchange;
use henge_node::{ChangeError, VersionRange};

const NEWER: VersionRange = VersionRange::OF_TESTS;

impl Run {
    /// Has a machine lose power, and come back with a release that speaks these versions.
    fn restart_with(&mut self, machine: usize, versions: VersionRange) {
        crash(&self.cluster, machine);
        self.cluster.machines[machine].options.lock().versions = versions;
        self.pass(SECOND / 2);
        start(&self.cluster, machine);
    }

    /// The same, and waits until all see each other.
    fn upgrade(&mut self, machine: usize, versions: VersionRange) {
        self.restart_with(machine, versions);
        assert!(self.wait("sight", |run| run.all_see_all()), "{machine}: {:?}", self.cluster.watch.lock().violations);
    }

    /// Asks a machine to raise the version, while clients are at work.
    fn finalise(&mut self, machine: usize) -> Result<u32, String> {
        let slot = Slot::default();
        let (done, life) = (slot.clone(), self.cluster.machines[machine].life().unwrap());
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let raised: Result<u32, ChangeError> = life.node.finalise_upgrade().await;
            done.fill(raised.map_err(|error| error.to_string()));
        });
        self.load(SECOND);
        self.await_slot(&slot).unwrap_or_else(|| Err("no answer".to_owned()))
    }

    /// Three machines of the newer release, behind the raise; the others are spare ones.
    fn of_newer_release(machines: usize, seed: u64) -> Run {
        let mut run = Run::with_spare_machines(3, machines, seed);
        (3..machines).for_each(|machine| run.cluster.machines[machine].set_spare(true));
        (0..3).for_each(|machine| run.upgrade(machine, NEWER));
        assert_eq!(run.finalise(0), Ok(2));
        assert!(run.wait("version", |run| run.active_versions() == [2; 3]));
        run
    }

    /// The words with which a machine of the older release ends, which is started on its disk as it is.
    fn refusal_of_older(&mut self, machine: usize) -> String {
        self.cluster.machines[machine].has_wrong_disk.store(true, Ordering::Relaxed);
        self.restart_with(machine, VersionRange::OF_RELEASE);
        let ended = |run: &Run| run.cluster.machines[machine].refusal.lock().is_some();
        assert!(self.wait("refusal", ended) && self.wait("end", |run| run.cluster.machines[machine].life().is_none()));
        self.cluster.machines[machine].has_wrong_disk.store(false, Ordering::Relaxed);
        let refusal = self.cluster.machines[machine].refusal.lock().take().unwrap();
        assert!(refusal.contains("writes version 2") && refusal.contains("speaks 1"), "{refusal}");
        refusal
    }

    fn active_versions(&self) -> Vec<u32> {
        self.lives().iter().map(|life| life.node.versions().0).collect()
    }
}

#[test]
fn releases_are_mixed_and_the_version_is_raised_under_load() {
    for seed in 300..303 {
        let mut run = Run::with_spare_machines(3, 3, seed);
        for machine in 0..3 {
            let refused = run.finalise(0).unwrap_err();
            assert!(refused.contains("not every member is known to speak version 2"), "{seed}: {refused}");
            run.upgrade(machine, NEWER);
            run.load(SECOND);
        }
        // One goes back to the release before, and comes again: nothing that was written is in its way.
        run.upgrade(1, VersionRange::OF_RELEASE);
        run.load(SECOND);
        run.upgrade(1, NEWER);
        assert_eq!(run.active_versions(), [1; 3]);
        assert_eq!(run.finalise(0), Ok(2), "{seed}");
        assert!(run.wait("version", |run| run.active_versions() == [2; 3]), "{seed}: {:?}", run.active_versions());
        run.load(SECOND);
        run.restart_with(2, NEWER);
        run.load(SECOND);
        assert!(run.wait("sight", |run| run.all_see_all()));
        run.check_history();
        run.check_logs();
        assert!(!run.broken(), "{seed}: {:?}", run.cluster.watch.lock().violations);
        run.end_well();
    }
}

#[test]
fn an_older_release_does_not_start_behind_the_raise() {
    let mut run = Run::of_newer_release(3, 310);
    let refusal = run.refusal_of_older(1);
    assert!(!refusal.contains("as node"), "its own disk tells it: {refusal}");
    // Nothing was written by it that is in the way of the newer one.
    run.upgrade(1, NEWER);
    run.end_well();
}

#[test]
fn an_older_release_is_not_admitted_on_a_disk_of_before_the_raise() {
    let mut run = Run::with_spare_machines(3, 3, 311);
    (0..3).for_each(|machine| run.upgrade(machine, NEWER));
    let before = run.cluster.machines[1].disk_image();
    assert_eq!(run.finalise(0), Ok(2));
    assert!(run.wait("version", |run| run.active_versions() == [2; 3]));
    let newest = exchange(&run.cluster, 1, before, true);
    let refusal = run.refusal_of_older(1);
    assert!(refusal.contains("as node"), "{refusal}");
    exchange(&run.cluster, 1, newest, false);
    run.upgrade(1, NEWER);
    run.end_well();
}

#[test]
fn a_newcomer_of_an_older_release_is_refused_and_says_which_it_needs() {
    let mut run = Run::of_newer_release(4, 312);
    run.refusal_of_older(3);
    assert!(run.lives().iter().all(|life| life.node.members().len() == 3));
    run.cluster.machines[3].set_spare(false);
    run.upgrade(3, NEWER);
    assert_eq!(run.active_versions(), [2; 4]);
    run.end_well();
}

/// Storms with machines of two releases, and with the newer one alone, which begins a cluster in its own version.
#[test]
fn storms_break_nothing_where_releases_are_mixed() {
    for seed in 1..=4 {
        for newer in [|machine: usize| machine % 2 == 1, |_| true] {
            let mut run = Run::new(seed, Faults::default());
            for (_, machine) in run.cluster.machines.iter().enumerate().filter(|(number, _)| newer(*number)) {
                machine.options.lock().versions = NEWER;
            }
            run.everything();
            let version = if newer(0) { 2 } else { 1 };
            assert!(run.active_versions().iter().all(|active| *active == version));
            assert!(!run.broken(), "{seed}: {:?}", run.cluster.watch.lock().violations);
            run.cluster.clear();
        }
    }
}

#[test]
fn a_release_that_writes_what_the_cluster_does_not_is_found() {
    let mut run = Run::with_spare_machines(3, 3, 320);
    run.cluster.machines[1].options.lock().faults.write_newest = true;
    run.restart_with(1, NEWER);
    run.pass(20 * SECOND);
    assert!(!run.all_see_all(), "the scenario shows nothing");
    run.cluster.clear();
}
