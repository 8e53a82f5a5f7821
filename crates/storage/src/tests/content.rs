//! The content that replicas compare.

use super::*;
use crate::{ContentScan, Flow};
use henge_model::{Digester, TokenRange};

/// All content, in steps of `bytes` and, if `one`, of one row.
fn content(store: &Store, bytes: usize, one: bool) -> Vec<(Bytes, Bytes)> {
    let mut rows = Vec::new();
    for tokens in TokenRange::FULL.split_at_wrap() {
        let mut scan = ContentScan::of(TABLE, tokens);
        while !scan.has_ended() {
            let told = store.scan_content(&mut scan, bytes, &mut |key, _, row| {
                rows.push((Bytes::copy_from_slice(key), Bytes::copy_from_slice(row)));
                if one { Flow::Stop } else { Flow::Continue }
            });
            told.unwrap();
        }
    }
    rows
}

fn deletion(key: &Key, timestamp: i64) -> Mutation {
    let mut out = Vec::new();
    let deletion = henge_model::Deletion { timestamp, local_seconds: timestamp };
    encode_row(key.bytes(), &Row { deletion: Some(deletion), ..Row::default() }, &mut out);
    Mutation::single(WriteId::of_repair(1), key.to_bytes(), out.into())
}

fn prefix(k: i32) -> Vec<u8> {
    Key::partition_prefix(&table(), &PartitionKey::from_components(&[&k.to_be_bytes()]).unwrap())
}

fn range_tombstone(k: i32, from: i32, to: i32) -> Key {
    let bound = |c: i32| {
        let partition = PartitionKey::from_components(&[&k.to_be_bytes()]).unwrap();
        Key::clustering_prefix(&table(), &partition, &[&c.to_be_bytes()]).unwrap()
    };
    Key::range_tombstone(&bound(from), &bound(to)).unwrap()
}

/// Whatever the steps, the content is the same and in key order; of what is covered nothing is told.
#[test]
fn content_is_told_once_in_order_and_uncovered() {
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let (store, _) = open();
        let mut writes = Vec::new();
        for _ in 0..60 {
            let (k, c, at) = (random.below(6) as i32, random.below(8) as i32, 1 + random.below(9) as i64);
            writes.push(match random.below(8) {
                0 => deletion(&Key::partition_tombstone(&prefix(k)), at),
                1 | 2 => deletion(&range_tombstone(k, c, c + 2), at),
                _ => write(k, c, at, "v"),
            });
        }
        apply(&store, SyncMode::Synced, &writes);
        let whole = content(&store, 1 << 20, false);
        assert!(whole.windows(2).all(|pair| pair[0].0 < pair[1].0), "seed {seed}");
        for bytes in [1, 100, 1_000] {
            assert_eq!(content(&store, bytes, false), whole, "seed {seed}, {bytes}");
        }
        assert_eq!(content(&store, 1 << 20, true), whole, "seed {seed}");
        for (key, row) in &whole {
            assert_eq!(store.content_row(key, i64::MIN).unwrap().as_ref(), Some(row), "seed {seed}");
        }
        // What reads tell is the same.
        let mut told = Vec::new();
        for k in 0..6 {
            let block = store.read_block(&command(partition(k, false), 1_000), Tier::Disk, 1 << 20).unwrap().unwrap();
            let context = block.context.into_iter().filter(|(_, row)| !RowView::parse_trusted(row).unwrap().is_empty());
            told.extend(block.rows.into_iter().chain(context));
        }
        told.sort();
        assert_eq!(told, whole, "seed {seed}");
    }
}

/// A store that has purged hashes as one that has not, under the time up to which either may have.
#[test]
fn a_purge_changes_no_hash() {
    let (store, _) = open();
    apply(
        &store,
        SyncMode::Synced,
        &[write(1, 1, 1, "covered"), write(1, 2, 9, "newer"), deletion(&Key::partition_tombstone(&prefix(1)), 5)],
    );
    let sum = || {
        let mut digester = Digester::of_stored(6);
        content(&store, 1 << 20, false).iter().fold(0u128, |sum, (key, row)| {
            let hash = digester.stored_row(key, &RowView::parse(key, row).unwrap());
            sum.wrapping_add(hash.map_or(0, |hash| hash.hash))
        })
    };
    let before = sum();
    let mut sweep = crate::Sweep::new(TABLE, 6);
    while let crate::SweepStep::Found(replacement) = store.sweep(&mut sweep).unwrap() {
        assert!(write_synced(&store, |store, ticket| store.replace(replacement, ticket)));
    }
    assert_eq!(content(&store, 1 << 20, false).len(), 1);
    assert_eq!(sum(), before);
}

#[test]
fn writes_mark_their_part_once_they_are_visible() {
    let (store, _) = open();
    store.track_writes(TABLE, 8);
    let mutation = write(1, 1, 1, "v");
    let part = ((mutation.token().unwrap().0 as u64 ^ (1 << 63)) >> 56) as u32;
    assert!(store.submit(&mutation, 1).unwrap());
    assert_eq!(store.take_written(TABLE), []);
    while store.turn(SyncMode::Synced, &mut Vec::new()) {}
    assert_eq!(store.take_written(TABLE), [part]);
    store.untrack_writes(|_| false);
    apply(&store, SyncMode::Synced, &[write(1, 1, 2, "v")]);
    assert_eq!(store.take_written(TABLE), []);
}
