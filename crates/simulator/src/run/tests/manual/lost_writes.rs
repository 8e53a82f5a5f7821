//! Reads at one level of values that were acknowledged at another, in the worst case.

use super::answers::{Answers, StatementKind, write_and_read};
use super::site::{Answer, Down, value};
use super::*;
use henge_model::Consistency;
use std::collections::{BTreeMap, BTreeSet};

/// A write, and a read of it that follows while other replicas are down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    write: u16,
    read: u16,
    /// The datacentre of the reader.
    reader: usize,
}

/// Writes while as many replicas are down as the level bears, and reads while as many others are.
fn read_all(site: &mut Site, answers: &Answers, readers: &[usize]) -> BTreeMap<Pair, bool> {
    let counts = site.all_counts();
    let levels = || Consistency::all().filter(|level| *level != Consistency::Any);
    let mut found = BTreeMap::new();
    for at_write in &counts {
        let writes: Vec<_> =
            levels().filter(|level| answers.limits(*level, StatementKind::Write, &counts).contains(at_write)).collect();
        let mut pending: BTreeMap<Down, Vec<(Pair, i32)>> = BTreeMap::new();
        let down = site.replicas(*at_write, true);
        if !writes.is_empty() {
            site.cut_off(&down);
        }
        for (write, read, reader) in product(&writes, &levels().collect::<Vec<_>>(), readers) {
            for at_read in answers.limits(read, StatementKind::Read, &counts) {
                let at_read = if reader == 0 { at_read } else { [at_read[1], at_read[0]] };
                let key = site.fresh_key();
                let [text, _] = write_and_read(key, write, read);
                let written = site.ask(Site::coordinator(0), &text, write);
                assert!(written.result.is_ok(), "{write} with {at_write:?}: {:?}", written.result);
                let pair = Pair { write: write.code(), read: read.code(), reader };
                pending.entry(at_read).or_default().push((pair, key));
            }
        }
        for (at_read, pairs) in pending {
            // Those that took the write are the first to go.
            let down: BTreeSet<usize> = site.replicas(at_read, false);
            site.cut_off(&down);
            for (pair, key) in pairs {
                let [write, level] = [pair.write, pair.read].map(|code| Consistency::from_code(code).unwrap());
                let [_, text] = write_and_read(key, write, level);
                let read = site.ask(Site::coordinator(pair.reader), &text, level);
                if read.answer == Answer::Invalid {
                    continue;
                }
                let is_there = value(&read.result.unwrap()) == Some(key);
                *found.entry(pair).or_insert(true) &= is_there;
            }
        }
    }
    found
}

fn product(writes: &[Consistency], reads: &[Consistency], readers: &[usize]) -> Vec<(Consistency, Consistency, usize)> {
    let reads = |write: Consistency| reads.iter().flat_map(move |read| readers.iter().map(move |r| (write, *read, *r)));
    writes.iter().flat_map(|write| reads(*write)).collect()
}

fn page(found: &BTreeMap<Pair, bool>, reader: usize) -> String {
    let of = |get: fn(&Pair) -> u16| found.keys().map(get).collect::<BTreeSet<u16>>();
    let (writes, reads) = (of(|pair| pair.write), of(|pair| pair.read));
    let name = |code: &u16| Consistency::from_code(*code).unwrap().to_string();
    let heading: Vec<String> = std::iter::once("Written at".to_owned()).chain(reads.iter().map(&name)).collect();
    let rows = writes.iter().map(|write| {
        let cells = reads.iter().map(|read| match found.get(&Pair { write: *write, read: *read, reader }) {
            Some(true) => "yes".to_owned(),
            Some(false) => "no".to_owned(),
            None => String::new(),
        });
        std::iter::once(format!("`{}`", name(write))).chain(cells).collect()
    });
    table(&heading, rows)
}

#[test]
fn one_datacenter() {
    let mut site = Site::new(1, false);
    let sets: Vec<_> = site.all_counts().into_iter().map(|down| site.replicas(down, true)).collect();
    let answers = Answers::gather(&mut site, &sets);
    let found = read_all(&mut site, &answers, &[0]);
    henge_manual::part(PAGE, "read back in one datacenter", &page(&found, 0));
    site.end();
}

#[test]
fn two_datacenters() {
    let mut site = Site::new(2, false);
    let sets: Vec<_> = site.all_counts().into_iter().map(|down| site.replicas(down, true)).collect();
    let answers = Answers::gather(&mut site, &sets);
    let found = read_all(&mut site, &answers, &[0, 1]);
    henge_manual::part(PAGE, "read back in the same datacenter", &page(&found, 0));
    henge_manual::part(PAGE, "read back in the other datacenter", &page(&found, 1));
    site.end();
}
