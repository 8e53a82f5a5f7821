//! Checks of members and of what they say of each other: who is up, clocks, the metadata log, hints, proofs, plans, workers.

use super::finding::{Finding, answers, duration_text, is_on_one_machine, member};
use henge_operator::{ClusterHealth, Member, MemberState};
use std::collections::{BTreeMap, BTreeSet};

/// A clock that is so far off its peers' loses a quarter of what it may be off; at 400 ms the node coordinates no writes.
const CLOCK_OFFSET_MILLIS_MAX: i64 = 100;
/// A range that was proven equal on its replicas so long ago: ranges are compared every few minutes.
const PROOF_AGE_SECONDS_MAX: u64 = 86_400;
/// A plan that has waited for the same, without any row moving, for so long.
const PLAN_WAIT_SECONDS_MAX: u64 = 600;
/// The share of the ring, of the mean of its datacentre, that a member should not exceed or fall below.
const SHARES: std::ops::RangeInclusive<f64> = 0.5..=1.5;

/// Members that are down, and for how long: beyond the window for hints they come back without what they missed.
pub(super) fn members_up(cluster: &ClusterHealth) -> Vec<Finding> {
    let mut down: BTreeMap<&str, u64> = BTreeMap::new();
    let window = answers(cluster).map(|(_, health)| health.hints.window_seconds).min().unwrap_or(u64::MAX);
    for told in answers(cluster).flat_map(|(_, health)| &health.down) {
        let seconds = down.entry(&told.host_id).or_default();
        *seconds = told.seconds.max(*seconds);
    }
    let finding = |(host, seconds): (&str, u64)| {
        let member = member(cluster, host)?;
        let since = duration_text(seconds);
        let (problem, next) = if seconds > window {
            (
                format!("down for {since}, longer than hints are kept for it ({})", duration_text(window)),
                format!(
                    "start it, and henge admin repair on it brings what it missed; if it is lost for good, start a new node with --replace {host}"
                ),
            )
        } else {
            let some = cluster.cluster.members.iter().find(|member| member.host_id == host)?.is_up;
            let who = if some { "some members" } else { "the others" };
            (
                format!("down for {since}, as {who} see it"),
                "start it: what it missed waits as hints; the end of its log says why it ended".to_owned(),
            )
        };
        Some(Finding::of_member("members", member, problem, next))
    };
    down.into_iter().filter_map(finding).collect()
}

/// Members that seem up and do not answer, or that serve no clients.
pub(super) fn members_answer(cluster: &ClusterHealth) -> Vec<Finding> {
    let mut findings = Vec::new();
    for told in &cluster.members {
        let Some(member) = member(cluster, &told.host_id).filter(|member| member.is_up) else { continue };
        if let Some(error) = &told.error {
            let next = "look at its log and at the network to it (7000/udp); an older release cannot be asked: finish the upgrade";
            findings.push(Finding::of_member("answers", member, format!("does not say how it is: {error}"), next));
        }
        let reason = told.health.as_ref().and_then(|health| health.not_ready.as_ref());
        if let Some(reason) = reason {
            let is_coming = member.state != MemberState::Normal;
            let next = "its /readyz says when it is; henge admin plan shows rows on their way";
            let problem = format!("serves no clients: {reason}");
            findings.push(Finding::of_member("answers", member, problem, next).advised_if(is_coming));
        }
    }
    findings
}

/// Clocks that are not trusted, or on their way to be.
pub(super) fn clocks(cluster: &ClusterHealth) -> Vec<Finding> {
    let next = "have chrony or NTP set its clock right, by the servers that the other members use; nothing has to be restarted";
    let finding = |(member, health): (&Member, &henge_operator::NodeHealth)| {
        let problem = match &health.clock_distrust {
            Some(reason) => format!("coordinates no writes: {reason}"),
            None if health.clock_ahead_millis.abs() > CLOCK_OFFSET_MILLIS_MAX => {
                format!(
                    "its clock is {} ms ahead of its peers'; at 400 it coordinates no writes",
                    health.clock_ahead_millis
                )
            }
            None => return None,
        };
        Some(Finding::of_member("clocks", member, problem, next))
    };
    answers(cluster).filter_map(finding).collect()
}

/// Members that do not have the newest entry of the metadata log, or follow another one; voters that are down.
pub(super) fn metadata(cluster: &ClusterHealth) -> Vec<Finding> {
    let epoch = |health: &henge_operator::NodeHealth| (health.lineage, health.index);
    let newest = answers(cluster).map(|(_, health)| epoch(health)).max().unwrap_or_default();
    let behind = answers(cluster).filter(|(_, health)| epoch(health) != newest).map(|(member, health)| {
        let (problem, next) = if health.lineage < newest.0 {
            (
                format!("follows lineage {} of the metadata log, others follow {}", health.lineage, newest.0),
                "replace it: an operator has begun the newer lineage, and it has entries of the older one".to_owned(),
            )
        } else {
            (
                format!("has entry {} of the metadata log, others have {}", health.index, newest.1),
                "its log says why it cannot catch up (cannot catch up with the cluster's metadata); so do those of the voters"
                    .to_owned(),
            )
        };
        Finding::of_member("metadata", member, problem, next)
    });
    let voters = &cluster.log.voters;
    let (up, all) = (voters.iter().filter(|voter| voter.is_up).count(), voters.len());
    let mut findings: Vec<Finding> = behind.collect();
    if up * 2 <= all {
        findings.push(Finding::of_cluster(
            "metadata",
            format!("{up} of {all} voters on the metadata log are up: schema and members cannot be changed"),
            "start voters (henge admin metadata lists them); if most are lost for good, docs/protocols/metadata-log.md",
        ));
    }
    findings
}

