//! The rows of a worker of COPY FROM: those that wait, and those that are under way.

use super::options::BatchSizes;
use super::row::Row;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The time in which refusals count as one: those of requests that were sent together.
const BURST: Duration = Duration::from_millis(100);
/// Rows that wait to be sent again, from which on no new ones are sent: the server is too busy for those it has.
const AGAIN_MAX: usize = 16;

/// Bytes of the values of a batch of several partitions. A server warns of 5 KiB, and refuses 50, unless it is set otherwise.
const BATCH_BYTES_MAX: usize = 4 << 10;

/// Rows that are sent in one request.
pub(crate) type Request = Vec<Row>;

/// The rows.
pub(crate) struct Outgoing {
    /// Rows that were not sent yet, in order.
    unsent: VecDeque<Row>,
    /// Rows that are sent again, each by itself, when they are due.
    again: VecDeque<Row>,
    /// By the streams of their requests.
    sent: Vec<Option<Request>>,
    free: Vec<i16>,
    /// Requests that may be under way: half as many after a burst that the server was too busy for, one more after as many
    /// answers.
    window: usize,
    answers: usize,
    shrunk: Option<Instant>,
}

impl Outgoing {
    /// At most so many requests are under way.
    pub(crate) fn new(in_flight_max: usize) -> Outgoing {
        let streams = i16::try_from(in_flight_max).unwrap_or(i16::MAX);
        let sent = (0..streams).map(|_| None).collect();
        let free = (0..streams).rev().collect();
        let (unsent, again) = (VecDeque::new(), VecDeque::new());
        Outgoing { unsent, again, sent, free, window: in_flight_max, answers: 0, shrunk: None }
    }

    pub(crate) fn push(&mut self, row: Row) {
        self.unsent.push_back(row);
    }

    /// Keeps a row to be sent again, at once if it is not due later.
    pub(crate) fn retry(&mut self, mut row: Row, due: Option<Instant>) {
        row.due = due;
        self.again.push_back(row);
    }

    pub(crate) fn unsent(&self) -> usize {
        self.unsent.len()
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.sent.len() - self.free.len()
    }

    /// True if another request may be sent.
    pub(crate) fn has_room(&self) -> bool {
        !self.free.is_empty() && self.in_flight() < self.window
    }

    /// A request was done.
    pub(crate) fn widen(&mut self) {
        self.answers += 1;
        if self.answers >= self.window {
            (self.answers, self.window) = (0, self.sent.len().min(self.window + 1));
        }
    }

    /// The server was too busy for a request.
    pub(crate) fn narrow(&mut self, now: Instant) {
        if self.shrunk.is_none_or(|shrunk| now.duration_since(shrunk) >= BURST) {
            (self.answers, self.window, self.shrunk) = (0, (self.window / 2).max(1), Some(now));
        }
    }

    /// True if no row waits or is under way.
    pub(crate) fn is_empty(&self) -> bool {
        self.unsent.is_empty() && self.again.is_empty() && self.in_flight() == 0
    }

    /// The next request: a row that is due again, a batch of the next rows that are of one partition if there are some, or a
    /// smaller one of the next rows.
    pub(crate) fn next(
        &mut self,
        now: Instant,
        sizes: BatchSizes,
        is_same: impl Fn(&Row, &Row) -> bool,
    ) -> Option<Request> {
        if let Some(at) = self.again.iter().position(|row| row.due.is_none_or(|due| due <= now)) {
            return self.again.remove(at).map(|row| vec![row]);
        }
        if self.again.len() >= AGAIN_MAX {
            return None;
        }
        let first = self.unsent.front()?;
        let alike = self.unsent.iter().take(sizes.of_one).take_while(|row| is_same(first, row)).count();
        let count = if alike >= sizes.of_several { alike } else { self.count_several(sizes.of_several) };
        Some(self.unsent.drain(..count).collect())
    }

    /// The number of rows, at least one, that may be in a batch of several partitions.
    fn count_several(&self, most: usize) -> usize {
        let mut bytes = 0;
        let fits = |row: &&Row| {
            bytes += row.bytes();
            bytes <= BATCH_BYTES_MAX
        };
        self.unsent.iter().take(most).take_while(fits).count().max(1)
    }

    /// Keeps a request until its answer comes, and gives its stream. There is room.
    pub(crate) fn keep(&mut self, request: Request) -> i16 {
        let stream = self.free.pop().unwrap_or_default();
        if let Some(place) = usize::try_from(stream).ok().and_then(|at| self.sent.get_mut(at)) {
            *place = Some(request);
        }
        stream
    }

    /// The rows that are under way on a stream.
    pub(crate) fn rows_of(&self, stream: i16) -> Option<&[Row]> {
        self.sent.get(usize::try_from(stream).ok()?)?.as_deref()
    }

    /// The rows of a stream that was answered.
    pub(crate) fn release(&mut self, stream: i16) -> Option<Request> {
        let rows = self.sent.get_mut(usize::try_from(stream).ok()?)?.take()?;
        self.free.push(stream);
        Some(rows)
    }

    /// The rows of all streams, none of which is answered.
    pub(crate) fn release_all(&mut self) -> Vec<Row> {
        self.streams().into_iter().filter_map(|stream| self.release(stream)).flatten().collect()
    }

    /// The streams that have something under way.
    pub(crate) fn streams(&self) -> Vec<i16> {
        (0..=i16::MAX).take(self.sent.len()).filter(|stream| self.rows_of(*stream).is_some()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_halved_by_a_burst_of_refusals_and_grow_with_answers() {
        let (mut outgoing, now) = (Outgoing::new(128), Instant::now());
        (0..90).for_each(|_| outgoing.narrow(now));
        assert_eq!(outgoing.window, 64);
        (0..20).for_each(|burst| outgoing.narrow(now + BURST * (burst + 1)));
        assert_eq!(outgoing.window, 1);
        (0..1 + 2 + 3).for_each(|_| outgoing.widen());
        assert_eq!(outgoing.window, 4);
        (0..100_000).for_each(|_| outgoing.widen());
        assert_eq!(outgoing.window, 128);
    }
}
