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
pub(crate) struct Gather<'a, R> {
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
struct Asking<'a, R: Replicas> {
    gather: &'a Gather<'a, R>,
    tally: Tally<'a>,
    under_way: UnderWay<(Candidate, ReadKind), R::Read>,
    gathered: Answers,
    /// Replicas that could not be asked, or whose answer was lost.
    unanswered: SmallVec<[(Candidate, ReplicaError); 1]>,
    /// The number of times that such were asked again.
    repeats: u32,
    /// The time at which a replica is replaced that has not answered, whatever the budget says: one that died silently must not take all of
    /// the time.
    half_time: Mono,
    /// The shortest wait until one more is asked, since the budget did not allow it before.
    delay_min: Duration,
    /// The time at which the clock was read last.
    now: Mono,
}

impl<R: Replicas> Gather<'_, R> {
    /// Asks the first of `pool`, and goes on to the others where one fails, or is late, with time left.
    pub(crate) async fn gather(&self, pool: Candidates, wanted: AnswerForm) -> Result<Answers, ReadError> {
        let mut asking = Asking {
            gather: self,
            tally: Tally::new(self.required),
            under_way: UnderWay::new(),
            gathered: Answers { answers: SmallVec::new(), spare: pool },
            unanswered: SmallVec::new(),
            repeats: 0,
            half_time: self.half_time(self.began),
            delay_min: Duration::ZERO,
            now: self.began,
        };
        self.replicas.budget().earn();
        asking.ask_first(wanted);
        // Set only once something has to be waited for, and in this future, so that it costs no allocation.
        let mut timer = pin!(None);
        // If digests alone meet the level, rows that are still to come are waited for: without them all is asked again.
        while !(asking.tally.is_met() && (asking.has_rows() || !asking.awaits_rows())) {
            if let Some(loss) = asking.tally.loss() {
                if loss == Loss::Refused || !asking.may_repeat() {
                    return Err(asking.failure(loss));
                }
                asking.repeat(wanted).await;
                continue;
            }
            debug_assert_eq!(asking.tally.open(), asking.under_way.labels().count());
            match asking.next(timer.as_mut(), |delay| self.replicas.sleep(delay)).await {
                Next::Ended((candidate, kind), reply) => asking.take(candidate, kind, reply, wanted),
                Next::Late => asking.replace_late(wanted),
                Next::Idle => return Err(asking.failure(Loss::Silent)),
            }
        }
        let Asking { under_way, mut gathered, .. } = asking;
        debug_assert!(
            are_distinct(gathered.answers.iter().map(|(candidate, _)| candidate.host)),
            "I30: one answer of each"
        );
        gathered.spare.extend(under_way.labels().map(|(candidate, _)| candidate));
        Ok(gathered)
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

impl<R: Replicas> Asking<'_, R> {
    /// Asks as many as the level needs, nearest first, and one more of each group where the table says so.
    fn ask_first(&mut self, wanted: AnswerForm) {
        let is_always = self.gather.speculation == SpeculativeRetry::Always;
        let mut first = Candidates::new();
        let mut extra: SmallVec<[usize; 1]> = SmallVec::new();
        let tally = &mut self.tally;
        self.gathered.spare.retain(|candidate| {
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
            let is_digest = wanted == AnswerForm::OneAndDigests && number >= rows;
            self.ask(candidate, if is_digest { ReadKind::Digest } else { ReadKind::Rows });
        }
    }

    /// Asks one more replica of each group that lacks answers.
    fn ask_one_more(&mut self, wanted: AnswerForm) {
        for group in 0..self.gather.required.groups.len() {
            if self.tally.is_group_met(group) {
                continue;
            }
            let needs_rows = wanted == AnswerForm::Rows || !self.has_rows();
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
        let Gather { replicas, speculation, work, deadline, .. } = *self.gather;
        let may_ask = self.gathered.spare.iter().any(|spare| !self.tally.is_group_met(spare.group));
        if !may_ask || speculation == SpeculativeRetry::Never || replicas.faults().wait_for_silent {
            return None;
        }
        let measured = |share| {
            let times = self.late_hosts().map(|host| replicas.answer_time(host, work, share));
            times.reduce(|one, other| one.zip(other).map(|(one, other)| one.max(other))).flatten()
        };
        let until_half = self.half_time.since(self.now);
        let delay = retry_delay(speculation, measured).map_or(until_half, |delay| delay.max(self.delay_min));
        let delay = delay.min(until_half);
        (self.now + delay < deadline).then_some(delay)
    }

    /// The replicas without which the level is not met yet.
    fn late_hosts(&self) -> impl Iterator<Item = HostId> + '_ {
        let late = self.under_way.labels().filter(|(candidate, _)| !self.tally.is_group_met(candidate.group));
        late.map(|(candidate, _)| candidate.host)
    }

    /// Asks one more replica in place of those that are late, unless that would be one too many.
    fn replace_late(&mut self, wanted: AnswerForm) {
        let replicas = self.gather.replicas;
        let now = replicas.mono();
        self.now = now;
        let is_half_over = now >= self.half_time;
        if is_half_over || self.are_late_silent(now) {
            replicas.count(Event::SilentReplica);
        } else if replicas.budget().spend() {
            replicas.count(Event::Speculation);
        } else {
            replicas.count(Event::SpeculationLimit);
            self.delay_min = 2 * self.delay().unwrap_or_default();
            return;
        }
        (self.half_time, self.delay_min) = (self.gather.half_time(now), Duration::ZERO);
        self.ask_one_more(wanted);
    }

    /// True if a late replica answers nobody, while one that may be asked does. Where all seem silent it is this node that was held up.
    fn are_late_silent(&self, now: Mono) -> bool {
        let Gather { replicas, work, .. } = *self.gather;
        let is_silent = |host| replicas.standing(host, work, now).is_silent;
        self.late_hosts().any(is_silent) && self.gathered.spare.iter().any(|spare| !is_silent(spare.host))
    }

    fn ask(&mut self, candidate: Candidate, kind: ReadKind) {
        let Gather { replicas, command, deadline, .. } = self.gather;
        let to = self.gather.recipient(candidate.host);
        let pending = replicas.read(to, Arc::clone(command), kind, *deadline);
        self.under_way.push((candidate, kind), pending);
    }

    /// Asks the nearest of a group that was not asked, if there is one and time is left.
    fn ask_spare(&mut self, group: usize, kind: ReadKind) {
        if self.gather.replicas.mono() >= self.gather.deadline {
            return;
        }
        let spare = &mut self.gathered.spare;
        let Some(at) = spare.iter().position(|candidate| candidate.group == group) else { return };
        let candidate = spare.remove(at);
        self.tally.count_request(group);
        self.ask(candidate, kind);
    }

    fn take(
        &mut self,
        candidate: Candidate,
        kind: ReadKind,
        reply: Result<ReadReply, ReplicaError>,
        wanted: AnswerForm,
    ) {
        match self.gather.validate(candidate, kind, reply) {
            Ok(reply) => {
                self.tally.count_answer(candidate.group);
                self.gathered.answers.push((candidate, reply));
            }
            Err(error) => {
                self.tally.count_failure(candidate.group, candidate.host, error);
                if matches!(error, ReplicaError::NotSent | ReplicaError::Unknown) {
                    self.unanswered.push((candidate, error));
                }
                if !self.tally.is_group_met(candidate.group) {
                    let needs_rows = wanted == AnswerForm::Rows || !self.has_rows();
                    self.ask_spare(candidate.group, if needs_rows { ReadKind::Rows } else { ReadKind::Digest });
                }
            }
        }
    }

    /// True if replicas may be asked again: a link that broke, as all do after a long pause of this node, is there again soon.
    fn may_repeat(&self) -> bool {
        let is_in_time = self.gather.replicas.mono() + 2 * REPEAT_DELAY < self.gather.deadline;
        self.repeats < REPEATS_MAX && is_in_time && !self.unanswered.is_empty()
    }

    /// Asks those again that could not be asked or whose answer was lost, after a while.
    async fn repeat(&mut self, wanted: AnswerForm) {
        self.repeats += 1;
        self.gather.replicas.pause(REPEAT_DELAY * self.repeats).await;
        for (candidate, error) in std::mem::take(&mut self.unanswered) {
            if !self.tally.lacks(candidate.group) {
                self.unanswered.push((candidate, error));
                continue;
            }
            self.tally.count_repeat(candidate.group, error);
            let needs_rows = wanted == AnswerForm::Rows || !self.has_rows() && !self.awaits_rows();
            self.ask(candidate, if needs_rows { ReadKind::Rows } else { ReadKind::Digest });
        }
    }

    fn has_rows(&self) -> bool {
        self.gathered.answers.iter().any(|(_, reply)| matches!(reply, ReadReply::Rows(_)))
    }

    fn awaits_rows(&self) -> bool {
        self.under_way.labels().any(|(_, kind)| kind == ReadKind::Rows)
    }

    fn failure(self, loss: Loss) -> ReadError {
        let Gather { consistency, required, .. } = *self.gather;
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
