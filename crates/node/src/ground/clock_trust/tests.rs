use super::*;

const HOUR: i64 = 3_600_000_000;
const WALL: i64 = 1_700_000_000_000_000;

fn peer(offset_us: i64) -> Comparison {
    Comparison { offset_us, error_us: 0, has_jumped: false }
}

fn jumped_peer(offset_us: i64) -> Comparison {
    Comparison { has_jumped: true, ..peer(offset_us) }
}

fn differs(offset_us: i64, is_sure: bool) -> Verdict {
    Verdict::Differs { offset_us, is_sure }
}

/// A clock that most peers agreed with at time zero.
fn trusted_clock() -> ClockTrust {
    let clock = ClockTrust::new(WALL, Mono(0));
    clock.take(Verdict::Agrees, false, WALL, Mono(0));
    clock
}

#[test]
fn an_offset_is_right_to_within_half_of_the_round_trip() {
    let reading = Reading { wall_us: 1_500, has_jumped: false };
    assert_eq!(Comparison::new(1_000, 1_400, reading), Comparison { offset_us: 300, error_us: 200, has_jumped: false });
    // The clock was set back while the answer was on its way.
    assert_eq!(Comparison::new(1_000, 400, reading).error_us, 0);
    let slow = Comparison { offset_us: OFFSET_MAX_US + 5, error_us: 5, has_jumped: false };
    assert!(!slow.differs() && Comparison { error_us: 4, ..slow }.differs());
}

#[test]
fn most_of_the_peers_decide() {
    let (near, far) = (peer(1_000), peer(HOUR));
    let table = [
        (vec![], 0, Verdict::Unheard),
        (vec![near], 0, Verdict::Agrees),
        (vec![far], 0, differs(HOUR, false)),
        (vec![near, far], 0, Verdict::Open),
        (vec![far, far, near], 0, differs(HOUR, true)),
        (vec![near, near, far], 0, Verdict::Agrees),
        (vec![near], 1, Verdict::Open),
        (vec![far], 1, Verdict::Open),
        (vec![peer(HOUR), peer(HOUR + 7), peer(HOUR - 7)], 0, differs(HOUR, true)),
        (vec![peer(HOUR), peer(-HOUR)], 0, differs(HOUR, false)),
        // A slow answer tells nothing.
        (vec![Comparison { error_us: MAX_DRIFT_US, ..near }], 0, Verdict::Open),
        (vec![Comparison { error_us: MAX_DRIFT_US, ..near }, near, near], 0, Verdict::Agrees),
        // A peer whose own clock jumped counts only if it agrees.
        (vec![near, jumped_peer(HOUR)], 0, Verdict::Agrees),
        (vec![jumped_peer(HOUR)], 0, Verdict::Unheard),
        (vec![jumped_peer(0)], 0, Verdict::Agrees),
    ];
    for (comparisons, silent, verdict) in table {
        assert_eq!(judge(&comparisons, silent), verdict, "{comparisons:?} {silent}");
    }
}

#[test]
fn a_jump_is_seen_at_once_and_passes_when_the_clock_is_put_right() {
    let clock = trusted_clock();
    for jump in [HOUR, -HOUR, OFFSET_MAX_US + 1, -OFFSET_MAX_US - 1] {
        let wall = WALL + 50 + jump;
        assert_eq!(clock.check(wall, Mono(50)), Err(Distrust::Jumped(jump)));
        assert_eq!(clock.right_time(wall, Mono(50)), WALL + 50, "the monotonic clock goes on");
        assert!(clock.reading(wall, Mono(50)).has_jumped);
        assert_eq!(clock.check(WALL + 60, Mono(60)), Ok(()));
    }
    assert_eq!(clock.check(WALL + OFFSET_MAX_US, Mono(0)), Ok(()));
}

/// Answers come after a while, and the clock may jump meanwhile.
#[test]
fn peers_confirm_the_time_at_which_they_were_asked() {
    let clock = trusted_clock();
    clock.take(Verdict::Agrees, false, WALL + 10, Mono(10));
    assert_eq!(clock.check(WALL + HOUR + 20, Mono(20)), Err(Distrust::Jumped(HOUR)));
}

