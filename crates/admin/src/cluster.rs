//! The cluster and its members, in nodetool's layouts.

use crate::plan;
use crate::table::print;
use henge_operator::{ClusterReport, KeyspaceReplication, Member, MemberState, PlanUnderWay, size_text};
use std::collections::BTreeMap;

/// Said where keyspaces of users differ in replication, in nodetool's words.
const AMBIGUOUS: &str = "Note: Non-system keyspaces don't have the same replication settings, effective ownership information is meaningless\n";
/// Answers of commands that Cassandra needs and nothing needs here.
pub(crate) const CLEANUP: &str = "Nothing to do: a node removes rows of ranges that it has lost by itself, once no plan is under way (henge admin plan)\n";
pub(crate) const REBUILD: &str = "Nothing to do: the nodes of a datacentre fetch their rows by themselves once ALTER KEYSPACE names it in the replication \
     (henge admin plan)\n";

/// `status`: members by datacentre.
pub(crate) fn status(cluster: &ClusterReport) -> String {
    let owns = if cluster.is_effective { "Owns (effective)" } else { "Owns" };
    let names = ["--", "Address", "Load", "Tokens", owns, "Host ID", "Rack"];
    let mut text = String::new();
    for (datacenter, members) in by_datacenter(cluster) {
        let banner = format!("Datacenter: {datacenter}");
        text += &format!(
            "{banner}\n{}\nStatus=Up/Down\n|/ State=Normal/Leaving/Joining/Moving\n",
            "=".repeat(banner.len())
        );
        let row = |member: &&Member| {
            vec![
                format!("{}{}", if member.is_up { "U" } else { "D" }, state_letter(member.state)),
                host_of(&member.address),
                load(member),
                member.tokens.len().to_string(),
                ownership_text(cluster, member, 1),
                member.host_id.clone(),
                member.rack.clone(),
            ]
        };
        text += &print(&names, members.iter().map(row).collect());
        text.push('\n');
    }
    text + if cluster.is_ambiguous { AMBIGUOUS } else { "" }
}

/// `ring`: a line for each token.
pub(crate) fn ring(cluster: &ClusterReport) -> String {
    let names = ["Address", "Rack", "Status", "State", "Load", "Owns", "Token"];
    let mut text = "\n".to_owned();
    for (datacenter, members) in by_datacenter(cluster) {
        text += &format!("Datacenter: {datacenter}\n==========\n");
        let mut tokens: Vec<(i64, &Member)> =
            members.iter().flat_map(|m| m.tokens.iter().map(|token| (*token, *m))).collect();
        tokens.sort_by_key(|(token, _)| *token);
        let last = tokens.last().map(|(token, _)| token.to_string()).unwrap_or_default();
        let mut rows =
            vec![names.iter().map(|name| if *name == "Token" { last.clone() } else { String::new() }).collect()];
        rows.extend(tokens.iter().map(|(token, member)| {
            vec![
                host_of(&member.address),
                member.rack.clone(),
                if member.is_up { "Up" } else { "Down" }.to_owned(),
                state_name(member.state).to_owned(),
                load(member),
                ownership_text(cluster, member, 2),
                token.to_string(),
            ]
        }));
        text += &print(&names, rows);
        text.push('\n');
    }
    text + if cluster.is_ambiguous { AMBIGUOUS } else { "" }
}

/// `describecluster`: what it is, and if its members agree on the schema.
pub(crate) fn describe(cluster: &ClusterReport) -> String {
    let count = |is_such: &dyn Fn(&Member) -> bool| cluster.members.iter().filter(|member| is_such(member)).count();
    let mut text = format!(
        "Cluster Information:\n\tName: {}\n\tSnitch: org.apache.cassandra.locator.GossipingPropertyFileSnitch\n\tDynamicEndPointSnitch: \
         enabled\n\tPartitioner: org.apache.cassandra.dht.Murmur3Partitioner\n\tSchema versions:\n",
        cluster.name
    );
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for member in &cluster.members {
        let version = member.schema_version.clone().filter(|_| member.is_up);
        versions.entry(version.unwrap_or_else(|| "UNREACHABLE".to_owned())).or_default().push(host_of(&member.address));
    }
    for (version, mut hosts) in versions {
        hosts.sort_unstable();
        text += &format!("\t\t{version}: [{}]\n\n", hosts.join(", "));
    }
    text += &format!(
        "Stats for all nodes:\n\tLive: {}\n\tJoining: {}\n\tMoving: 0\n\tLeaving: {}\n\tUnreachable: {}\n\nData Centers:\n",
        count(&|member| member.is_up),
        count(&|member| member.state == MemberState::Joining),
        count(&|member| member.state == MemberState::Leaving),
        count(&|member| !member.is_up)
    );
    for (datacenter, members) in by_datacenter(cluster) {
        let down = members.iter().filter(|member| !member.is_up).count();
        text += &format!("\t{datacenter} #Nodes: {} #Down: {down}\n", members.len());
    }
    text += "\nKeyspaces:\n";
    for KeyspaceReplication { keyspace, class, options } in &cluster.keyspaces {
        let options: Vec<String> = options.iter().map(|(name, value)| format!("{name}={value}")).collect();
        text += &format!("\t{keyspace} -> Replication class: {class} {{{}}}\n", options.join(", "));
    }
    text
}

