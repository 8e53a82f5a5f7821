//! One round of asking replicas: it ends when the level is met, or when it cannot be met in time.

use super::{AnswerForm, Answers, ReplicaRead};
use crate::candidate::{Candidate, Candidates, are_distinct};
use crate::lateness::retry_delay;
use crate::limits::{REPEAT_DELAY, REPEATS_MAX};
use crate::tally::{Loss, Tally};
use crate::under_way::{Next, UnderWay};
use crate::{Event, ReadError, ReadKind, ReadReply, ReplicaError, Replicas};
use henge_base::{HostId, Mono};
use henge_model::SpeculativeRetry;
use smallvec::SmallVec;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

impl<R: Replicas> ReplicaRead<'_, R> {
    /// Asks the first of `pool` that the level needs, and others of it in place of those that fail, or beside those that are late, while
    /// time is left.
    pub(crate) async fn ask(&self, pool: Candidates, form: AnswerForm) -> Result<Answers, ReadError> {
        let mut round = ReadRound::new(self, pool, form);
        round.run().await?;
        Ok(round.into_answers())
    }
}

/// One round of requests to replicas, under way.
pub(super) struct ReadRound<'a, R: Replicas> {
    read: &'a ReplicaRead<'a, R>,
    form: AnswerForm,
    tally: Tally<'a>,
    under_way: UnderWay<(Candidate, ReadKind), R::Read>,
    answers: SmallVec<[(Candidate, ReadReply); 3]>,
    /// Replicas that were not asked.
    spare: Candidates,
    /// Replicas that could not be asked, or whose answer was lost.
    unanswered: SmallVec<[(Candidate, ReplicaError); 1]>,
    /// The number of times that `unanswered` replicas were asked again, at most [`REPEATS_MAX`].
    repeats: u32,
    /// The time at which one replica more is asked whatever the speculation budget says: one that died silently must not take all of the
    /// time.
    half_time: Mono,
    /// The shortest wait until the speculation budget is tried again. It doubles when the budget refuses, and is zero before.
    backoff: Duration,
    /// The last reading of the clock.
    now: Mono,
}

impl<'a, R: Replicas> ReadRound<'a, R> {
    /// A round that has asked nobody yet.
    pub(super) fn new(read: &'a ReplicaRead<'a, R>, pool: Candidates, form: AnswerForm) -> Self {
        ReadRound {
            read,
            form,
            tally: Tally::new(read.required),
            under_way: UnderWay::new(),
            answers: SmallVec::new(),
            spare: pool,
            unanswered: SmallVec::new(),
            repeats: 0,
            half_time: read.half_time(read.began),
            backoff: Duration::ZERO,
            now: read.began,
        }
    }

    /// Asks replicas until the level is met, or cannot be met in time.
    pub(super) async fn run(&mut self) -> Result<(), ReadError> {
        let replicas = self.read.replicas;
        replicas.budget().earn();
        self.ask_first();
        // Set only once something has to be waited for, and in this future, so that it costs no allocation.
        let mut timer = pin!(None);
        // If digests alone meet the level, rows that are under way are waited for: without rows everything would be asked again.
        while !(self.tally.is_met() && (self.has_rows() || !self.awaits_rows())) {
            if let Some(loss) = self.tally.loss() {
                if loss == Loss::Refused || !self.may_repeat() {
                    return Err(self.failure(loss));
                }
                self.repeat().await;
                continue;
            }
            debug_assert_eq!(self.tally.open(), self.under_way.labels().count());
            match self.next(timer.as_mut(), |delay| replicas.sleep(delay)).await {
                Next::Ended((candidate, kind), reply) => self.on_reply(candidate, kind, reply),
                Next::Late => self.speculate(),
                Next::Idle => return Err(self.failure(Loss::Silent)),
            }
        }
        Ok(())
    }

    /// The answers of a round that met the level.
    fn into_answers(self) -> Answers {
        let ReadRound { under_way, answers, mut spare, .. } = self;
        debug_assert!(are_distinct(answers.iter().map(|(candidate, _)| candidate.host)), "I30: one answer of each");
        spare.extend(under_way.labels().map(|(candidate, _)| candidate));
        Answers { answers, spare }
    }

