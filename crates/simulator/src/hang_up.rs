//! Clients that hang up: what is left of their requests is dropped where it waits.

use crate::client::Clients;
use crate::rare_states::CLIENT_LEFT;
use crate::slot::Slot;
use futures_util::future::{Either, select};
use henge_base::Random;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// One request of so many is dropped at one of its waits, in runs that have such clients.
const LEAVES_EVERY: u64 = 12;
/// The most waits that a request gets behind it before it is dropped: about as many as one of a conditional write has.
const WAITS_MAX: u64 = 16;

/// The moment at which a client hangs up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HangUp {
    Never,
    /// So many microseconds after its request.
    After(u64),
    /// When the request waits, and has waited so often before.
    AtWait(u64),
}

impl Clients {
    /// Has clients leave at any wait of their requests from now on, or none.
    pub(crate) fn set_leaving(&self, random: Option<Random>) {
        *self.leaving.lock() = random;
    }

    fn draw_hang_up(&self, patience: Option<u64>) -> HangUp {
        let mut leaving = self.leaving.lock();
        let wait = leaving.as_mut().and_then(|random| {
            let leaves = random.chance(1, LEAVES_EVERY);
            leaves.then(|| random.below(WAITS_MAX))
        });
        match (patience, wait) {
            (Some(patience), _) => HangUp::After(patience),
            (None, Some(waits)) => HangUp::AtWait(waits),
            (None, None) => HangUp::Never,
        }
    }

    /// The outcome of a request; `None` if its client hangs up before. With `patience` that is so many microseconds later.
    pub(crate) async fn until_hung_up<T>(&self, patience: Option<u64>, request: impl Future<Output = T>) -> Option<T> {
        let mut request = pin!(request);
        match self.draw_hang_up(patience) {
            HangUp::Never => Some(request.await),
            HangUp::After(patience) => {
                let hung_up = Slot::default();
                let (slot, clockwork) = (hung_up.clone(), &self.cluster.clockwork);
                clockwork.at(clockwork.now() + patience, move || slot.fill(()));
                match select(request, hung_up).await {
                    Either::Left((outcome, _)) => Some(outcome),
                    Either::Right(((), _)) => None,
                }
            }
            HangUp::AtWait(mut waits_left) => {
                let until_wait = poll_fn(|context| match request.as_mut().poll(context) {
                    Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
                    Poll::Pending if waits_left == 0 => Poll::Ready(None),
                    Poll::Pending => {
                        waits_left -= 1;
                        Poll::Pending
                    }
                });
                let outcome = until_wait.await;
                self.cluster.reached.lock().add(CLIENT_LEFT, u64::from(outcome.is_none()));
                outcome
            }
        }
    }
}
