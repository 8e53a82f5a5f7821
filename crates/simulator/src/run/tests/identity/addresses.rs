//! Hosts that come back at other addresses than the log has: they find each other, and the log goes on.

use super::*;
use henge_node::Position;

/// The longest time until members that look for each other have met, and have agreed on where they are.
const MEETING_SECONDS: u64 = 40;

impl Run {
    fn log_ends(&self) -> Vec<Position> {
        self.lives().iter().map(|life| life.node.log_end()).collect()
    }

    /// True if all machines see each other, and have one log, within the time for that.
    fn meets(&self) -> bool {
        (0..MEETING_SECONDS).any(|_| {
            self.pass(SECOND);
            self.all_see_all() && self.log_ends().windows(2).all(|ends| ends[0] == ends[1])
        })
    }

    /// Takes the disks out of all machines, and puts the one of each into the machine `by` places further.
    fn rotate_disks(&self, by: usize) {
        let machines = self.cluster.machines.len();
        let mut disks: Vec<Option<Disk>> = (0..machines)
            .map(|machine| Some(self.exchange_disk(machine, Disk::empty(&mut Random::new(machine as u64)), false)))
            .collect();
        for machine in 0..machines {
            let disk = disks[(machine + machines - by) % machines].take().unwrap();
            self.exchange_disk(machine, disk, false);
        }
    }

    /// A table can be made through a machine, and an addition to a counter is known to all.
    fn assert_goes_on(&mut self, machine: usize) {
        self.add(machine, 5);
        assert_eq!(self.counter(machine), 5);
        self.act(machine, "CREATE TABLE sim.later (k bigint PRIMARY KEY)", Consistency::One).unwrap();
        self.assert_all_well("the log goes on");
    }
}

fn trusting() -> Faults {
    Faults { trust_logged_addresses: true, ..Faults::default() }
}

/// The disks of two machines change places, and the third loses power some time after they were started, for a second. True if all meet.
fn swap_while_the_third_goes(seed: u64, after_us: u64, faults: Faults) -> bool {
    let run = cluster(seed, 3, faults);
    run.swap_disks();
    run.pass(after_us);
    crash(&run.cluster, 0);
    run.pass(SECOND);
    start(&run.cluster, 0);
    let meets = run.meets();
    assert!(!run.broken(), "{:?}", run.cluster.watch.lock().violations);
    run.cluster.clear();
    meets
}

/// The third knows the old addresses only, and the others reach it, but it cannot ask them for the entry that it missed.
#[test]
fn a_member_that_missed_where_the_others_went_finds_them() {
    let moments = || (0..24).map(|n| n * 5_000);
    assert!(!moments().all(|at| swap_while_the_third_goes(1, at, trusting())), "the scenario shows nothing");
    for (seed, after_us) in (1..).zip(moments()) {
        assert!(swap_while_the_third_goes(seed, after_us, Faults::default()), "seed {seed}, after {after_us} us");
    }
}

/// All disks move one machine further: every address in the log is another host's.
fn rotate_all(seed: u64, faults: Faults) -> (Run, bool) {
    let run = cluster(seed, 3, faults);
    (0..3).for_each(|machine| crash(&run.cluster, machine));
    run.rotate_disks(1);
    (0..3).for_each(|machine| start(&run.cluster, machine));
    let meets = run.meets();
    (run, meets)
}

#[test]
fn all_voters_change_places_at_once() {
    let (run, meets) = rotate_all(1, trusting());
    assert!(!meets, "the scenario shows nothing");
    run.cluster.clear();
    for seed in 0..5 {
        let (mut run, meets) = rotate_all(seed, Faults::default());
        assert!(meets, "seed {seed}");
        run.assert_goes_on(1);
    }
}

#[test]
fn five_voters_at_new_addresses_find_each_other_by_one_seed() {
    for seed in 0..3 {
        let mut random = Random::new(seed);
        let clockwork = Clockwork::new(random.fork("clockwork"));
        let shape = Shape { spares: 5, ..Shape::plain(10, StormKind::Crashes) };
        let mut run = Run::of(clockwork, shape, &mut random, |n| options(n, Faults::default()));
        assert!(run.form());
        run.cluster.has_slow_jobs.store(false, Ordering::Relaxed);
        run.pass(2 * SECOND);
        (0..5).for_each(|machine| crash(&run.cluster, machine));
        run.rotate_disks(5);
        for machine in 0..10 {
            run.cluster.machines[machine].set_spare(machine < 5);
            run.cluster.machines[machine].options.lock().seeds = vec![options(5, Faults::default()).address];
        }
        (5..10).for_each(|machine| start(&run.cluster, machine));
        assert!(run.meets(), "seed {seed}");
        run.assert_goes_on(7);
    }
}
