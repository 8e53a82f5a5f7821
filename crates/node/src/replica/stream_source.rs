//! Pages of this node's copy for new replicas. It answers once it has all that it ever acknowledged under an older plan: it has come to
//! the plan's epoch, and no older request is under way.

use crate::cluster::Cluster;
use crate::cluster::gains::Fetch;
use crate::ground::world::{Lane, To, World};
use crate::peers::messages::stream::{StreamFences, StreamFencesReply, StreamPage, StreamPageReply, StreamPart};
use crate::replica::LocalReplica;
use henge_base::{Bytes, HostId};
use henge_coordinator::Refusal;
use henge_metadata::Epoch;
use henge_model::{RowError, RowView, merge_encoded};
use henge_storage::{ExportCursor, ExportPage, ReadError, Store};
use std::sync::Arc;

/// Bytes of a page at least, where little is sent in a second.
const PAGE_BYTES_MIN: usize = 4 << 10;

/// Serves a page to the new replica `from`.
pub(crate) async fn page<W: World>(
    replica: &LocalReplica<W>,
    cluster: &Arc<Cluster<W>>,
    (from, epoch): (HostId, Epoch),
    asked: StreamPage,
) -> Result<StreamPageReply, Refusal> {
    cluster.catch_up_for_request(epoch, To::Host(from)).await;
    check(replica, cluster, from, &asked).map_err(|refusal| match refusal {
        Refusal::StaleEpoch | Refusal::UnknownTable if cluster.epoch() < epoch => Refusal::Behind,
        refusal => refusal,
    })?;
    let outflow = &replica.stream_outflow;
    let _page = outflow.begin_page(replica.context.options.limits.stream_pages).ok_or(Refusal::Overloaded)?;
    let skips_acceptors = replica.context.options.faults.stream_no_acceptors && asked.part == StreamPart::Acceptors;
    if skips_acceptors {
        return Ok(StreamPageReply::default());
    }
    let options = &replica.context.options;
    let bytes_max = page_bytes(options.stream_throughput, options.limits.stream_page_bytes);
    let read = replica.on_disk(Lane::Background, move |store| read(store, &asked, bytes_max)).await;
    let page = read.map_err(|error| match error {
        ReadError::UnknownTable => Refusal::UnknownTable,
        error => {
            tracing::error!(%error, peer = %from, "a page cannot be read for a new replica");
            Refusal::Corrupt
        }
    })?;
    let reply = StreamPageReply { more: page.next.is_some(), rows: page.rows };
    let (context, bytes) = (&replica.context, reply.bytes());
    if context.options.stream_throughput > 0 {
        let at = outflow.reserve(bytes, context.options.stream_throughput, context.world.mono());
        context.world.sleep_until(at).await;
    }
    context.metrics.stream_bytes_sent.inc_by(bytes);
    Ok(reply)
}

/// Refuses to answer if the sender does not gain the range from this node by the plan, or not yet.
fn check<W: World>(
    replica: &LocalReplica<W>,
    cluster: &Cluster<W>,
    from: HostId,
    asked: &StreamPage,
) -> Result<(), Refusal> {
    let (context, view) = (&replica.context, cluster.view());
    let fetch = Fetch::of(&view.state, asked.plan).ok_or(Refusal::StaleEpoch)?;
    let placed = view.placed_of(asked.table).ok_or(Refusal::UnknownTable)?;
    let ranges = || placed.placement.ranges_over(asked.tokens);
    let since = ranges().map(|range| range.since).max().unwrap_or_default();
    if !ranges().all(|range| fetch.is_for(range, from) && fetch.is_from(range, context.host())) {
        return Err(Refusal::StaleEpoch);
    }
    // The new replica takes writes since then. A replica that goes has no request under way either that counts it among those that are read.
    let begun = match fetch {
        Fetch::New => Epoch { index: since, ..view.epoch() },
        Fetch::Merge => Epoch { index: view.moved_at(), ..view.epoch() },
    };
    let is_settled = context.in_flight.older_than(begun) == 0 || context.options.faults.skip_barriers;
    if !is_settled || replica.stream_outflow.is_purging() { Err(Refusal::Overloaded) } else { Ok(()) }
}

/// Bytes of a page at a rate: what is sent in a quarter of a second, so that none waits for long behind others.
fn page_bytes(per_second: u64, bytes_max: usize) -> usize {
    match per_second {
        0 => bytes_max,
        rate => usize::try_from(rate / 4).unwrap_or(bytes_max).max(PAGE_BYTES_MIN).min(bytes_max),
    }
}

fn read(store: &Store, asked: &StreamPage, bytes_max: usize) -> Result<ExportPage, ReadError> {
    let after = asked.after.clone().map(ExportCursor::behind);
    match asked.part {
        StreamPart::Acceptors => store.export_acceptors(asked.table, asked.tokens, after.as_ref(), bytes_max),
        StreamPart::Rows => {
            let mut page = store.export_page(asked.table, asked.tokens, after.as_ref(), bytes_max)?;
            page.rows.iter_mut().for_each(|(key, row)| mark_damage(key, row));
            Ok(page)
        }
    }
}

/// Makes a value of bytes that are no row a damaged one, so that they are told from what a link damages: the new replica holds it as
/// damaged too, and repair mends it.
fn mark_damage(key: &Bytes, row: &mut Bytes) {
    if let Err(error) = RowView::parse(key, row)
        && error != RowError::Damaged
    {
        *row = merge_encoded(key, std::iter::once(row.as_ref())).into();
    }
}

/// Serves the fences of this node to one that gains ranges. They rise no more: purges rest while a plan is under way.
pub(crate) async fn fences<W: World>(
    replica: &LocalReplica<W>,
    cluster: &Arc<Cluster<W>>,
    (from, epoch): (HostId, Epoch),
    asked: StreamFences,
) -> Result<StreamFencesReply, Refusal> {
    cluster.catch_up_for_request(epoch, To::Host(from)).await;
    if cluster.view().state.plan.as_ref().is_none_or(|plan| plan.id != asked.plan) {
        return Err(if cluster.epoch() < epoch { Refusal::Behind } else { Refusal::StaleEpoch });
    }
    if replica.stream_outflow.is_purging() {
        return Err(Refusal::Overloaded);
    }
    let (fences, ballots) = (replica.store.fences(), replica.store.ballot_fences());
    Ok(StreamFencesReply { fences: fences.into_iter().collect(), ballots: ballots.into_iter().collect() })
}
