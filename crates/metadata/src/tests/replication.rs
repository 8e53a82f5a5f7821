//! Keyspaces that get another replication while there are rows: one copy after the other, by steps whose quorums meet.

use super::*;
use crate::{Plan, PlanKind, PlanStep};
use henge_ring::{Ring, quorums_meet};

fn simple(factor: u32) -> Replication {
    Replication::Simple { factor }
}

fn topology(factors: &[(&str, u32)]) -> Replication {
    Replication::NetworkTopology {
        factors: factors.iter().map(|(name, factor)| ((*name).to_owned(), *factor)).collect(),
    }
}

fn alter(name: &str, replication: Replication) -> Command {
    Command::AlterKeyspace { name: name.to_owned(), durable_writes: true, replication: Some(replication) }
}

impl Voter {
    /// Members in two datacentres, and two keyspaces with tables of one setting.
    fn with_rows(members: u8, replication: &Replication) -> Voter {
        let mut voter = Voter::with_members(members);
        for name in ["ks", "beside"] {
            let (name, replication) = (name.to_owned(), replication.clone());
            let create =
                Command::CreateKeyspace { name: name.clone(), replication, durable_writes: true, if_not_exists: false };
            voter.run(&create, &mut Random::new(3)).unwrap();
            voter.run(&self::create(&name, "t"), &mut Random::new(4)).unwrap();
        }
        voter
    }

    /// Runs a command of which the quorums of `ks` must meet those before, and that leaves the other keyspaces alone.
    fn moving_step(&mut self, command: &Command) {
        let before = self.state.clone();
        let entry = self.run(command, &mut Random::new(before.epoch.index)).unwrap();
        assert_eq!(SealedEntry::decode(entry.bytes().clone(), VersionRange::OF_RELEASE), Ok(entry));
        assert_eq!(crate::Snapshot::of(&self.state).state(VersionRange::OF_RELEASE).as_ref(), Ok(&self.state));
        assert_eq!(self.state.check(), Ok(()));
        for name in self.state.schema.keyspaces.keys() {
            let placement = |state: &ClusterState| state.placement_of(&state.schema.keyspaces[name]).cloned().unwrap();
            let (old, new) = (placement(&before), placement(&self.state));
            for after in new.ranges() {
                for was in old.ranges_over(after.range) {
                    assert!(quorums_meet(&was, &after), "{name}: {was:?} then {after:?}");
                    assert!(after.read.iter().all(|host| was.write.contains(host)));
                    let is_other = (was.read, was.write) != (after.read, after.write);
                    assert!(!is_other || name == "ks", "{name} moves");
                    assert!(!is_other || after.since == self.state.epoch.index, "{was:?} then {after:?}");
                    assert!(after.since >= was.since, "{was:?} then {after:?}");
                }
            }
            let counted = |state: &ClusterState| copies(state.counted_replication(&state.schema.keyspaces[name]));
            assert!(counted(&before).abs_diff(counted(&self.state)) <= 1);
        }
        self.check_across(&before);
    }

    fn advance_once(&mut self) {
        let plan = self.state.plan.clone().unwrap();
        self.moving_step(&Command::AdvancePlan { plan: plan.id, from: plan.step });
    }

    /// Goes on until no plan is under way; gives the number of plans.
    fn arrive(&mut self) -> usize {
        let mut plans = BTreeSet::new();
        while let Some(plan) = &self.state.plan {
            plans.insert(plan.id);
            self.advance_once();
        }
        let members: Vec<_> = self.state.members.values().cloned().collect();
        let keyspace = &self.state.schema.keyspaces["ks"];
        let placed = self.state.placement_of(keyspace).unwrap();
        assert!(Ring::new(&members).place(&keyspace.replication).has_readers_of(placed));
        assert!(placed.ranges().all(|range| range.read.len() == range.write.len()));
        plans.len()
    }
}

fn copies(setting: &Replication) -> u32 {
    match setting {
        Replication::Local => 1,
        Replication::Simple { factor } => *factor,
        Replication::NetworkTopology { factors } => factors.values().sum(),
    }
}

