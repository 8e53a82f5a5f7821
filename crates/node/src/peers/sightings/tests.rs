//! Admitted processes and what contradicts a claim.

use super::*;
use uuid::Uuid;

const HOST: HostId = HostId(Uuid::from_u128(1));

fn with_member(sighting: Sighting) -> Sightings {
    let sightings = Sightings::default();
    sightings.set_members([HOST].into_iter());
    sightings.restore(HOST, sighting);
    sightings
}

#[test]
fn a_claim_is_held_against_what_was_seen() {
    let seen = Sighting { generation: 5, start: 7, clock: 1_000 };
    for (generation, start, lease, contradicts) in [
        (6, 8, 1_000, false), // the next start of the same disk
        (9, 8, 5_000, false), // starts that this node missed
        (5, 7, 100, false),   // the process that is admitted, asking again
        (6, 8, 999, true),    // a copy of the disk from before the clock that was seen
        (4, 8, 5_000, true),  // an earlier start
        (5, 8, 5_000, true),  // the same start of another copy
    ] {
        let claim = Claim { generation, start, lease };
        assert_eq!(seen.contradicts(&claim), contradicts, "{claim:?}");
    }
    assert!(!Sighting::default().contradicts(&Claim { generation: 1, start: 1, lease: 0 }), "nothing was seen");
    let adopted = Sighting { generation: 0, ..seen };
    assert!(!adopted.contradicts(&Claim { generation: 1, start: 8, lease: 1_000 }), "its generation was never told");
    assert!(!adopted.contradicts(&Claim { generation: 1, start: 8, lease: 0 }), "nor was its claim dropped");
}

#[test]
fn one_process_of_a_host_is_admitted_at_a_time() {
    let sightings = with_member(Sighting::default());
    assert!(sightings.sight(HOST, 7, 100), "the first that is heard of");
    assert!(!sightings.sight(HOST, 8, 900));
    assert_eq!(sightings.get(HOST), Some(Sighting { generation: 0, start: 7, clock: 100 }), "others move no clock");
    sightings.admit(HOST, Sighting { generation: 2, start: 8, clock: 150 });
    assert!(!sightings.sight(HOST, 7, 900) && sightings.sight(HOST, 8, 200));
    assert_eq!(sightings.get(HOST), Some(Sighting { generation: 2, start: 8, clock: 200 }));
    assert!(sightings.sight(HostId(Uuid::from_u128(2)), 9, 100), "a host that is no member has no process here");
}

#[test]
fn the_end_of_a_process_is_known_until_the_next_is_admitted() {
    let sightings = with_member(Sighting { generation: 1, start: 7, clock: 100 });
    assert!(!sightings.has_ended(HOST));
    sightings.record_end(HOST, 555);
    assert!(sightings.has_ended(HOST));
    assert_eq!(sightings.get(HOST).unwrap().clock, 555);
    sightings.admit(HOST, Sighting { generation: 2, start: 8, clock: 100 });
    assert!(!sightings.has_ended(HOST));
    assert_eq!(sightings.get(HOST).unwrap().clock, 555, "it never goes back");
}

#[test]
fn what_changed_is_stored_and_what_left_is_removed() {
    let first = Sighting { generation: 1, start: 7, clock: 100 };
    let sightings = with_member(first);
    assert_eq!(sightings.changes(), (vec![], vec![]));
    sightings.sight(HOST, 7, 200);
    let changed = vec![(HOST, Sighting { clock: 200, ..first })];
    assert_eq!(sightings.changes(), (changed.clone(), vec![]));
    sightings.record_stored(&changed, &[]);
    assert_eq!(sightings.changes(), (vec![], vec![]));
    sightings.set_members(std::iter::empty());
    assert_eq!(sightings.changes(), (vec![], vec![HOST]));
    sightings.record_stored(&[], &[HOST]);
    assert_eq!(sightings.changes(), (vec![], vec![]));
}

#[test]
fn a_sighting_has_the_recorded_bytes() {
    let sighting = Sighting { generation: 258, start: 7, clock: -2 };
    let bytes = [1, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 7, 255, 255, 255, 255, 255, 255, 255, 254];
    assert_eq!(sighting.encode().as_ref(), bytes);
    assert_eq!(Sighting::decode(&bytes), Some(sighting));
    for wrong in [&bytes[..20], &[2; 21], &[1; 22], &[]] {
        assert_eq!(Sighting::decode(wrong), None);
    }
}
