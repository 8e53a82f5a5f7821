//! Raising the version of the formats that a cluster writes (docs/protocols/versions.md).

use crate::{Change, ClusterState, CommandRefusal};
use henge_base::HostId;
use std::collections::BTreeSet;

/// The changes by which a cluster comes to write a version that the members `asked` speak. One that it writes already changes nothing;
/// others than the next are refused, and so is a raise of which a member knows nothing that joined meanwhile.
pub(crate) fn raise(state: &ClusterState, to: u32, asked: &BTreeSet<HostId>) -> Result<Vec<Change>, CommandRefusal> {
    match to.checked_sub(state.active_version) {
        None | Some(0) => Err(CommandRefusal::Nothing),
        Some(1) => match state.members.keys().find(|member| !asked.contains(member)) {
            Some(newcomer) => {
                let text = format!("host {newcomer} has joined meanwhile, and was not asked if it speaks version {to}");
                Err(CommandRefusal::Busy(text))
            }
            None => Ok(vec![Change::Version(to)]),
        },
        Some(_) => Err(CommandRefusal::Invalid(format!(
            "the cluster writes version {}, which is raised by one at a time, not to {to}",
            state.active_version
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_rises_by_one() {
        let state = ClusterState { active_version: 1, ..ClusterState::default() };
        let to = |version| raise(&state, version, &BTreeSet::new());
        assert_eq!(to(2), Ok(vec![Change::Version(2)]));
        assert!([to(1), to(0)].iter().all(|raised| *raised == Err(CommandRefusal::Nothing)));
        assert!(matches!(to(3), Err(CommandRefusal::Invalid(_))));
    }
}