#[test]
fn copies_come_and_go_one_at_a_time() {
    for (was, goal, plans) in [
        (simple(1), simple(3), 2),
        (simple(3), simple(1), 2),
        (simple(2), topology(&[("dc0", 2)]), 1),
        (simple(3), topology(&[("dc0", 2), ("dc1", 2)]), 2),
        (topology(&[("dc0", 2)]), topology(&[("dc0", 2), ("dc1", 3)]), 3),
        (topology(&[("dc0", 2), ("dc1", 3)]), topology(&[("dc0", 2)]), 3),
        (topology(&[("dc0", 2)]), topology(&[("dc1", 2)]), 4),
        (topology(&[("dc0", 3)]), simple(2), 2),
    ] {
        let mut voter = Voter::with_rows(6, &was);
        voter.moving_step(&alter("ks", goal.clone()));
        assert_eq!(voter.state.schema.keyspaces["ks"].replication, goal);
        assert_eq!(voter.state.schema.keyspaces["beside"].replication, was);
        assert_eq!(voter.arrive(), plans, "{was} to {goal}");
    }
}

#[test]
fn fewer_copies_are_read_only_of_replicas_that_have_all() {
    let mut voter = Voter::with_rows(4, &simple(3));
    voter.moving_step(&alter("ks", simple(2)));
    let gains = |voter: &Voter| -> usize {
        let hosts: Vec<HostId> = voter.state.members.keys().copied().collect();
        hosts.into_iter().flat_map(|host| voter.state.gains(host)).map(|gained| gained.ranges.len()).sum()
    };
    assert_eq!(gains(&voter), 0);
    voter.advance_once();
    assert_eq!(gains(&voter), 0);
    voter.advance_once();
    assert_eq!(voter.state.plan.as_ref().map(|plan| plan.step), Some(PlanStep::Reading));
    let ranges = voter.state.placement_of(&voter.state.schema.keyspaces["ks"]).unwrap().ranges().len();
    assert_eq!(gains(&voter), 2 * ranges);
    voter.arrive();
}

#[test]
fn a_change_that_is_taken_back_goes_back_copy_by_copy() {
    let mut voter = Voter::with_rows(4, &simple(1));
    let before = voter.state.clone();
    voter.moving_step(&alter("ks", simple(3)));
    voter.moving_step(&Command::AbortPlan { plan: voter.state.plan.clone().unwrap().id });
    assert_eq!((&voter.state.plan, &voter.state.schema), (&None, &before.schema));
    voter.moving_step(&alter("ks", simple(3)));
    (0..4).for_each(|_| voter.advance_once());
    let plan = voter.state.plan.clone().unwrap();
    voter.moving_step(&Command::AbortPlan { plan: plan.id });
    let Some(Plan { kind: PlanKind::Alter { goal, lowers, .. }, .. }) = &voter.state.plan else { panic!() };
    assert_eq!((goal, *lowers), (&simple(1), true));
    assert_eq!(voter.arrive(), 1);
    assert_eq!(voter.state.schema, before.schema);
}

#[test]
fn what_moves_no_rows_needs_no_plan() {
    let mut voter = Voter::with_rows(2, &simple(2));
    voter.moving_step(&alter("ks", simple(3)));
    assert_eq!(voter.state.plan, None);
    voter.run(&keyspace("empty", 1), &mut Random::new(1)).unwrap();
    voter.run(&alter("empty", simple(2)), &mut Random::new(1)).unwrap();
    assert_eq!(voter.state.plan, None);
    assert_eq!(voter.run(&alter("empty", simple(2)), &mut Random::new(1)), Err(CommandRefusal::Nothing));
    voter.run(&alter("system_auth", simple(3)), &mut Random::new(1)).unwrap();
    assert_eq!((&voter.state.plan, &voter.state.shown_replication["system_auth"]), (&None, &simple(3)));
    assert_eq!(voter.run(&alter("system_auth", simple(3)), &mut Random::new(1)), Err(CommandRefusal::Nothing));
}

#[test]
fn a_keyspace_on_its_way_may_be_dropped_and_no_other_plan_begins() {
    let mut voter = Voter::with_rows(4, &simple(1));
    voter.moving_step(&alter("ks", simple(2)));
    for second in [alter("beside", simple(2)), alter("ks", simple(3))] {
        assert!(matches!(voter.run(&second, &mut Random::new(1)), Err(CommandRefusal::Busy(_))));
    }
    voter.run(&keyspace("meanwhile", 2), &mut Random::new(1)).unwrap();
    voter.run(&Command::DropKeyspace { name: "ks".to_owned(), if_exists: false }, &mut Random::new(1)).unwrap();
    assert_eq!((&voter.state.plan, voter.state.check()), (&None, Ok(())));
}

#[test]
fn a_datacentre_without_members_gets_no_keyspace() {
    let mut voter = Voter::with_rows(3, &simple(1));
    let refused = voter.run(&alter("ks", topology(&[("far", 1)])), &mut Random::new(1)).unwrap_err();
    assert!(refused.to_string().contains("its datacentres have none"), "{refused}");
}
