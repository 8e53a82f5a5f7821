//! Writes to other datacentres travel once: a replica there applies them and forwards them to the others, and each of these tells the
//! coordinator its outcome. docs/protocols/forwarded-writes.md says more.
//!
//! - `ForwardedWrites`: the writes of this node that others forward, by their numbers.
//! - `sent`: the coordinator's side: one write to one datacentre, from its sending to its last outcome.
//! - `passed_on`: the side of the forwarder and of those that it sends to.

pub(crate) mod passed_on;
mod sent;

use henge_base::HostId;
use henge_base::Mono;
use henge_coordinator::Refusal;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// The time for which a member of an older release, which does not know these messages, is sent its writes directly.
const UNSUPPORTED_FOR: Duration = Duration::from_secs(60);

/// The news of a replica that a write was forwarded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    /// Its own outcome.
    Outcome(Result<(), Refusal>),
    /// The forwarder could not send to it.
    NotForwarded,
}

/// The writes of this node that are forwarded, with the replicas whose outcomes are awaited. Each takes a place in a core's tail, so there
/// are no more than tails have places.
#[derive(Debug)]
pub(crate) struct ForwardedWrites {
    writes: Mutex<OpenWrites>,
    /// Members that do not know the messages, and until when they are taken for such.
    unsupported: Mutex<BTreeMap<HostId, Mono>>,
}

#[derive(Debug)]
struct OpenWrites {
    next: u64,
    open: BTreeMap<u64, OpenWrite>,
}

#[derive(Debug)]
struct OpenWrite {
    forwarder: HostId,
    others: Vec<(HostId, oneshot::Sender<News>)>,
}

/// A write that is forwarded. Nobody's outcome is awaited any more once this is dropped.
#[derive(Debug)]
struct WriteNumber {
    writes: Arc<ForwardedWrites>,
    number: u64,
}

impl Drop for WriteNumber {
    fn drop(&mut self) {
        self.writes.writes.lock().open.remove(&self.number);
    }
}

impl ForwardedWrites {
    /// None yet. `start` is the number of this process's start: what replicas tell of writes of an earlier process names none of this one.
    pub(crate) fn new(start: u32) -> Arc<Self> {
        let writes = OpenWrites { next: u64::from(start) << 32, open: BTreeMap::new() };
        Arc::new(ForwardedWrites { writes: Mutex::new(writes), unsupported: Mutex::default() })
    }

    /// A number for a write, and the news of each of the `others`, in their order.
    fn open(self: &Arc<Self>, forwarder: HostId, others: &[HostId]) -> (WriteNumber, Vec<oneshot::Receiver<News>>) {
        let (others, news) = others
            .iter()
            .map(|host| {
                let (sender, receiver) = oneshot::channel();
                ((*host, sender), receiver)
            })
            .unzip();
        let mut writes = self.writes.lock();
        let number = writes.next;
        writes.next += 1;
        writes.open.insert(number, OpenWrite { forwarder, others });
        drop(writes);
        (WriteNumber { writes: Arc::clone(self), number }, news)
    }

    /// Takes the news of a replica from a member: a replica tells of itself, the forwarder of those that it could not send to. Others, and
    /// what nobody waits for, are ignored.
    fn tell(&self, from: HostId, number: u64, replica: HostId, outcome: Result<(), Refusal>) {
        let mut writes = self.writes.lock();
        let Some(awaited) = writes.open.get_mut(&number) else { return };
        let news = match from {
            from if from == replica => News::Outcome(outcome),
            from if from == awaited.forwarder => News::NotForwarded,
            _ => return,
        };
        if let Some(at) = awaited.others.iter().position(|(host, _)| *host == replica) {
            let (_, sender) = awaited.others.swap_remove(at);
            drop(writes);
            // The write may have ended meanwhile.
            let _ = sender.send(news);
        }
    }

    /// True if a member forwards nothing, since it does not know how.
    fn lacks_support(&self, host: HostId, now: Mono) -> bool {
        let mut unsupported = self.unsupported.lock();
        match unsupported.get(&host) {
            Some(until) if now < *until => true,
            Some(_) => {
                unsupported.remove(&host);
                false
            }
            None => false,
        }
    }

    fn note_unsupported(&self, host: HostId, now: Mono) {
        self.unsupported.lock().insert(host, now + UNSUPPORTED_FOR);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn hosts() -> [HostId; 4] {
        [1, 2, 3, 4].map(|number| HostId(Uuid::from_u128(number)))
    }

    #[test]
    fn a_replica_tells_of_itself_and_a_forwarder_only_that_it_did_not_send() {
        let [by, one, two, stranger] = hosts();
        let writes = ForwardedWrites::new(7);
        let (number, mut news) = writes.open(by, &[one, two]);
        assert_eq!(number.number >> 32, 7);
        let mut of = |host| news[usize::from(host == two)].try_recv().ok();
        writes.tell(stranger, number.number, one, Ok(()));
        writes.tell(one, number.number + 1, one, Ok(()));
        writes.tell(one, number.number, two, Ok(()));
        assert_eq!((of(one), of(two)), (None, None));
        writes.tell(one, number.number, one, Err(Refusal::Full));
        writes.tell(by, number.number, two, Ok(()));
        assert_eq!((of(one), of(two)), (Some(News::Outcome(Err(Refusal::Full))), Some(News::NotForwarded)));
        writes.tell(one, number.number, one, Ok(()));
        drop(number);
        assert!(writes.writes.lock().open.is_empty());
    }

    #[test]
    fn a_member_that_does_not_know_the_messages_is_asked_again_after_a_while() {
        let (host, writes) = (hosts()[0], ForwardedWrites::new(7));
        let now = Mono(5);
        assert!(!writes.lacks_support(host, now));
        writes.note_unsupported(host, now);
        assert!(writes.lacks_support(host, now));
        assert!(!writes.lacks_support(host, now + UNSUPPORTED_FOR));
    }
}