/// `netstats`: the state of the node that answers, and what is streamed.
pub(crate) fn netstats(cluster: &ClusterReport, under_way: &PlanUnderWay) -> String {
    let own = cluster.members.iter().find(|member| member.answers);
    let mode = own.map_or("STARTING", |member| match member.state {
        MemberState::Normal => "NORMAL",
        MemberState::Joining => "JOINING",
        MemberState::Leaving => "LEAVING",
    });
    match &under_way.plan {
        Some(_) => format!("Mode: {mode}\n{}", plan::describe(under_way)),
        None => format!("Mode: {mode}\nNot sending any streams.\n"),
    }
}

fn by_datacenter(cluster: &ClusterReport) -> BTreeMap<&str, Vec<&Member>> {
    let mut members: BTreeMap<&str, Vec<&Member>> = BTreeMap::new();
    cluster.members.iter().for_each(|member| members.entry(&member.datacenter).or_default().push(member));
    members.values_mut().for_each(|members| members.sort_by(|one, other| one.address.cmp(&other.address)));
    members
}

fn host_of(address: &str) -> String {
    address.parse::<std::net::SocketAddr>().map_or_else(|_| address.to_owned(), |address| address.ip().to_string())
}

/// Bytes in files of the node that answers; of others nobody has told.
fn load(member: &Member) -> String {
    member.load_bytes.map_or_else(|| "?".to_owned(), size_text)
}

fn ownership_text(cluster: &ClusterReport, member: &Member, decimals: usize) -> String {
    if cluster.is_ambiguous { "?".to_owned() } else { format!("{:.decimals$}%", member.owns * 100.0) }
}

fn state_letter(state: MemberState) -> &'static str {
    match state {
        MemberState::Normal => "N",
        MemberState::Joining => "J",
        MemberState::Leaving => "L",
    }
}

fn state_name(state: MemberState) -> &'static str {
    match state {
        MemberState::Normal => "Normal",
        MemberState::Joining => "Joining",
        MemberState::Leaving => "Leaving",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(number: u8, datacenter: &str, is_up: bool, state: MemberState) -> Member {
        Member {
            host_id: format!("host-{number}"),
            address: format!("10.0.0.{number}:7000"),
            datacenter: datacenter.to_owned(),
            rack: "rack1".to_owned(),
            is_up,
            state,
            tokens: vec![i64::from(number), i64::from(number) + 100],
            owns: 0.5,
            load_bytes: (number == 1).then_some(2_048),
            answers: number == 1,
            clients_address: "127.0.0.1:9042".to_owned(),
            schema_version: Some("v".to_owned()),
        }
    }

    fn cluster() -> ClusterReport {
        let members = vec![
            member(1, "dc1", true, MemberState::Normal),
            member(2, "dc1", false, MemberState::Leaving),
            member(3, "dc2", true, MemberState::Joining),
        ];
        let options = [("replication_factor".to_owned(), "2".to_owned())].into();
        let keyspaces =
            vec![KeyspaceReplication { keyspace: "ks".to_owned(), class: "SimpleStrategy".to_owned(), options }];
        ClusterReport { name: "Test".to_owned(), members, is_effective: true, is_ambiguous: false, keyspaces }
    }

    #[test]
    fn status_is_as_nodetool_prints_it() {
        let expected = "\
Datacenter: dc1
===============
Status=Up/Down
|/ State=Normal/Leaving/Joining/Moving
--  Address   Load      Tokens  Owns (effective)  Host ID  Rack
UN  10.0.0.1  2.00 KiB  2       50.0%             host-1   rack1
DL  10.0.0.2  ?         2       50.0%             host-2   rack1

Datacenter: dc2
===============
Status=Up/Down
|/ State=Normal/Leaving/Joining/Moving
--  Address   Load  Tokens  Owns (effective)  Host ID  Rack
UJ  10.0.0.3  ?     2       50.0%             host-3   rack1

";
        assert_eq!(status(&cluster()), expected);
        let ambiguous = ClusterReport { is_effective: false, is_ambiguous: true, ..cluster() };
        assert!(status(&ambiguous).contains("UN  10.0.0.1  2.00 KiB  2       ?     host-1"), "{}", status(&ambiguous));
        assert!(status(&ambiguous).ends_with(AMBIGUOUS));
    }

    #[test]
    fn ring_has_a_line_for_each_token() {
        let expected = "
Datacenter: dc1
==========
Address   Rack   Status  State    Load      Owns    Token
                                                    102
10.0.0.1  rack1  Up      Normal   2.00 KiB  50.00%  1
10.0.0.2  rack1  Down    Leaving  ?         50.00%  2
10.0.0.1  rack1  Up      Normal   2.00 KiB  50.00%  101
10.0.0.2  rack1  Down    Leaving  ?         50.00%  102
";
        assert!(ring(&cluster()).starts_with(expected), "{}", ring(&cluster()));
    }

    #[test]
    fn the_cluster_is_described_with_who_agrees_on_the_schema() {
        let text = describe(&cluster());
        for part in [
            "\tName: Test\n",
            "\t\tUNREACHABLE: [10.0.0.2]\n",
            "\t\tv: [10.0.0.1, 10.0.0.3]\n",
            "\tLive: 2\n\tJoining: 1\n\tMoving: 0\n\tLeaving: 1\n\tUnreachable: 1\n",
            "\tdc1 #Nodes: 2 #Down: 1\n",
            "\tks -> Replication class: SimpleStrategy {replication_factor=2}\n",
        ] {
            assert!(text.contains(part), "{part:?} in {text}");
        }
    }

    #[test]
    fn netstats_tells_the_mode_of_the_node_that_answers() {
        assert_eq!(netstats(&cluster(), &PlanUnderWay::default()), "Mode: NORMAL\nNot sending any streams.\n");
    }
}
