//! Read repair: replicas are sent the rows that they lack before the read is answered, so that a later read of other replicas
//! sees them too.

use crate::lateness::patience;
use crate::reconcile::Repair;
use crate::stamp::repair_stamp;
use crate::under_way::{Next, UnderWay};
use crate::{Event, Recipient, Replicas, Work};
use henge_base::{Bytes, HostId, Micros, Mono};
use henge_model::{Key, MUTATION_ROWS_MAX, Mutation, WriteId};
use henge_ring::Epoch;
use std::collections::BTreeSet;

/// Rows to be sent to replicas.
pub(crate) struct Mend {
    pub(crate) repairs: Vec<Repair>,
    /// The event that each of the replicas counts as.
    pub(crate) event: Event,
    /// The epoch of the plan.
    pub(crate) epoch: Epoch,
    pub(crate) deadline: Mono,
}

/// Repairs replicas and waits for all, or for those alone that others cannot stand in for once they are late. Returns those that did not
/// confirm.
///
/// A repair is a write and is issued now, whatever the age of its rows: a replica refuses writes issued before its fence. No
/// deletion that covers the rows can have been purged since they were read: a purge stays behind the present by far more
/// than a read takes.
pub(crate) async fn mend<R: Replicas>(
    replicas: &R,
    mend: Mend,
    can_do_without: impl Fn(&BTreeSet<HostId>) -> bool,
) -> BTreeSet<HostId> {
    let Mend { repairs, event, epoch, deadline } = mend;
    if repairs.is_empty() {
        return BTreeSet::new();
    }
    let stamp = repair_stamp(replicas, deadline).await;
    let Some(issued) = stamp.map(|stamp| if replicas.faults().mend_at_zero { 0 } else { stamp }) else {
        return repairs.into_iter().map(|(host, _)| host).collect();
    };
    let limits = replicas.limits();
    let patience = patience(replicas, repairs.iter().map(|(host, _)| *host), Work::Write, deadline);
    let mut mutations = repairs
        .into_iter()
        .inspect(|_| replicas.count(event))
        .flat_map(|(host, rows)| mutations(rows, issued, limits.mend_bytes).map(move |mutation| (host, mutation)))
        .peekable();
    let mend = |host, mutation| replicas.mend(Recipient { host, epoch }, mutation, deadline);
    let mut failed: BTreeSet<HostId> = BTreeSet::new();
    let mut under_way = UnderWay::new();
    for _ in 0..limits.mends_under_way {
        let Some((host, mutation)) = mutations.next() else { break };
        under_way.push(host, mend(host, mutation));
    }
    let mut late = replicas.pause(patience);
    let mut is_late = false;
    loop {
        let next = if is_late { under_way.next().await.into() } else { under_way.next_before(&mut late).await };
        match next {
            Next::Ended(host, outcome) => {
                if outcome.is_err() {
                    failed.insert(host);
                }
                if let Some((host, mutation)) = mutations.next() {
                    under_way.push(host, mend(host, mutation));
                }
            }
            Next::Late => is_late = true,
            Next::Idle => return failed,
        }
        if is_late && mutations.peek().is_none() {
            let unmended: BTreeSet<HostId> = failed.iter().copied().chain(under_way.labels()).collect();
            if can_do_without(&unmended) {
                return unmended;
            }
        }
    }
}

/// Encoded mutations of rows in key order: one per token, and none much larger than a message should be.
fn mutations(rows: Vec<(Bytes, Bytes)>, issued: Micros, bytes_max: usize) -> impl Iterator<Item = Bytes> {
    let mut rows = rows.into_iter().peekable();
    std::iter::from_fn(move || {
        let first = rows.next()?;
        let token = Key::token(&first.0);
        let mut bytes = first.0.len() + first.1.len();
        let mut mutation = Mutation { id: WriteId::of_repair(issued), rows: vec![first] };
        while mutation.rows.len() < MUTATION_ROWS_MAX {
            let fits =
                |(key, row): &(Bytes, Bytes)| Key::token(key) == token && bytes + key.len() + row.len() <= bytes_max;
            let Some((key, row)) = rows.next_if(fits) else { break };
            bytes += key.len() + row.len();
            mutation.rows.push((key, row));
        }
        Some(mutation.encode())
    })
}

#[cfg(test)]
mod tests;
