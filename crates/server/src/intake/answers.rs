//! Room for answers. A read leases room before it begins, for as much as it is likely to need; its answer grows within what is free and
//! keeps the lease until it is sent.

use super::account::{ClientAccount, UNIT_BYTES, units};
use super::overload::Overload;
use henge_node::RowSink;
use henge_protocol::EncodedRows;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// An answer that grows beyond its room leases so much at a time.
const STEP_BYTES: usize = 64 << 10;
/// The longest time that a read waits for room before it begins.
const ROOM_TIMEOUT: Duration = Duration::from_secs(5);

/// Room that an answer has; it is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct AnswerLease {
    account: Arc<ClientAccount>,
    units: usize,
}

impl ClientAccount {
    /// No room yet.
    pub(crate) fn no_answer(self: &Arc<ClientAccount>) -> AnswerLease {
        AnswerLease { account: Arc::clone(self), units: 0 }
    }

    /// Room for so many bytes, if it is free.
    pub(crate) fn try_room(self: &Arc<ClientAccount>, bytes: usize) -> Option<AnswerLease> {
        let mut lease = self.no_answer();
        lease.try_grow_to(bytes.min(self.intake.limits.address.answers)).then_some(lease)
    }

    /// Waits for room, in turn. Nothing is kept if this is dropped before it is ready.
    pub(crate) async fn room(self: &Arc<ClientAccount>, bytes: usize) -> Result<AnswerLease, Overload> {
        let wanted = units(bytes.min(self.intake.limits.address.answers));
        let both = async {
            // The address's share first: a client that has used it up keeps nobody else waiting.
            let own = self.answers.acquire_many(wanted as u32).await.ok()?;
            let all = self.intake.answers.acquire_many(wanted as u32).await.ok()?;
            own.forget();
            all.forget();
            Some(AnswerLease { account: Arc::clone(self), units: wanted })
        };
        match tokio::time::timeout(ROOM_TIMEOUT, both).await {
            Ok(Some(lease)) => Ok(lease),
            _ => Err(Overload::Answers),
        }
    }
}

impl AnswerLease {
    pub(crate) fn bytes(&self) -> usize {
        self.units * UNIT_BYTES
    }

    /// Leases more, up to so many bytes in all. False if that is not free; nothing changes then.
    pub(crate) fn try_grow_to(&mut self, bytes: usize) -> bool {
        let more = units(bytes).saturating_sub(self.units);
        let take = |room: &Semaphore| room.try_acquire_many(more as u32).map(|permit| permit.forget()).is_ok();
        if !take(&self.account.answers) {
            return false;
        }
        if !take(&self.account.intake.answers) {
            self.account.answers.add_permits(more);
            return false;
        }
        self.units += more;
        true
    }

    /// Gives back what is beyond so many bytes.
    pub(crate) fn shrink_to(&mut self, bytes: usize) {
        let less = self.units.saturating_sub(units(bytes));
        if less > 0 {
            self.units -= less;
            self.account.answers.add_permits(less);
            self.account.intake.answers.add_permits(less);
        }
    }

    /// Takes the room of another answer of the same client.
    pub(crate) fn absorb(&mut self, mut other: AnswerLease) {
        self.units += std::mem::take(&mut other.units);
    }
}

impl Drop for AnswerLease {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

/// Rows of an answer within its room. Where that ends, they are dropped, and the answer is a refusal.
#[derive(Debug)]
pub(crate) struct AnswerRows {
    rows: EncodedRows,
    lease: AnswerLease,
    /// Why rows were dropped.
    refusal: Option<Overload>,
    /// Why room that was asked for is not there.
    denial: Option<Overload>,
}

impl AnswerRows {
    pub(crate) fn new(lease: AnswerLease) -> AnswerRows {
        AnswerRows { rows: EncodedRows::default(), lease, refusal: None, denial: None }
    }

    /// The rows with room for them and for the description of their columns, or the reason why there are none.
    pub(crate) fn finish(mut self, metadata_bytes: usize) -> Result<(EncodedRows, AnswerLease), Overload> {
        match self.refusal {
            Some(refusal) => Err(refusal),
            None => {
                self.lease.shrink_to(self.rows.bytes() + metadata_bytes);
                Ok((self.rows, self.lease))
            }
        }
    }

    /// Its room, without the rows.
    pub(crate) fn into_lease(self) -> AnswerLease {
        self.lease
    }

    /// The reason why rows found no room.
    pub(crate) fn refusal(&self) -> Option<Overload> {
        self.refusal
    }

