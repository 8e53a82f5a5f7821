//! Findings of checks.

use henge_operator::{ClusterHealth, MachineHealth, Member, NodeHealth};
use serde::Serialize;
use std::net::SocketAddr;

/// Something that is wrong, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// The check that found it.
    pub(crate) check: &'static str,
    /// The address of the member that it concerns; `None` if it concerns the cluster.
    pub(crate) member: Option<String>,
    /// The fault.
    pub(crate) problem: String,
    /// The next step.
    pub(crate) next: String,
    /// True if nothing has to be done for now: the setting of a machine on which a cluster is only tried, or a step that may take its time.
    pub(crate) is_advice: bool,
}

impl Finding {
    /// A problem of the cluster.
    pub(super) fn of_cluster(check: &'static str, problem: String, next: impl Into<String>) -> Finding {
        Finding { check, member: None, problem, next: next.into(), is_advice: false }
    }

    /// A problem of a member.
    pub(super) fn of_member(check: &'static str, member: &Member, problem: String, next: impl Into<String>) -> Finding {
        Finding { member: Some(member.address.clone()), ..Finding::of_cluster(check, problem, next) }
    }

    /// The same as advice, if so.
    pub(super) fn advised_if(self, is_advice: bool) -> Finding {
        Finding { is_advice, ..self }
    }
}

/// The members that answered.
pub(super) fn answers(cluster: &ClusterHealth) -> impl Iterator<Item = (&Member, &NodeHealth)> {
    let health = |host: &str| cluster.members.iter().find(|told| told.host_id == host)?.health.as_ref();
    cluster.cluster.members.iter().filter_map(move |member| Some((member, health(&member.host_id)?)))
}

/// The machines of the members that answered.
pub(super) fn machines(cluster: &ClusterHealth) -> impl Iterator<Item = (&Member, &NodeHealth, &MachineHealth)> {
    answers(cluster).filter_map(|(member, health)| Some((member, health, health.machine.as_ref()?)))
}

/// A member by its host id.
pub(super) fn member<'a>(cluster: &'a ClusterHealth, host_id: &str) -> Option<&'a Member> {
    cluster.cluster.members.iter().find(|member| member.host_id == host_id)
}

/// True if all members are on loopback: then they share one machine, on which a cluster is tried.
pub(super) fn is_on_one_machine(cluster: &ClusterHealth) -> bool {
    let is_loopback = |member: &Member| member.address.parse().is_ok_and(|at: SocketAddr| at.ip().is_loopback());
    cluster.cluster.members.iter().all(is_loopback)
}

/// A time in words: in the largest unit of which there are two.
pub(super) fn duration_text(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_unit_that_people_would_use() {
        assert_eq!(
            [0, 119, 120, 7_199, 10_800, 259_200].map(duration_text),
            ["0 s", "119 s", "2 min", "119 min", "3 h", "3 days"]
        );
    }
}
