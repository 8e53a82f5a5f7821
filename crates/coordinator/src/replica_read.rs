//! Asking as many replicas as a level needs, and others in place of those that fail or are late.

use crate::block::{is_ordered, is_sound};
use crate::lateness::retry_delay;
use crate::limits::{REPEAT_DELAY, REPEATS_MAX};
use crate::plan::{Candidate, Candidates, are_distinct};
use crate::required::RequiredAnswers;
use crate::tally::{Loss, Tally};
use crate::under_way::{Next, UnderWay};
use crate::{Event, ReadError, ReadKind, ReadReply, Recipient, Refusal, ReplicaError, Replicas, Work};
use henge_base::{HostId, Mono};
use henge_model::{Consistency, ReadCommand, SpeculativeRetry};
use henge_ring::Epoch;
use smallvec::SmallVec;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// One command, and what its level needs.
pub(crate) struct ReplicaRead<'a, R> {
    pub(crate) replicas: &'a R,
    pub(crate) command: Arc<ReadCommand>,
    /// The epoch of the plan.
    pub(crate) epoch: Epoch,
    pub(crate) required: &'a RequiredAnswers,
    pub(crate) consistency: Consistency,
    /// The time at which the read began.
    pub(crate) began: Mono,
    pub(crate) deadline: Mono,
    pub(crate) speculation: SpeculativeRetry,
    pub(crate) work: Work,
}

/// The form of the answers that a read needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswerForm {
    /// Rows of the nearest, digests of the others.
    OneAndDigests,
    /// Rows of each.
    Rows,
}

/// Enough answers for the level.
#[derive(Debug)]
pub(crate) struct Answers {
    pub(crate) answers: SmallVec<[(Candidate, ReadReply); 3]>,
    /// Those that were not asked, then those that have not answered.
    pub(crate) spare: Candidates,
}

/// A gathering under way.
struct ReadRound<'a, R: Replicas> {
    read: &'a ReplicaRead<'a, R>,
    tally: Tally<'a>,
    under_way: UnderWay<(Candidate, ReadKind), R::Read>,
    answers: SmallVec<[(Candidate, ReadReply); 3]>,
    /// Replicas that were not asked.
    spare: Candidates,
    /// Replicas that could not be asked, or whose answer was lost.
    unanswered: SmallVec<[(Candidate, ReplicaError); 1]>,
    /// The number of times that such were asked again.
    repeats: u32,
    /// The time at which a replica is replaced that has not answered, whatever the budget says: one that died silently must not take all of
    /// the time.
    half_time: Mono,
    /// The shortest wait until one more is asked, since the budget did not allow it before.
    backoff: Duration,
    /// The time at which the clock was read last.
    now: Mono,
}

impl<R: Replicas> ReplicaRead<'_, R> {
    /// Asks the first of `pool`, and goes on to the others where one fails, or is late, with time left.
    pub(crate) async fn ask(&self, pool: Candidates, form: AnswerForm) -> Result<Answers, ReadError> {
        let mut round = ReadRound {
            read: self,
            tally: Tally::new(self.required),
            under_way: UnderWay::new(),
            answers: SmallVec::new(),
            spare: pool,
            unanswered: SmallVec::new(),
            repeats: 0,
            half_time: self.half_time(self.began),
            backoff: Duration::ZERO,
            now: self.began,
        };
        self.replicas.budget().earn();
        round.ask_first(form);
        // Set only once something has to be waited for, and in this future, so that it costs no allocation.
        let mut timer = pin!(None);
        // If digests alone meet the level, rows that are still to come are waited for: without them all is asked again.
        while !(round.tally.is_met() && (round.has_rows() || !round.awaits_rows())) {
            if let Some(loss) = round.tally.loss() {
                if loss == Loss::Refused || !round.may_repeat() {
                    return Err(round.failure(loss));
                }
                round.repeat(form).await;
                continue;
            }
            debug_assert_eq!(round.tally.open(), round.under_way.labels().count());
            match round.next(timer.as_mut(), |delay| self.replicas.sleep(delay)).await {
                Next::Ended((candidate, kind), reply) => round.on_reply(candidate, kind, reply, form),
                Next::Late => round.speculate(form),
                Next::Idle => return Err(round.failure(Loss::Silent)),
            }
        }
        let ReadRound { under_way, answers, mut spare, .. } = round;
        debug_assert!(are_distinct(answers.iter().map(|(candidate, _)| candidate.host)), "I30: one answer of each");
        spare.extend(under_way.labels().map(|(candidate, _)| candidate));
        Ok(Answers { answers, spare })
    }

    /// A replica of the plan.
    pub(crate) fn recipient(&self, host: HostId) -> Recipient {
        Recipient { host, epoch: self.epoch }
    }

    /// The middle of the time that is left, or later if the table's policy says so.
    fn half_time(&self, now: Mono) -> Mono {
        let half = now + self.deadline.since(now) / 2;
        match self.speculation {
            SpeculativeRetry::After(delay) => half.max(self.began + delay),
            _ => half,
        }
    }

    /// Checks an answer. One that cannot be an answer to the command counts as a refusal.
    fn validate(
        &self,
        from: Candidate,
        kind: ReadKind,
        reply: Result<ReadReply, ReplicaError>,
    ) -> Result<ReadReply, ReplicaError> {
        let reply = reply?;
        let sound = match (&reply, kind) {
            (ReadReply::Digest(_), ReadKind::Digest) => true,
            (ReadReply::Rows(block), ReadKind::Rows) if from.host == self.replicas.local() => {
                is_ordered(block, &self.command)
            }
            (ReadReply::Rows(block), ReadKind::Rows) => is_sound(block, &self.command),
            _ => false,
        };
        if sound { Ok(reply) } else { Err(ReplicaError::Refused(Refusal::Corrupt)) }
    }
}