    /// Asks as many replicas of each group as the level needs, nearest first, and one more of each if the table says `ALWAYS`.
    fn ask_first(&mut self) {
        let is_always = self.read.speculation == SpeculativeRetry::Always;
        let mut first = Candidates::new();
        let mut extra: SmallVec<[usize; 1]> = SmallVec::new();
        let tally = &mut self.tally;
        self.spare.retain(|candidate| {
            if !tally.lacks(candidate.group) {
                if !is_always || extra.contains(&candidate.group) {
                    return true;
                }
                extra.push(candidate.group);
            }
            tally.count_request(candidate.group);
            first.push(*candidate);
            false
        });
        // With one replica more than needed, any one answer may stay away, that with the rows too: so two are asked for rows.
        let rows = if is_always { 2 } else { 1 };
        for (number, candidate) in first.into_iter().enumerate() {
            let is_digest = self.form == AnswerForm::OneAndDigests && number >= rows;
            self.ask(candidate, if is_digest { ReadKind::Digest } else { ReadKind::Rows });
        }
    }

    /// Asks one spare replica of each group that lacks answers.
    fn ask_one_more(&mut self) {
        for group in 0..self.read.required.groups.len() {
            if self.tally.is_group_met(group) {
                continue;
            }
            self.ask_spare(group, self.kind_of_next(self.has_rows()));
        }
    }

    /// Waits for the next answer, or for the time to ask one replica more ([`Next::Late`]).
    async fn next<T: Future<Output = ()>>(
        &mut self,
        mut timer: Pin<&mut Option<T>>,
        sleep: impl Fn(Duration) -> T,
    ) -> Next<(Candidate, ReadKind), <R::Read as Future>::Output> {
        poll_fn(|context| {
            if let Poll::Ready(next) = self.under_way.poll(context) {
                return Poll::Ready(next.into());
            }
            if timer.is_none() {
                timer.set(self.delay().map(&sleep));
            }
            match timer.as_mut().as_pin_mut().map(|timer| timer.poll(context)) {
                Some(Poll::Ready(())) => {
                    timer.set(None);
                    Poll::Ready(Next::Late)
                }
                Some(Poll::Pending) | None => Poll::Pending,
            }
        })
        .await
    }

    /// The time until one replica more is to be asked; `None` if that is never.
    fn delay(&self) -> Option<Duration> {
        let ReplicaRead { replicas, speculation, work, deadline, .. } = *self.read;
        let may_ask = self.spare.iter().any(|spare| !self.tally.is_group_met(spare.group));
        if !may_ask || speculation == SpeculativeRetry::Never || replicas.faults().wait_for_silent {
            return None;
        }
        let measured = |share| {
            let times = self.late_hosts().map(|host| replicas.answer_time(host, work, share));
            times.reduce(|one, other| one.zip(other).map(|(one, other)| one.max(other))).flatten()
        };
        let until_half = self.half_time.since(self.now);
        let delay = retry_delay(speculation, measured).map_or(until_half, |delay| delay.max(self.backoff));
        let delay = delay.min(until_half);
        (self.now + delay < deadline).then_some(delay)
    }