#[test]
fn a_jump_that_most_peers_confirm_is_followed() {
    let clock = trusted_clock();
    clock.take(Verdict::Open, false, WALL + HOUR, Mono(0));
    assert_eq!(clock.check(WALL + HOUR, Mono(0)), Err(Distrust::Jumped(HOUR)));
    clock.take(Verdict::Agrees, false, WALL + HOUR, Mono(0));
    assert_eq!(clock.check(WALL + HOUR + 1, Mono(1)), Ok(()));
}

#[test]
fn a_clock_that_most_differ_from_takes_their_time_and_comes_back_by_itself() {
    for is_jump in [true, false] {
        let clock = if is_jump { trusted_clock() } else { ClockTrust::new(WALL + HOUR, Mono(0)) };
        clock.take(differs(-HOUR, true), false, WALL + HOUR, Mono(0));
        assert_eq!(clock.check(WALL + HOUR, Mono(0)), Err(Distrust::Differs(HOUR)));
        assert_eq!(clock.right_time(WALL + HOUR + 9, Mono(9)), WALL + 9);
        assert_eq!(clock.reading(WALL + HOUR, Mono(0)).has_jumped, is_jump, "who is to blame is told");
        // The clock is put right; the next comparison says so.
        assert!(clock.check(WALL + 20, Mono(20)).is_err());
        clock.take(Verdict::Agrees, false, WALL + 30, Mono(30));
        assert_eq!(clock.check(WALL + 31, Mono(31)), Ok(()));
    }
}

#[test]
fn a_clock_that_is_new_waits_for_peers_or_for_their_silence() {
    let clock = ClockTrust::new(WALL, Mono(0));
    assert_eq!(clock.check(WALL, Mono(0)), Err(Distrust::Unverified));
    for verdict in [Verdict::Unheard, Verdict::Open] {
        clock.take(verdict, false, WALL, Mono(0));
        assert_eq!(clock.check(WALL, Mono(0)), Err(Distrust::Unverified));
    }
    clock.take(Verdict::Unheard, true, WALL, Mono(0));
    assert_eq!(clock.check(WALL, Mono(0)), Ok(()));
}

#[test]
fn a_clock_that_jumps_before_it_was_ever_compared_is_not_trusted_for_want_of_peers() {
    let clock = ClockTrust::new(WALL, Mono(0));
    clock.take(Verdict::Unheard, true, WALL + HOUR, Mono(0));
    assert_eq!(clock.check(WALL + HOUR, Mono(0)), Err(Distrust::Jumped(HOUR)));
}

#[test]
fn a_clock_without_peers_is_followed_if_it_is_alone() {
    let clock = trusted_clock();
    clock.take(Verdict::Unheard, true, WALL + HOUR, Mono(0));
    assert_eq!(clock.check(WALL + HOUR, Mono(0)), Err(Distrust::Jumped(HOUR)), "other members may know better");
    clock.take(Verdict::Alone, true, WALL + HOUR, Mono(0));
    assert_eq!(clock.check(WALL + HOUR, Mono(0)), Ok(()));
}

#[test]
fn a_clock_that_is_slewed_while_no_peer_is_up_has_not_jumped() {
    let clock = trusted_clock();
    for step in 1..=20 {
        let wall = WALL + step * SLEW_MAX_US;
        clock.take(Verdict::Unheard, true, wall, Mono(0));
        assert_eq!(clock.check(wall, Mono(0)), Ok(()));
    }
}

/// A single peer that differs may be the one that is wrong.
#[test]
fn the_time_of_a_single_peer_is_not_taken() {
    let clock = ClockTrust::new(WALL, Mono(0));
    clock.take(differs(HOUR, false), false, WALL, Mono(0));
    assert_eq!(clock.check(WALL, Mono(0)), Err(Distrust::Differs(-HOUR)));
    assert_eq!(clock.right_time(WALL + 5, Mono(5)), WALL + 5);
}
