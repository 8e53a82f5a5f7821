//! Plans are printed and read.

use super::draw::draw_class;
use super::*;
use crate::disk_mishap::Mishap;
use crate::network::{LinkFault, Links};
use crate::shape::RunKind;
use henge_base::Random;
use henge_node::Class;

const KINDS: [RunKind; 3] = [RunKind::Faults, RunKind::Moves, RunKind::Disks];

/// A fault of any kind that a run of the shape may have, with parameters that no drawing gives.
fn any_fault(shape: &Shape, random: &mut Random) -> Fault {
    let all = shape.machines as u64;
    let (machine, time, off) = (random.below(all) as usize, random.below(LENGTH_MAX + 1), random.below(OFF_MAX + 1));
    let some = |random: &mut Random| (0..=random.below(all)).map(|_| random.below(all) as usize).collect();
    let links = Links { from: some(random), to: some(random), both: random.chance(1, 2), class: draw_class(random) };
    let signed = |random: &mut Random, max: u64| random.below(2 * max + 1) as i64 - max as i64;
    match random.below(if shape.crashes() { 10 } else { 7 }) {
        0 => Fault::Pause { machine, time },
        1 => Fault::FillDisk { machine, time },
        2 => Fault::SlowDisk { machine, by: random.below(60_000_001), time },
        3 => Fault::Clock { machine, fault: ClockFault::Jump(signed(random, 100_000_000_000)), time },
        4 => Fault::Clock { machine, fault: ClockFault::Drift(signed(random, 1_000_000)), time },
        5 => Fault::Links { fault: LinkFault::Cut(links), time },
        6 => Fault::Links { fault: LinkFault::Lose(links, random.below(1_001)), time },
        7 => Fault::PowerCut { machine, off },
        8 => Fault::ShutDown { machine, off },
        _ => Fault::FailSyncs { machine },
    }
}

#[test]
fn plans_are_read_as_they_are_printed() {
    let mut words: BTreeSet<String> = BTreeSet::new();
    for seed in 1..=400 {
        for kind in KINDS {
            let mut plan = Plan::draw(seed, kind);
            let mut random = Random::new(seed);
            let more = (0..20).map(|_| {
                let at = random.below(LENGTH_MAX + 1);
                PlannedFault { at, fault: any_fault(&plan.shape, &mut random) }
            });
            let more: Vec<PlannedFault> = more.collect();
            assert_eq!(Plan::parse(&plan.to_string()), Ok(plan.clone()), "seed {seed}, {kind:?}");
            plan.faults.extend(more);
            plan.faults.sort_by_key(|fault| fault.at);
            let text = plan.to_string();
            assert_eq!(Plan::parse(&text).as_ref(), Ok(&plan), "seed {seed}, {kind:?}:\n{text}");
            words.extend(
                plan.faults.iter().filter_map(|fault| fault.fault.to_string().split(' ').next().map(ToOwned::to_owned)),
            );
        }
    }
    assert_eq!(words.len(), 21, "some kind of fault was never printed: {words:?}");
}

#[test]
fn any_part_of_a_plan_is_a_plan() {
    for seed in 1..=50 {
        let mut plan = Plan::draw(seed, RunKind::Faults);
        let mut random = Random::new(seed);
        plan.faults.retain(|_| random.chance(1, 2));
        assert_eq!(Plan::parse(&plan.to_string()), Ok(plan));
    }
}

#[test]
fn a_plan_reads_like_this() {
    let all = |fault: Fault| PlannedFault { at: 3_250_000, fault }.to_string();
    let links = |both| Links { from: [0, 2].into(), to: [1, 3].into(), both, class: None };
    let after =
        PowerCutAfterWrite { machine: 1, links_after: 400, power_after: 20_000, is_everywhere: true, off: 50_000 };
    for (fault, text) in [
        (Fault::PowerCut { machine: 2, off: 1_800_000 }, "power-cut machine 2 for 1.8 s"),
        (Fault::SlowDisk { machine: 2, by: 5_000, time: 1 }, "slow-disk machine 2 by 0.005 s for 0.000001 s"),
        (
            Fault::Clock { machine: 0, fault: ClockFault::Jump(-3_600_000_000), time: 9_000_000 },
            "jump-clock machine 0 back 3600 s for 9 s",
        ),
        (
            Fault::Clock { machine: 0, fault: ClockFault::Drift(-1_000_000), time: 9_000_000 },
            "drift-clock machine 0 ppm -1000000 for 9 s",
        ),
        (
            Fault::Links { fault: LinkFault::Cut(links(true)), time: 500_000 },
            "cut-links from 0,2 to 1,3 both-ways for 0.5 s",
        ),
        (
            Fault::Links { fault: LinkFault::Lose(links(false), 120), time: 500_000 },
            "lose-messages from 0,2 to 1,3 one-way permille 120 for 0.5 s",
        ),
        (
            Fault::Links {
                fault: LinkFault::Cut(Links { class: Some(Class::Control), ..links(false) }),
                time: 500_000,
            },
            "cut-links from 0,2 to 1,3 one-way of control for 0.5 s",
        ),
        (Fault::Disk(Mishap::Cloned(0, 2)), "clone machine 0 onto 2"),
        (
            Fault::ChangeReaders(ReaderChange {
                through: 1,
                passes_barrier: true,
                ranges: vec![(0, vec![2, 0, 1]), (3, vec![0, 1, 3])],
            }),
            "change-readers through machine 1 barrier range 0 of 2,0,1 range 3 of 0,1,3",
        ),
        (Fault::MoveMembers { through: 2, change: MemberMove::Leave }, "leave machine 2"),
        (Fault::MoveMembers { through: 2, change: MemberMove::SetCopies(4) }, "set-copies 4 through machine 2"),
        (
            Fault::PowerCutAfterWrite(after),
            "power-cut-after-write machine 1 links 0.0004 s power 0.02 s everywhere for 0.05 s",
        ),
    ] {
        assert_eq!(all(fault), format!("at 3.25 s {text}"));
    }
}

