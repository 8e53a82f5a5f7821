//! The simulator's `World`: a wall clock that is slightly wrong, a disk that takes time, peers behind an unreliable
//! network.

use crate::clockwork::Owner;
use crate::cluster::Cluster;
use crate::machine::{crash, refuse, revive};
use crate::slot::Slot;
use henge_base::{Bytes, HostId, Micros, Mono, Random};
use henge_node::{CallError, Class, Lane, To, World};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The shortest and the longest time of a disk job, in microseconds.
const DISK_US: (u64, u64) = (50, 3_000);
/// One disk job in this many takes a hundred times as long.
const SLOW_DISK: u64 = 200;

/// The world of one life of a machine.
pub(crate) struct SimWorld {
    cluster: Arc<Cluster>,
    owner: Owner,
    chance: Mutex<Chance>,
    lanes: Mutex<BTreeMap<Lane, u64>>,
    addresses: Mutex<BTreeMap<HostId, SocketAddr>>,
}

struct Chance {
    root: Random,
    streams: BTreeMap<&'static str, Random>,
}

impl SimWorld {
    pub(crate) fn new(cluster: Arc<Cluster>, owner: Owner, root: Random) -> SimWorld {
        let chance = Mutex::new(Chance { root, streams: BTreeMap::new() });
        SimWorld { cluster, owner, chance, lanes: Mutex::default(), addresses: Mutex::default() }
    }

    fn now(&self) -> u64 {
        self.cluster.clockwork.now()
    }

    /// The machine that a message goes to; `None` if no machine is there, or another host.
    fn find(&self, to: To) -> Option<usize> {
        match to {
            To::Address(address) => self.cluster.at(address),
            To::Host(host) => {
                let address = *self.addresses.lock().get(&host)?;
                self.cluster.at(address).filter(|machine| self.cluster.machines[*machine].host() == host)
            }
        }
    }

    /// The time at which a job submitted now is done. The jobs of a lane run one after the other.
    fn done_at(&self, lane: Lane) -> u64 {
        let mut time = DISK_US.0 + self.cluster.chance(DISK_US.1 - DISK_US.0);
        if self.cluster.chance(SLOW_DISK) == 0 && self.cluster.has_slow_jobs.load(Ordering::Relaxed) {
            time *= 100;
        }
        // The lease is on a lane of its own, as if on a disk of its own.
        if lane != Lane::Lease {
            time += self.cluster.machines[self.owner.machine].stall_us.load(Ordering::Relaxed);
        }
        let mut lanes = self.lanes.lock();
        let free = lanes.entry(lane).or_insert(0);
        *free = (*free).max(self.now()) + time;
        *free
    }
}

impl World for SimWorld {
    fn call(
        &self,
        to: To,
        _class: Class,
        deadline: Mono,
        message: Bytes,
    ) -> impl Future<Output = Result<Bytes, CallError>> + Send + 'static + use<> {
        let answer = Slot::default();
        let late = answer.clone();
        self.cluster.clockwork.at(deadline.0, move || late.fill(Err(CallError::Unknown)));
        match self.find(to) {
            // The connection to a machine that is off may be refused; then the message was certainly not sent.
            Some(machine) if self.cluster.machines[machine].life().is_none() && self.cluster.chance(2) == 0 => {
                answer.fill(Err(CallError::NotSent));
            }
            Some(machine) => self.cluster.carry(self.owner, machine, (message, deadline), answer.clone()),
            None => answer.fill(Err(CallError::NotSent)),
        }
        answer
    }

    fn tell(&self, to: HostId, message: Bytes) {
        if let Some(machine) = self.find(To::Host(to)) {
            self.cluster.drift(self.owner, machine, message);
        }
    }

    fn learn(&self, host: HostId, address: SocketAddr) {
        self.addresses.lock().insert(host, address);
    }

    fn forget(&self, host: HostId) {
        self.addresses.lock().remove(&host);
    }

    fn spawn(&self, _name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.cluster.clockwork.spawn(Some(self.owner), task);
    }

    fn sleep_until(&self, until: Mono) -> impl Future<Output = ()> + Send + 'static + use<> {
        let slot = Slot::default();
        let woken = slot.clone();
        self.cluster.clockwork.at(until.0, move || woken.fill(()));
        slot
    }

    fn disk<T: Send + 'static, J: FnOnce() -> T + Send + 'static>(
        &self,
        lane: Lane,
        job: J,
    ) -> impl Future<Output = T> + Send + 'static + use<T, J> {
        let slot = Slot::default();
        let (done, owner, cluster) = (slot.clone(), self.owner, Arc::clone(&self.cluster));
        self.cluster.clockwork.at(self.done_at(lane), move || {
            if cluster.clockwork.is_paused(owner.machine) {
                cluster.clockwork.spawn(Some(owner), async move { done.fill(job()) });
            } else if cluster.is_alive(owner) {
                let result = job();
                // The result takes a moment longer, so that a crash may fall between a sync and its acknowledgement.
                let at = cluster.clockwork.now() + 1 + cluster.chance(100);
                cluster.clockwork.at(at, move || done.fill(result));
            }
        });
        slot
    }

    fn mono(&self) -> Mono {
        Mono(self.now())
    }

    fn wall_us(&self) -> Micros {
        self.cluster.machines[self.owner.machine].wall(self.now())
    }

    fn random(&self, stream: &'static str) -> u64 {
        let mut chance = self.chance.lock();
        let Chance { root, streams } = &mut *chance;
        streams.entry(stream).or_insert_with(|| root.fork(stream)).next_u64()
    }

    fn free_bytes(&self) -> u64 {
        self.cluster.machines[self.owner.machine].free_bytes.load(Ordering::Relaxed)
    }

    fn fatal(&self, reason: &str) {
        let (cluster, owner) = (Arc::clone(&self.cluster), self.owner);
        if cluster.machines[owner.machine].has_wrong_disk.load(Ordering::Relaxed) {
            return refuse(&cluster, owner, reason);
        }
        if !cluster.machines[owner.machine].fails_sync.load(Ordering::Relaxed) {
            cluster.record_violation("fatal", format!("machine {} gave up: {reason}", owner.machine));
        }
        // The process ends and is restarted by its supervisor. Not at once: the caller may hold what ending it has to
        // drop.
        let (now, back) = (self.now(), 50_000 + self.cluster.chance(5_000_000));
        self.cluster.clockwork.at(now, move || {
            if cluster.is_alive(owner) {
                crash(&cluster, owner.machine);
                let again = Arc::clone(&cluster);
                cluster.clockwork.at(now + back, move || revive(&again, owner.machine));
            }
        });
    }
}
