//! `henge admin doctor`: looks at the whole cluster, and names each problem with its next step.
//!
//! - `member_checks`, `machine_checks`: the checks, each a function of what the members say; `finding`: what they find.

mod finding;
mod machine_checks;
mod member_checks;
#[cfg(test)]
mod tests;

use crate::client::Client;
use finding::Finding;
use henge_operator::{ClusterHealth, Everything};
use serde::Serialize;
use std::time::Duration;

/// Between two looks: what is wrong for a moment, as when a member catches up with the metadata log, is no problem.
const SECOND_LOOK_DELAY: Duration = Duration::from_secs(3);

/// A check: its name, what it makes sure of, and the function.
type Check = (&'static str, &'static str, fn(&ClusterHealth) -> Vec<Finding>);

/// All checks, in the order in which they are told.
const CHECKS: [Check; 15] = [
    ("members", "every member is up", member_checks::members_up),
    ("answers", "every member answers and serves clients", member_checks::members_answer),
    ("clocks", "clocks agree, and are trusted", member_checks::clocks),
    ("metadata", "every member has the end of the metadata log; most voters are up", member_checks::metadata),
    ("hints", "hints are kept and delivered, and none waits for long", member_checks::hints),
    ("proofs", "all ranges were proven equal on their replicas within a day", member_checks::proofs),
    ("ring", "members of a datacentre have like shares of the ring", member_checks::ring),
    ("plan", "no change of members or replication is stuck", member_checks::plan),
    ("workers", "no background work fails", member_checks::workers),
    ("releases", "all members run one release", member_checks::releases),
    ("disks", "disks have room", machine_checks::disks),
    ("certificates", "no certificate expires within 30 days", machine_checks::certificates),
    ("limits", "processes may have enough files open", machine_checks::limits),
    ("kernel", "memory maps, swap, backlogs and socket buffers are set", machine_checks::kernel),
    ("time_sources", "the clocks of machines are synchronised with a time source", machine_checks::time_sources),
];

/// The doctor's word.
#[derive(Debug, Serialize)]
pub(crate) struct Diagnosis {
    /// The cluster's name.
    cluster: String,
    /// Members that the cluster has, and those of them that answered.
    members: usize,
    answered: usize,
    /// True if there is no problem; there may be advice.
    is_well: bool,
    findings: Vec<Finding>,
    checked: Vec<&'static str>,
}

impl Diagnosis {
    fn of(cluster: &ClusterHealth) -> Diagnosis {
        let findings: Vec<Finding> = CHECKS.iter().flat_map(|(_, _, check)| check(cluster)).collect();
        Diagnosis {
            cluster: cluster.cluster.name.clone(),
            members: cluster.cluster.members.len(),
            answered: finding::answers(cluster).count(),
            is_well: findings.iter().all(|finding| finding.is_advice),
            findings,
            checked: CHECKS.iter().map(|(name, _, _)| *name).collect(),
        }
    }

    /// True if there is no problem.
    pub(crate) fn is_well(&self) -> bool {
        self.is_well
    }

    /// For people: problems, then advice, then what was looked at.
    pub(crate) fn text(&self) -> String {
        let Diagnosis { cluster, members, answered, findings, .. } = self;
        let problems = findings.iter().filter(|finding| !finding.is_advice).count();
        let state = match problems {
            0 => "is well".to_owned(),
            1 => "has a problem".to_owned(),
            many => format!("has {many} problems"),
        };
        let mut text = format!("Cluster {cluster} {state}: {answered} of {members} members answered\n");
        for (title, is_advice) in [("Problems", false), ("Advice", true)] {
            let listed: Vec<&Finding> = findings.iter().filter(|finding| finding.is_advice == is_advice).collect();
            if !listed.is_empty() {
                text += &format!("\n{title}\n");
            }
            text.extend(merge(&listed));
        }
        text += "\nChecked\n";
        for (name, sense, _) in CHECKS {
            let found = findings.iter().any(|finding| finding.check == name && !finding.is_advice);
            text += &format!("  {} {name}: {sense}\n", if found { "!" } else { "-" });
        }
        text
    }
}

/// Findings in words: one that several members share is said once.
fn merge(findings: &[&Finding]) -> Vec<String> {
    let mut said: Vec<(&Finding, Vec<&str>)> = Vec::new();
    for finding in findings {
        let member = finding.member.as_deref().unwrap_or("the cluster");
        match said.iter_mut().find(|(one, _)| one.problem == finding.problem && one.next == finding.next) {
            Some((_, members)) => members.push(member),
            None => said.push((finding, vec![member])),
        }
    }
    said.iter()
        .map(|(one, members)| format!("  {}: {}\n    next: {}\n", members.join(", "), one.problem, one.next))
        .collect()
}

/// Looks at the cluster; twice if anything seems wrong.
pub(crate) async fn diagnose(client: &Client) -> anyhow::Result<Diagnosis> {
    let first = Diagnosis::of(&client.report::<ClusterHealth>(&Everything {}).await?);
    if first.is_well() {
        return Ok(first);
    }
    tokio::time::sleep(SECOND_LOOK_DELAY).await;
    Ok(Diagnosis::of(&client.report::<ClusterHealth>(&Everything {}).await?))
}
