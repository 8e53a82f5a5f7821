//! Requests of peers that are under way on this node. Beyond a bound for each peer `Peers::admit` answers Overloaded at once, so that a
//! peer that asks for more than this node can do neither fills its memory nor delays the requests of others.

use crate::ground::per_thread::{PARTS, PerThread};
use henge_base::HostId;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most peers without a request under way whose counts one core keeps: their next requests allocate nothing.
const IDLE_PEERS_MAX: usize = 64;

/// The requests under way by peer. Each core counts its own, for all would wait for a common count.
#[derive(Debug, Default)]
pub(crate) struct PeerLoad {
    cores: PerThread<Arc<CoreLoad>>,
}

/// The requests under way on one core.
type CoreLoad = Mutex<BTreeMap<HostId, Load>>;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Load {
    requests: usize,
    bytes: usize,
}

/// The most that a peer may have under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoadLimit {
    pub(crate) requests: usize,
    pub(crate) bytes: usize,
}

/// A request that was taken in; it counts until this is dropped.
#[derive(Debug)]
pub(crate) struct RequestInFlight {
    core: Arc<CoreLoad>,
    from: HostId,
    bytes: usize,
}

impl PeerLoad {
    /// Takes in a request of so many bytes, unless the peer has as many requests, or bytes, under way as it may. A single request is
    /// always taken in. Up to its share of the limit, one of [`PARTS`] parts, a core takes requests in without a look at the others. So all
    /// together may exceed the limit, by one share for each further core.
    pub(crate) fn admit(&self, from: HostId, bytes: usize, most: LoadLimit) -> Option<RequestInFlight> {
        let core = self.cores.own();
        let on_this = core.lock().get(&from).copied().unwrap_or_default();
        // Within its share no core asks what the others have, so that they need not wait for each other.
        let is_within_share = on_this.requests < most.requests / PARTS && on_this.bytes + bytes <= most.bytes / PARTS;
        if !is_within_share && !self.under_way(from).has_room(bytes, most) {
            return None;
        }
        let mut loads = core.lock();
        let load = loads.entry(from).or_default();
        load.requests += 1;
        load.bytes += bytes;
        Some(RequestInFlight { core: Arc::clone(core), from, bytes })
    }

    /// The requests of a peer that are under way on all cores.
    fn under_way(&self, from: HostId) -> Load {
        self.cores.used().fold(Load::default(), |sum, core| {
            let load = core.lock().get(&from).copied().unwrap_or_default();
            Load { requests: sum.requests + load.requests, bytes: sum.bytes + load.bytes }
        })
    }
}

impl Load {
    fn has_room(self, bytes: usize, most: LoadLimit) -> bool {
        self.requests == 0 || (self.requests < most.requests && self.bytes + bytes <= most.bytes)
    }
}

impl Drop for RequestInFlight {
    fn drop(&mut self) {
        let mut loads = self.core.lock();
        if let Some(load) = loads.get_mut(&self.from) {
            load.requests -= 1;
            load.bytes -= self.bytes;
            if load.requests == 0 && loads.len() > IDLE_PEERS_MAX {
                loads.remove(&self.from);
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
        let admit = |from| load.admit(peer(from), 10, LoadLimit { requests: 2, bytes: 1_000 });
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
        let admit = |bytes| load.admit(peer(1), bytes, LoadLimit { requests: 10, bytes: 100 });
        let large = admit(500).unwrap();
        assert!(admit(1).is_none());
        drop(large);
        let held = (admit(60).unwrap(), admit(40).unwrap());
        assert!(admit(1).is_none());
        drop(held);
        assert_eq!(load.under_way(peer(1)), Load::default());
    }

    #[test]
    fn what_a_peer_has_on_all_cores_counts() {
        let load = PeerLoad::default();
        let admit = || load.admit(peer(1), 10, LoadLimit { requests: 40, bytes: 100_000 });
        let of_another: Vec<_> =
            std::thread::scope(|scope| scope.spawn(|| (0..30).map(|_| admit().unwrap()).collect()).join().unwrap());
        let own: Vec<_> = (0..10).map(|_| admit().unwrap()).collect();
        assert!(admit().is_none());
        drop(of_another);
        assert!(admit().is_some());
        drop(own);
    }

    #[test]
    fn few_idle_peers_are_remembered() {
        let load = PeerLoad::default();
        let most = LoadLimit { requests: 10, bytes: 100 };
        drop((0..200).map(|number| load.admit(peer(number), 1, most)).collect::<Vec<_>>());
        assert!(load.cores.own().lock().len() <= IDLE_PEERS_MAX);
    }
}
