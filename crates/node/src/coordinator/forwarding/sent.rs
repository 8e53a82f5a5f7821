//! One write to one datacentre, as its coordinator follows it. A replica that is late for whatever reason, such as a forwarder that
//! died, is sent the write directly; if it does not confirm that either, it is owed a hint.

use super::{News, WriteNumber};
use crate::coordinator::Coordinator;
use crate::coordinator::owed_write::OwedWrite;
use crate::ground::world::World;
use crate::peers::messages::data::Write;
use crate::peers::messages::forward::{FORWARD_HOSTS_MAX, ForwardWrite};
use crate::replica::pending::{WritePending, WriteResult};
use futures_util::future::{Either, join, join_all, pending, select};
use henge_base::{Bytes, HostId, Mono};
use henge_coordinator::{Event, Recipient, Refusal, ReplicaError, Replicas, Work};
use henge_model::Percentile;
use parking_lot::Mutex;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::oneshot;

/// A write that is not confirmed after this many times the 99th percentile of the forwarder's own writes is sent to the replicas directly.
const CONFIRM_TIMEOUT_FACTOR: u32 = 2;
/// The shortest time before that: any process may be held up for less.
const CONFIRM_TIMEOUT_MIN: Duration = Duration::from_millis(50);
/// The longest time before that: nobody gains by waiting for longer.
const CONFIRM_TIMEOUT_MAX: Duration = Duration::from_secs(1);
/// The time before that if too little is known of the forwarder.
const CONFIRM_TIMEOUT_UNMEASURED: Duration = Duration::from_millis(200);

/// A replica that a write is on its way to.
struct Replica<W: World> {
    host: HostId,
    owed: OwedWrite<W>,
    answer: oneshot::Sender<WriteResult>,
}

impl<W: World> Replica<W> {
    fn end(self, outcome: WriteResult) {
        let outcome = OwedWrite::settle(Some(self.owed), outcome);
        // Nobody waits for it once the level is met.
        let _ = self.answer.send(outcome);
    }
}

/// A replica that the write is forwarded to, its news, and the notice that it is to be sent the write directly.
struct Follower<W: World> {
    replica: Replica<W>,
    news: oneshot::Receiver<News>,
    notice: oneshot::Receiver<()>,
}

/// The notices of all followers that have not had one.
type Notices = Mutex<Vec<oneshot::Sender<()>>>;

/// Gives all followers notice. Those that have ended do not mind.
fn give_notice(notices: &Notices) {
    for notice in std::mem::take(&mut *notices.lock()) {
        let _ = notice.send(());
    }
}

impl<W: World> Coordinator<W> {
    /// Sends a mutation to `by`, which forwards it to the `others`: a write under way for each of them, that of `by` first. `None` if nothing
    /// was sent: the tail is full, or `by` does not know how to.
    pub(crate) fn send_forwarded(
        &self,
        by: Recipient,
        others: &[HostId],
        mutation: &Bytes,
        deadline: Mono,
    ) -> Option<Vec<WritePending>> {
        let forwarded = &self.parts.forwarded;
        if others.len() > FORWARD_HOSTS_MAX || forwarded.lacks_support(by.host, self.mono()) {
            return None;
        }
        let place = self.tail.reserve().ok()?;
        let follow = |host| {
            let (answer, receiver) = oneshot::channel();
            let owed = OwedWrite::new(&self.parts.hints, host, mutation.clone());
            (Replica { host, owed, answer }, WritePending::Waiting(receiver))
        };
        let (forwarder, answer) = follow(by.host);
        let (replicas, answers): (Vec<_>, Vec<_>) = others.iter().map(|host| follow(*host)).unzip();
        let (number, news) = forwarded.open(by.host, others);
        let message = ForwardWrite { number: number.number, others: others.to_vec(), mutation: mutation.clone() };
        self.count(Event::Forward);
        self.count_mutation(by.host, mutation.len());
        let call = self.call(Work::Write, by, &message, deadline);
        let write = SentWrite { coordinator: self.clone(), mutation: mutation.clone(), by, deadline, number };
        drop(self.tail.push(place, write.run(call, forwarder, replicas.into_iter().zip(news).collect())));
        Some(std::iter::once(answer).chain(answers).collect())
    }

