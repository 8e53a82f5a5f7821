//! A copy of a store that is made as a peer makes one: page by page, in ranges of the ring, each row a write.

use super::script::TABLE;
use crate::{ExportCursor, Family, ModelEngine, Outcomes, Store, SyncMode};
use henge_base::Random;
use henge_model::{Mutation, Token, TokenRange, WriteId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A store over a model engine with what another holds. A random token cuts the ring in two, and pages have random sizes.
pub(super) fn copy(from: &Store, random: &mut Random) -> Store {
    let Ok(copy) = Store::open(Arc::new(ModelEngine::new())) else { panic!("the copy does not open") };
    copy.set_tables(BTreeMap::from([(TABLE, Family::Rows)]));
    let (one, other) = (Token(random.next_u64() as i64), Token(random.next_u64() as i64));
    for tokens in [TokenRange { start: one, end: other }, TokenRange { start: other, end: one }] {
        copy_range(from, &copy, tokens, random);
    }
    copy
}

fn copy_range(from: &Store, to: &Store, tokens: TokenRange, random: &mut Random) {
    let mut after: Option<ExportCursor> = None;
    loop {
        let Ok(page) = from.export_page(TABLE, tokens, after.as_ref(), random.below(400) as usize) else {
            panic!("no page behind {after:?}")
        };
        for (key, row) in page.rows {
            let mutation = Mutation::single(WriteId::of_repair(0), key, row);
            let mut done = Outcomes::new();
            assert_eq!(to.submit(&mutation, 1), Ok(true));
            while to.turn(SyncMode::Unsynced, &mut done) {}
            assert_eq!(done, [(1, Ok(()))]);
        }
        after = page.next;
        if after.is_none() {
            return;
        }
    }
}
