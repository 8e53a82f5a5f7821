//! Wide rows on a calm cluster: the model and Henge agree on every kind of statement.

use super::*;
use crate::wide::{Draft, KINDS, Partition, Select, check_answers};

/// Executes changes, each followed by reads of several shapes, and checks them.
fn agree(seed: u64, changes: usize, kind: impl Fn(&mut Random) -> Option<u64>) {
    let mut random = Random::new(seed);
    let mut run = Run::three(false, SharedTable::Default, &mut random, Faults::default());
    for _ in 0..changes {
        let life = run.lives().swap_remove(random.below(3) as usize);
        let (partition, kind) = (Partition(random.below(2) as u8), kind(&mut random));
        let wide = Arc::clone(&run.wide);
        let draw = |draft: Draft<'_>| match kind {
            Some(kind) => draft.draw_kind(kind),
            None => draft.draw(),
        };
        let change = wide.change(&life, partition, Consistency::Quorum, None, draw, &mut random);
        run.pass(SECOND / 5);
        let told = run.wide.history.lock().changes[change].clone();
        assert_eq!(told.ending, Ending::Ok, "{told:?}");
        for _ in 0..4 {
            let select = Select::draw(&mut random);
            let number = wide.read(None, select, Consistency::Quorum, random.fork("pages"));
            random.next_u64();
            run.pass(SECOND / 2);
            let answer = run.wide.history.lock().answers[number].clone();
            assert!(answer.is_complete, "{}: {answer:?}", answer.select.text());
        }
    }
    let broken = check_answers(&run.wide.history.lock(), true);
    assert!(broken.is_empty(), "{:#?}", broken.iter().take(3).collect::<Vec<_>>());
    run.read_wide_rows();
    assert!(!run.broken(), "{:#?}", run.cluster.watch.lock().violations);
    run.cluster.clear();
}

#[test]
fn each_kind_of_statement_has_the_effects_that_the_model_gives_it() {
    for kind in 0..KINDS {
        // Every second statement makes something to delete.
        agree(kind + 1, 30, |random| Some(if random.chance(1, 2) { kind } else { random.below(2) }));
    }
}

#[test]
fn statements_of_all_kinds_have_the_effects_that_the_model_gives_them() {
    for seed in 100..104 {
        agree(seed, 60, |_| None);
    }
}
