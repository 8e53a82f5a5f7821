//! Members that come and go while there are rows: steps whose quorums meet, and what they lead to.

use super::*;
use crate::limits::NEWCOMERS_MAX;
use crate::{Change, Plan, PlanKind, PlanStep, Snapshot};
use henge_model::Token;
use henge_ring::{Placement, Ring, quorums_meet};
use std::sync::Arc;

const STEPS: [PlanStep; 4] = [PlanStep::Arriving, PlanStep::Preparing, PlanStep::Streaming, PlanStep::Reading];

fn simple(factor: u32) -> Replication {
    Replication::Simple { factor }
}

fn join(number: u8) -> Command {
    Command::Join { name: "Test Cluster".to_owned(), member: draft(number) }
}

fn replace(dead: u8, by: u8) -> Command {
    Command::ReplaceMember { name: "Test Cluster".to_owned(), dead: draft(dead).id, member: draft(by) }
}

fn remove(number: u8, force: bool) -> Command {
    Command::RemoveMember { id: draft(number).id, force }
}

fn leave(number: u8, force: bool) -> Command {
    Command::LeaveMember { id: draft(number).id, force }
}

impl Voter {
    /// A cluster with keyspaces of one to so many copies.
    fn with_keyspaces(members: u8, factors: u32) -> Voter {
        let mut voter = Voter::with_members(members);
        for factor in 1..=factors {
            voter.run(&keyspace(&format!("ks{factor}"), factor), &mut Random::new(9)).unwrap();
        }
        voter
    }

    /// Runs a command of which every range's quorums must meet those before.
    fn step(&mut self, command: &Command) {
        let before = self.state.clone();
        let entry = self.run(command, &mut Random::new(before.epoch.index)).unwrap();
        assert_eq!(SealedEntry::decode(entry.bytes().clone(), VersionRange::OF_RELEASE), Ok(entry));
        assert_eq!(Snapshot::of(&self.state).state(VersionRange::OF_RELEASE).as_ref(), Ok(&self.state));
        assert_eq!(self.state.check(), Ok(()));
        for (setting, new) in self.state.placements.iter() {
            let Some(old) = before.placements.get(setting) else { continue };
            for after in new.ranges() {
                for was in old.ranges_over(after.range) {
                    assert!(quorums_meet(&was, &after), "{setting:?}: {was:?} then {after:?}");
                    assert!(after.read.iter().all(|host| was.write.contains(host)));
                    let is_other = (was.read, was.write) != (after.read, after.write);
                    assert!(!is_other || after.since == self.state.epoch.index, "{was:?} then {after:?}");
                }
            }
        }
        self.check_across(&before);
    }

    /// The placement on the other side of the present step: beside readers, those of it are pending, and `before` it was the other way round.
    pub(super) fn check_across(&self, before: &ClusterState) {
        for keyspace in self.state.schema.keyspaces.values() {
            let now = self.state.placement_of(keyspace).unwrap();
            let Some(across) = self.state.placement_across_step(keyspace) else {
                assert!(now.ranges().all(|range| range.read.len() == range.write.len()));
                continue;
            };
            for placed in now.ranges() {
                let of = |hosts: henge_ring::Hosts<'_>| hosts.iter().collect::<BTreeSet<_>>();
                for other in across.ranges_over(placed.range) {
                    let both = &of(placed.read) | &of(other.read);
                    assert!(of(placed.write) == both, "{}: {placed:?}, {other:?}", keyspace.name);
                }
            }
            let step = |state: &ClusterState| state.plan.as_ref().map(|plan| plan.step);
            if (step(before), step(&self.state)) == (Some(PlanStep::Streaming), Some(PlanStep::Reading)) {
                assert!(across.has_readers_of(before.placement_of(keyspace).unwrap()));
                assert!(before.placement_across_step(keyspace).unwrap().has_readers_of(now));
            }
        }
    }