    /// The reason why room that was asked for last is not there.
    pub(crate) fn denial(&self) -> Option<Overload> {
        self.denial
    }

    fn grow_to(&mut self, bytes: usize) -> Result<(), Overload> {
        if bytes <= self.lease.bytes() || self.lease.try_grow_to(bytes) {
            return Ok(());
        }
        let most = self.lease.account.intake.limits.address.answers;
        Err(if bytes > most { Overload::TooLong(most) } else { Overload::Answers })
    }
}

impl RowSink for AnswerRows {
    fn begin_row(&mut self) {
        self.rows.begin_row();
    }

    fn value(&mut self, value: Option<&[u8]>) {
        if self.refusal.is_some() {
            return;
        }
        self.rows.value(value);
        if self.rows.bytes() > self.lease.bytes()
            && let Err(refusal) =
                self.grow_to(self.rows.bytes() + STEP_BYTES).or_else(|_| self.grow_to(self.rows.bytes()))
        {
            self.refusal = Some(refusal);
            self.rows = EncodedRows::default();
        }
    }

    fn rows(&self) -> usize {
        self.rows.rows()
    }

    fn bytes(&self) -> usize {
        self.rows.bytes()
    }

    fn mark(&self) -> (usize, usize) {
        self.rows.mark()
    }

    fn rollback(&mut self, mark: (usize, usize)) {
        self.rows.rollback(mark);
    }

    fn reserve(&mut self, bytes: usize) -> bool {
        self.denial = self.grow_to(self.rows.bytes() + bytes).err();
        self.refusal.is_none() && self.denial.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Intake, IntakeLimits, Limits};
    use super::*;
    use futures_util::FutureExt;
    use std::net::IpAddr;

    /// Two addresses with 100 KiB each, of 150 in all.
    fn addresses() -> [Arc<ClientAccount>; 2] {
        let of = |answers| Limits { requests: 10, bytes: 1_000, answers };
        let intake = Intake::new(IntakeLimits { node: of(150 << 10), address: of(100 << 10) });
        [1, 2].map(|last| intake.account(IpAddr::from([192, 0, 2, last])))
    }

    #[tokio::test]
    async fn a_read_waits_for_room_in_its_turn() {
        let [ann, bob] = addresses();
        let held = ann.room(90 << 10).await.unwrap();
        let mut waiting = Box::pin(ann.room(20 << 10));
        assert!(waiting.as_mut().now_or_never().is_none() && ann.try_room(20 << 10).is_none());
        // The other one's room is another.
        let other = bob.try_room(60 << 10).unwrap();
        assert!(bob.try_room(1 << 10).is_none(), "all of it is in use");
        drop(held);
        assert_eq!(waiting.await.unwrap().bytes(), 20 << 10);
        drop(other);
        assert_eq!(bob.room(usize::MAX).await.unwrap().bytes(), 100 << 10, "none waits for more than there can be");
    }

    #[test]
    fn rows_grow_within_what_is_free() {
        let [ann, _] = addresses();
        let mut rows = AnswerRows::new(ann.try_room(1 << 10).unwrap());
        rows.begin_row();
        rows.value(Some(&[7; 90 << 10]));
        assert!(rows.reserve(5 << 10) && !rows.reserve(20 << 10) && rows.refusal().is_none());
        let mut others = AnswerRows::new(ann.no_answer());
        others.begin_row();
        others.value(Some(&[7; 20 << 10]));
        assert_eq!(others.finish(0).unwrap_err(), Overload::Answers);
        rows.value(Some(&[7; 20 << 10]));
        assert_eq!((rows.bytes(), rows.refusal()), (0, Some(Overload::TooLong(100 << 10))));
        drop(rows);
        assert!(ann.try_room(100 << 10).is_some(), "all of it is free again");
    }

    #[test]
    fn an_answer_keeps_the_room_of_its_bytes_until_it_is_sent() {
        let [ann, _] = addresses();
        let mut rows = AnswerRows::new(ann.try_room(100 << 10).unwrap());
        rows.begin_row();
        rows.value(Some(&[7; 10_000]));
        let (rows, lease) = rows.finish(0).unwrap();
        assert_eq!((rows.bytes(), lease.bytes()), (10_004, 10 << 10));
        let mut held = ann.no_answer();
        held.absorb(lease);
        assert!(ann.try_room(91 << 10).is_none());
        held.shrink_to(0);
        assert!(ann.try_room(100 << 10).is_some());
    }
}
