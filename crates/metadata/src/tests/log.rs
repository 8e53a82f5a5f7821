//! Entries as bytes, in their order, and the voters that agree on them.

use super::*;
use crate::{Change, Entry, Epoch, begin_lineage};
use henge_base::Bytes;

#[test]
fn rubbish_is_no_entry() {
    let decode = |bytes: &[u8]| SealedEntry::decode(Bytes::copy_from_slice(bytes), VersionRange::OF_RELEASE);
    assert!(decode(b"").is_err());
    assert!(decode(&[9, 1, 2]).unwrap_err().to_string().contains("format 9"));
    let voter = Voter::with_members(1);
    let bytes = voter.entries[0].bytes();
    for cut in 0..bytes.len() {
        assert!(decode(&bytes[..cut]).is_err(), "{cut}");
    }
}

#[test]
fn an_entry_made_for_another_log_is_refused() {
    let (mut one, mut other) = (Voter::with_members(1), Voter::with_members(1));
    assert_eq!(one.state, other.state);
    one.run(&keyspace("a", 1), &mut Random::new(5)).unwrap();
    other.run(&keyspace("b", 1), &mut Random::new(6)).unwrap();
    let next = other.run(&keyspace("c", 1), &mut Random::new(7)).unwrap();
    let before = one.state.clone();
    assert!(one.state.apply(&next).unwrap_err().to_string().contains("follows on an entry with hash"));
    assert_eq!(one.state, before);
}

#[test]
fn a_command_is_known_by_its_origin() {
    let mut voter = Voter::with_members(1);
    let origin = CommandId::random(&mut Random::new(9));
    let entry = propose(&voter.state, origin, &keyspace("a", 1), &mut Random::new(9), 7).unwrap();
    assert_eq!(voter.state.recent.index_of(origin), None);
    voter.state.apply(&entry).unwrap();
    assert_eq!(voter.state.recent.index_of(origin), Some(entry.position().epoch.index));
}

#[test]
fn voters_grow_with_the_cluster_and_shrink_with_it() {
    let mut voter = Voter::with_members(2);
    assert_eq!(voter.state.voters.len(), 1);
    let mut random = Random::new(5);
    let join = |number| Command::Join { name: "Test Cluster".to_owned(), member: draft(number) };
    voter.run(&join(2), &mut random).unwrap();
    assert_eq!(voter.state.voters.len(), 3);
    voter.run(&join(3), &mut random).unwrap();
    voter.run(&join(4), &mut random).unwrap();
    assert_eq!(voter.state.voters.len(), 5);
    let gone = draft(1).id;
    voter.run(&Command::RemoveMember { id: gone, force: false }, &mut random).unwrap();
    assert!(voter.state.voters.len() == 3 && !voter.state.voters.contains(&gone));
    assert!(voter.run(&Command::RemoveMember { id: gone, force: false }, &mut random).unwrap_err().is_no_op());
    assert!(voter.run(&join(1), &mut random).unwrap_err().to_string().contains("never comes back"));
    assert_eq!(voter.state.check(), Ok(()));
}

#[test]
fn a_voter_that_is_down_is_replaced_if_somebody_can() {
    let mut voter = Voter::with_members(4);
    let mut random = Random::new(5);
    let (down, spare) = {
        let state = &voter.state;
        let spare = state.members.keys().find(|id| !state.voters.contains(id)).copied().unwrap();
        (state.voters[0], spare)
    };
    let replace = Command::ReplaceVoters { down: BTreeSet::from([down]) };
    voter.run(&replace, &mut random).unwrap();
    assert!(voter.state.voters.contains(&spare) && !voter.state.voters.contains(&down));
    assert!(voter.run(&replace, &mut random).unwrap_err().is_no_op());
}

#[test]
fn a_new_lineage_follows_on_the_entry_that_it_names() {
    let mut survivor = Voter::with_members(3);
    let mut beyond = Voter::with_members(3);
    assert_eq!(survivor.state, beyond.state);
    beyond.run(&keyspace("lost", 1), &mut Random::new(5)).unwrap();
    let me = draft(2).id;
    let entry = begin_lineage(&survivor.state, me, CommandId::default(), 9).unwrap();
    survivor.state.apply(&entry).unwrap();
    assert_eq!((survivor.state.epoch.lineage, &survivor.state.voters[..]), (1, &[me][..]));
    assert!(beyond.state.apply(&entry).is_err(), "it has an entry that the new lineage lacks");
    survivor.run(&keyspace("ks", 1), &mut Random::new(5)).unwrap();
    assert_eq!(survivor.state.epoch.lineage, 1);
    assert!(!survivor.state.goes_on_from(beyond.state.epoch));
    assert!(survivor.state.goes_on_from(beyond.entries[2].position().epoch));
    assert!(survivor.state.goes_on_from(survivor.state.epoch));
    assert!(begin_lineage(&survivor.state, draft(9).id, CommandId::default(), 9).is_err());
}

/// An entry as the first format had it.
#[derive(serde::Serialize)]
struct FirstFormat {
    epoch: Epoch,
    proposed: i64,
    changes: Vec<Change>,
}

#[test]
fn entries_of_the_first_format_are_read() {
    let mut voter = Voter::with_members(1);
    let next = voter.run(&keyspace("ks", 1), &mut Random::new(5)).unwrap();
    let of_format_1 = |sealed: &SealedEntry| {
        let Entry { epoch, proposed, changes, .. } = sealed.entry().clone();
        let mut bytes = vec![1];
        rmp_serde::encode::write_named(&mut bytes, &FirstFormat { epoch, proposed, changes }).unwrap();
        SealedEntry::decode(bytes.into(), VersionRange::OF_RELEASE).unwrap()
    };
    let mut state = ClusterState::default();
    state.apply(&of_format_1(&voter.entries[0])).unwrap();
    assert_eq!(state.members, voter.state.members);
    assert!(state.apply(&next).is_err(), "one of the present format names the entry that it follows on");
    let follower = propose(&state, CommandId::default(), &keyspace("ks", 1), &mut Random::new(5), 7).unwrap();
    state.apply(&follower).unwrap();
}