    fn advance(&mut self) {
        let plan = self.state.plan.clone().unwrap();
        self.step(&Command::AdvancePlan { plan: plan.id, from: plan.step });
    }

    /// Takes a plan through all of its steps.
    fn carry_out(&mut self, command: &Command) {
        self.step(command);
        let brings = !self.state.newcomers().is_empty();
        for step in STEPS.into_iter().filter(|step| brings || *step != PlanStep::Arriving) {
            assert_eq!(self.state.plan.as_ref().map(|plan| plan.step), Some(step));
            self.advance();
        }
        assert_eq!(self.state.plan, None);
        self.check_placed();
    }

    /// Everything is placed as the strategies place it on the members there are.
    fn check_placed(&self) {
        let members: Vec<_> = self.state.members.values().cloned().collect();
        let ring = Ring::new(&members);
        for (setting, placement) in self.state.placements.iter() {
            let is_same = |other: &Placement| {
                let replicas =
                    |p: &Placement| p.ranges().map(|r| (r.range, r.read.to_vec(), r.write.to_vec())).collect();
                let (one, other): (Vec<_>, Vec<_>) = (replicas(placement), replicas(other));
                one == other
            };
            assert!(is_same(&ring.place(setting)), "{setting:?}");
        }
    }

    fn refusal(&mut self, command: &Command) -> String {
        self.run(command, &mut Random::new(1)).unwrap_err().to_string()
    }
}

#[test]
fn members_come_and_go_by_steps_whose_quorums_meet() {
    let mut voter = Voter::with_keyspaces(1, 4);
    for number in 1..6 {
        voter.carry_out(&join(number));
    }
    assert_eq!(voter.state.voters.len(), 5);
    voter.carry_out(&leave(2, false));
    voter.carry_out(&remove(1, true));
    voter.step(&Command::DropKeyspace { name: "ks1".to_owned(), if_exists: false });
    voter.carry_out(&replace(0, 8));
    for (number, left) in [(3, 3), (8, 2), (4, 1)] {
        voter.carry_out(&leave(number, true));
        assert_eq!(voter.state.members.len(), left);
    }
    assert_eq!(voter.state.voters, [draft(5).id]);
}

#[test]
fn a_newcomer_is_written_and_then_read() {
    let mut voter = Voter::with_keyspaces(3, 3);
    voter.step(&join(3));
    let newcomer = draft(3).id;
    assert_eq!((voter.state.newcomers(), voter.state.gainers()), (&[newcomer][..], vec![]));
    assert!(voter.state.placements.iter().all(|(_, placed)| placed.ranges().all(|r| !r.write.contains(newcomer))));
    let placements = |voter: &Voter, place: &dyn Fn(&henge_model::Keyspace) -> Placement| -> Vec<Placement> {
        voter.state.schema.keyspaces.values().map(|keyspace| place(keyspace)).collect()
    };
    let foretold = placements(&voter, &|keyspace| voter.state.placement_with_gains(keyspace).unwrap());
    voter.advance();
    let placed = placements(&voter, &|keyspace| Placement::clone(voter.state.placement_of(keyspace).unwrap()));
    let replicas = |p: &Placement| p.ranges().map(|r| (r.range, r.read.to_vec(), r.write.to_vec())).collect::<Vec<_>>();
    assert!(foretold.iter().zip(&placed).all(|(foretold, placed)| replicas(foretold) == replicas(placed)));
    assert_eq!(voter.state.gainers(), vec![newcomer]);
    assert!(voter.state.voters.len() == 3 && !voter.state.voters.contains(&newcomer));
    let settings =
        |voter: &Voter| voter.state.gains(newcomer).into_iter().flat_map(|of| of.keyspaces).collect::<Vec<_>>();
    assert_eq!(settings(&voter), ["ks1", "ks2", "system_traces", "ks3"]);
    let is_read = |voter: &Voter| {
        let placement = voter.state.placements.get(&simple(3)).unwrap();
        placement.ranges().any(|placed| placed.read.contains(newcomer))
    };
    voter.advance();
    assert!(settings(&voter).len() == 4 && !is_read(&voter));
    voter.advance();
    assert!(settings(&voter).is_empty() && is_read(&voter));
}

