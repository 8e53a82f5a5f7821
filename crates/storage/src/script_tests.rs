//! Random scripts over a store, checked against a model of CQL rows that knows nothing of encodings: for the tests of this
//! crate's model engine and of the crates that bring another. It panics where an answer differs, and is for tests alone.
//!
//! - `subject`: the engine that is tested, and a store over it. - `script`: what is done. - `naive`: what has to come of it.
//! - `exports`: a copy that is made of pages. - `torture`: the same with purges, and writes that come late.

// To panic is how tests say that an answer is wrong.
#![allow(clippy::panic)]

mod exports;
mod naive;
mod script;
mod subject;
mod torture;

pub use subject::Subject;
pub use torture::torture;

use crate::{Outcomes, Store, SyncMode, Tier};
use henge_base::Random;
use henge_model::Digest;
use naive::{Naive, VisibleRow};
use script::{Script, Write};
use subject::{open, pages};

/// Runs one script for each seed, each over two stores that get its writes in different orders.
pub fn run(seeds: std::ops::Range<u64>, make: &dyn Fn() -> Box<dyn Subject>) {
    for seed in seeds {
        let mut random = Random::new(seed);
        let script = Script::new(&mut random);
        let naive = Naive::of(&script.writes, script::NOW);
        let mut digests = Vec::new();
        for _ in 0..2 {
            let mut writes = script.writes.clone();
            random.shuffle(&mut writes);
            let mut subject = make();
            let store = play(&writes, &mut *subject, &mut random);
            digests.push(check(&store, &naive, &script, seed));
            digests.push(check(&exports::copy(&store, &mut random), &naive, &script, seed));
        }
        assert!(digests.windows(2).all(|two| two[0] == two[1]), "seed {seed}: equal content, different digests");
    }
}

/// Writes in random groups, with reads and disturbances between them.
fn play(writes: &[Write], subject: &mut dyn Subject, random: &mut Random) -> Store {
    let mut store = open(subject);
    let mut rest = writes;
    while !rest.is_empty() {
        let (group, others) = rest.split_at((1 + random.below(6) as usize).min(rest.len()));
        rest = others;
        let mut duty = false;
        for (ticket, write) in group.iter().enumerate() {
            duty |= store.submit(&write.mutation(5), ticket as u64).is_ok_and(|duty| duty);
        }
        let mut done = Outcomes::new();
        while duty && store.turn(SyncMode::Synced, &mut done) {}
        assert!(done.len() == group.len() && done.iter().all(|(_, outcome)| outcome.is_ok()), "{done:?}");
        if random.chance(1, 4) {
            drop(store);
            subject.disturb(random);
            store = open(subject);
        }
    }
    store
}

/// Compares every way to read with what has to come of it; gives the digest of everything.
fn check(store: &Store, naive: &Naive, script: &Script, seed: u64) -> Digest {
    for read in script.reads() {
        let block = pages(store, &read.command, read.page_bytes, seed);
        let found: Vec<VisibleRow> =
            block.iter().filter_map(|(key, row)| VisibleRow::of(key, row, &read.command)).collect();
        assert_eq!(found, naive.expected_rows(&read), "seed {seed}, {read:?}");
    }
    match store.digest(&script.everything(), Tier::Disk, usize::MAX) {
        Ok(Some(digest)) => digest,
        other => panic!("seed {seed}: no digest but {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Engine, ModelEngine};
    use std::sync::Arc;

    struct Model(Arc<ModelEngine>);

    impl Subject for Model {
        fn engine(&self) -> Arc<dyn Engine> {
            self.0.clone()
        }

        fn disturb(&mut self, random: &mut Random) {
            // All was synced: a crash takes nothing.
            self.0.crash(random);
        }
    }

    #[test]
    fn the_model_answers_as_rows_have_to() {
        run(0..seeds(400), &|| Box::new(Model(Arc::new(ModelEngine::new()))));
    }

    #[test]
    fn what_the_model_forgot_stays_forgotten() {
        torture(0..seeds(80), &|| Box::new(Model(Arc::new(ModelEngine::new()))));
    }

    /// The number of seeds: `HENGE_TEST_SEEDS`, or a few.
    fn seeds(few: u64) -> u64 {
        std::env::var("HENGE_TEST_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(few)
    }
}
