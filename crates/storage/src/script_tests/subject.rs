//! The engine that is tested, and a store over it.

use super::script::TABLE;
use crate::{Engine, Family, Store, Tier};
use henge_base::{Bytes, Random};
use henge_model::{ReadCommand, RowBlock, RowView};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An engine that can be treated as a disk is: flushed, compacted, closed and opened again, crashed.
pub trait Subject {
    /// The engine as it is now. None is in use when it is disturbed.
    fn engine(&self) -> Arc<dyn Engine>;
    /// Does something to it that must not change what it holds.
    fn disturb(&mut self, random: &mut Random);
}

/// A store over the engine, which knows the scripts' table.
pub(super) fn open(subject: &dyn Subject) -> Store {
    let Ok(store) = Store::open(subject.engine()) else { panic!("the store does not open") };
    store.set_tables(BTreeMap::from([(TABLE, Family::Rows)]));
    store
}

/// All pages of a read, of which each has to go on where the one before ended. The static row comes from the context.
pub(super) fn pages(store: &Store, command: &ReadCommand, bytes: usize, seed: u64) -> Vec<(Bytes, Bytes)> {
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