#[test]
fn a_cluster_with_fewer_members_than_copies_grows_to_them() {
    let mut voter = Voter::with_keyspaces(2, 3);
    voter.step(&join(2));
    voter.advance();
    let three = |voter: &Voter| Arc::clone(voter.state.placements.get(&simple(3)).unwrap());
    assert!(three(&voter).ranges().all(|placed| (placed.read.len(), placed.write.len()) == (2, 3)));
    voter.advance();
    voter.advance();
    assert!(three(&voter).ranges().all(|placed| (placed.read.len(), placed.write.len()) == (3, 3)));
}

#[test]
fn a_node_that_replaces_another_has_its_tokens_in_the_end() {
    let mut voter = Voter::with_keyspaces(3, 3);
    voter.step(&Command::DropKeyspace { name: "ks1".to_owned(), if_exists: false });
    let tokens = voter.state.members[&draft(2).id].tokens.clone();
    let mut same_address = draft(6);
    same_address.address = draft(2).address;
    let command = Command::ReplaceMember { name: "Test Cluster".to_owned(), dead: draft(2).id, member: same_address };
    voter.carry_out(&command);
    assert_eq!(voter.state.members[&draft(6).id].tokens, tokens);
    assert!(voter.state.removed.contains(&draft(2).id) && !voter.state.voters.contains(&draft(2).id));
}

#[test]
fn an_abort_leaves_placements_and_members_as_they_were() {
    for (command, steps) in [
        (join(3), 0),
        (join(3), 1),
        (join(3), 2),
        (replace(1, 5), 0),
        (leave(1, true), 1),
        (remove(1, true), 0),
        (replace(1, 5), 1),
    ] {
        let mut voter = Voter::with_keyspaces(3, 3);
        if matches!(command, Command::ReplaceMember { .. }) {
            voter.step(&Command::DropKeyspace { name: "ks1".to_owned(), if_exists: false });
        }
        let before = voter.state.clone();
        voter.step(&command);
        let plan = voter.state.plan.clone().unwrap();
        (0..steps).for_each(|_| voter.advance());
        assert!(voter.refusal(&Command::AbortPlan { plan: plan.id + 1 }).contains("is not under way"));
        voter.step(&keyspace("meanwhile", 5));
        voter.step(&Command::AbortPlan { plan: plan.id });
        assert_eq!((&voter.state.plan, &voter.state.members), (&None, &before.members));
        assert_eq!(voter.state.voters, before.voters);
        assert_eq!(voter.state.removed, plan.kind.newcomers().iter().copied().collect());
        voter.check_placed();
    }
}

#[test]
fn a_plan_whose_replicas_are_read_goes_on() {
    let mut voter = Voter::with_keyspaces(3, 2);
    voter.step(&join(3));
    let id = voter.state.plan.clone().unwrap().id;
    (0..3).for_each(|_| voter.advance());
    assert!(voter.refusal(&Command::AbortPlan { plan: id }).contains("can only go on"));
}

#[test]
fn a_step_is_taken_once() {
    let mut voter = Voter::with_keyspaces(2, 1);
    voter.step(&join(3));
    let plan = voter.state.plan.clone().unwrap();
    let advance = Command::AdvancePlan { plan: plan.id, from: PlanStep::Arriving };
    voter.step(&advance);
    assert_eq!(voter.run(&advance, &mut Random::new(1)), Err(CommandRefusal::Nothing));
    let other = Command::AdvancePlan { plan: plan.id + 1, from: PlanStep::Streaming };
    assert_eq!(voter.run(&other, &mut Random::new(1)), Err(CommandRefusal::Nothing));
}

