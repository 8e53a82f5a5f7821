//! A cluster that is made from the state of another: its schema, its roles, and one member. It never meets the old one: its id is
//! another, its lineage is later, and the old members are removed hosts.

use crate::keyspace_names::is_system;
use crate::keyspace_placements::place_keyspaces;
use crate::membership::new_member_with_tokens;
use crate::{Change, ClusterState, CommandId, CommandRefusal, Entry, Epoch, JoinDraft, PlanKind};
use henge_base::{ClusterId, HostId, Micros, Random};
use henge_model::{Keyspace, TokenRange};
use henge_ring::Placement;

impl ClusterState {
    /// The state of a new cluster of one member that has the schema and the roles of this one.
    pub fn restore(
        &self,
        name: &str,
        member: &JoinDraft,
        random: &mut Random,
        now_us: Micros,
    ) -> Result<ClusterState, CommandRefusal> {
        if self.epoch.index == 0 {
            return Err(CommandRefusal::Cluster(
                "the node was in no cluster, and has neither schema nor rows".to_owned(),
            ));
        }
        let invalid = |what: String| CommandRefusal::Cluster(what);
        let mut changes = self.plan.iter().map(|_| Change::PlanEnded).collect::<Vec<Change>>();
        if self.plan.as_ref().is_some_and(|plan| matches!(plan.kind, PlanKind::Alter { .. })) {
            changes.push(Change::TransitEnded);
        }
        changes.extend(self.members.keys().copied().map(Change::Removed));
        let cluster = ClusterId::random(random);
        let version = self.active_version;
        changes.push(Change::Cluster { id: cluster, name: name.to_owned(), voters: vec![member.id], version });
        let alone = self.with(&changes).map_err(|error| invalid(error.to_string()))?;
        changes.push(Change::Joined(new_member_with_tokens(&alone, member, random)?));
        let joined = self.with(&changes).map_err(|error| invalid(error.to_string()))?;
        changes.extend(place_keyspaces(&joined, joined.schema.keyspaces.values()));
        let epoch = Epoch { lineage: self.epoch.lineage + 1, index: self.epoch.index + 1 };
        let origin = CommandId::random(random);
        let entry = Entry { epoch, previous: self.hash, origin, proposed: now_us, changes }.seal(version);
        let mut next = self.clone();
        next.apply(&entry).map_err(|error| invalid(error.to_string()))?;
        next.check().map_err(|fault| invalid(fault.to_string()))?;
        next.check_held(member)?;
        Ok(next)
    }

    /// Refuses a state of which the member could not hold some keyspace.
    fn check_held(&self, member: &JoinDraft) -> Result<(), CommandRefusal> {
        for keyspace in self.schema.keyspaces.values().filter(|keyspace| !is_system(&keyspace.name)) {
            let holds = |placement: &Placement| placement.ranges().all(|range| range.read.contains(member.id));
            if !self.placement_of(keyspace).is_some_and(|placement| holds(placement)) {
                return Err(CommandRefusal::Member(format!(
                    "keyspace {} has the replication {}, and this node is in datacentre {}: it could hold none of its rows; give the node \
                     a datacentre of that keyspace (the setting datacenter)",
                    keyspace.name, keyspace.replication, member.datacenter
                )));
            }
        }
        Ok(())
    }

    /// Keyspaces of users of which a host read a part only, each with the part, from 0 to 1.
    pub fn parts_held_by(&self, host: HostId) -> Vec<(String, f64)> {
        let keyspaces = self.schema.keyspaces.values().filter(|keyspace| !is_system(&keyspace.name));
        let part = |keyspace: &Keyspace| {
            let placement = self.placement_of(keyspace)?;
            let held = placement.ranges().filter(|range| range.read.contains(host)).map(|range| width(range.range));
            Some(held.sum::<f64>() / 2_f64.powi(64))
        };
        let parts = keyspaces.filter_map(|keyspace| Some((keyspace.name.clone(), part(keyspace)?)));
        parts.filter(|(_, part)| *part < 0.999_999).collect()
    }
}