/// The head of a run of three machines, with other values of some settings.
fn head(changes: &[(&str, &str)]) -> String {
    let settings = [
        ("seed", "1"),
        ("machines", "3"),
        ("spares", "0"),
        ("tokens", "4"),
        ("datacenters", "1"),
        ("faults", "machines"),
        ("sync", "always"),
        ("table", "default"),
        ("few-calls", "no"),
        ("small-limits", "no"),
        ("leaving-clients", "no"),
        ("rotate-readers", "no"),
        ("compare", "no"),
        ("length", "10 s"),
        ("clients", "4"),
        ("operations", "100"),
        ("workloads", "registers,wide"),
        ("armed", "none"),
    ];
    let value = |name, value| changes.iter().find(|(changed, _)| *changed == name).map_or(value, |(_, value)| *value);
    settings.map(|(name, of)| format!("{name} {}\n", value(name, of))).concat()
}

#[test]
fn errors_say_where_and_what_was_expected() {
    let lines = head(&[]).lines().count();
    assert!(Plan::parse(&format!("# a comment\n\n{}at 1 s pause machine 0 for 2 s # another", head(&[]))).is_ok());
    let of_head = [
        ("seed", "x", "line 1: expected a seed, at most 18446744073709551615, found \"x\""),
        ("machines", "2", "no run can have this head: machines are 3 to 128"),
        ("faults", "all", "line 6: expected one of links, machines, disks, found \"all\""),
        ("table", "unrepaired", "no run can have this head: an unrepaired table needs faults of links"),
        ("length", "10", "line 14: expected \"s\", found the end of the line"),
        ("length", "1e9 s", "line 14: expected a time such as \"1.8 s\", at most 3600 s, found \"1e9\""),
        ("clients", "4 5", "line 15: expected the end of the line, found \"5\""),
    ];
    for (name, value, expected) in of_head {
        assert_eq!(Plan::parse(&head(&[(name, value)])).unwrap_err().to_string(), expected);
    }
    let of_faults = [
        ("at 1 s", "expected one of power-cut, "),
        ("at 1 s power-cut", "expected \"machine\", found the end of the line"),
        ("at 1 s power-cut machine 3 for 1 s", "expected a machine from 0 to 2, found \"3\""),
        ("at 1 s power-cut machine 0 fro 1 s", "expected \"for\", found \"fro\""),
        ("at 1 s power-cut machine 0 for 6 s", "expected a time such as \"1.8 s\", at most 5 s, found \"6\""),
        ("at 1 s swap machine 1 with 1", "swap: it takes two machines of one datacentre"),
        ("at 1 s join through machine 0", "join: it needs spares"),
        ("at 1 s change-readers through machine 0 barrier", "expected \"range\", found the end of the line"),
        (
            "at 1 s change-readers through machine 0 barrier range 0 of 0,1,1",
            "expected 3 machines from 0 to 2, with commas between them, found \"0,1,1\"",
        ),
        ("power-cut machine 0", "expected \"at\" and a time, or a setting of the head (seed, machines"),
        ("seed 2", "seed stands in line 1 already"),
    ];
    for (line, expected) in of_faults {
        let error = Plan::parse(&format!("{}{line}", head(&[]))).unwrap_err().to_string();
        assert!(error.starts_with(&format!("line {}: {expected}", lines + 1)), "{line}: {error}");
    }
    let headless = head(&[]).replace("sync always\n", "");
    assert_eq!(Plan::parse(&headless).unwrap_err().to_string(), "the head lacks a line \"sync\"");
}
