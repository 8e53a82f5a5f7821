//! A core's tail: work that outlives its request, such as calls to peers and the hints for those that do not confirm.

use crate::ground::world::World;
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};
use henge_coordinator::ReplicaError;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{mpsc, oneshot};

/// The sender of work to a core's tail. Cheap to clone.
#[derive(Clone)]
pub(super) struct Tail {
    work: mpsc::UnboundedSender<BoxFuture<'static, ()>>,
    taken: Arc<AtomicUsize>,
    max: usize,
}

impl Tail {
    /// Starts the tail of the calling core; it takes `max` things at once.
    pub(super) fn start<W: World>(world: &W, max: usize) -> Tail {
        let (work, queue) = mpsc::unbounded_channel();
        world.spawn("tail", run(queue));
        Tail { work, taken: Arc::default(), max }
    }

    /// Takes a place, to be had before anything is sent: what has left this node must be followed to its end.
    pub(super) fn reserve(&self) -> Result<Place, ReplicaError> {
        Place::take(&self.taken, self.max).ok_or(ReplicaError::NotSent)
    }

    /// Does something, whether anybody waits for its outcome or not.
    pub(super) fn push<T: Send + 'static>(
        &self,
        place: Place,
        work: impl Future<Output = T> + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let (sender, receiver) = oneshot::channel();
        // The tail ends only with the node; then nobody waits for the answer either.
        let _ = self.work.send(Box::pin(work.map(move |outcome| {
            drop(place);
            let _ = sender.send(outcome);
        })));
        receiver
    }
}

/// A place in a core's tail, free again when it is dropped.
pub(super) struct Place {
    taken: Arc<AtomicUsize>,
}

impl Place {
    /// Takes one of `max` places.
    fn take(taken: &Arc<AtomicUsize>, max: usize) -> Option<Place> {
        let place = Place { taken: Arc::clone(taken) };
        // Counted first: dropping the place gives it back.
        (taken.fetch_add(1, Ordering::Relaxed) < max).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Drives what the tail was given until the node ends.
async fn run(mut queue: mpsc::UnboundedReceiver<BoxFuture<'static, ()>>) {
    let mut under_way = FuturesUnordered::new();
    loop {
        tokio::select! {
            biased;
            Some(()) = under_way.next(), if !under_way.is_empty() => {}
            next = queue.recv() => match next {
                Some(work) => under_way.push(work),
                None => return,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_has_so_many_places_and_gets_them_back() {
        let taken = Arc::default();
        let places: Vec<_> = (0..3).map(|_| Place::take(&taken, 2)).collect();
        assert_eq!(places.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false]);
        drop(places);
        assert!(Place::take(&taken, 1).is_some());
        assert_eq!(taken.load(Ordering::Relaxed), 0);
    }
}
