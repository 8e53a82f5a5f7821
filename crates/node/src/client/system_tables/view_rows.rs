//! `system_views`: what this node knows of itself.

use super::build::{TableRows, bigint, count, double, inet, int, text};
use super::source::SystemTables;
use super::{gossip_rows, process_rows};
use crate::ground::histogram::Counts;
use crate::ground::world::World;
use henge_base::Micros;

const MEBIBYTE: u64 = 1 << 20;

/// The rows of a table of `system_views`.
pub(super) fn rows<W: World>(table: &str, node: &SystemTables<W>, out: &mut TableRows<'_>) {
    let process = node.context.world.surroundings();
    match (table, process) {
        ("batch_metrics", _) => batch_metrics(node, out),
        ("caches", _) => caches(node, out),
        ("cql_metrics", _) => cql_metrics(node, out),
        ("disk_usage", _) => disk_usage(node, out),
        ("gossip_info", _) => gossip_rows::rows(node, out),
        ("pending_hints", _) => pending_hints(node, out),
        ("repairs", _) => repairs(node, out),
        ("streams", _) => streams(node, out),
        ("workers", _) => workers(node, out),
        ("clients", Some(process)) => process_rows::clients(process, out),
        ("queries", Some(process)) => process_rows::queries(process, out),
        ("settings", Some(process)) => process_rows::settings(process, out),
        ("thread_pools", Some(process)) => process_rows::thread_pools(process, out),
        _ => {} // A node in a simulation has no process of its own.
    }
}

fn batch_metrics<W: World>(node: &SystemTables<W>, out: &mut TableRows<'_>) {
    let mut push = |name: &str, counts: &Counts| {
        let columns = [
            ("max", count(counts.max())),
            ("p50th", double(counts.below(0.5))),
            ("p99th", double(counts.below(0.99))),
            ("p999th", double(counts.below(0.999))),
        ];
        out.push(&[text(name)], &columns);
    };
    let batches = &node.context.metrics.batches;
    push("partitions_per_counter_batch", &batches.counter);
    push("partitions_per_logged_batch", &batches.logged);
    push("partitions_per_unlogged_batch", &batches.unlogged);
}

/// The one cache: of blocks of files, as Cassandra's cache of chunks. What is asked of it are reads.
fn caches<W: World>(node: &SystemTables<W>, out: &mut TableRows<'_>) {
    let figures = node.replica.figures();
    let requests = figures.memory_hits + figures.memory_misses;
    let columns = [
        ("capacity_bytes", count(figures.cache_capacity_bytes)),
        ("hit_count", count(figures.memory_hits)),
        ("hit_ratio", double(figures.memory_hits as f64 / requests as f64)),
        ("request_count", count(requests)),
        ("size_bytes", count(figures.cache_bytes)),
    ];
    out.push(&[text("chunks")], &columns);
}

fn cql_metrics<W: World>(node: &SystemTables<W>, out: &mut TableRows<'_>) {
    let (kept, evicted) = node.statements.counts();
    let mut push = |name: &str, value: f64| out.push(&[text(name)], &[("value", double(value))]);
    push("prepared_statements_count", kept as f64);
    push("prepared_statements_evicted", evicted as f64);
    let Some(process) = node.context.world.surroundings() else { return };
    let executed = process.executed_statements();
    let all = executed.prepared + executed.regular;
    push("prepared_statements_executed", executed.prepared as f64);
    push("prepared_statements_ratio", if all == 0 { 0.0 } else { executed.prepared as f64 / all as f64 });
    push("regular_statements_executed", executed.regular as f64);
}

fn disk_usage<W: World>(node: &SystemTables<W>, out: &mut TableRows<'_>) {
    for table in node.cluster.view().state.schema.tables() {
        // A table that is dropped at this moment is left out.
        let Ok(bytes) = node.replica.disk_bytes(table.storage_id) else { continue };
        let columns = [("mebibytes", count(bytes.div_ceil(MEBIBYTE)))];
        out.push(&[text(&table.keyspace), text(&table.name)], &columns);
    }
}

