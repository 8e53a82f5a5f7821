use super::*;
use crate::fake::replication_of;

/// Two datacentres, `a` (here) and `b`.
struct Here;

impl Places for Here {
    fn here(&self) -> Option<Datacenter> {
        self.datacenter_named("a")
    }

    fn datacenter_named(&self, name: &str) -> Option<Datacenter> {
        ["a", "b"].iter().position(|known| *known == name).map(|at| Datacenter(at as u16))
    }
}

fn show(required: &RequiredAnswers) -> String {
    let group = |group: &Group| match group.scope {
        Scope::Everywhere => group.block_for.to_string(),
        Scope::Within(Datacenter(0)) => format!("a{}", group.block_for),
        Scope::Within(_) => format!("b{}", group.block_for),
        Scope::Nowhere => format!("?{}", group.block_for),
    };
    required.groups.iter().map(group).collect()
}

fn required_answers(level: Consistency, replication: &str) -> RequiredAnswers {
    RequiredAnswers::of(level, &replication_of(replication), &Here, Faults::default())
}

#[test]
fn every_level_of_every_setting() {
    // A number counts everywhere, one after a letter in that datacentre; `z` is a datacentre without members.
    let table = "
        level        local 1  2  3  5  a3 a3b3 a2b1 b3 a3z3
        ANY          1     1  1  1  1  1  1    1    1  1
        ONE          1     1  1  1  1  1  1    1    1  1
        TWO          2     2  2  2  2  2  2    2    2  2
        THREE        3     3  3  3  3  3  3    3    3  3
        QUORUM       1     1  2  2  3  2  4    2    2  4
        ALL          1     1  2  3  5  3  6    3    3  6
        LOCAL_ONE    1     a1 a1 a1 a1 a1 a1   a1   a1 a1
        LOCAL_QUORUM 1     a1 a2 a2 a3 a2 a2   a2   a1 a2
        EACH_QUORUM  1     1  2  2  3  a2 a2b2 a2b1 b2 a2?2";
    let mut lines = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let settings = lines.next().unwrap();
    for line in lines {
        for (setting, expected) in settings.iter().zip(&line).skip(1) {
            let level = line[0].parse().unwrap();
            assert_eq!(show(&required_answers(level, setting)), *expected, "{level} of {setting}");
        }
    }
}

#[test]
fn replicas_about_to_own_a_range_raise_what_is_needed() {
    let (a, b) = (Some(Datacenter(0)), Some(Datacenter(1)));
    let raised = |level, pending: &[Option<Datacenter>]| {
        show(&required_answers(level, "a3b3").with_pending(pending.iter().copied(), Faults::default()))
    };
    assert_eq!(raised(Consistency::Quorum, &[a, b]), "6");
    assert_eq!(raised(Consistency::One, &[b]), "2");
    assert_eq!(raised(Consistency::LocalQuorum, &[a, b]), "a3");
    assert_eq!(raised(Consistency::LocalOne, &[b]), "a1");
    assert_eq!(raised(Consistency::EachQuorum, &[b, b]), "a2b4");
}

#[test]
fn a_shortage_is_told_of_the_group_that_has_it() {
    let each = required_answers(Consistency::EachQuorum, "a3b3");
    assert_eq!(each.check([0, 0, 1, 1].into_iter()), Ok(()));
    assert_eq!(each.check([0, 0, 0, 1].into_iter()), Err(Shortage { required: 2, alive: 1 }));
    assert_eq!(each.check([1, 1, 1].into_iter()), Err(Shortage { required: 2, alive: 0 }));
}

#[test]
fn the_deliberate_fault_makes_a_quorum_too_small() {
    let faults = Faults { quorum_off_by_one: true, ..Faults::default() };
    let of = |level, setting| show(&RequiredAnswers::of(level, &replication_of(setting), &Here, faults));
    assert_eq!(of(Consistency::Quorum, "3"), "1");
    assert_eq!(of(Consistency::EachQuorum, "a3b1"), "a1b1");
    assert_eq!(of(Consistency::All, "3"), "3");
}
