//! Reports on one node in nodetool's layouts.

use henge_operator::{
    Compaction, ConnectedClient, DescribedRange, DescribedReplica, Endpoints, GossipState, NodeInfo, RingDescription,
    ThreadPool, size_text,
};
use std::collections::BTreeMap;

const MIB: f64 = 1_048_576.0;

/// `info`. Cassandra's lines about a Java heap tell the memory of the process here, and its chunk cache the block cache.
pub(super) fn info(node: &NodeInfo, lists_tokens: bool) -> String {
    let megabytes = |bytes: u64| format!("{:.2}", bytes as f64 / MIB);
    let hits = node.cache_requests.saturating_sub(node.cache_misses);
    let hit_rate = match node.cache_requests {
        0 => "NaN".to_owned(),
        requests => format!("{:.3}", hits as f64 / requests as f64),
    };
    let cache = format!(
        "size {}, capacity {}, {} misses, {} requests, {hit_rate} hit rate",
        size_text(node.cache_bytes),
        size_text(node.cache_capacity_bytes),
        node.cache_misses,
        node.cache_requests
    );
    let mut lines = vec![
        ("ID", node.host_id.clone()),
        ("Gossip active", node.is_gossip_active.to_string()),
        ("Native Transport active", node.is_binary_active.to_string()),
        ("Load", size_text(node.load_bytes)),
        ("Generation No", node.generation.to_string()),
        ("Uptime (seconds)", node.uptime_seconds.to_string()),
        ("Heap Memory (MB)", format!("{} / {}", megabytes(node.resident_bytes), megabytes(node.memory_bytes_max))),
        ("Data Center", node.datacenter.clone()),
        ("Rack", node.rack.clone()),
        // The first panic ends the process.
        ("Exceptions", "0".to_owned()),
        ("Chunk Cache", cache),
    ];
    match (lists_tokens, node.tokens.as_slice()) {
        (false, [token]) => lines.push(("Token", token.to_string())),
        (false, tokens) => {
            lines.push(("Token", format!("(invoke with -T/--tokens to see all {} tokens)", tokens.len())));
        }
        (true, tokens) => lines.extend(tokens.iter().map(|token| ("Token", token.to_string()))),
    }
    lines.extend([
        ("Bootstrap state", if node.is_bootstrapped { "COMPLETED" } else { "IN_PROGRESS" }.to_owned()),
        ("Decommissioning", node.is_leaving.to_string()),
    ]);
    lines.iter().map(|(name, value)| format!("{name:<23}: {value}\n")).collect()
}

/// `version`.
pub(super) fn version(node: &NodeInfo, is_verbose: bool) -> String {
    let own = if is_verbose { format!("HengeVersion: {}\n", node.henge_version) } else { String::new() };
    format!("ReleaseVersion: {}\n{own}", node.release_version)
}

/// `gossipinfo`.
pub(super) fn gossip(states: &[GossipState]) -> String {
    let mut text = String::new();
    for state in states {
        let (generation, heartbeat) = (state.generation, state.heartbeat);
        text += &format!("/{}\n  generation:{generation}\n  heartbeat:{heartbeat}\n", state.address);
        for fact in &state.facts {
            text += &format!("  {}:{}:{}\n", fact.name, fact.version, fact.value);
        }
    }
    text + "\n"
}

/// `tpstats`. Nothing is ever blocked here: a client's connection is not read from while it has too much under way.
pub(super) fn thread_pools(pools: &[ThreadPool]) -> String {
    let row = |pool: &ThreadPool| {
        let numbers = [pool.active, pool.pending, pool.completed, 0, 0].map(|number| number.to_string());
        [vec![pool.name.clone()], numbers.to_vec()].concat()
    };
    let names = ["Pool Name", "Active", "Pending", "Completed", "Blocked", "All time blocked"];
    columns(std::iter::once(names.map(str::to_owned).to_vec()).chain(pools.iter().map(row)).collect())
}

/// `compactionstats`.
pub(super) fn compaction(compaction: &Compaction) -> String {
    let rows = [
        ("concurrent compactors", compaction.threads.to_string()),
        ("pending tasks", compaction.pending.to_string()),
        ("pending bytes", compaction.pending_bytes.to_string()),
        ("compactions running", compaction.running.to_string()),
        ("files in level 0", compaction.level0_files.to_string()),
        ("compaction throughput (MiB/s)", format!("{:.1}", compaction.bytes_per_second_max as f64 / MIB)),
    ];
    columns(rows.map(|(name, value)| vec![name.to_owned(), value]).to_vec())
}

/// `getendpoints`.
pub(super) fn endpoints(endpoints: &Endpoints) -> String {
    endpoints.addresses.iter().map(|address| format!("{address}\n")).collect()
}

