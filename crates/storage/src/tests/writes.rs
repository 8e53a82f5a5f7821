//! Writes through the combiner, several of them at once.

use super::*;
use crate::{Batch, Engine, EngineView, Figures, Flow, ScanEnd, ScanRange};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

#[test]
fn every_row_of_a_mutation_needs_a_table_and_goes_to_its_family() {
    let (store, engine) = open();
    let other = |storage: u32| {
        let mut bytes = key(1, 1).bytes().to_vec();
        bytes[..4].copy_from_slice(&storage.to_be_bytes());
        Key(bytes.into())
    };
    let both = |storage| {
        let (own, other) = (key(1, 1), other(storage));
        let rows = [own, other].map(|key| (key.to_bytes(), row(&key, 1, "v")));
        Mutation { id: WriteId::of_repair(1), rows: rows.to_vec() }
    };
    assert_eq!(store.submit(&both(7_777), 1), Err(WriteError::UnknownTable));
    store.set_tables(BTreeMap::from([(TABLE, Family::Rows), (StorageId(7_777), Family::Timed)]));
    apply(&store, SyncMode::Synced, &[both(7_777)]);
    let held = |family, key: &Key| {
        let mut found = false;
        engine.get(family, key.bytes(), &mut |value| found = value.is_some()).unwrap();
        found
    };
    assert!(held(Family::Rows, &key(1, 1)) && held(Family::Timed, &other(7_777)));
    assert!(!held(Family::Rows, &other(7_777)));
}

type Hook = Box<dyn FnMut() + Send>;

/// An engine that does something while it writes, and sees how many write.
#[derive(Default)]
struct WatchedEngine {
    inner: ModelEngine,
    hook: Mutex<Option<Hook>>,
    writers: AtomicU64,
    most: AtomicU64,
}

impl Engine for WatchedEngine {
    fn try_get(
        &self,
        family: Family,
        key: &[u8],
        hit: &mut dyn FnMut(Option<&[u8]>),
    ) -> Result<MemoryOutcome, EngineError> {
        self.inner.try_get(family, key, hit)
    }

    fn get(&self, family: Family, key: &[u8], hit: &mut dyn FnMut(Option<&[u8]>)) -> Result<(), EngineError> {
        self.inner.get(family, key, hit)
    }

    fn scan(
        &self,
        range: &ScanRange<'_>,
        tier: Tier,
        row: &mut dyn FnMut(&[u8], &[u8]) -> Flow,
    ) -> Result<ScanEnd, EngineError> {
        self.inner.scan(range, tier, row)
    }

    fn write(&self, batch: &Batch, sync: SyncMode) -> Result<u64, EngineError> {
        let writers = self.writers.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(writers, Ordering::SeqCst);
        let hook = self.hook.lock().take();
        if let Some(mut hook) = hook {
            hook();
        }
        std::thread::yield_now();
        let written = self.inner.write(batch, sync);
        self.writers.fetch_sub(1, Ordering::SeqCst);
        written
    }

    fn sync(&self) -> Result<u64, EngineError> {
        self.inner.sync()
    }

    fn sequence(&self) -> u64 {
        self.inner.sequence()
    }

    fn durable(&self) -> u64 {
        self.inner.durable()
    }

    fn disk_bytes(&self, family: Family, start: &[u8], end: &[u8]) -> Result<u64, EngineError> {
        self.inner.disk_bytes(family, start, end)
    }

    fn remove(&self, family: Family, start: &[u8], end: &[u8]) -> Result<(), EngineError> {
        self.inner.remove(family, start, end)
    }

    fn flush(&self) -> Result<(), EngineError> {
        self.inner.flush()
    }

    fn snapshot(&self) -> Box<dyn EngineView + '_> {
        self.inner.snapshot()
    }

    fn figures(&self) -> Figures {
        self.inner.figures()
    }
}

fn watched_store() -> (Arc<Store>, Arc<WatchedEngine>) {
    let engine = Arc::new(WatchedEngine::default());
    let store = Store::open(engine.clone()).unwrap();
    store.set_tables(BTreeMap::from([(TABLE, Family::Rows)]));
    (Arc::new(store), engine)
}

#[test]
fn a_turn_during_a_turn_does_nothing_and_the_first_goes_on() {
    let (store, engine) = watched_store();
    let within = Arc::clone(&store);
    *engine.hook.lock() = Some(Box::new(move || {
        assert_eq!(within.submit(&write(1, 2, 1, "b"), 2), Ok(false), "somebody has the duty");
        assert_eq!(within.quiet_version(Stripe::of(key(1, 1).bytes())), None, "a write is on its way");
        let mut done = Vec::new();
        assert!(!within.turn(SyncMode::Synced, &mut done));
        assert_eq!(done, []);
    }));
    assert_eq!(store.submit(&write(1, 1, 1, "a"), 1), Ok(true));
    let mut done = Vec::new();
    assert!(store.turn(SyncMode::Synced, &mut done), "the other write came meanwhile");
    assert_eq!(done, [(1, Ok(()))]);
    assert!(!store.turn(SyncMode::Synced, &mut done));
    assert_eq!(done, [(1, Ok(())), (2, Ok(()))]);
    assert_eq!(store.quiet_version(Stripe::of(key(1, 1).bytes())), Some(2));
}

