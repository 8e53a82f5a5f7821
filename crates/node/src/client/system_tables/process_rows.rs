//! `system_views`: what the process around this node knows.

use super::build::{TableRows, boolean, count, inet, int, map, small, text};
use crate::ground::surroundings::{ClientFacts, Surroundings};
use std::time::Duration;

pub(super) fn settings(process: &dyn Surroundings, out: &mut TableRows<'_>) {
    for (name, value) in process.settings() {
        let columns: Vec<_> = value.map(|value| ("value", text(value))).into_iter().collect();
        out.push(&[text(name)], &columns);
    }
}

pub(super) fn clients(process: &dyn Surroundings, out: &mut TableRows<'_>) {
    process.clients().iter().for_each(|client| push_client(client, process, out));
}

fn push_client(client: &ClientFacts, process: &dyn Surroundings, out: &mut TableRows<'_>) {
    let option = |key: &str| client.options.iter().find(|(name, _)| name == key).map(|(_, value)| text(value));
    let mut columns = vec![
        ("client_options", map(client.options.iter().map(|(key, value)| (key.as_str(), value.as_str())))),
        ("connection_stage", text(client.stage)),
        ("hostname", text(process.hostname(client.address.ip()))),
        ("protocol_version", int(i32::from(client.protocol_version))),
        ("request_count", count(client.requests)),
        ("ssl_enabled", boolean(client.tls.is_some())),
    ];
    let perhaps = [
        ("driver_name", option("DRIVER_NAME")),
        ("driver_version", option("DRIVER_VERSION")),
        ("keyspace_name", client.keyspace.as_ref().map(text)),
        ("ssl_cipher_suite", client.tls.as_ref().map(|tls| text(&tls.cipher_suite))),
        ("ssl_protocol", client.tls.as_ref().map(|tls| text(&tls.protocol))),
        ("username", client.username.as_ref().map(text)),
    ];
    columns.extend(perhaps.into_iter().filter_map(|(name, value)| Some((name, value?))));
    out.push(&[inet(client.address.ip()), int(i32::from(client.address.port()))], &columns);
}

pub(super) fn queries(process: &dyn Surroundings, out: &mut TableRows<'_>) {
    let micros = |time: Duration| count(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    for query in process.queries() {
        let columns = [
            ("queued_micros", micros(query.queued)),
            ("running_micros", micros(query.running)),
            ("task", text(query.task)),
        ];
        out.push(&[text(query.id)], &columns);
    }
}

pub(super) fn thread_pools(process: &dyn Surroundings, out: &mut TableRows<'_>) {
    for pool in process.pools() {
        // A client's connection is not read from while it has too much under way: nothing is ever turned away here.
        let mut columns = vec![
            ("active_tasks", small(pool.active)),
            ("blocked_tasks", count(0)),
            ("blocked_tasks_all_time", count(0)),
            ("completed_tasks", count(pool.completed)),
        ];
        columns.extend(pool.limit.map(|limit| ("active_tasks_limit", small(limit))));
        columns.extend(pool.pending.map(|pending| ("pending_tasks", small(pending))));
        out.push(&[text(pool.name)], &columns);
    }
}