/// `describering`.
pub(super) fn ring(ring: &RingDescription) -> String {
    let list = |range: &DescribedRange, of: &dyn Fn(&DescribedReplica) -> String| {
        range.replicas.iter().map(of).collect::<Vec<_>>().join(", ")
    };
    let detail = |replica: &DescribedReplica| {
        let DescribedReplica { address, datacenter, rack, .. } = replica;
        format!("EndpointDetails(host:{address}, datacenter:{datacenter}, rack:{rack})")
    };
    let mut text = format!("Schema Version:{}\nTokenRange: \n", ring.schema_version);
    for range in &ring.ranges {
        text += &format!(
            "\tTokenRange(start_token:{}, end_token:{}, endpoints:[{}], rpc_endpoints:[{}], endpoint_details:[{}])\n",
            range.start,
            range.end,
            list(range, &|replica| replica.address.clone()),
            list(range, &|replica| replica.clients_address.clone()),
            list(range, &detail),
        );
    }
    text
}

/// `clientstats`.
pub(super) fn clients(clients: &[ConnectedClient], lists_all: bool) -> String {
    let total = format!("Total connected clients: {}\n\n", clients.len());
    let user = |client: &ConnectedClient| client.user.clone().unwrap_or_default();
    let mut by_user: BTreeMap<String, u64> = BTreeMap::new();
    clients.iter().for_each(|client| *by_user.entry(user(client)).or_default() += 1);
    let mut users = vec![vec!["User".to_owned(), "Connections".to_owned()]];
    users.extend(by_user.into_iter().map(|(user, count)| vec![user, count.to_string()]));
    let text = total + &columns(users);
    if !lists_all || clients.is_empty() {
        return text;
    }
    let or_undefined = |text: &Option<String>| text.clone().unwrap_or_else(|| "undefined".to_owned());
    let row = |client: &ConnectedClient| {
        vec![
            format!("/{}", client.address),
            client.is_encrypted.to_string(),
            or_undefined(&client.cipher),
            or_undefined(&client.tls),
            client.protocol_version.to_string(),
            user(client),
            client.keyspace.clone().unwrap_or_default(),
            client.requests.to_string(),
            or_undefined(&client.driver),
            or_undefined(&client.driver_version),
        ]
    };
    let names = [
        "Address",
        "SSL",
        "Cipher",
        "Protocol",
        "Version",
        "User",
        "Keyspace",
        "Requests",
        "Driver-Name",
        "Driver-Version",
    ];
    let all = columns(std::iter::once(names.map(str::to_owned).to_vec()).chain(clients.iter().map(row)).collect());
    format!("{all}\n{text}")
}

/// `statusbinary` and the like.
pub(super) fn running(is_running: bool) -> String {
    if is_running { "running\n" } else { "not running\n" }.to_owned()
}

/// Rows in columns that a single space parts, as nodetool's tables of statistics have them.
fn columns(rows: Vec<Vec<String>>) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let line = |row: &Vec<String>| {
        let cells = row.iter().enumerate().map(|(at, cell)| format!("{cell:<w$}", w = width(at)));
        format!("{}\n", cells.collect::<Vec<_>>().join(" ").trim_end())
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_told_as_nodetool_tells_it() {
        let node =
            NodeInfo { host_id: "h".to_owned(), tokens: vec![-3, 4], is_bootstrapped: true, ..NodeInfo::default() };
        let text = info(&node, false);
        assert!(text.starts_with("ID                     : h\nGossip active          : false\n"), "{text}");
        assert!(text.contains("\nToken                  : (invoke with -T/--tokens to see all 2 tokens)\n"), "{text}");
        assert!(text.contains("0 misses, 0 requests, NaN hit rate\n"), "{text}");
        assert!(
            info(&node, true).contains("\nToken                  : -3\nToken                  : 4\nBootstrap state")
        );
    }

    #[test]
    fn pools_are_in_columns_that_a_space_parts() {
        let pool = ThreadPool { name: "disk-read".to_owned(), active: 1, pending: 22, completed: 3 };
        assert_eq!(
            thread_pools(&[pool]),
            "Pool Name Active Pending Completed Blocked All time blocked\ndisk-read 1      22      3         0       0\n"
        );
    }

    #[test]
    fn connections_are_counted_by_role() {
        let client = |user: &str| ConnectedClient { user: Some(user.to_owned()), ..ConnectedClient::default() };
        let some = [client("a"), client("b"), client("a")];
        assert_eq!(clients(&some, false), "Total connected clients: 3\n\nUser Connections\na    2\nb    1\n");
        assert!(clients(&some, true).starts_with("Address SSL   Cipher    Protocol  Version User Keyspace Requests"));
        assert_eq!(clients(&[], true), "Total connected clients: 0\n\nUser Connections\n");
    }
}
