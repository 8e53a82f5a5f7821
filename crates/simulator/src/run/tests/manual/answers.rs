//! The levels that are answered, by how many replicas are down.

use super::site::{Answer, Down};
use super::*;
use henge_model::Consistency;
use std::collections::{BTreeMap, BTreeSet};

/// Writes and reads, or conditional writes and serial reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StatementKind {
    Write,
    Read,
}

impl StatementKind {
    pub(super) const ALL: [StatementKind; 2] = [StatementKind::Write, StatementKind::Read];

    /// A statement of this kind, of a key, at a level.
    pub(super) fn statement(self, key: i32, level: Consistency) -> String {
        match self {
            StatementKind::Read => format!("SELECT v FROM {} WHERE k = {key}", table_of(level)),
            StatementKind::Write => insertion(table_of(level), key, level),
        }
    }
}

/// The write of a key at one level, and the read of it at another. The table has the serial level of one of them, if any has: reads of a table
/// that has none yet need the voters of the metadata.
pub(super) fn write_and_read(key: i32, write: Consistency, read: Consistency) -> [String; 2] {
    let table = table_of(if write.is_serial() { write } else { read });
    [insertion(table, key, write), format!("SELECT v FROM {table} WHERE k = {key}")]
}

fn insertion(table: &str, key: i32, level: Consistency) -> String {
    let condition = if level.is_serial() { " IF NOT EXISTS" } else { "" };
    format!("INSERT INTO {table} (k, v) VALUES ({key}, {key}){condition}")
}

/// The table for writes at a level: conditional writes of one table are made at one serial level.
fn table_of(level: Consistency) -> &'static str {
    match level {
        Consistency::Serial => "levels.serial",
        Consistency::LocalSerial => "levels.local_serial",
        _ => "levels.t",
    }
}

/// The answers of all levels, by kind and by how many replicas are down.
pub(super) struct Answers {
    answers: BTreeMap<(u16, StatementKind, Down), Answer>,
}

impl Answers {
    /// Asks at all levels with sets of replicas cut off. The answer depends on nothing but how many there are.
    pub(super) fn gather(site: &mut Site, sets: &[BTreeSet<usize>]) -> Answers {
        let mut answers = Answers { answers: BTreeMap::new() };
        for down in sets {
            site.cut_off(down);
            answers.ask_all(site, Site::counts(down));
        }
        site.cut_off(&BTreeSet::new());
        answers
    }

    /// Asks again with sets of replicas powered off, which makes no difference.
    fn compare_crashes(&mut self, site: &mut Site, sets: &[BTreeSet<usize>]) {
        for down in sets {
            site.power_off(down);
            self.ask_all(site, Site::counts(down));
        }
    }

    fn ask_all(&mut self, site: &mut Site, down: Down) {
        for level in Consistency::all() {
            let key = site.fresh_key();
            for kind in StatementKind::ALL {
                let answer = site.ask(Site::coordinator(0), &kind.statement(key, level), level).answer;
                let before = self.answers.insert((level.code(), kind, down), answer);
                assert!(before.is_none_or(|before| before == answer), "{kind:?} at {level} with {down:?}: {answer:?}");
            }
        }
    }

    pub(super) fn get(&self, level: Consistency, kind: StatementKind, down: Down) -> Answer {
        self.answers[&(level.code(), kind, down)]
    }

    /// The greatest numbers of replicas that may be down so that the level is answered.
    pub(super) fn limits(&self, level: Consistency, kind: StatementKind, all: &[Down]) -> Vec<Down> {
        let answered: Vec<Down> =
            all.iter().copied().filter(|down| self.get(level, kind, *down) == Answer::Ok).collect();
        let is_below = |a: &Down, b: &Down| a != b && a[0] <= b[0] && a[1] <= b[1];
        answered.iter().copied().filter(|down| !answered.iter().any(|other| is_below(down, other))).collect()
    }
}

fn cell(answer: Answer) -> String {
    match answer {
        Answer::Ok => "yes",
        Answer::Unavailable => "no",
        Answer::Invalid => "",
    }
    .to_owned()
}

#[test]
fn one_datacenter() {
    let mut site = Site::new(1, true);
    let sets = site.replica_sets();
    let mut answers = Answers::gather(&mut site, &sets);
    answers.compare_crashes(&mut site, &sets);
    let heading = |kind: &str| {
        site.all_counts().into_iter().map(move |down| format!("{kind}, {} down", down[0])).collect::<Vec<_>>()
    };
    let heading = [vec!["Level".to_owned()], heading("write"), heading("read")].concat();
    let rows = Consistency::all().map(|level| {
        let cells = StatementKind::ALL
            .map(|kind| site.all_counts().into_iter().map(move |down| (kind, down)))
            .into_iter()
            .flatten();
        let cells = cells.map(|(kind, down)| cell(answers.get(level, kind, down)));
        std::iter::once(format!("`{level}`")).chain(cells).collect()
    });
    henge_manual::part(PAGE, "one datacenter", &table(&heading, rows));
    site.end();
}

#[test]
fn two_datacenters() {
    let mut site = Site::new(2, true);
    let sets = site.replica_sets();
    let answers = Answers::gather(&mut site, &sets);
    let counts = site.all_counts();
    let names = counts.iter().map(|[near, far]| format!("{near}+{far}"));
    let heading: Vec<String> = std::iter::once("Down here + there".to_owned()).chain(names).collect();
    for kind in StatementKind::ALL {
        let rows = Consistency::all().map(|level| {
            let cells = counts.iter().map(|down| cell(answers.get(level, kind, *down)));
            std::iter::once(format!("`{level}`")).chain(cells).collect()
        });
        let name = format!("two datacenters {kind:?}").to_lowercase();
        henge_manual::part(PAGE, &name, &table(&heading, rows));
    }
    site.end();
}