impl<R: Replicas> ReadRound<'_, R> {
    /// Asks as many as the level needs, nearest first, and one more of each group where the table says so.
    fn ask_first(&mut self, form: AnswerForm) {
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
        // Any one answer may not come, so two replicas are asked for rows.
        let rows = if is_always { 2 } else { 1 };
        for (number, candidate) in first.into_iter().enumerate() {
            let is_digest = form == AnswerForm::OneAndDigests && number >= rows;
            self.ask(candidate, if is_digest { ReadKind::Digest } else { ReadKind::Rows });
        }
    }

    /// Asks one more replica of each group that lacks answers.
    fn ask_one_more(&mut self, form: AnswerForm) {
        for group in 0..self.read.required.groups.len() {
            if self.tally.is_group_met(group) {
                continue;
            }
            let needs_rows = form == AnswerForm::Rows || !self.has_rows();
            self.ask_spare(group, if needs_rows { ReadKind::Rows } else { ReadKind::Digest });
        }
    }

    /// The next answer, or the time at which one replica more is to be asked.
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

    /// The replicas without which the level is not met yet.
    fn late_hosts(&self) -> impl Iterator<Item = HostId> + '_ {
        let late = self.under_way.labels().filter(|(candidate, _)| !self.tally.is_group_met(candidate.group));
        late.map(|(candidate, _)| candidate.host)
    }

    /// Asks one more replica in place of those that are late, unless that would be one too many.
    fn speculate(&mut self, form: AnswerForm) {
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
        self.ask_one_more(form);
    }

    /// True if a late replica answers nobody, while one that may be asked does. Where all seem silent it is this node that was held up.
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

    /// Asks the nearest of a group that was not asked, if there is one and time is left.
    fn ask_spare(&mut self, group: usize, kind: ReadKind) {
        if self.read.replicas.mono() >= self.read.deadline {
            return;
        }
        let Some(at) = self.spare.iter().position(|candidate| candidate.group == group) else { return };
        let candidate = self.spare.remove(at);
        self.tally.count_request(group);
        self.ask(candidate, kind);
    }

    fn on_reply(
        &mut self,
        candidate: Candidate,
        kind: ReadKind,
        reply: Result<ReadReply, ReplicaError>,
        form: AnswerForm,
    ) {
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
                    let needs_rows = form == AnswerForm::Rows || !self.has_rows();
                    self.ask_spare(candidate.group, if needs_rows { ReadKind::Rows } else { ReadKind::Digest });
                }
            }
        }
    }

    /// True if replicas may be asked again: a link that broke, as all do after a long pause of this node, is there again soon.
    fn may_repeat(&self) -> bool {
        let is_in_time = self.read.replicas.mono() + 2 * REPEAT_DELAY < self.read.deadline;
        self.repeats < REPEATS_MAX && is_in_time && !self.unanswered.is_empty()
    }

    /// Asks those again that could not be asked or whose answer was lost, after a while.
    async fn repeat(&mut self, form: AnswerForm) {
        self.repeats += 1;
        self.read.replicas.pause(REPEAT_DELAY * self.repeats).await;
        for (candidate, error) in std::mem::take(&mut self.unanswered) {
            if !self.tally.lacks(candidate.group) {
                self.unanswered.push((candidate, error));
                continue;
            }
            self.tally.count_repeat(candidate.group, error);
            let needs_rows = form == AnswerForm::Rows || !self.has_rows() && !self.awaits_rows();
            self.ask(candidate, if needs_rows { ReadKind::Rows } else { ReadKind::Digest });
        }
    }

    fn has_rows(&self) -> bool {
        self.answers.iter().any(|(_, reply)| matches!(reply, ReadReply::Rows(_)))
    }

    fn awaits_rows(&self) -> bool {
        self.under_way.labels().any(|(_, kind)| kind == ReadKind::Rows)
    }

    fn failure(self, loss: Loss) -> ReadError {
        let ReplicaRead { consistency, required, .. } = *self.read;
        let (received, block_for) = (self.tally.short(), required.block_for());
        let data_present = self.has_rows();
        match loss {
            Loss::Unsent => ReadError::Unavailable { consistency, required: block_for, alive: self.tally.alive() },
            Loss::Silent => ReadError::Timeout { consistency, received, block_for, data_present },
            Loss::Refused => {
                let failures = self.tally.into_failures();
                ReadError::Failure { consistency, received, block_for, failures, data_present }
            }
        }
    }
}
