//! Requests of peers that are under way on this node. Beyond a bound for each peer they are refused at once, so that a peer that asks for
//! more than this node can do neither fills its memory nor delays the requests of others.

use henge_base::HostId;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The requests under way by peer. Peers without any are left out.
#[derive(Debug, Default)]
pub(crate) struct PeerLoad {
    under_way: Arc<Mutex<BTreeMap<HostId, Load>>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Load {
    requests: usize,
    bytes: usize,
}

/// A request that was taken in; it counts until this is dropped.
#[derive(Debug)]
pub(crate) struct RequestInFlight {
    under_way: Arc<Mutex<BTreeMap<HostId, Load>>>,
    from: HostId,
    bytes: usize,
}

impl PeerLoad {
    /// Takes in a request of so many bytes, unless the peer has as many requests, or bytes, under way as it may. A single request is
    /// always taken in.
    pub(crate) fn admit(
        &self,
        from: HostId,
        bytes: usize,
        requests_max: usize,
        bytes_max: usize,
    ) -> Option<RequestInFlight> {
        let mut under_way = self.under_way.lock();
        let load = under_way.entry(from).or_default();
        if load.requests > 0 && (load.requests >= requests_max || load.bytes + bytes > bytes_max) {
            return None;
        }
        load.requests += 1;
        load.bytes += bytes;
        Some(RequestInFlight { under_way: Arc::clone(&self.under_way), from, bytes })
    }
}

impl Drop for RequestInFlight {
    fn drop(&mut self) {
        let mut under_way = self.under_way.lock();
        if let Some(load) = under_way.get_mut(&self.from) {
            load.requests -= 1;
            load.bytes -= self.bytes;
            if load.requests == 0 {
                under_way.remove(&self.from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(number: u128) -> HostId {
        HostId(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn each_peer_may_have_so_many_requests_under_way() {
        let load = PeerLoad::default();
        let admit = |from| load.admit(peer(from), 10, 2, 1_000);
        let first = admit(1).unwrap();
        let _second = admit(1).unwrap();
        assert!(admit(1).is_none());
        assert!(admit(2).is_some(), "another peer's are its own");
        drop(first);
        assert!(admit(1).is_some());
    }

    #[test]
    fn each_peer_may_have_so_many_bytes_under_way_and_one_request_however_large() {
        let load = PeerLoad::default();
        let admit = |bytes| load.admit(peer(1), bytes, 10, 100);
        let large = admit(500).unwrap();
        assert!(admit(1).is_none());
        drop(large);
        let held = (admit(60).unwrap(), admit(40).unwrap());
        assert!(admit(1).is_none());
        drop(held);
        assert!(load.under_way.lock().is_empty());
    }
}
