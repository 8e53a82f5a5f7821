//! Raising the version of formats that the cluster writes, at an operator's word.

use super::Node;
use crate::cluster::propose::ChangeError;
use crate::ground::world::World;
use henge_metadata::{Command, CommandRefusal, VersionRange};
use henge_operator::{MemberHealth, NodeHealth};

impl<W: World> Node<W> {
    /// The version that the cluster writes, and those that this node speaks.
    pub fn versions(&self) -> (u32, VersionRange) {
        let versions = &self.parts().context.versions;
        (self.parts().cluster.view().state.active_version, versions.speaks())
    }

    /// Has the cluster write the version above the present one, which every member has to speak; gives it. Refused, by name, if a member does
    /// not, or does not say so.
    pub async fn finalise_upgrade(&self) -> Result<u32, ChangeError> {
        let state = self.parts().cluster.view().state.clone();
        let (to, asked) = (state.active_version + 1, state.members.keys().copied().collect());
        let members = self.health_of_members().await;
        let hindrances: Vec<String> = members.iter().filter_map(|member| hindrance(member, to)).collect();
        if !hindrances.is_empty() {
            let text =
                format!("not every member is known to speak version {to} of the formats: {}", hindrances.join("; "));
            return Err(CommandRefusal::Invalid(text).into());
        }
        self.parts().cluster.change(Command::RaiseVersion { to, asked }).await?;
        Ok(to)
    }
}

/// The reason why a member keeps the cluster from writing a version.
fn hindrance(member: &MemberHealth, version: u32) -> Option<String> {
    let MemberHealth { host_id, health, error } = member;
    let Some(health) = health else {
        let error = error.as_deref().unwrap_or("it does not answer");
        return Some(format!("host {host_id} does not say: {error}"));
    };
    let speaks = spoken_range(health);
    (!speaks.contains(version)).then(|| format!("host {host_id}, release {}, speaks {speaks}", health.release))
}

fn spoken_range(health: &NodeHealth) -> VersionRange {
    match health.newest_version {
        0 => VersionRange::FIRST,
        newest => VersionRange { lowest: health.lowest_version, newest },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_speak_or_does_not_say_is_named() {
        let member = |health: Option<NodeHealth>| MemberHealth { host_id: "h".to_owned(), health, error: None };
        let speaks = |lowest_version, newest_version| {
            let release = "2.0".to_owned();
            member(Some(NodeHealth { release, lowest_version, newest_version, ..NodeHealth::default() }))
        };
        assert_eq!(hindrance(&speaks(1, 2), 2), None);
        assert_eq!(hindrance(&speaks(1, 1), 2).unwrap(), "host h, release 2.0, speaks 1");
        assert_eq!(hindrance(&speaks(0, 0), 2).unwrap(), "host h, release 2.0, speaks 1");
        assert_eq!(hindrance(&member(None), 2).unwrap(), "host h does not say: it does not answer");
    }
}