#[test]
fn there_is_one_plan_at_a_time() {
    let mut voter = Voter::with_keyspaces(3, 2);
    voter.step(&join(3));
    let first = format!("plan {}: host {} joins (step arriving)", voter.state.epoch.index, draft(3).id);
    for second in [leave(1, true), remove(1, true), replace(1, 4)] {
        let refused = voter.run(&second, &mut Random::new(1)).unwrap_err();
        assert!(matches!(refused, CommandRefusal::Busy(_)) && refused.to_string().contains(&first), "{refused}");
    }
    assert!(voter.refusal(&join(3)).contains("is a member already"));
}

#[test]
fn nodes_join_together_until_ranges_move() {
    for newcomers in 2..=5 {
        let mut voter = Voter::with_keyspaces(3, 3);
        let plans: Vec<u64> = (0..newcomers)
            .map(|number| {
                voter.step(&join(3 + number));
                voter.state.plan.as_ref().unwrap().id
            })
            .collect();
        let hosts: Vec<HostId> = (0..newcomers).map(|number| draft(3 + number).id).collect();
        assert_eq!((voter.state.newcomers(), voter.state.voters.len()), (&hosts[..], 3));
        assert!(voter.refusal(&join(3)).contains("is a member already"));
        // Whoever looked at the plan before the last one came does not take it on.
        let stale = Command::AdvancePlan { plan: plans[0], from: PlanStep::Arriving };
        assert_eq!(voter.run(&stale, &mut Random::new(1)), Err(CommandRefusal::Nothing));
        voter.advance();
        assert!(voter.refusal(&join(9)).contains("is under way"), "{newcomers}");
        assert_eq!(voter.state.gainers().len(), hosts.len());
        (0..3).for_each(|_| voter.advance());
        assert_eq!((&voter.state.plan, voter.state.voters.len()), (&None, 5));
        voter.check_placed();
    }
}

#[test]
fn all_newcomers_of_a_plan_that_is_taken_back_are_members_no_more() {
    let mut voter = Voter::with_keyspaces(3, 3);
    let before = voter.state.clone();
    for number in 3..6 {
        voter.step(&join(number));
    }
    (0..2).for_each(|_| voter.advance());
    let plan = voter.state.plan.as_ref().unwrap().id;
    voter.step(&Command::AbortPlan { plan });
    assert_eq!((&voter.state.plan, &voter.state.members), (&None, &before.members));
    assert_eq!(voter.state.removed, (3..6).map(|number| draft(number).id).collect());
    voter.check_placed();
}

#[test]
fn one_of_several_newcomers_is_left_out() {
    let mut voter = Voter::with_keyspaces(3, 3);
    for number in 3..6 {
        voter.step(&join(number));
    }
    let plan = voter.state.plan.as_ref().unwrap().id;
    voter.step(&remove(4, false));
    let rest = [draft(3).id, draft(5).id];
    assert_eq!((voter.state.newcomers(), voter.state.members.len()), (&rest[..], 5));
    assert!(voter.state.plan.as_ref().unwrap().id > plan && voter.state.removed.contains(&draft(4).id));
    voter.step(&remove(3, false));
    assert!(voter.refusal(&remove(5, false)).contains("henge admin abort"), "it is the plan");
    (0..4).for_each(|_| voter.advance());
    voter.check_placed();
}

/// One replica more changes a range's quorums by one; two at once could miss each other's.
#[test]
fn nodes_that_would_be_two_more_replicas_of_a_range_join_one_by_one() {
    let mut voter = Voter::with_keyspaces(1, 3);
    voter.step(&join(1));
    let refused = voter.run(&join(2), &mut Random::new(1)).unwrap_err();
    assert!(matches!(&refused, CommandRefusal::Busy(why) if why.starts_with("not with others at once")), "{refused}");
    (0..4).for_each(|_| voter.advance());
    voter.carry_out(&join(2));
    voter.step(&join(3));
    voter.step(&join(4));
    let refused = voter.run(&keyspace("wide", 5), &mut Random::new(1)).unwrap_err();
    assert!(matches!(&refused, CommandRefusal::Busy(why) if why.contains("2 nodes join at once")), "{refused}");
    voter.step(&keyspace("narrow", 4));
    (0..4).for_each(|_| voter.advance());
    voter.step(&keyspace("wide", 5));
    voter.check_placed();
}

