//! Plans looked at before they begin: where they lead, and which ranges lack a quorum on the way.

use super::*;
use crate::{PlanStep, QuorumRisk, plan_course, quorum_risks};
use henge_base::Micros;

const NOW: Micros = 7;

fn cluster(members: u8, factors: &[u32]) -> Voter {
    let mut voter = Voter::with_members(members);
    for factor in factors {
        let name = format!("ks{factor}");
        voter.run(&keyspace(&name, *factor), &mut Random::new(9)).unwrap();
        voter.run(&create(&name, "t"), &mut Random::new(9)).unwrap();
    }
    voter
}

fn course(voter: &Voter, command: &Command) -> Vec<ClusterState> {
    let mut random = Random::new(3);
    let entry = propose(&voter.state, CommandId::random(&mut random), command, &mut random, NOW).unwrap();
    plan_course(&voter.state, &entry, NOW)
}

fn risks(voter: &Voter, command: &Command, down: &[u8]) -> Vec<QuorumRisk> {
    let down: Vec<HostId> = down.iter().map(|number| draft(*number).id).collect();
    quorum_risks(&course(voter, command), |host| !down.contains(&host))
}

fn leave(number: u8) -> Command {
    Command::LeaveMember { id: draft(number).id, force: true }
}

fn remove(number: u8) -> Command {
    Command::RemoveMember { id: draft(number).id, force: true }
}

fn alter(factor: u32) -> Command {
    let replication = Some(Replication::Simple { factor });
    Command::AlterKeyspace { name: "ks3".to_owned(), durable_writes: true, replication }
}

#[test]
fn a_course_is_what_the_driver_does() {
    for (command, steps) in [(leave(2), 3), (alter(1), 6), (alter(5), 6)] {
        let mut voter = cluster(6, &[2, 3]);
        let course = course(&voter, &command);
        assert_eq!(course.len(), steps + 2, "{command:?}");
        voter.run(&command, &mut Random::new(5)).unwrap();
        for state in &course[1..] {
            assert_eq!(voter.state.plan, state.plan);
            assert_eq!(voter.state.placements, state.placements);
            if let Some(plan) = voter.state.plan.clone() {
                voter.run(&Command::AdvancePlan { plan: plan.id, from: plan.step }, &mut Random::new(5)).unwrap();
            }
        }
        assert_eq!((voter.state.plan.as_ref(), course[1].plan.as_ref().unwrap().step), (None, PlanStep::Preparing));
    }
}

#[test]
fn no_quorum_is_at_risk_while_all_are_up() {
    let voter = cluster(5, &[1, 2, 3]);
    for command in [leave(1), remove(1), alter(2)] {
        let down: &[u8] = if matches!(command, Command::RemoveMember { .. }) { &[1] } else { &[] };
        let risks = risks(&voter, &command, down);
        assert!(risks.iter().all(|risk| risk.lost.is_none()), "{command:?}: {risks:?}");
        assert!(!down.is_empty() || risks.is_empty(), "{command:?}: {risks:?}");
    }
}

#[test]
fn a_member_that_is_down_would_cost_the_ranges_that_it_gains_their_quorum() {
    // With one copy the member that leaves is not enough for a write while a second one is awaited; with three, the one that is removed and
    // the one that gains are missing.
    for (factor, command, dead) in [(1, leave(0), &[][..]), (3, remove(0), &[0])] {
        let voter = cluster(5, &[factor]);
        let mut count = 0;
        for number in 1..5 {
            let risks = risks(&voter, &command, &[dead, &[number]].concat());
            let Some((risk, lost)) = risks.iter().find_map(|risk| Some((risk, risk.lost.clone()?))) else { continue };
            assert!(risk.moving > 0 && risk.datacenter.is_none(), "{command:?}: {risk:?}");
            assert!(lost.up < lost.needed && lost.down.contains(&draft(number).id), "{command:?}: {lost:?}");
            count += 1;
        }
        assert!(count > 0, "{command:?}");
    }
    // A member that serves while it leaves makes up for one that is down.
    let voter = cluster(5, &[3]);
    assert!((1..5).all(|number| risks(&voter, &leave(0), &[number]).is_empty()));
}

#[test]
fn a_range_without_a_quorum_now_has_none_to_lose() {
    let voter = cluster(3, &[1]);
    let risk = &risks(&voter, &remove(2), &[2])[0];
    assert!(risk.now > 0 && risk.after == 0 && risk.lost.is_none(), "{risk:?}");
}

#[test]
fn fewer_members_than_copies_have_no_quorum_once_one_of_them_is_down() {
    let voter = cluster(3, &[3]);
    assert!(risks(&voter, &leave(0), &[]).is_empty());
    let risk = &risks(&voter, &leave(0), &[1])[0];
    assert!(risk.now == 0 && risk.after > 0 && risk.lost.is_some(), "{risk:?}");
}

#[test]
fn fewer_copies_may_be_those_that_are_down() {
    let voter = cluster(4, &[3]);
    assert!(risks(&voter, &alter(1), &[]).is_empty());
    let risk = &risks(&voter, &alter(1), &[2])[0];
    assert!(risk.now == 0 && risk.after > 0 && risk.lost.is_some(), "{risk:?}");
}

#[test]
fn a_node_that_joins_or_replaces_costs_nobody_a_quorum() {
    let voter = cluster(5, &[3]);
    let name = "Test Cluster".to_owned();
    let join = Command::Join { name: name.clone(), member: draft(9) };
    let replace = Command::ReplaceMember { name, dead: draft(1).id, member: draft(9) };
    for command in [join, replace] {
        assert!(risks(&voter, &command, &[1]).iter().all(|risk| risk.lost.is_none()), "{command:?}");
    }
}

#[test]
fn quorums_of_datacentres_are_counted_by_themselves() {
    let mut voter = Voter::with_members(8);
    let factors = [("dc0".to_owned(), 3), ("dc1".to_owned(), 3)].into();
    let replication = Replication::NetworkTopology { factors };
    let name = "ks".to_owned();
    let create_keyspace = Command::CreateKeyspace { name, replication, durable_writes: true, if_not_exists: false };
    voter.run(&create_keyspace, &mut Random::new(9)).unwrap();
    voter.run(&create("ks", "t"), &mut Random::new(9)).unwrap();
    // 0, 2, 4 and 6 are in dc0: the three that stay hold all of it.
    let risks = risks(&voter, &remove(0), &[0, 2]);
    let lost: Vec<_> = risks.iter().filter(|risk| risk.lost.is_some()).map(|risk| risk.datacenter.clone()).collect();
    assert_eq!(lost, [Some("dc0".to_owned())], "{risks:?}");
}
