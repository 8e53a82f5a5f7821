//! A log as version 1 of the formats writes it, kept as bytes (docs/protocols/versions.md): it is read, adds up to the state that it did, and
//! is written again the same.

use super::*;
use crate::{Change, Log, Snapshot};
use henge_base::Bytes;
use std::fmt::Write;

const FIXTURE: &str = include_str!("../../fixtures/version-1.txt");

/// Commands of many kinds, and the entries and the snapshot that they lead to: a line each.
fn write_lines() -> String {
    let mut voter = Voter::with_members(3);
    let mut random = Random::new(11);
    let mut run = |command: &Command| _ = voter.run(command, &mut random).unwrap();
    run(&keyspace("ks", 2));
    run(&create("ks", "t"));
    run(&create("ks", "gone"));
    run(&Command::Truncate { keyspace: "ks".to_owned(), table: "t".to_owned() });
    run(&Command::DropTable { keyspace: "ks".to_owned(), table: "gone".to_owned(), if_exists: false });
    run(&Command::LeaveMember { id: draft(2).id, force: false });
    let plan = voter.state.plan.clone().unwrap();
    voter.run(&Command::AdvancePlan { plan: plan.id, from: plan.step }, &mut random).unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut text = String::new();
    for entry in &voter.entries {
        writeln!(text, "entry {}", hex(entry.bytes())).unwrap();
    }
    writeln!(text, "snapshot {}", hex(&Snapshot::of(&voter.state).bytes)).unwrap();
    text
}

fn bytes(hex: &str) -> Bytes {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect::<Vec<u8>>().into()
}

#[test]
fn a_log_has_the_bytes_of_its_version() {
    let written = write_lines();
    if std::env::var_os("HENGE_WRITE_FIXTURES").is_some() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("version-1.txt"), &written).unwrap();
    }
    assert!(written == FIXTURE, "a format of the log has changed: it needs a version of its own");
}

#[test]
fn a_log_that_its_version_wrote_is_read() {
    let (mut state, mut log) = (ClusterState::default(), Log::default());
    for entry in FIXTURE.lines().filter_map(|line| line.strip_prefix("entry ")) {
        let entry = SealedEntry::decode(bytes(entry), VersionRange::OF_RELEASE).unwrap();
        state.apply(&entry).unwrap();
        log.append(&entry).unwrap();
    }
    assert_eq!((state.check(), state.active_version), (Ok(()), 1));
    assert!(state.plan.is_some() && state.schema.keyspaces["ks"].tables.keys().eq(["t"]));
    let snapshot = FIXTURE.lines().find_map(|line| line.strip_prefix("snapshot ")).unwrap();
    assert_eq!(Snapshot::decode(&bytes(snapshot), VersionRange::OF_RELEASE), Ok(state));
}

/// The command that raises the version, at the word of so many members.
fn raise(to: u32, members: u8) -> Command {
    Command::RaiseVersion { to, asked: (0..members).map(|number| draft(number).id).collect() }
}

#[test]
fn the_version_is_raised_by_an_entry() {
    let mut voter = Voter::with_members(3);
    let before = voter.state.active_version;
    let newcomer = voter.run(&raise(before + 1, 2), &mut Random::new(1)).unwrap_err();
    assert!(newcomer.to_string().contains("has joined meanwhile"), "{newcomer}");
    let entry = voter.run(&raise(before + 1, 3), &mut Random::new(1)).unwrap();
    assert_eq!(
        (&entry.entry().changes[..], voter.state.active_version),
        (&[Change::Version(before + 1)][..], before + 1)
    );
    let again = voter.run(&raise(before + 1, 3), &mut Random::new(1)).unwrap_err();
    assert!(again.is_no_op());
    assert!(voter.run(&raise(before + 3, 3), &mut Random::new(1)).is_err());
}

#[test]
fn entries_and_snapshots_have_the_format_of_the_version_that_they_follow_on() {
    let (older, newer) = (VersionRange::OF_RELEASE, VersionRange::OF_TESTS);
    let mut voter = Voter::with_members(3);
    let reads = |entry: &SealedEntry, speaks| SealedEntry::decode(entry.bytes().clone(), speaks);
    // The raise itself is read by all who speak the version before.
    let raised = voter.run(&raise(newer.newest, 3), &mut Random::new(1)).unwrap();
    assert_eq!([older, newer].map(|speaks| reads(&raised, speaks)), [Ok(raised.clone()), Ok(raised)]);
    let next = voter.run(&keyspace("ks", 2), &mut Random::new(1)).unwrap();
    assert_eq!(reads(&next, newer).as_ref(), Ok(&next));
    let refusal = reads(&next, older).unwrap_err().to_string();
    assert!(refusal.contains("a later one wrote it"), "{refusal}");
    let snapshot = Snapshot::of(&voter.state);
    assert_eq!(snapshot.state(newer).as_ref(), Ok(&voter.state));
    let refusal = snapshot.state(older).unwrap_err().to_string();
    assert!(refusal.contains("a later one wrote it"), "{refusal}");
}

#[test]
fn a_newcomer_speaks_the_version_or_is_refused() {
    let mut voter = Voter::with_members(3);
    voter.run(&raise(2, 3), &mut Random::new(1)).unwrap();
    let join = |speaks| Command::Join { name: voter.state.name.clone(), member: JoinDraft { speaks, ..draft(3) } };
    let (older, newer) = (join(VersionRange::OF_RELEASE), join(VersionRange::OF_TESTS));
    let refusal = voter.run(&older, &mut Random::new(1)).unwrap_err().to_string();
    assert!(refusal.contains("the cluster writes version 2") && refusal.contains("speaks 1"), "{refusal}");
    voter.run(&newer, &mut Random::new(1)).unwrap();
}
