use super::*;
use crate::Refusal;
use crate::fake::{DEADLINE, Does, Fake, settle};
use henge_base::Bytes;
use henge_model::Token;

fn add(fake: &Fake) -> Result<(), WriteError> {
    let (placed, additions) = (fake.keyspace("3"), Bytes::new());
    let count = Count { placed, token: Token(1), additions, consistency: Consistency::Quorum, deadline: DEADLINE };
    settle(super::count(fake, count))
}

#[test]
fn another_replica_leads_after_a_certain_refusal() {
    let fake = Fake::new("ooo");
    fake.set(1, |node| node.writes = Does::Refuses(Refusal::Full));
    fake.set(2, |node| node.writes = Does::Refuses(Refusal::Stalled));
    assert_eq!(add(&fake), Ok(()));
    assert_eq!(fake.log(), "count1 count2 count3");
}

#[test]
fn additions_that_may_have_been_made_are_not_made_again() {
    for does in [Does::Refuses(Refusal::Other), Does::Silent] {
        let fake = Fake::new("ooo");
        fake.set(1, |node| node.writes = does);
        assert!(add(&fake).is_err());
        assert_eq!(fake.log(), "count1");
    }
}

#[test]
fn additions_that_every_replica_refuses_fail() {
    let fake = Fake::new("ooo");
    (1..=3).for_each(|number| fake.set(number, |node| node.writes = Does::Refuses(Refusal::Full)));
    assert!(matches!(add(&fake), Err(WriteError::Failure { .. })));
    assert_eq!(fake.log(), "count1 count2 count3");
}