/// Hints that nobody delivers, or that nobody keeps.
pub(super) fn hints(cluster: &ClusterHealth) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (member, health) in answers(cluster) {
        let hints = &health.hints;
        if !hints.is_enabled {
            let problem = "keeps no hints for members that are down".to_owned();
            findings.push(Finding::of_member(
                "hints",
                member,
                problem,
                "set hinted_handoff_enabled: true, and restart it",
            ));
        }
        if hints.is_paused {
            let problem = format!("delivers no hints; {} wait", hints.count);
            findings.push(Finding::of_member("hints", member, problem, "henge admin resumehandoff on it"));
        }
        if hints.count > 0 && hints.oldest_age_seconds > hints.window_seconds / 2 {
            let age = duration_text(hints.oldest_age_seconds);
            let window = duration_text(hints.window_seconds);
            let problem = format!("{} hints wait, the oldest for {age}; they are given up after {window}", hints.count);
            let next = "henge admin listpendinghints on it says for whom: start those members, or remove them";
            findings.push(Finding::of_member("hints", member, problem, next));
        }
    }
    findings
}

/// Ranges that were not proven equal on their replicas for long: their tombstones stay, and nobody knows what a replica lacks.
pub(super) fn proofs(cluster: &ClusterHealth) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (member, health) in answers(cluster) {
        if !health.repair.is_enabled {
            let problem = "does not compare its ranges with their other replicas by itself".to_owned();
            findings.push(Finding::of_member(
                "proofs",
                member,
                problem,
                "set auto_repair_enabled: true, and restart it",
            ));
        }
        if let Some(oldest) = health.repair.oldest.as_ref().filter(|oldest| oldest.age_seconds > PROOF_AGE_SECONDS_MAX)
        {
            let error = oldest.last_error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            let age = duration_text(oldest.age_seconds);
            let (keyspace, table) = (&oldest.keyspace, &oldest.table);
            let problem = format!("ranges of {keyspace}.{table} were proven equal on their replicas {age} ago{error}");
            let next = format!(
                "henge admin repair {keyspace} {table} on it says what keeps them: most often a replica that is down"
            );
            findings.push(Finding::of_member("proofs", member, problem, next));
        }
    }
    findings
}

/// Members with much more or less of the ring than others of their datacentre.
pub(super) fn ring(cluster: &ClusterHealth) -> Vec<Finding> {
    let mut datacenters: BTreeMap<&str, Vec<&Member>> = BTreeMap::new();
    for member in cluster.cluster.members.iter().filter(|member| member.state == MemberState::Normal) {
        datacenters.entry(&member.datacenter).or_default().push(member);
    }
    let mut findings = Vec::new();
    for (datacenter, members) in datacenters {
        let mean = members.iter().map(|member| member.owns).sum::<f64>() / members.len() as f64;
        let uneven = members.iter().filter(|member| mean > 0.0 && !SHARES.contains(&(member.owns / mean)));
        findings.extend(uneven.map(|member| {
            let problem = format!(
                "has {:.0} % of the ring, the mean of {datacenter} is {:.0} %",
                member.owns * 100.0,
                mean * 100.0
            );
            let next = "racks of different sizes, or num_tokens that differ, do that: add nodes to the smaller racks, or have this one leave and join anew";
            Finding::of_member("ring", member, problem, next)
        }));
    }
    findings
}

/// A plan that does not get on.
pub(super) fn plan(cluster: &ClusterHealth) -> Vec<Finding> {
    let Some(plan) = &cluster.plan.plan else { return Vec::new() };
    let wait = answers(cluster).find_map(|(_, health)| health.plan_wait.as_ref().filter(|wait| wait.plan == plan.id));
    let next = "start the members that it names, or henge admin abort takes it back while reads have not moved";
    if plan.driver.is_none() {
        let problem = format!("plan {} ({}) has no driver: no voter is up", plan.id, plan.change);
        return vec![Finding::of_cluster("plan", problem, "start voters: henge admin metadata lists them")];
    }
    let stuck = wait.filter(|wait| wait.unchanged_seconds > PLAN_WAIT_SECONDS_MAX);
    let finding = stuck.map(|wait| {
        let since = duration_text(wait.unchanged_seconds);
        let problem = format!("plan {} ({}) has not moved for {since}: {}", plan.id, plan.change, wait.progress);
        Finding::of_cluster("plan", problem, next)
    });
    finding.into_iter().collect()
}

/// Workers that fail.
pub(super) fn workers(cluster: &ClusterHealth) -> Vec<Finding> {
    let failing =
        answers(cluster).flat_map(|(member, health)| health.failing_workers.iter().map(move |it| (member, it)));
    let finding = |(member, failing): (&Member, &henge_operator::FailingWorker)| {
        let problem = format!("the worker {} fails and tries again: {}", failing.worker, failing.error);
        let next = "SELECT * FROM system_views.workers on it shows its progress; the error says what it lacks";
        Finding::of_member("workers", member, problem, next)
    };
    failing.map(finding).collect()
}

/// Members that run different releases.
pub(super) fn releases(cluster: &ClusterHealth) -> Vec<Finding> {
    let releases: BTreeSet<&str> = answers(cluster).map(|(_, health)| health.release.as_str()).collect();
    if releases.len() < 2 {
        return Vec::new();
    }
    let problem = format!("members run different releases: {}", releases.into_iter().collect::<Vec<_>>().join(", "));
    let next = "finish the upgrade, one node after the other";
    vec![Finding::of_cluster("releases", problem, next).advised_if(!is_on_one_machine(cluster))]
}