    /// The time after which replicas that have not confirmed a forwarded write are sent it directly.
    fn confirm_timeout(&self, forwarder: HostId) -> Duration {
        let usual = self.answer_time(forwarder, Work::Write, Percentile::P99);
        usual.map_or(CONFIRM_TIMEOUT_UNMEASURED, |usual| {
            (usual * CONFIRM_TIMEOUT_FACTOR).clamp(CONFIRM_TIMEOUT_MIN, CONFIRM_TIMEOUT_MAX)
        })
    }
}

struct SentWrite<W: World> {
    coordinator: Coordinator<W>,
    mutation: Bytes,
    /// The forwarder, with the epoch of the plan.
    by: Recipient,
    deadline: Mono,
    number: WriteNumber,
}

impl<W: World> SentWrite<W> {
    /// Follows the write until each replica has confirmed it or is owed a hint.
    async fn run(
        self,
        call: impl Future<Output = WriteResult> + Send,
        forwarder: Replica<W>,
        others: Vec<(Replica<W>, oneshot::Receiver<News>)>,
    ) {
        let hosts: Vec<HostId> = others.iter().map(|(replica, _)| replica.host).collect();
        let notify = |(replica, news)| {
            let (sender, notice) = oneshot::channel();
            (sender, Follower { replica, news, notice })
        };
        let (notices, followers): (Vec<_>, Vec<_>) = others.into_iter().map(notify).unzip();
        let notices = Notices::new(notices);
        let forwarding = async {
            let outcome = self.forward(call, &notices, &hosts).await;
            forwarder.end(outcome);
        };
        let followers = join_all(followers.into_iter().map(|follower| self.follow(follower)));
        let lateness = async {
            self.coordinator.context().pause(self.coordinator.confirm_timeout(self.by.host)).await;
            self.coordinator.count(Event::LateForward);
            give_notice(&notices);
            pending::<()>().await;
        };
        select(pin!(join(forwarding, followers)), pin!(lateness)).await;
    }

    /// The outcome at the forwarder. Unless it took the write, nobody knows if it forwarded it.
    async fn forward(
        &self,
        call: impl Future<Output = WriteResult>,
        notices: &Notices,
        others: &[HostId],
    ) -> WriteResult {
        let (coordinator, outcome) = (&self.coordinator, call.await);
        if outcome.is_ok() && coordinator.context().options.faults.trust_forwarders {
            others.iter().for_each(|host| coordinator.parts.forwarded.tell(*host, self.number.number, *host, Ok(())));
        }
        if outcome.is_err() {
            give_notice(notices);
        }
        match outcome {
            Err(ReplicaError::Refused(Refusal::Unsupported)) => {
                coordinator.parts.forwarded.note_unsupported(self.by.host, coordinator.mono());
                self.send_directly(self.by.host).await
            }
            outcome => outcome,
        }
    }

    /// Waits for the outcome at another replica, and sends it the write if there is notice.
    async fn follow(&self, Follower { replica, news, notice }: Follower<W>) {
        let coordinator = &self.coordinator;
        let late_news = match select(news, notice).await {
            Either::Left((Ok(News::Outcome(outcome)), _)) => {
                coordinator.note(|| format!("REQUEST_RSP message received from {}", coordinator.name_of(replica.host)));
                return replica.end(outcome.map_err(ReplicaError::Refused));
            }
            Either::Left((_, _)) => None,
            Either::Right((_, news)) => Some(news),
        };
        let confirmed = pin!(async {
            let told = match late_news {
                Some(news) => news.await.ok(),
                None => None,
            };
            if told != Some(News::Outcome(Ok(()))) {
                pending::<()>().await;
            }
        });
        let sent = pin!(self.send_directly(replica.host));
        let outcome = match select(confirmed, sent).await {
            Either::Left(((), _)) => Ok(()),
            // The forwarder's copy may be there all the same.
            Either::Right((Err(ReplicaError::NotSent), _)) => Err(ReplicaError::Unknown),
            Either::Right((outcome, _)) => outcome,
        };
        replica.end(outcome);
    }

    async fn send_directly(&self, host: HostId) -> WriteResult {
        self.coordinator.count_mutation(host, self.mutation.len());
        let to = Recipient { host, ..self.by };
        self.coordinator.call(Work::Write, to, &Write(self.mutation.clone()), self.deadline).await
    }
}