    /// The replicas that have not answered, of groups that lack answers.
    fn late_hosts(&self) -> impl Iterator<Item = HostId> + '_ {
        let late = self.under_way.labels().filter(|(candidate, _)| !self.tally.is_group_met(candidate.group));
        late.map(|(candidate, _)| candidate.host)
    }

    /// Asks one replica more beside those that are late. If that is for speed alone, the budget may refuse it: it is tried again later.
    fn speculate(&mut self) {
        let replicas = self.read.replicas;
        let now = replicas.mono();
        self.now = now;
        let is_half_over = now >= self.half_time;
        if is_half_over || self.are_late_silent(now) {
            replicas.count(Event::SilentReplica);
        } else if replicas.budget().spend() {
            replicas.count(Event::Speculation);
        } else {
            replicas.count(Event::SpeculationLimit);
            self.backoff = 2 * self.delay().unwrap_or_default();
            return;
        }
        (self.half_time, self.backoff) = (self.read.half_time(now), Duration::ZERO);
        self.ask_one_more();
    }

    /// True if a late replica answers no requests at all, while a spare one does. If all seem silent, it is this node that was held up.
    fn are_late_silent(&self, now: Mono) -> bool {
        let ReplicaRead { replicas, work, .. } = *self.read;
        let is_silent = |host| replicas.standing(host, work, now).is_silent;
        self.late_hosts().any(is_silent) && self.spare.iter().any(|spare| !is_silent(spare.host))
    }

    fn ask(&mut self, candidate: Candidate, kind: ReadKind) {
        let ReplicaRead { replicas, command, deadline, .. } = self.read;
        let to = self.read.recipient(candidate.host);
        let pending = replicas.read(to, Arc::clone(command), kind, *deadline);
        self.under_way.push((candidate, kind), pending);
    }

    /// Asks the nearest spare replica of a group, if there is one and time is left.
    fn ask_spare(&mut self, group: usize, kind: ReadKind) {
        if self.read.replicas.mono() >= self.read.deadline {
            return;
        }
        let Some(at) = self.spare.iter().position(|candidate| candidate.group == group) else { return };
        let candidate = self.spare.remove(at);
        self.tally.count_request(group);
        self.ask(candidate, kind);
    }

    fn on_reply(&mut self, candidate: Candidate, kind: ReadKind, reply: Result<ReadReply, ReplicaError>) {
        match self.read.validate(candidate, kind, reply) {
            Ok(reply) => {
                self.tally.count_answer(candidate.group);
                self.answers.push((candidate, reply));
            }
            Err(error) => {
                self.tally.count_failure(candidate.group, candidate.host, error);
                if matches!(error, ReplicaError::NotSent | ReplicaError::Unknown) {
                    self.unanswered.push((candidate, error));
                }
                if !self.tally.is_group_met(candidate.group) {
                    self.ask_spare(candidate.group, self.kind_of_next(self.has_rows()));
                }
            }
        }
    }

    /// True if replicas may be asked again: a broken link (all break after a long pause of this node) connects again soon.
    fn may_repeat(&self) -> bool {
        let is_in_time = self.read.replicas.mono() + 2 * REPEAT_DELAY < self.read.deadline;
        self.repeats < REPEATS_MAX && is_in_time && !self.unanswered.is_empty()
    }

    /// Pauses, then asks the `unanswered` replicas again of which the level needs an answer.
    async fn repeat(&mut self) {
        self.repeats += 1;
        self.read.replicas.pause(REPEAT_DELAY * self.repeats).await;
        for (candidate, error) in std::mem::take(&mut self.unanswered) {
            if !self.tally.lacks(candidate.group) {
                self.unanswered.push((candidate, error));
                continue;
            }
            self.tally.count_repeat(candidate.group, error);
            self.ask(candidate, self.kind_of_next(self.has_rows() || self.awaits_rows()));
        }
    }

    /// The kind of a further request: digests do only if rows come from elsewhere.
    fn kind_of_next(&self, are_rows_elsewhere: bool) -> ReadKind {
        let digest_will_do = self.form == AnswerForm::OneAndDigests && are_rows_elsewhere;
        if digest_will_do { ReadKind::Digest } else { ReadKind::Rows }
    }

    fn has_rows(&self) -> bool {
        self.answers.iter().any(|(_, reply)| matches!(reply, ReadReply::Rows(_)))
    }

    fn awaits_rows(&self) -> bool {
        self.under_way.labels().any(|(_, kind)| kind == ReadKind::Rows)
    }

    fn failure(&mut self, loss: Loss) -> ReadError {
        let ReplicaRead { consistency, required, .. } = *self.read;
        let (received, block_for) = (self.tally.short(), required.block_for());
        let data_present = self.has_rows();
        match loss {
            Loss::Unsent => ReadError::Unavailable { consistency, required: block_for, alive: self.tally.alive() },
            Loss::Silent => ReadError::Timeout { consistency, received, block_for, data_present },
            Loss::Refused => {
                let failures = self.tally.take_failures();
                ReadError::Failure { consistency, received, block_for, failures, data_present }
            }
        }
    }
}
