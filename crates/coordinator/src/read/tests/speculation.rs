//! Replicas that are late: the order in which replicas are asked, and when one more is.

use super::*;
use crate::Standing;
use henge_base::Mono;
use std::time::Duration;

/// The policy of a table with a value of `speculative_retry`.
pub(super) fn speculating(speculative_retry: &str) -> ReadPolicy {
    let speculative_retry = speculative_retry.to_owned();
    ReadPolicy::from(&henge_model::TableOptions { speculative_retry, ..Default::default() })
}

#[test]
fn speculative_retry_says_when_one_more_replica_is_asked() {
    // Policy, level, replication, nodes (see `Fake::new`): outcome, milliseconds of the second that a read has | what was sent.
    let table = "
        99p    ONE          3    ooo: ok 0 | rows1
        99p    ONE          3    soo: ok 50 | rows1 rows2
        99p    ONE          3    sso: ok 100 | rows1 rows2 rows3
        99p    QUORUM       3    oso: ok 50 | rows1 digest2 digest3
        99p    EACH_QUORUM  a3b3 oso/oso: ok 50 | rows1 digest2 digest4 digest5 digest3 digest6
        MIN(99p,10ms) ONE   3    soo: ok 10 | rows1 rows2
        MIN(99p,90ms) ONE   3    soo: ok 50 | rows1 rows2
        MAX(99p,10ms) ONE   3    soo: ok 50 | rows1 rows2
        MAX(99p,90ms) ONE   3    soo: ok 90 | rows1 rows2
        MAX(99p,900ms) ONE  3    soo: ok 500 | rows1 rows2
        NEVER  ONE          3    ooo: ok 0 | rows1
        NEVER  ONE          3    soo: timeout 0/1 1000 | rows1
        NEVER  ONE          3    roo: ok 0 | rows1 rows2
        NEVER  QUORUM       3    nso: timeout 1/2 1000 data | rows1 digest2 rows3
        ALWAYS ONE          3    ooo: ok 0 | rows1 rows2
        ALWAYS ONE          3    sso: ok 500 | rows1 rows2 rows3
        ALWAYS ONE          3    poo: ok 0 | rows1 rows2
        ALWAYS ONE          3    rro: ok 0 | rows1 rows2 rows3
        ALWAYS ONE          3    odd: ok 0 | rows1
        ALWAYS QUORUM       3    ooo: ok 0 | rows1 rows2 digest3
        ALWAYS QUORUM       3    poo: ok 0 | rows1 rows2 digest3
        ALWAYS QUORUM       3    rro: failure 0/2 by 2 0 | rows1 rows2 digest3
        ALWAYS QUORUM       3    ood: ok 0 | rows1 rows2
        ALWAYS ALL          3    ooo: ok 0 | rows1 rows2 digest3
        ALWAYS LOCAL_ONE    a3b3 poo/ooo: ok 0 | rows1 rows2
        ALWAYS EACH_QUORUM  a3b3 opo/oop: ok 0 | rows1 rows2 digest3 digest4 digest5 digest6
        50ms   ONE          3    ooo: ok 0 | rows1
        50ms   ONE          3    poo: ok 50 | rows1 rows2
        50ms   ONE          3    pro: ok 50 | rows1 rows2 rows3
        50ms   ONE          3    sso: ok 100 | rows1 rows2 rows3
        50ms   ONE          3    dso: ok 50 | rows2 rows3
        50ms   QUORUM       3    opo: ok 50 | rows1 digest2 digest3
        50ms   QUORUM       3    poo: ok 50 | rows1 digest2 rows3
        50ms   QUORUM       3    osd: timeout 1/2 1000 data | rows1 digest2
        50ms   EACH_QUORUM  a3b3 opo/ooo: ok 50 | rows1 digest2 digest4 digest5 digest3
        50ms   EACH_QUORUM  a3b3 opo/poo: ok 50 | rows1 digest2 digest4 digest5 digest3 digest6
        0ms    ONE          3    poo: ok 0 | rows1 rows2
        600ms  ONE          3    soo: ok 600 | rows1 rows2
        2000ms ONE          3    soo: timeout 0/1 1000 | rows1";
    for line in table.lines().skip(1) {
        let (case, expected) = line.split_once(':').unwrap();
        let [policy, level, replication, nodes] = case.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let fake = Fake::new(nodes);
        let level = level.parse().unwrap();
        let outcome = read_under(&fake, replication, level, one(&key(1, 1)), speculating(policy));
        let (outcome, data) = (show(&outcome), show(&outcome).ends_with(" data"));
        let outcome = outcome.trim_end_matches(" data");
        let got = format!("{outcome} {}{} | {}", fake.elapsed_ms(), if data { " data" } else { "" }, fake.log());
        assert_eq!(got.trim(), expected.trim(), "{case}");
    }
}