#[test]
fn a_plan_brings_so_many_nodes_at_most() {
    let mut voter = Voter::with_keyspaces(3, 3);
    for number in 0..NEWCOMERS_MAX {
        voter.run(&join(u8::try_from(3 + number).unwrap()), &mut Random::new(1)).unwrap();
    }
    assert!(voter.refusal(&join(200)).contains("is under way"));
}

#[test]
fn keyspaces_that_are_created_meanwhile_move_with_the_others() {
    for steps in 0..4 {
        let mut voter = Voter::with_keyspaces(3, 1);
        voter.step(&join(3));
        (0..steps).for_each(|_| voter.advance());
        voter.step(&keyspace("new", 3));
        (steps..4).for_each(|_| voter.advance());
        voter.check_placed();
    }
}

#[test]
fn the_only_copies_are_given_up_only_by_force() {
    let mut voter = Voter::with_keyspaces(3, 3);
    let refused = voter.refusal(&remove(1, false));
    assert!(refused.contains("keyspace ks1") && refused.contains("--force"), "{refused}");
    assert!(voter.refusal(&replace(1, 5)).contains("keyspace ks1"));
    voter.step(&remove(1, true));
    assert_eq!(voter.state.plan.clone().unwrap().kind.dead_member(), Some(draft(1).id));
    let mut voter = Voter::with_keyspaces(3, 3);
    let refused = voter.refusal(&leave(1, false));
    assert!(refused.contains("keyspace ks3 (RF = 3, N = 3)"), "{refused}");
    let mut voter = Voter::with_members(2);
    let replication = Replication::NetworkTopology { factors: [("dc1".to_owned(), 1)].into() };
    let create =
        Command::CreateKeyspace { name: "far".to_owned(), replication, durable_writes: true, if_not_exists: false };
    voter.run(&create, &mut Random::new(1)).unwrap();
    assert!(voter.refusal(&leave(1, true)).contains("no member would be left"));
}

#[test]
fn a_node_that_replaces_another_is_where_it_was() {
    let mut voter = Voter::with_keyspaces(3, 2);
    voter.step(&Command::DropKeyspace { name: "ks1".to_owned(), if_exists: false });
    assert!(voter.refusal(&replace(1, 4)).contains("is in datacentre dc1, rack r"));
    assert!(voter.refusal(&replace(9, 4)).contains("is no member"));
    let squatter = JoinDraft { address: draft(0).address, ..draft(5) };
    let command = Command::ReplaceMember { name: "Test Cluster".to_owned(), dead: draft(1).id, member: squatter };
    assert!(voter.refusal(&command).contains("belongs to member"));
}

#[test]
fn states_without_a_plan_are_stored_as_they_were_before_there_were_any() {
    let voter = Voter::with_keyspaces(3, 1);
    let bytes = Snapshot::of(&voter.state).bytes;
    assert!(!bytes.windows(4).any(|bytes| bytes == b"plan"));
    let mut planned = voter;
    planned.step(&join(3));
    let of = planned.entries.last().unwrap().entry();
    let expected =
        Plan { id: of.epoch.index, kind: PlanKind::Join { hosts: vec![draft(3).id] }, step: PlanStep::Arriving };
    assert!(of.changes.contains(&Change::PlanBegun(expected)));
    planned.advance();
    let first = planned.state.gains(draft(3).id)[0].ranges[0];
    assert!(first.contains(Token(first.end.0)));
}