#[test]
fn from_many_threads_every_write_is_made_once_by_one_writer() {
    const THREADS: i32 = 4;
    const EACH: i32 = 500;
    let (store, engine) = watched_store();
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (store, done) = (&store, &done);
            scope.spawn(move || {
                let mut own = Vec::new();
                for n in 0..EACH {
                    let free = store.submit(&write(thread, n, 1, "v"), (thread * EACH + n) as u64).unwrap();
                    // Whoever is told to, and now and then somebody who was not.
                    if free || n % 7 == 0 {
                        while store.turn(SyncMode::Unsynced, &mut own) {}
                    }
                }
                done.lock().append(&mut own);
            });
        }
    });
    let mut done = done.into_inner();
    done.sort_by_key(|(ticket, _)| *ticket);
    let tickets: Vec<u64> = done.iter().map(|(ticket, _)| *ticket).collect();
    assert_eq!(tickets, (0..(THREADS * EACH) as u64).collect::<Vec<_>>(), "nothing is left behind");
    assert!(done.iter().all(|(_, outcome)| outcome.is_ok()));
    assert_eq!(engine.most.load(Ordering::SeqCst), 1, "two wrote at one time");
    for thread in 0..THREADS {
        assert_eq!(clusterings(&store, partition(thread, false), u32::MAX).0.len(), EACH as usize);
    }
}

#[test]
fn readers_see_whole_batches_while_others_write() {
    let (store, _) = watched_store();
    let both = |n: i64| Mutation {
        id: WriteId::of_repair(n),
        rows: [1, 2].map(|c| write(1, c, n, &n.to_string()).rows[0].clone()).to_vec(),
    };
    apply(&store, SyncMode::Unsynced, &[both(0)]);
    let writing = std::sync::atomic::AtomicBool::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 1..1_000 {
                apply(&store, SyncMode::Unsynced, &[both(n)]);
            }
            writing.store(false, Ordering::SeqCst);
        });
        let mut last = 0;
        while writing.load(Ordering::SeqCst) {
            let block = store.read_block(&command(partition(1, false), 9), Tier::Disk, 1 << 20).unwrap().unwrap();
            let seen = block.rows.iter().map(|(key, row)| RowView::parse(key, row).unwrap().newest());
            let seen: Vec<i64> = seen.collect();
            assert!(seen.len() == 2 && seen[0] == seen[1], "half a batch: {seen:?}");
            assert!(seen[0] >= last, "a write that was read is gone");
            last = seen[0];
        }
    });
}

#[test]
fn what_a_turn_acknowledged_survives_any_crash() {
    for seed in 0..100 {
        let mut random = Random::new(seed);
        let (mut store, engine) = open();
        // The newest timestamp of each row that was promised to be on disk, and that was written at all.
        let (mut promised, mut written) = ([0; 8], [0; 8]);
        for n in 1..60 {
            let at = random.below(8) as usize;
            match random.below(6) {
                0 => {
                    engine.crash(&mut random);
                    store = store_over(&engine);
                    let block = store.read_block(&command(partition(1, false), 99), Tier::Disk, 1 << 20);
                    let mut found = [0; 8];
                    for (key, row) in block.unwrap().unwrap().rows {
                        let c = Key::decode(&table(), &key).unwrap().1[0][3] as usize;
                        found[c] = RowView::parse(&key, &row).unwrap().newest();
                    }
                    assert!((0..8).all(|c| found[c] >= promised[c]), "seed {seed}: {found:?} {promised:?}");
                    assert!((0..8).all(|c| found[c] <= written[c]), "seed {seed}: {found:?} {written:?}");
                    (promised, written) = (found, found);
                }
                1 => {
                    store.sync().unwrap();
                    promised = written;
                }
                kind => {
                    written[at] = n;
                    let sync = if kind < 4 { SyncMode::Synced } else { SyncMode::Unsynced };
                    apply(&store, sync, &[write(1, at as i32, n, "v")]);
                    // One log: a sync brings along whatever was written before it.
                    if sync == SyncMode::Synced {
                        promised = written;
                    }
                }
            }
        }
    }
}

#[test]
fn a_version_is_not_given_while_a_write_is_queued() {
    let (store, _) = open();
    let key = key(1, 1);
    let stripe = Stripe::of(key.bytes());
    assert_eq!(store.quiet_version(stripe), Some(0));
    assert!(store.submit(&write(1, 1, 1, "a"), 1).unwrap());
    // A replacement made from what is read now would take the queued write away once that has been applied.
    assert_eq!(store.quiet_version(stripe), None);
    store.turn(SyncMode::Synced, &mut Vec::new());
    assert_eq!(store.quiet_version(stripe), Some(1));
}

#[test]
fn of_two_replacements_made_from_one_version_one_happens() {
    let (store, _) = open();
    apply(&store, SyncMode::Synced, &[write(1, 1, 1, "a")]);
    let key = key(1, 1);
    let version = store.quiet_version(Stripe::of(key.bytes())).unwrap();
    let replace = |n: u64| store.replace_if_unchanged(key.to_bytes(), row(&key, n as i64, "mended"), version, n);
    assert_eq!((replace(5), replace(6)), (Ok(true), Ok(false)));
    let mut done = Vec::new();
    store.turn(SyncMode::Synced, &mut done);
    done.sort_by_key(|(ticket, _)| *ticket);
    assert_eq!(done, [(5, Ok(())), (6, Err(WriteError::Changed))]);
    assert!(store.quiet_version(Stripe::of(key.bytes())).is_some_and(|after| after > version));
}
