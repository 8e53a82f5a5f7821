//! The trust in this node's wall clock: it is compared with the monotonic clock at any moment, and with those of peers by
//! `work::clock_watch`. docs/protocols/clocks.md tells the rules.

use henge_base::{MAX_DRIFT_US, Micros, Mono, OFFSET_MAX_US};
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

/// A wall clock that went this many microseconds away from the monotonic clock, between two comparisons without a peer,
/// is taken to be slewed: a hundredth is twenty times what NTP does.
const SLEW_MAX_US: i64 = 10_000;

/// A comparison of a peer's wall clock with this node's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// Microseconds that the peer's clock is ahead.
    pub(crate) offset_us: i64,
    /// The most that the offset may be wrong by: half of the round trip.
    pub(crate) error_us: i64,
    /// True if the peer says itself that its clock jumped.
    pub(crate) has_jumped: bool,
}

impl Comparison {
    /// A comparison by a question that was sent when this node's clock showed `sent`, and answered when it showed `answered`.
    pub(crate) fn new(sent: Micros, answered: Micros, reading: Reading) -> Comparison {
        let error_us = (answered.saturating_sub(sent) / 2).max(0);
        let middle = sent.saturating_add(error_us);
        Comparison { offset_us: reading.wall_us.saturating_sub(middle), error_us, has_jumped: reading.has_jumped }
    }

    /// True if the clocks are certainly too far apart.
    fn differs(&self) -> bool {
        self.offset_us.saturating_abs().saturating_sub(self.error_us) > OFFSET_MAX_US
    }

    /// True if the clocks are certainly within the bound. A slow answer tells neither.
    fn agrees(&self) -> bool {
        self.offset_us.saturating_abs().saturating_add(self.error_us) <= MAX_DRIFT_US
    }
}

/// A node's wall clock, as it tells peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) wall_us: Micros,
    /// True if the clock jumped and nobody has confirmed the new time.
    pub(crate) has_jumped: bool,
}

/// The conclusion from comparisons of this node's clock with those of peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// There is no other member.
    Alone,
    /// No peer could be asked.
    Unheard,
    /// Neither most peers agree nor most differ.
    Open,
    /// Most peers agree.
    Agrees,
    /// The clocks of most peers differ.
    Differs {
        /// The median of their offsets.
        offset_us: i64,
        /// True if several peers have that time: then it is the right one. Of two clocks that differ nobody can tell.
        is_sure: bool,
    },
}

/// The verdict of comparisons; `silent` peers were asked and did not answer.
pub(crate) fn judge(comparisons: &[Comparison], silent: usize) -> Verdict {
    let mut differing: Vec<i64> =
        comparisons.iter().filter(|peer| peer.differs() && !peer.has_jumped).map(|peer| peer.offset_us).collect();
    let agreeing = comparisons.iter().filter(|peer| peer.agrees() && !peer.differs()).count();
    let to_blame = comparisons.iter().filter(|peer| peer.differs() && peer.has_jumped).count();
    let asked = comparisons.len() - to_blame + silent;
    differing.sort_unstable();
    let median = differing.get(differing.len() / 2).copied().unwrap_or(0);
    let together = differing.iter().filter(|offset| offset.saturating_sub(median).saturating_abs() <= MAX_DRIFT_US);
    if differing.len() * 2 > asked {
        Verdict::Differs { offset_us: median, is_sure: together.count() > 1 }
    } else if agreeing * 2 > asked {
        Verdict::Agrees
    } else if asked == 0 {
        Verdict::Unheard
    } else {
        Verdict::Open
    }
}

/// The reason why the clock is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distrust {
    /// It has not been compared since the start.
    Unverified,
    /// It went away from the monotonic clock by so many microseconds, and no peer has confirmed the new time.
    Jumped(i64),
    /// It is ahead of most peers by so many microseconds.
    Differs(i64),
}

/// The state of the trust; a byte in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum State {
    Unverified = 0,
    Trusted = 1,
    Differs = 2,
    /// As `Differs`, after a jump: this clock is to blame, not those of the peers.
    DiffersAfterJump = 3,
}