#[test]
fn speculative_retry_is_not_for_scans() {
    for policy in ["NEVER", "ALWAYS", "50ms"] {
        let fake = Fake::new("soo");
        read_under(&fake, "3", Consistency::One, all(9, false), speculating(policy)).unwrap();
        assert_eq!((fake.log().as_str(), fake.elapsed_ms()), ("rows1 rows2", 50), "{policy}");
    }
}

/// Milliseconds until a quorum answered, and what was sent, where the second of three replicas is silent.
fn read_past_a_silent_one(prepare: impl Fn(&Fake)) -> (u64, String) {
    let fake = Fake::new("oso");
    prepare(&fake);
    quorum(&fake, one(&key(1, 1))).unwrap();
    (fake.elapsed_ms(), fake.log())
}

#[test]
fn a_replica_is_late_when_it_takes_longer_than_it_takes_as_a_rule() {
    for (measured, delay) in [(None, 50), (Some(0), 2), (Some(7), 7), (Some(300), 300), (Some(5_000), 500)] {
        let (time, log) = read_past_a_silent_one(|fake| {
            // Neither answers at once, so both are waited for.
            fake.set(1, |node| node.answer_time = Some(Duration::ZERO));
            fake.set(2, |node| node.answer_time = measured.map(Duration::from_millis));
        });
        assert_eq!((time, log.as_str()), (delay, "rows1 digest2 digest3"), "{measured:?}");
    }
}

#[test]
fn silent_and_slow_replicas_are_asked_last_and_probed() {
    let standing = |is_silent, millis| Standing { is_silent, expected: Duration::from_millis(millis) };
    for late in [standing(true, 0), standing(false, 90)] {
        let (time, log) = read_past_a_silent_one(|fake| {
            fake.set(2, |node| node.standing = late);
            fake.set(3, |node| node.standing = standing(false, 1));
        });
        assert_eq!((time, log.as_str()), (0, "probe2 rows1 digest3"), "{late:?}");
    }
    // One that the level cannot do without is asked all the same.
    let fake = Fake::new("oo");
    fake.set(2, |node| node.standing = standing(true, 0));
    assert_eq!(show(&read_at(&fake, "2", Consistency::All, one(&key(1, 1)))), "ok");
}

#[test]
fn beyond_its_budget_a_read_waits_for_half_of_its_time_unless_the_late_replica_is_silent() {
    let spend_all = |fake: &Fake| while fake.budget.spend() {};
    let (time, log) = read_past_a_silent_one(spend_all);
    assert_eq!((time, log.as_str()), (500, "rows1 digest2 digest3"));
    let fake = Fake::new("oso");
    spend_all(&fake);
    // Found out while it is waited for: the first look is at the order.
    fake.set(2, |node| node.silent_from = Some(Mono(50_000)));
    quorum(&fake, one(&key(1, 1))).unwrap();
    assert_eq!((fake.elapsed_ms(), fake.log().as_str()), (50, "rows1 digest2 digest3"));
    assert_eq!(*fake.events.lock().unwrap(), [Event::SilentReplica]);
}
