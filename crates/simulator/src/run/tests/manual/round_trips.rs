//! The round trips that each level waits for.

use super::answers::StatementKind;
use super::site::{Answer, FAR_ROUND_TRIP_US, NEAR_ROUND_TRIP_US};
use super::*;
use crate::run::SECOND;
use henge_model::Consistency;
use std::collections::BTreeSet;

/// A time as round trips: it is far longer than what disks and processors take.
fn round_trips(time: u64) -> String {
    let (far, near) = (time / FAR_ROUND_TRIP_US, time % FAR_ROUND_TRIP_US / NEAR_ROUND_TRIP_US);
    match (far, near) {
        (0, near) => format!("{near} near"),
        (far, 0) => format!("{far} far"),
        (far, near) => format!("{far} far, {near} near"),
    }
}

#[test]
fn two_datacenters() {
    let mut site = Site::new(2, true);
    site.cut_off(&BTreeSet::new());
    // Nodes measure each other first.
    for _ in 0..20 {
        let key = site.fresh_key();
        site.ask(Site::coordinator(0), &StatementKind::Write.statement(key, Consistency::All), Consistency::All);
        site.ask(Site::coordinator(0), &StatementKind::Read.statement(key, Consistency::All), Consistency::All);
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    for level in Consistency::all() {
        let key = site.fresh_key();
        let cells = StatementKind::ALL.map(|kind| cost(&mut site, key, kind, level, level));
        rows.push(std::iter::once(format!("`{level}`")).chain(cells).collect());
    }
    for serial in [Consistency::Serial, Consistency::LocalSerial] {
        let key = site.fresh_key();
        let write = cost(&mut site, key, StatementKind::Write, Consistency::Any, serial);
        rows.push(vec![format!("`{serial}`, committed at `ANY`"), write, String::new()]);
    }
    let heading = ["Level", "write", "read"].map(str::to_owned);
    henge_manual::part(PAGE, "round trips", &table(&heading, rows));
    site.end();
}

/// The round trips of a statement, nothing if there is none at the level.
fn cost(site: &mut Site, key: i32, kind: StatementKind, level: Consistency, serial: Consistency) -> String {
    let text = kind.statement(key, serial);
    let reply = match level == serial {
        true => site.ask(Site::coordinator(0), &text, level),
        false => site.ask_at(Site::coordinator(0), &text, level, serial),
    };
    site.run.pass(SECOND);
    if reply.answer == Answer::Ok { round_trips(reply.time) } else { String::new() }
}
