//! Sessions over replicas in memory: whatever they hold, afterwards each holds the merge of all.

use super::*;
use crate::{Leaf, ListedRow, Tree, leaf_of, spans};
use henge_base::Random;
use henge_model::{Cell, CellKind, ColumnId, Digester, Key, Row, RowView, TokenRange, encode_row, merge_encoded};

const BITS: u8 = 10;

/// A replica: rows by key.
type Replica = BTreeMap<Bytes, Bytes>;

fn key(token: i64, clustering: u8) -> Bytes {
    let token = ((token as u64) ^ (1 << 63)).to_be_bytes();
    [&7u32.to_be_bytes()[..], &token, b"p\0\0", &[0x40, clustering, 2]].concat().into()
}

fn row(key: &[u8], timestamp: i64, value: u8) -> Bytes {
    let kind = CellKind::Live { value: Bytes::copy_from_slice(&[value]) };
    let cell = Cell { column: ColumnId(u32::from(value % 3) + 1), path: Bytes::new(), timestamp, kind };
    let mut out = Vec::new();
    encode_row(key, &Row { cells: vec![cell], ..Row::default() }, &mut out);
    out.into()
}

fn put(replica: &mut Replica, key: Bytes, row: &Bytes) {
    let present = replica.get(&key).cloned();
    let merged = merge_encoded(&key, present.iter().chain([row]).map(|row| &row[..]));
    replica.insert(key, merged.into());
}

fn hash(key: &Bytes, row: &Bytes) -> henge_model::StoredRowHash {
    Digester::of_stored(i64::MIN).stored_row(key, &RowView::parse(key, row).unwrap()).unwrap()
}

fn tree(replica: &Replica) -> Tree {
    let mut tree = Tree::new(BITS, TokenRange::FULL.split_at_wrap().collect(), i64::MIN);
    let mut leaves: BTreeMap<u32, Leaf> = BTreeMap::new();
    for (key, row) in replica {
        leaves.entry(leaf_of(Key::token(key).unwrap(), BITS)).or_default().add(hash(key, row));
    }
    while let Some(run) = tree.take_stale_run() {
        tree.set_run(run, leaves.range(run.0..=run.1).map(|(number, leaf)| (*number, *leaf)).collect());
    }
    tree
}

fn list(replica: &Replica, (first, last): (u32, u32), from: Option<&Bytes>, max: usize) -> ListPage {
    let ranges: Vec<TokenRange> = TokenRange::FULL.split_at_wrap().collect();
    let within = spans(&ranges, first, last, BITS);
    let is_within = |key: &Bytes| within.iter().any(|range| range.contains(Key::token(key).unwrap()));
    let rows = replica.iter().filter(|(key, _)| is_within(key) && from.is_none_or(|from| *key >= from));
    let mut rows: Vec<ListedRow> =
        rows.map(|(key, row)| ListedRow { key: key.clone(), hash: hash(key, row).hash }).collect();
    let until = rows.get(max).map(|row| row.key.clone());
    rows.truncate(max);
    ListPage { rows, until }
}

/// Runs a session; gives its finds and the number of steps.
fn run(replicas: &mut [Replica], random: &mut Random) -> (Findings, usize) {
    let (mut session, mut step) = Session::new(replicas.len(), BITS);
    let mut steps = 0;
    loop {
        steps += 1;
        let answers = match step {
            Step::Done => return (session.findings(), steps),
            Step::Roots => Answers::Roots(replicas.iter().map(|replica| tree(replica).root()).collect()),
            Step::Sums { parents, above, bits } => {
                Answers::Sums(replicas.iter().map(|replica| tree(replica).sums(&parents, above, bits)).collect())
            }
            Step::List { first, last, from } => {
                let mut page = |replica| list(replica, (first, last), from.as_ref(), 1 + random.below(5) as usize);
                Answers::Lists(replicas.iter().map(&mut page).collect())
            }
            Step::Fetch(keys) => {
                let mut fetch = |(replica, keys): (&Replica, Vec<Bytes>)| {
                    let count = 1 + random.below(3) as usize;
                    keys.into_iter().take(count).map(|key| (key.clone(), replica.get(&key).cloned())).collect()
                };
                Answers::Rows(replicas.iter().zip(keys).map(&mut fetch).collect())
            }
            Step::Mend(rows) => {
                for (replica, rows) in replicas.iter_mut().zip(rows) {
                    rows.iter().for_each(|(key, row)| put(replica, key.clone(), row));
                }
                Answers::Mended
            }
        };
        step = session.answer(answers).unwrap();
    }
}

#[test]
fn replicas_are_equal_after_a_session_and_hold_all_that_any_held() {
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let count = 2 + random.below(3) as usize;
        let mut replicas = vec![Replica::new(); count];
        let tokens: Vec<i64> = (0..20).map(|_| random.next_u64() as i64).collect();
        for _ in 0..200 {
            let key = key(tokens[random.below(20) as usize], random.below(6) as u8);
            let row = row(&key, random.below(5) as i64, random.below(9) as u8);
            let reached = random.below(8);
            for (number, replica) in replicas.iter_mut().enumerate() {
                if reached != number as u64 {
                    put(replica, key.clone(), &row);
                }
            }
        }
        if random.below(4) == 0 {
            replicas[0].clear();
        }
        let mut all = Replica::new();
        replicas.iter().flatten().for_each(|(key, row)| put(&mut all, key.clone(), row));
        let (found, _) = run(&mut replicas, &mut random);
        assert!(replicas.iter().all(|replica| *replica == all), "seed {seed}");
        assert!(found.mended_rows > 0, "seed {seed}");
        let (found, steps) = run(&mut replicas, &mut random);
        assert_eq!((found.mended_rows, steps), (0, 2), "seed {seed}: equal replicas compare their roots only");
    }
}

#[test]
fn only_what_differs_is_listed() {
    let mut replicas = vec![Replica::new(); 3];
    let mut random = Random::new(9);
    for _ in 0..3_000 {
        let key = key(random.next_u64() as i64, 1);
        replicas.iter_mut().for_each(|replica| put(replica, key.clone(), &row(&key, 1, 1)));
    }
    let lost = replicas[1].keys().nth(1_000).cloned().unwrap();
    replicas[1].remove(&lost);
    let (found, _) = run(&mut replicas, &mut random);
    assert_eq!((found.leaves, found.mended_rows), (1, 1));
    assert!(found.listed < 20, "{found:?}");
}

#[test]
fn answers_that_lead_nowhere_end_the_session() {
    let replicas = [[(key(1, 1), row(&key(1, 1), 1, 1))].into(), Replica::new()];
    let (mut session, _) = Session::new(2, BITS);
    assert_eq!(session.answer(Answers::Mended), Err(OutOfTurn));
    assert_eq!(session.answer(Answers::Roots(vec![LeafSum::default()])), Err(OutOfTurn));
    let mut step = session.answer(Answers::Roots(replicas.iter().map(|r| tree(r).root()).collect())).unwrap();
    while let Step::Sums { parents, above, bits } = step {
        let sums = replicas.iter().map(|r| tree(r).sums(&parents, above, bits)).collect();
        step = session.answer(Answers::Sums(sums)).unwrap();
    }
    let Step::List { first, last, .. } = step else { panic!("{step:?}") };
    let pages = replicas.iter().map(|r| list(r, (first, last), None, 9)).collect();
    assert!(matches!(session.answer(Answers::Lists(pages)), Ok(Step::Fetch(_))));
    assert_eq!(session.answer(Answers::Rows(vec![Vec::new(), Vec::new()])), Err(OutOfTurn), "nothing was fetched");
}
