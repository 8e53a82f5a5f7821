//! Processes that members refuse for good: one on its newest disk is refused by nobody, and one that most refuse ends with the ways out.

use super::*;

/// A newcomer goes on without the answer of a member that it cannot reach. That one hears of it when the link is back, and the newcomer
/// crashes before it has asked again. Gives what its next start broke.
fn newcomer_that_one_member_never_admitted(seed: u64, faults: Faults) -> Vec<Violation> {
    let mut random = Random::new(seed);
    let clockwork = Clockwork::new(random.fork("clockwork"));
    let shape = Shape { spares: 1, ..Shape::plain(4, StormKind::Crashes) };
    let mut run = Run::of(clockwork, shape, &mut random, |n| options(n, faults));
    assert!(run.form());
    run.cluster.has_slow_jobs.store(false, Ordering::Relaxed);
    run.pass(2 * SECOND);
    run.cluster.network.lock().cut.extend([(2, 3), (3, 2)]);
    run.join(3, 0, &mut random);
    run.pass(4 * SECOND);
    *run.cluster.network.lock() = NetworkState::healthy();
    run.pass(SECOND / 2 + seed * SECOND / 4);
    crash(&run.cluster, 3);
    start(&run.cluster, 3);
    run.pass(10 * SECOND);
    let violations = run.cluster.watch.lock().violations.clone();
    run.cluster.clear();
    violations
}

#[test]
fn the_first_refusal_of_a_newest_disk_is_found_at_once() {
    let is_refusal = |broken: &Violation| broken.rule == "I36" && broken.what.contains("was refused by machine 2");
    let bug = Faults { hold_untold_clocks: true, ..Faults::default() };
    let found = (0..10).filter(|seed| newcomer_that_one_member_never_admitted(*seed, bug).iter().any(is_refusal));
    assert!(found.count() > 0, "the scenario shows nothing");
    for seed in 0..10 {
        assert_eq!(newcomer_that_one_member_never_admitted(seed, Faults::default()), [], "seed {seed}");
    }
}

/// A fresh clone is started in the larger part of a network that is cut in two: members there admit it. When the parts meet, the original
/// is refused by most.
#[test]
fn a_process_that_served_and_is_refused_by_most_ends_with_the_ways_out() {
    for seed in 0..5 {
        let run = cluster(seed, 5, Faults::default());
        crash(&run.cluster, 4);
        let mut network = NetworkState::healthy();
        network.isolate(&BTreeSet::from([0, 1]), 5, true);
        *run.cluster.network.lock() = network;
        let clone = run.image(1);
        run.exchange_disk(4, clone, true);
        run.cluster.machines[1].has_wrong_disk.store(true, Ordering::Relaxed);
        start(&run.cluster, 4);
        let serves =
            |machine: usize| run.cluster.machines[machine].life().is_some_and(|life| life.node.readiness().is_ok());
        run.until("the clone is admitted", || serves(4));
        *run.cluster.network.lock() = NetworkState::healthy();
        run.until("one of them ends", || run.cluster.machines[1].refusal.lock().is_some());
        let refusal = run.cluster.machines[1].refusal.lock().clone().unwrap();
        assert!(refusal.contains("older copy") && refusal.contains("--replace"), "{refusal}");
        run.pass(SECOND);
        assert!(run.cluster.machines[1].life().is_none() && serves(4), "seed {seed}");
        run.cluster.clear();
    }
}
