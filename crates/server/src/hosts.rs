//! Host names of addresses from this machine's own list. No name server is asked: that could take long.

use std::io::Read;
use std::net::IpAddr;

const HOSTS_FILE: &str = "/etc/hosts";
/// Maximum bytes of the list that are read.
const HOSTS_BYTES_MAX: u64 = 64 << 10;

/// The first name that the machine's own list has for an address, or the address.
pub(crate) fn host_name(address: IpAddr) -> String {
    let mut list = String::new();
    // A list that cannot be read is as good as an empty one.
    let read = std::fs::File::open(HOSTS_FILE).and_then(|file| file.take(HOSTS_BYTES_MAX).read_to_string(&mut list));
    read.ok().and_then(|_| name_in(&list, address)).unwrap_or_else(|| address.to_string())
}

fn name_in(list: &str, address: IpAddr) -> Option<String> {
    let lines = list.lines().map(|line| line.split('#').next().unwrap_or(""));
    let mut entries = lines.map(str::split_whitespace);
    entries.find_map(|mut parts| {
        let found: IpAddr = parts.next()?.parse().ok()?;
        parts.next().filter(|_| found == address).map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_of_an_address_counts() {
        let list =
            "# hosts\n127.0.0.1\tlocalhost here # me\n::1 ip6\nnonsense\n10.0.0.1\n10.0.0.2 # none\n127.0.0.1 other\n";
        let name = |address: &str| name_in(list, address.parse().unwrap());
        assert_eq!(name("127.0.0.1").as_deref(), Some("localhost"));
        assert_eq!(name("::1").as_deref(), Some("ip6"));
        assert_eq!([name("10.0.0.1"), name("10.0.0.2"), name("10.0.0.3")], [None, None, None]);
    }
}