/// The trust in a wall clock. Shared without a lock; only one task judges.
#[derive(Debug)]
pub(crate) struct ClockTrust {
    /// The right time less the monotonic clock: by this node's wall clock when it was last trusted, or by its peers.
    base: AtomicI64,
    state: AtomicU8,
    /// Microseconds that the clock is ahead of most peers, by the last comparison.
    ahead_us: AtomicI64,
}

impl ClockTrust {
    /// A clock that nobody has compared yet.
    pub(crate) fn new(wall: Micros, mono: Mono) -> ClockTrust {
        let base = AtomicI64::new(wall.saturating_sub(mono.0 as i64));
        ClockTrust { base, state: AtomicU8::new(State::Unverified as u8), ahead_us: AtomicI64::new(0) }
    }

    /// Succeeds if the clock can be trusted.
    pub(crate) fn check(&self, wall: Micros, mono: Mono) -> Result<(), Distrust> {
        let jump = self.jump(wall, mono);
        match self.state() {
            State::Differs | State::DiffersAfterJump => Err(Distrust::Differs(self.ahead_us.load(Ordering::Relaxed))),
            _ if jump.saturating_abs() > OFFSET_MAX_US => Err(Distrust::Jumped(jump)),
            State::Unverified => Err(Distrust::Unverified),
            State::Trusted => Ok(()),
        }
    }

    /// The time as it seems right: the wall clock's, unless it jumped or most peers differ; then that of the monotonic clock
    /// since the last time that was confirmed.
    pub(crate) fn right_time(&self, wall: Micros, mono: Mono) -> Micros {
        let jump = self.jump(wall, mono);
        if jump.saturating_abs() > OFFSET_MAX_US { wall.saturating_sub(jump) } else { wall }
    }

    /// The clock's reading for a peer.
    pub(crate) fn reading(&self, wall: Micros, mono: Mono) -> Reading {
        let has_jumped = match self.state() {
            State::DiffersAfterJump => true,
            State::Trusted | State::Unverified => self.jump(wall, mono).saturating_abs() > OFFSET_MAX_US,
            State::Differs => false,
        };
        Reading { wall_us: wall, has_jumped }
    }

    /// Takes a verdict on the clock as it was at this moment. One of `Unheard` only counts for a clock that was never compared if `is_patience_over`.
    pub(crate) fn take(&self, verdict: Verdict, is_patience_over: bool, wall: Micros, mono: Mono) {
        let (state, jump) = (self.state(), self.jump(wall, mono));
        match verdict {
            Verdict::Alone | Verdict::Agrees => self.trust(jump),
            Verdict::Differs { offset_us, is_sure } => {
                let after_jump = self.reading(wall, mono).has_jumped;
                self.set(if after_jump { State::DiffersAfterJump } else { State::Differs });
                self.ahead_us.store(offset_us.saturating_neg(), Ordering::Relaxed);
                if is_sure {
                    self.base.fetch_add(jump.saturating_add(offset_us), Ordering::Relaxed);
                }
            }
            Verdict::Unheard if state == State::Unverified && is_patience_over => {
                if jump.saturating_abs() <= OFFSET_MAX_US {
                    self.trust(jump);
                }
            }
            Verdict::Unheard | Verdict::Open if state == State::Trusted && jump.saturating_abs() <= SLEW_MAX_US => {
                self.base.fetch_add(jump, Ordering::Relaxed);
            }
            Verdict::Unheard | Verdict::Open => {}
        }
    }

    fn trust(&self, jump: i64) {
        self.base.fetch_add(jump, Ordering::Relaxed);
        self.set(State::Trusted);
    }

    /// Microseconds that the wall clock went ahead of the monotonic clock since the time was last confirmed.
    fn jump(&self, wall: Micros, mono: Mono) -> i64 {
        wall.saturating_sub(mono.0 as i64).saturating_sub(self.base.load(Ordering::Relaxed))
    }

    fn set(&self, state: State) {
        self.state.store(state as u8, Ordering::Relaxed);
    }

    fn state(&self) -> State {
        match self.state.load(Ordering::Relaxed) {
            0 => State::Unverified,
            1 => State::Trusted,
            2 => State::Differs,
            _ => State::DiffersAfterJump,
        }
    }
}

#[cfg(test)]
mod tests;
