//! The simulator's `World`: a wall clock that is slightly wrong, a disk that takes time, peers behind an unreliable
//! network.

use crate::clockwork::{Clockwork, Owner};
use crate::slot::Slot;
use henge_base::{Bytes, HostId, Micros, Mono, Random};
use henge_node::{CallError, Class, Lane, To, World};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

/// The shortest and the longest time of a disk job, in microseconds.
const DISK_US: (u64, u64) = (50, 3_000);
/// One disk job in this many takes a hundred times as long.
const SLOW_DISK: u64 = 200;

/// The cluster, as far as the world of one machine acts on it. Machines are given by their numbers.
pub(crate) trait Surroundings: Send + Sync {
    fn clockwork(&self) -> &Arc<Clockwork>;

    /// A random number below `bound`.
    fn chance(&self, bound: u64) -> u64;

    /// True if some disk jobs take a hundred times as long.
    fn has_slow_jobs(&self) -> bool;

    /// The machine at an address.
    fn machine_at(&self, address: SocketAddr) -> Option<usize>;

    /// The host that a machine's disk is.
    fn host(&self, machine: usize) -> HostId;

    /// True while a machine runs no node.
    fn is_off(&self, machine: usize) -> bool;

    /// True if a life has not ended.
    fn is_alive(&self, owner: Owner) -> bool;

    /// Microseconds that each job of a machine's disk takes more.
    fn stall_us(&self, machine: usize) -> u64;

    /// Free bytes of a machine's disk.
    fn free_bytes(&self, machine: usize) -> u64;

    /// A machine's wall clock.
    fn wall_us(&self, machine: usize) -> Micros;

    /// Takes note that a machine uses its connection of a class to another one.
    fn record_use(&self, link: (usize, usize), class: Class);

    /// Sends a request, with its deadline. `answer` stays empty if the request or its reply is lost.
    fn send_request(
        self: Arc<Self>,
        from: Owner,
        to: usize,
        class: Class,
        request: (Bytes, Mono),
        answer: Slot<Result<Bytes, CallError>>,
    );

    /// Sends a message that gets no reply.
    fn send(self: Arc<Self>, from: Owner, to: usize, message: Bytes);

    /// Ends a process that cannot go on. Its supervisor starts it again, unless its disk is a wrong one.
    fn end_process(self: Arc<Self>, owner: Owner, reason: &str);
}

/// The world of one life of a machine.
pub(crate) struct SimWorld {
    cluster: Arc<dyn Surroundings>,
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
    pub(crate) fn new(cluster: Arc<dyn Surroundings>, owner: Owner, root: Random) -> SimWorld {
        let chance = Mutex::new(Chance { root, streams: BTreeMap::new() });
        SimWorld { cluster, owner, chance, lanes: Mutex::default(), addresses: Mutex::default() }
    }

    fn now(&self) -> u64 {
        self.cluster.clockwork().now()
    }

    /// The machine that a message goes to; `None` if no machine is there, or another host.
    fn find(&self, to: To) -> Option<usize> {
        match to {
            To::Address(address) => self.cluster.machine_at(address),
            To::Host(host) => {
                let address = *self.addresses.lock().get(&host)?;
                self.cluster.machine_at(address).filter(|machine| self.cluster.host(*machine) == host)
            }
        }
    }

    /// The time at which a job submitted now is done. The jobs of a lane run one after the other.
    fn done_at(&self, lane: Lane) -> u64 {
        let mut time = DISK_US.0 + self.cluster.chance(DISK_US.1 - DISK_US.0);
        if self.cluster.chance(SLOW_DISK) == 0 && self.cluster.has_slow_jobs() {
            time *= 100;
        }
        // The lease is on a lane of its own, as if on a disk of its own.
        if lane != Lane::Lease {
            time += self.cluster.stall_us(self.owner.machine);
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
        class: Class,
        deadline: Mono,
        message: Bytes,
    ) -> impl Future<Output = Result<Bytes, CallError>> + Send + 'static + use<> {
        let answer = Slot::default();
        let late = answer.clone();
        self.cluster.clockwork().at(deadline.0, move || late.fill(Err(CallError::Unknown)));
        match self.find(to) {
            // The connection to a machine that is off may be refused; then the message was certainly not sent.
            Some(machine) if self.cluster.is_off(machine) && self.cluster.chance(2) == 0 => {
                answer.fill(Err(CallError::NotSent));
            }
            Some(machine) => {
                self.cluster.record_use((self.owner.machine, machine), class);
                let cluster = Arc::clone(&self.cluster);
                cluster.send_request(self.owner, machine, class, (message, deadline), answer.clone());
            }
            None => answer.fill(Err(CallError::NotSent)),
        }
        answer
    }

    fn tell(&self, to: HostId, message: Bytes) {
        if let Some(machine) = self.find(To::Host(to)) {
            self.cluster.record_use((self.owner.machine, machine), Class::Control);
            Arc::clone(&self.cluster).send(self.owner, machine, message);
        }
    }

    fn learn(&self, host: HostId, address: SocketAddr) {
        self.addresses.lock().insert(host, address);
    }

    fn forget(&self, host: HostId) {
        self.addresses.lock().remove(&host);
    }

    fn spawn(&self, _name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.cluster.clockwork().spawn(Some(self.owner), task);
    }

    fn sleep_until(&self, until: Mono) -> impl Future<Output = ()> + Send + 'static + use<> {
        let slot = Slot::default();
        let woken = slot.clone();
        self.cluster.clockwork().at(until.0, move || woken.fill(()));
        slot
    }

    fn disk<T: Send + 'static, J: FnOnce() -> T + Send + 'static>(
        &self,
        lane: Lane,
        job: J,
    ) -> impl Future<Output = T> + Send + 'static + use<T, J> {
        let slot = Slot::default();
        let (done, owner, cluster) = (slot.clone(), self.owner, Arc::clone(&self.cluster));
        self.cluster.clockwork().at(self.done_at(lane), move || {
            if cluster.clockwork().is_paused(owner.machine) {
                cluster.clockwork().spawn(Some(owner), async move { done.fill(job()) });
            } else if cluster.is_alive(owner) {
                let result = job();
                // The result takes a moment longer, so that a crash may fall between a sync and its acknowledgement.
                let at = cluster.clockwork().now() + 1 + cluster.chance(100);
                cluster.clockwork().at(at, move || done.fill(result));
            }
        });
        slot
    }

    fn mono(&self) -> Mono {
        Mono(self.now())
    }

    fn wall_us(&self) -> Micros {
        self.cluster.wall_us(self.owner.machine)
    }

    fn random(&self, stream: &'static str) -> u64 {
        let mut chance = self.chance.lock();
        let Chance { root, streams } = &mut *chance;
        streams.entry(stream).or_insert_with(|| root.fork(stream)).next_u64()
    }

    fn free_bytes(&self) -> u64 {
        self.cluster.free_bytes(self.owner.machine)
    }

    fn fatal(&self, reason: &str) {
        Arc::clone(&self.cluster).end_process(self.owner, reason);
    }
}