fn pending_hints<W: World>(node: &SystemTables<W>, out: &mut TableRows<'_>) {
    let view = node.cluster.view();
    for (host, span) in node.replica.pending_hints() {
        let mut columns = vec![("status", text(if node.peers.liveness().is_up(host) { "UP" } else { "DOWN" }))];
        if let Ok(Some((oldest, newest))) = span {
            columns.extend([("oldest", milliseconds(oldest)), ("newest", milliseconds(newest))]);
        }
        if let Some(member) = view.state.members.get(&host) {
            columns.extend([
                ("address", inet(member.address.ip())),
                ("dc", text(&member.datacenter)),
                ("port", int(i32::from(member.address.port()))),
                ("rack", text(&member.rack)),
            ]);
        }
        out.push(&[host.0.as_bytes().to_vec()], &columns);
    }
}

/// The proofs of the ranges that this node holds, and the comparisons that it led.
fn repairs<W: World>(node: &SystemTables<W>, out: &mut TableRows<'_>) {
    let (view, local) = (node.cluster.view(), node.context.host());
    for table in view.state.schema.tables() {
        let Some(placed) = view.keyspace_placement(&table.keyspace) else { continue };
        let held = placed.placement.ranges().filter(|range| range.write.len() > 1 && range.write.contains(local));
        let pieces = held.flat_map(|range| range.range.split_at_wrap().collect::<Vec<_>>());
        let pieces = pieces.flat_map(|range| node.replica.proven_pieces(table.storage_id, range));
        let (until, floors): (Vec<Micros>, Vec<i64>) =
            pieces.map(|(_, proven)| (proven.until, proven.floor.before)).unzip();
        let status = node.context.repairs.status(table.storage_id);
        let mut columns = vec![
            ("bytes_mended", count(status.mended_bytes)),
            ("rows", count(status.rows)),
            ("rows_mended", count(status.mended_rows)),
            ("sessions", count(status.sessions)),
            ("sessions_failed", count(status.failed)),
        ];
        columns.extend(until.into_iter().min().filter(|at| *at > 0).map(|at| ("proven_until", milliseconds(at))));
        let floor = floors.into_iter().min().filter(|at| *at > i64::MIN);
        let floor = floor.map(|at| bigint(at.saturating_mul(1_000)));
        columns.extend(floor.map(|at| ("deletions_forgotten_until", at)));
        columns.extend((status.last > 0).then(|| ("last_session", milliseconds(status.last))));
        columns.extend(status.last_error.map(|error| ("last_error", text(error))));
        out.push(&[text(&table.keyspace), text(&table.name)], &columns);
    }
}

/// The bytes that this node fetches by the plan under way, by source.
fn streams<W: World>(node: &SystemTables<W>, out: &mut TableRows<'_>) {
    let view = node.cluster.view();
    let Some(plan) = &view.state.plan else { return };
    for source in node.replica.stream_status.progress(plan.id).sources {
        let mut columns = vec![("bytes_received", count(source.bytes_done))];
        columns.extend((source.bytes_total > 0).then(|| ("bytes_expected", count(source.bytes_total))));
        if let Some(member) = view.state.members.get(&source.host) {
            columns.extend([
                ("address", inet(member.address.ip())),
                ("dc", text(&member.datacenter)),
                ("port", int(i32::from(member.address.port()))),
            ]);
        }
        out.push(&[count(plan.id), source.host.0.as_bytes().to_vec()], &columns);
    }
}

fn workers<W: World>(node: &SystemTables<W>, out: &mut TableRows<'_>) {
    for (name, status) in node.context.workers.all() {
        let mut columns = vec![
            ("progress", text(status.progress)),
            ("state", text(status.state.name())),
            ("steps", count(status.steps)),
        ];
        columns.extend(status.last_error.map(|error| ("last_error", text(error))));
        out.push(&[text(name)], &columns);
    }
}

fn milliseconds(time: Micros) -> Vec<u8> {
    bigint(time.div_euclid(1_000))
}
