//! Deletions, late writes, and purging at full speed while the clock jumps (I12): nothing that a deletion covers is seen again, whether
//! the deletion is still there or forgotten, and nothing else is lost.
//!
//! A write's timestamp is the moment it was issued, so that what may still arrive once a deletion was forgotten is newer than it.

use super::naive::{Naive, VisibleRow};
use super::script::{Script, TABLE, Write, write};
use super::subject::{Subject, open, pages};
use crate::{Outcomes, Store, Sweep, SweepStep, SyncMode, WriteError};
use henge_base::Random;
use henge_model::ReadCommand;

const STEPS: u64 = 80;

/// Runs one sequence for each seed.
pub fn torture(seeds: std::ops::Range<u64>, make: &dyn Fn() -> Box<dyn Subject>) {
    for seed in seeds {
        let mut random = Random::new(seed);
        let mut subject = make();
        let mut run = Run { seed, now: 1_000, skew: 0, accepted: Vec::new(), late: Vec::new() };
        let mut store = open(&*subject);
        for _ in 0..STEPS {
            run.now += random.below(5) as i64;
            match random.below(10) {
                0..6 => run.write(&store, &mut random),
                6 => run.deliver_late(&store, &mut random),
                7 | 8 => run.purge(&store, &mut random),
                _ => {
                    drop(store);
                    subject.disturb(&mut random);
                    store = open(&*subject);
                }
            }
            run.check(&store);
        }
    }
}

struct Run {
    seed: u64,
    /// The clock of readers, which never goes back.
    now: i64,
    /// The distance of the clock that stamps writes from it.
    skew: i64,
    accepted: Vec<Write>,
    /// Writes on their way, with the moment they were issued.
    late: Vec<(Write, i64)>,
}

impl Run {
    fn write(&mut self, store: &Store, random: &mut Random) {
        if random.chance(1, 20) {
            self.skew = random.below(60) as i64 - 40;
        }
        let issued = self.now + self.skew;
        let made = write(random).at_moment(issued);
        if random.chance(1, 4) {
            self.late.push((made, issued));
        } else {
            self.apply(store, made, issued);
        }
    }

    fn deliver_late(&mut self, store: &Store, random: &mut Random) {
        if !self.late.is_empty() {
            let (made, issued) = self.late.swap_remove(random.below(self.late.len() as u64) as usize);
            self.apply(store, made, issued);
        }
    }

    fn apply(&mut self, store: &Store, made: Write, issued: i64) {
        match store.submit(&made.mutation(issued), 1) {
            Err(WriteError::Fenced) => return,
            Err(error) => panic!("seed {}: {error}", self.seed),
            Ok(_) => {}
        }
        let mut done = Outcomes::new();
        while store.turn(SyncMode::Synced, &mut done) {}
        assert_eq!(done, [(1, Ok(()))], "seed {}", self.seed);
        self.accepted.push(made);
    }

    /// Purges up to some moment: mostly a while ago, sometimes now, rarely after the clock has jumped.
    fn purge(&mut self, store: &Store, random: &mut Random) {
        let before = match random.below(20) {
            0 => {
                self.now += random.below(100) as i64;
                self.now
            }
            1..6 => self.now,
            _ => self.now - random.below(40) as i64,
        };
        assert!(store.raise_fence(TABLE, before * 1_000_000).is_ok());
        let mut sweep = Sweep::new(TABLE, before);
        loop {
            match store.sweep(&mut sweep) {
                Ok(SweepStep::End) => return,
                Ok(SweepStep::Nothing) => {}
                Ok(SweepStep::Found(replacement)) => {
                    assert!(store.replace(replacement, 9).is_ok());
                    let mut done = Outcomes::new();
                    while store.turn(SyncMode::Synced, &mut done) {}
                    assert_eq!(done, [(9, Ok(()))], "seed {}: nobody else writes", self.seed);
                }
                Err(error) => panic!("seed {}: {error}", self.seed),
            }
        }
    }

    fn check(&self, store: &Store) {
        let naive = Naive::of(&self.accepted, self.now);
        let everything = Script { writes: Vec::new() };
        for mut read in everything.reads().into_iter().rev().take(30) {
            read.command = ReadCommand { now_seconds: self.now, ..read.command };
            let rows = pages(store, &read.command, read.page_bytes, self.seed);
            let found: Vec<VisibleRow> =
                rows.iter().filter_map(|(key, row)| VisibleRow::of(key, row, &read.command)).collect();
            assert_eq!(found, naive.expected_rows(&read), "seed {} at {}, {read:?}", self.seed, self.now);
        }
    }
}
