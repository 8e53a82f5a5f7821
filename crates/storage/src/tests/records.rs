//! Hints, facts and entries that cannot be taken as they are.

use super::*;
use crate::{Batch, Engine, MissedRange, MissedWrites, Op};

#[test]
fn large_hints_come_a_few_at_a_time_and_all_are_counted() {
    let (store, _) = open();
    let mut random = Random::new(3);
    let (a, b) = (HostId::random(&mut random), HostId::random(&mut random));
    let large = Bytes::from(vec![7; 3 << 20]);
    let hint = |to, created| Hint { to, mutation: large.clone(), created };
    store.add_hints((0..8).map(|n| hint(a, 8 - n)).chain([hint(b, 1)]).collect()).unwrap();
    assert_eq!(store.hint_total(), 9 * (3 << 20));
    let mut seen = Vec::new();
    loop {
        let hints = store.hints_of(a, None, 100).unwrap();
        let (ids, hints): (Vec<_>, Vec<_>) = hints.into_iter().unzip();
        if ids.is_empty() {
            break;
        }
        assert!(ids.len() <= 3, "{} at once", ids.len());
        seen.extend(hints.into_iter().map(|hint| hint.created));
        store.delete_hints(&ids).unwrap();
        // Said twice, as after a delivery that was tried twice: counted once.
        store.delete_hints(&ids).unwrap();
        assert_eq!(store.hint_bytes(a), (8 - seen.len() as u64) * (3 << 20));
    }
    assert_eq!(seen, (1..9).collect::<Vec<_>>());
    assert_eq!((store.hint_bytes(a), store.hint_total()), (0, 3 << 20));
}

#[test]
fn hints_from_before_the_epoch_are_older() {
    let (store, _) = open();
    let to = HostId::random(&mut Random::new(3));
    let hints = [5, -5, 0, i64::MAX, i64::MIN].map(|created| Hint { to, mutation: Bytes::from_static(b"m"), created });
    store.add_hints(hints.to_vec()).unwrap();
    let order: Vec<i64> = store.hints_of(to, None, 9).unwrap().into_iter().map(|(_, hint)| hint.created).collect();
    assert_eq!(order, [i64::MIN, -5, 0, 5, i64::MAX]);
}

#[test]
fn it_is_known_since_when_peers_are_owed_hints() {
    let (store, _) = open();
    let mut random = Random::new(3);
    let (a, b) = (HostId::random(&mut random), HostId::random(&mut random));
    assert_eq!(store.hints_pending(), []);
    let hint = |to, created| Hint { to, mutation: Bytes::from_static(b"m"), created };
    store.add_hints(vec![hint(a, 7), hint(b, -5), hint(a, 3), hint(a, 5)]).unwrap();
    let mut pending = store.hints_pending();
    pending.sort_by_key(|(peer, _)| *peer != a);
    assert_eq!(pending, [(a, Ok(Some((3, 7)))), (b, Ok(Some((-5, -5))))]);
    let ids: Vec<_> = store.hints_of(a, None, 9).unwrap().into_iter().map(|(id, _)| id).collect();
    store.delete_hints(&ids).unwrap();
    assert_eq!(store.hints_pending(), [(b, Ok(Some((-5, -5))))]);
}

#[test]
fn hints_are_read_on_behind_those_that_stay() {
    let (store, _) = open();
    let mut random = Random::new(3);
    let (a, b) = (HostId::random(&mut random), HostId::random(&mut random));
    let hint = |to, created| Hint { to, mutation: Bytes::from_static(b"m"), created };
    store.add_hints((0..5).map(|n| hint(a, n)).chain([hint(b, 0)]).collect()).unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.hints_of(a, after.as_ref(), 2).unwrap();
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        seen.push(page.iter().map(|(_, hint)| hint.created).collect::<Vec<_>>());
    }
    assert_eq!(seen, [vec![0, 1], vec![2, 3], vec![4]]);
}

