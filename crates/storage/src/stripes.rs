//! Counts of writes by partition, to tell whether a partition was written meanwhile: writes that entered the combiner, and writes that
//! the engine has returned from. Partitions share a fixed number of stripes.

use crate::limits::STRIPES;
use henge_model::{Key, Token};
use std::sync::atomic::{AtomicU64, Ordering};

/// The stripe of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stripe(usize);

impl Stripe {
    /// The stripe of an encoded key.
    pub fn of(key: &[u8]) -> Stripe {
        let token = Key::token(key).unwrap_or(Token(0));
        // Tokens are hashes already: their low bits are as good as any.
        Stripe(token.0 as usize % STRIPES)
    }

    /// Its number.
    pub(crate) fn number(self) -> usize {
        self.0
    }
}

/// All stripes.
#[derive(Debug)]
pub(crate) struct Stripes {
    versions: Vec<(AtomicU64, AtomicU64)>,
}

impl Default for Stripes {
    fn default() -> Self {
        Stripes { versions: (0..STRIPES).map(|_| Default::default()).collect() }
    }
}

impl Stripes {
    /// Counts a write that enters the combiner.
    pub(crate) fn enter(&self, stripe: Stripe) {
        self.versions[stripe.0].0.fetch_add(1, Ordering::AcqRel);
    }

    /// Counts a write that the engine has returned from.
    pub(crate) fn leave(&self, stripe: Stripe) {
        self.versions[stripe.0].1.fetch_add(1, Ordering::AcqRel);
    }

    /// Counts a write to every partition that begins.
    pub(crate) fn enter_all(&self) {
        (0..STRIPES).for_each(|number| self.enter(Stripe(number)));
    }

    /// Counts that it has ended.
    pub(crate) fn leave_all(&self) {
        (0..STRIPES).for_each(|number| self.leave(Stripe(number)));
    }

    /// Counts one write if none has entered since `version`, the number of earlier ones. Returns true if it did.
    pub(crate) fn enter_unchanged(&self, stripe: Stripe, version: u64) -> bool {
        let queued = &self.versions[stripe.0].0;
        queued.compare_exchange(version, version + 1, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// The version of a stripe, if no write is between queue and engine. A read after this call sees every write that it counts.
    pub(crate) fn quiet(&self, stripe: Stripe) -> Option<u64> {
        // In this order: what is applied was queued before, so that equal counts were equal when the first was read.
        let applied = self.applied_writes(stripe);
        (self.queued_writes(stripe) == applied).then_some(applied)
    }

    /// The first broken rule: more writes are on their way than wait in the queue while a turn is under way, exactly as many between turns.
    pub(crate) fn check(
        &self,
        waiting: impl Iterator<Item = Stripe>,
        is_between_turns: bool,
    ) -> Result<(), &'static str> {
        let mut open: Vec<u64> = Vec::with_capacity(STRIPES);
        for (queued, applied) in &self.versions {
            let (applied, queued) = (applied.load(Ordering::Acquire), queued.load(Ordering::Acquire));
            open.push(queued.checked_sub(applied).ok_or("more writes of a stripe were applied than entered")?);
        }
        for stripe in waiting {
            open[stripe.0] =
                open[stripe.0].checked_sub(1).ok_or("a write is queued that has not entered its stripe")?;
        }
        if is_between_turns && open.iter().any(|open| *open > 0) {
            return Err("a write has entered its stripe and is neither queued nor applied");
        }
        Ok(())
    }

    /// The number of writes that entered.
    pub(crate) fn queued_writes(&self, stripe: Stripe) -> u64 {
        self.versions[stripe.0].0.load(Ordering::Acquire)
    }

    /// The number of writes that the engine has returned from.
    pub(crate) fn applied_writes(&self, stripe: Stripe) -> u64 {
        self.versions[stripe.0].1.load(Ordering::Acquire)
    }
}
