//! Open connections of clients, counted by client address: one address cannot take all that there may be.

use crate::intake::client_of;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// The open connections of all client addresses.
pub(crate) struct OpenConnections {
    by_address: Mutex<HashMap<IpAddr, usize>>,
    /// The most of one address (`native_transport_max_concurrent_connections_per_ip`).
    limit: usize,
}

/// A connection that counts until this is dropped.
pub(crate) struct OpenConnection {
    all: Arc<OpenConnections>,
    address: IpAddr,
}

impl OpenConnections {
    pub(crate) fn new(limit: usize) -> Arc<OpenConnections> {
        Arc::new(OpenConnections { by_address: Mutex::default(), limit })
    }

    /// Counts a connection; `None` if its address has as many as it may have.
    pub(crate) fn admit(self: &Arc<OpenConnections>, peer: IpAddr) -> Option<OpenConnection> {
        let address = client_of(peer);
        let mut by_address = self.by_address.lock();
        let open = by_address.entry(address).or_default();
        if *open >= self.limit {
            return None;
        }
        *open += 1;
        Some(OpenConnection { all: Arc::clone(self), address })
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let mut by_address = self.all.by_address.lock();
        if let Some(open) = by_address.get_mut(&self.address) {
            *open -= 1;
            if *open == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_its_share_and_others_have_theirs() {
        let all = OpenConnections::new(2);
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let own = [all.admit(ip("10.0.0.1")), all.admit(ip("10.0.0.1"))];
        assert!(own.iter().all(Option::is_some));
        assert!(all.admit(ip("10.0.0.1")).is_none());
        assert!(all.admit(ip("10.0.0.2")).is_some());
        // One client has all addresses behind the first half of one of IPv6.
        let of_six = [all.admit(ip("2001:db8::1")), all.admit(ip("2001:db8::2"))];
        assert!(all.admit(ip("2001:db8::3")).is_none());
        drop((own, of_six));
        assert!(all.admit(ip("10.0.0.1")).is_some());
        assert!(all.by_address.lock().is_empty(), "an address without connections is not kept");
    }
}
