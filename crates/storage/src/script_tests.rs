//! Random scripts over a store, checked against a model of CQL rows that knows nothing of encodings: for the tests of this
//! crate's model engine and of the crates that bring another. It panics where an answer differs, and is for tests alone.
//!
//! - `script`: what is done. - `naive`: what has to come of it.
//! - `exports`: a copy that is made of pages. - `torture`: the same with purges, and writes that come late.

// To panic is how tests say that an answer is wrong.
#![allow(clippy::panic)]

mod exports;
mod naive;
mod script;
mod torture;

use crate::{Engine, Family, Outcomes, Store, SyncMode, Tier};
pub use torture::torture;

use henge_base::Random;
use henge_model::{Digest, ReadCommand, RowBlock, RowView};
use naive::{Naive, VisibleRow};
use script::{Script, TABLE, Write};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An engine that can be treated as a disk is: flushed, compacted, closed and opened again, crashed.
pub trait Subject {
    /// The engine as it is now. None is in use when it is disturbed.
    fn engine(&self) -> Arc<dyn Engine>;
    /// Does something to it that must not change what it holds.
    fn disturb(&mut self, random: &mut Random);
}

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

fn open(subject: &dyn Subject) -> Store {
    let Ok(store) = Store::open(subject.engine()) else { panic!("the store does not open") };
    store.set_tables(BTreeMap::from([(TABLE, Family::Rows)]));
    store
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

/// All pages of a read, of which each has to go on where the one before ended. The static row comes from the context.
fn pages(store: &Store, command: &ReadCommand, bytes: usize, seed: u64) -> Vec<(henge_base::Bytes, henge_base::Bytes)> {
    let mut command = command.clone();
    let mut rows: Vec<_> = Vec::new();
    loop {
        let block = match store.read_block(&command, Tier::Disk, bytes) {
            Ok(Some(block)) => block,
            other => panic!("seed {seed}, {command:?}: {other:?}"),
        };
        let memory = store.read_block(&command, Tier::Memory, bytes);
        assert!(
            memory.as_ref().is_ok_and(|memory| memory.as_ref().is_none_or(|memory| *memory == block)),
            "{memory:?}"
        );
        assert_eq!(
            block.live_rows(command.now_seconds).min(command.limit as usize),
            block.live_rows(command.now_seconds)
        );
        sound(&block, seed);
        let last = block.rows.last().map(|(key, _)| key.clone());
        rows.extend(block.rows);
        match (last, &mut command.keys) {
            (Some(last), henge_model::KeyRange::Run { start, end, reversed }) if block.more => {
                if *reversed {
                    *end = last;
                } else {
                    *start = [&last[..], &[0]].concat().into();
                }
            }
            (None, _) if block.more => panic!("seed {seed}: an answer that stopped holds no row"),
            _ => return rows,
        }
    }
}

fn sound(block: &RowBlock, seed: u64) {
    for (key, row) in block.rows.iter().chain(&block.context) {
        assert!(RowView::parse(key, row).is_ok(), "seed {seed}: {key:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ModelEngine;

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
