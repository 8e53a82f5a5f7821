//! SHOW REPLICAS: the nodes that hold a token, computed from tokens and replication as drivers do.

use crate::connection::Connection;
use crate::read::{ReadError, bytes_of, read_rows, read_texts, text_of};
use crate::value::format_value;
use henge_base::HostId;
use henge_model::{DataType, Replication, Token};
use henge_protocol::Rows;
use henge_ring::{Member, Ring};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use uuid::Uuid;

/// The addresses of the replicas, as cqlsh prints them.
pub(crate) fn show_replicas(connection: &mut Connection, token: i64, keyspace: &str) -> Result<String, ReadError> {
    let named = format!(
        "SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = '{}'",
        keyspace.replace('\'', "''")
    );
    let keyspaces = read_rows(connection, &named)?;
    let unavailable = |reason: String| ReadError::Unavailable(reason);
    let replication = bytes_of(&keyspaces, 0, "replication");
    let replication = replication.ok_or_else(|| unavailable(format!("Keyspace '{keyspace}' not found.")))?;
    let replication = parse_replication(&read_texts(replication))
        .map_err(|reason| unavailable(format!("Keyspace '{keyspace}' {reason}.")))?;
    let columns = "host_id, data_center, rack, rpc_address, tokens";
    let local = read_rows(connection, &format!("SELECT {columns} FROM system.local"))?;
    let peers = read_rows(connection, &format!("SELECT {columns} FROM system.peers"))?;
    let members: Vec<Member> = [local, peers].iter().flat_map(read_members).collect();
    let addresses: Vec<String> =
        find_replicas(&members, &replication, Token(token)).map(|address| format!("'{address}'")).collect();
    Ok(format!("[{}]", addresses.join(", ")))
}

/// The replication that a map of names and values tells, or why replicas do not follow from it.
fn parse_replication(texts: &[String]) -> Result<Replication, String> {
    let mut options: BTreeMap<&str, &str> =
        texts.chunks_exact(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
    let class = options.remove("class").unwrap_or_default();
    // Of transient replication, which has the form 3/1, all replicas count.
    let factor = |text: &str| text.split('/').next().and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
    match class.rsplit('.').next().unwrap_or_default() {
        "SimpleStrategy" => {
            let factor = options.get("replication_factor").copied().map_or(0, factor);
            Ok(Replication::Simple { factor })
        }
        "NetworkTopologyStrategy" => {
            let factors = options.iter().map(|(name, text)| ((*name).to_owned(), factor(text))).collect();
            Ok(Replication::NetworkTopology { factors })
        }
        "LocalStrategy" => Err("has no replicas by token: each node keeps rows of its own there".to_owned()),
        other => Err(format!("has the strategy '{other}', whose replicas are not known here")),
    }
}

/// The nodes of a result of `system.local` or `system.peers`; one that is about to join has no tokens yet.
fn read_members(rows: &Rows) -> Vec<Member> {
    let member = |row: usize| {
        let id = HostId(Uuid::from_slice(bytes_of(rows, row, "host_id")?).ok()?);
        let tokens = read_texts(bytes_of(rows, row, "tokens")?);
        let address = format_value(&DataType::Inet, bytes_of(rows, row, "rpc_address")).parse();
        let address = SocketAddr::new(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), 0);
        Some(Member {
            id,
            datacenter: text_of(rows, row, "data_center"),
            rack: text_of(rows, row, "rack"),
            address,
            rpc_address: address,
            tokens: tokens.iter().filter_map(|token| token.parse().ok().map(Token)).collect(),
        })
    };
    (0..rows.rows.len()).filter_map(member).collect()
}

fn find_replicas(members: &[Member], replication: &Replication, token: Token) -> impl Iterator<Item = IpAddr> {
    let placement = Ring::new(members).place(replication);
    let hosts = placement.replicas(token).map(|placed| placed.read.to_vec()).unwrap_or_default();
    let address = |host| members.iter().find(|member| member.id == host).map(|member| member.rpc_address.ip());
    hosts.into_iter().filter_map(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(texts: &[&str]) -> Result<Replication, String> {
        parse_replication(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    fn member(number: u8, datacenter: &str, token: i64) -> Member {
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, number)), 0);
        let id = HostId(Uuid::from_u128(number.into()));
        let tokens = vec![Token(token)];
        Member { id, datacenter: datacenter.to_owned(), rack: "r".to_owned(), address, rpc_address: address, tokens }
    }

    fn replicas(replication: &Replication, token: i64) -> Vec<u8> {
        let members = [member(1, "a", -100), member(2, "a", 0), member(3, "b", 100)];
        find_replicas(&members, replication, Token(token))
            .map(|address| match address {
                IpAddr::V4(address) => address.octets()[3],
                IpAddr::V6(_) => 0,
            })
            .collect()
    }

    #[test]
    fn replicas_are_those_round_the_ring() {
        let simple =
            parse(&["class", "org.apache.cassandra.locator.SimpleStrategy", "replication_factor", "2"]).unwrap();
        assert_eq!(replicas(&simple, -100), [1, 2]);
        assert_eq!(replicas(&simple, -99), [2, 3]);
        assert_eq!(replicas(&simple, 101), [1, 2]);
        let by_place = parse(&["a", "1", "b", "1/0", "class", "NetworkTopologyStrategy"]).unwrap();
        assert_eq!(replicas(&by_place, 0), [2, 3]);
    }

    #[test]
    fn other_strategies_are_named() {
        assert!(parse(&["class", "LocalStrategy"]).unwrap_err().contains("each node"));
        assert!(parse(&["class", "EverywhereStrategy"]).unwrap_err().contains("'EverywhereStrategy'"));
    }
}