#[test]
fn a_start_reads_the_accounts_of_hints_and_counts_those_of_a_release_without() {
    let (store, engine) = open();
    let mut random = Random::new(3);
    let (a, b) = (HostId::random(&mut random), HostId::random(&mut random));
    let hint = |to, created| Hint { to, mutation: Bytes::from_static(b"four"), created };
    store.add_hints(vec![hint(a, 5), hint(a, 7), hint(b, 9)]).unwrap();
    let (first, _) = store.hints_of(a, None, 1).unwrap().remove(0);
    store.replace_hints(&[first], vec![hint(b, 5)]).unwrap();
    let account = |store: &Store, peer| (store.hint_count(peer), store.hint_bytes(peer), store.oldest_hint(peer));
    let expected = [(1, 4, Some(7)), (2, 8, Some(5))];
    let again = Store::open(Arc::clone(&engine) as Arc<dyn Engine>).unwrap();
    assert_eq!([a, b].map(|peer| account(&again, peer)), expected);
    for peer in [a, b] {
        let key = Bytes::from([b"hints/", &peer.0.as_bytes()[..]].concat());
        let lost = Op::Delete { family: Family::Local, key };
        engine.write(&Batch { ops: vec![lost] }, SyncMode::Synced).unwrap();
    }
    let counted = Store::open(Arc::clone(&engine) as Arc<dyn Engine>).unwrap();
    assert_eq!([a, b].map(|peer| account(&counted, peer)), expected);
    let mut seen = Vec::new();
    assert_eq!(counted.truncate_hints(b, |hint| seen.push(hint.created)), Ok(2));
    assert_eq!((seen, counted.hinted_peers()), (vec![5, 9], vec![a]));
    let last = Store::open(engine as Arc<dyn Engine>).unwrap();
    assert_eq!((account(&last, a), account(&last, b)), (expected[0], (0, 0, None)));
}

#[test]
fn writes_that_are_owed_no_more_are_counted_by_range() {
    let (store, engine) = open();
    let mut random = Random::new(3);
    let (a, b) = (HostId::random(&mut random), HostId::random(&mut random));
    let range = |token: i64, host| {
        let key = [&[0, 0, 0, 1][..], &(token as u64 ^ (1 << 63)).to_be_bytes(), b"rest"].concat();
        MissedRange::of_row(&key, host).unwrap()
    };
    let (low, high) = (range(i64::MIN + 5, a), range(i64::MAX, b));
    assert_eq!((low.part, high.part), (0, 255));
    assert_eq!(low.tokens(), (Token(i64::MIN), Token(i64::MIN + (1 << 56) - 1)));
    assert_eq!(high.tokens().1, Token(i64::MAX));
    let missed = |range, at| BTreeMap::from([(range, MissedWrites::one(at))]);
    for (range, at) in [(low, 7), (high, 9), (low, 3)] {
        store.add_missed(&missed(range, at)).unwrap();
    }
    let expected = [(low, MissedWrites { count: 2, first: 3, last: 7 }), (high, MissedWrites::one(9))];
    let again = Store::open(engine as Arc<dyn Engine>).unwrap();
    assert_eq!(again.missed_writes().unwrap(), expected);
    assert_eq!(MissedRange::of_row(b"short", a), None);
    again.set_tables(BTreeMap::<StorageId, Family>::new());
    again.remove_strays().unwrap();
    assert_eq!(again.missed_writes().unwrap(), [], "their table is gone");
}

#[test]
fn an_entry_without_an_index_is_damage() {
    let (store, engine) = open();
    let stray = Op::Put { family: Family::Metadata, key: Bytes::from_static(b"x"), value: Bytes::new() };
    engine.write(&Batch { ops: vec![stray] }, SyncMode::Synced).unwrap();
    assert!(matches!(store.metadata_log(), Err(EngineError::Corrupt(_))));
}