/// The number of tokens of a range.
fn width(range: TokenRange) -> f64 {
    match range.end.0.wrapping_sub(range.start.0).cast_unsigned() {
        0 => 2_f64.powi(64),
        width => width as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, Snapshot, VersionRange, propose};
    use henge_model::Replication;
    use std::net::SocketAddr;

    fn draft(number: u8, datacenter: &str) -> JoinDraft {
        JoinDraft {
            id: HostId::random(&mut Random::new(u64::from(number))),
            datacenter: datacenter.to_owned(),
            rack: "r".to_owned(),
            address: SocketAddr::from(([10, 0, 0, number], 7000)),
            rpc_address: SocketAddr::from(([10, 0, 0, number], 9042)),
            num_tokens: 8,
            speaks: VersionRange::OF_RELEASE,
        }
    }

    /// The state that these commands lead to, with a cluster of four members in one datacentre.
    fn state(commands: &[Command]) -> ClusterState {
        let (mut state, mut random) = (ClusterState::default(), Random::new(1));
        let name = || "old".to_owned();
        let joins = (1..4).map(|number| Command::Join { name: name(), member: draft(number, "dc") });
        let first = Command::Bootstrap { name: name(), first: draft(0, "dc") };
        for command in std::iter::once(first).chain(joins).chain(commands.iter().cloned()) {
            let origin = CommandId::random(&mut random);
            let entry = propose(&state, origin, &command, &mut random, 7).unwrap();
            state.apply(&entry).unwrap();
        }
        state
    }

    fn keyspace(name: &str, replication: Replication) -> Command {
        Command::CreateKeyspace { name: name.to_owned(), replication, durable_writes: true, if_not_exists: false }
    }

    #[test]
    fn a_restored_cluster_has_the_schema_and_never_meets_the_old_one() {
        let one = keyspace("one", Replication::Simple { factor: 1 });
        let three = keyspace("three", Replication::Simple { factor: 3 });
        let goal = Some(Replication::Simple { factor: 3 });
        let alter = Command::AlterKeyspace { name: "one".to_owned(), durable_writes: true, replication: goal };
        let join = Command::Join { name: "old".to_owned(), member: draft(8, "dc") };
        let kinds = [vec![one.clone(), three.clone()], vec![one.clone(), three.clone(), join], vec![one, three, alter]];
        for commands in kinds {
            let old = state(&commands);
            let member = draft(9, "dc");
            let new = old.restore("new", &member, &mut Random::new(5), 9).unwrap();
            assert_eq!((new.check(), Snapshot::of(&new).state(VersionRange::OF_RELEASE).as_ref()), (Ok(()), Ok(&new)));
            assert_eq!(new.members.keys().copied().collect::<Vec<_>>(), [member.id]);
            assert_eq!((&new.plan, &new.voters, new.name.as_str()), (&None, &vec![member.id], "new"));
            assert!(old.members.keys().all(|host| new.removed.contains(host)));
            assert!(new.cluster_id != old.cluster_id && new.epoch.lineage > old.epoch.lineage);
            assert_eq!((&new.schema, &new.roles), (&old.schema, &old.roles));
            assert_eq!(new.parts_held_by(member.id), []);
            // An entry of the old log is of another lineage.
            let drop = Command::DropKeyspace { name: "three".to_owned(), if_exists: true };
            let mut random = Random::new(6);
            let entry = propose(&new, CommandId::random(&mut random), &drop, &mut random, 9).unwrap();
            assert!(old.clone().apply(&entry).is_err() && new.clone().apply(&entry).is_ok());
        }
    }

    #[test]
    fn parts_of_the_ring_that_a_node_held_are_told() {
        let factors = [("four", 4), ("two", 2)];
        let keyspaces = factors.map(|(name, factor)| keyspace(name, Replication::Simple { factor }));
        let old = state(&keyspaces);
        let held = |number| old.parts_held_by(draft(number, "dc").id);
        assert!((0..4).all(|number| held(number).iter().map(|(name, _)| name.as_str()).eq(["two"])));
        let sum: f64 = (0..4).map(|number| held(number)[0].1).sum();
        assert!((sum - 2.0).abs() < 1e-6, "{sum}");
    }

    #[test]
    fn a_node_that_could_hold_nothing_of_a_keyspace_is_refused() {
        let factors = [("dc".to_owned(), 3)].into();
        let old = state(&[keyspace("far", Replication::NetworkTopology { factors })]);
        let refusal = old.restore("new", &draft(9, "elsewhere"), &mut Random::new(5), 9).unwrap_err().to_string();
        assert!(
            refusal.contains("keyspace far") && refusal.contains("this node is in datacentre elsewhere"),
            "{refusal}"
        );
        let none = ClusterState::default().restore("new", &draft(9, "dc"), &mut Random::new(5), 9);
        assert!(none.unwrap_err().to_string().contains("was in no cluster"));
    }
}
