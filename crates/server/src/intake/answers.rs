//! Room for answers. A read leases room before it begins, for as much as it is likely to need; its answer grows within what is free and
//! keeps the lease until it is sent.

use super::account::{UNIT_BYTES, units};
use super::connection_account::ConnectionAccount;
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
    account: Arc<ConnectionAccount>,
    units: usize,
    /// Those that count in the connection's part; the others are of an answer that is larger than that.
    own: usize,
}

impl ConnectionAccount {
    /// No room yet.
    pub(crate) fn no_answer(self: &Arc<ConnectionAccount>) -> AnswerLease {
        AnswerLease { account: Arc::clone(self), units: 0, own: 0 }
    }

    /// Room for so many bytes, if it is free.
    pub(crate) fn try_room(self: &Arc<ConnectionAccount>, bytes: usize) -> Option<AnswerLease> {
        let mut lease = self.no_answer();
        lease.try_grow_to(bytes.min(self.client.intake.limits.address.answers)).then_some(lease)
    }

    /// Waits for room, in turn. Nothing is kept if this is dropped before it is ready.
    pub(crate) async fn room(self: &Arc<ConnectionAccount>, bytes: usize) -> Result<AnswerLease, Overload> {
        let (client, limits) = (&self.client, self.client.intake.limits);
        let wanted = units(bytes.min(limits.address.answers));
        let part = wanted.min(limits.connection.answers / UNIT_BYTES);
        let all = async {
            // The connection's part first, then the address's: who has used up its own keeps nobody else waiting.
            let own = self.answers.acquire_many(part as u32).await.ok()?;
            let of_address = client.answers.acquire_many(wanted as u32).await.ok()?;
            let of_all = client.intake.answers.acquire_many(wanted as u32).await.ok()?;
            own.forget();
            of_address.forget();
            of_all.forget();
            Some(AnswerLease { account: Arc::clone(self), units: wanted, own: part })
        };
        match tokio::time::timeout(ROOM_TIMEOUT, all).await {
            Ok(Some(lease)) => Ok(lease),
            _ => Err(Overload::Answers),
        }
    }

    /// Takes units of the connection's part for an answer that has `held` of it. Its only answer may be larger than the part, and takes
    /// what is left of it. `None`: other answers of the connection have it.
    fn take_part(&self, units: usize, held: usize) -> Option<usize> {
        let part = self.client.intake.limits.connection.answers / UNIT_BYTES;
        let free = self.answers.available_permits();
        let taken = if held + free == part { units.min(free) } else { units };
        take(&self.answers, taken).then_some(taken)
    }
}

fn take(room: &Semaphore, units: usize) -> bool {
    room.try_acquire_many(units as u32).map(|permit| permit.forget()).is_ok()
}

impl AnswerLease {
    pub(crate) fn bytes(&self) -> usize {
        self.units * UNIT_BYTES
    }

    /// Leases more, up to so many bytes in all. False if that is not free; nothing changes then.
    pub(crate) fn try_grow_to(&mut self, bytes: usize) -> bool {
        let more = units(bytes).saturating_sub(self.units);
        let client = &self.account.client;
        let Some(own) = self.account.take_part(more, self.own) else { return false };
        if !take(&client.answers, more) {
            self.account.answers.add_permits(own);
            return false;
        }
        if !take(&client.intake.answers, more) {
            client.answers.add_permits(more);
            self.account.answers.add_permits(own);
            return false;
        }
        self.units += more;
        self.own += own;
        true
    }

    /// Gives back what is beyond so many bytes.
    pub(crate) fn shrink_to(&mut self, bytes: usize) {
        let less = self.units.saturating_sub(units(bytes));
        if less > 0 {
            self.units -= less;
            self.account.client.answers.add_permits(less);
            self.account.client.intake.answers.add_permits(less);
            let own = self.own.saturating_sub(self.units);
            self.own -= own;
            self.account.answers.add_permits(own);
        }
    }

    /// Takes the room of another answer of the same connection.
    pub(crate) fn absorb(&mut self, mut other: AnswerLease) {
        self.units += std::mem::take(&mut other.units);
        self.own += std::mem::take(&mut other.own);
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
        let most = self.lease.account.client.intake.limits.address.answers;
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
    use super::super::{ConnectionLimits, Intake, IntakeLimits, Limits};
    use super::*;
    use futures_util::FutureExt;
    use std::net::IpAddr;

    /// Connections of two addresses with 100 KiB each, of 150 in all.
    fn addresses() -> [Arc<ConnectionAccount>; 2] {
        connections([1, 2], 100 << 10)
    }

    fn connections(addresses: [u8; 2], answers: usize) -> [Arc<ConnectionAccount>; 2] {
        let of = |answers| Limits { requests: 10, bytes: 1_000, answers };
        let connection = ConnectionLimits { bytes: 1_000, answers };
        let intake = Intake::new(IntakeLimits { node: of(150 << 10), address: of(100 << 10), connection });
        addresses.map(|last| ConnectionAccount::new(intake.account(IpAddr::from([192, 0, 2, last]))))
    }

    #[tokio::test]
    async fn a_connection_leaves_room_for_others_of_its_address() {
        let [one, other] = connections([1, 1], 50 << 10);
        let mut lease = one.try_room(30 << 10).unwrap();
        let mut waiting = Box::pin(one.room(30 << 10));
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(other.try_room(70 << 10).unwrap());
        drop(waiting);
        let small = one.try_room(10 << 10).unwrap();
        assert!(!lease.try_grow_to(60 << 10), "another answer of the connection has a part of its part");
        drop(small);
        assert!(lease.try_grow_to(60 << 10), "the only one may be larger than the part");
        assert!(one.try_room(1 << 10).is_none());
        lease.shrink_to(45 << 10);
        assert!(one.try_room(5 << 10).is_some() && one.try_room(6 << 10).is_none());
        lease.shrink_to(0);
        assert_eq!(one.room(usize::MAX).await.unwrap().bytes(), 100 << 10);
        assert!(one.try_room(50 << 10).is_some(), "all of it is free again");
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
