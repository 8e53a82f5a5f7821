//! A machine: a disk that survives crashes, a wall clock that may be wrong, and at most one running node.

use crate::clockwork::Owner;
use crate::cluster::Cluster;
use crate::disk::Disk;
use crate::wall_clock::WallClock;
use crate::world::SimWorld;
use henge_base::{HostId, Micros, Random};
use henge_node::{Core, Identity, JoinError, Node, Options};
use henge_storage::{ModelEngine, ModelFaults, Store};
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// Free bytes of a disk that is not full.
pub(crate) const ROOM: u64 = 1 << 40;

/// One machine of a cluster.
pub(crate) struct Machine {
    pub(crate) address: SocketAddr,
    /// The options for its next start.
    pub(crate) options: Mutex<Options>,
    /// The disk in it; changed only while it is off.
    disk: Mutex<Disk>,
    /// Its wall clock.
    pub(crate) clock: Mutex<WallClock>,
    /// Free bytes of its disk; 0 if it is full.
    pub(crate) free_bytes: AtomicU64,
    /// Microseconds that each job of its disk takes more.
    pub(crate) stall_us: AtomicU64,
    /// Microseconds that its processor takes for each message; 0 if they are of no account.
    pub(crate) service_us: AtomicU64,
    /// The simulated time until which its processor is busy with the messages that have come.
    busy_until: AtomicU64,
    /// True if its disk fails every sync.
    pub(crate) fails_sync: AtomicBool,
    /// True if its disk is not the newest of its host: a process on it should not last.
    pub(crate) has_wrong_disk: AtomicBool,
    /// True while its host is no member, and it is not to run: it may join as another host.
    is_spare: AtomicBool,
    /// The reason why its last process was not let go on.
    pub(crate) refusal: Mutex<Option<String>>,
    lives: AtomicU32,
    life: Mutex<Option<Life>>,
}

/// A node while it runs, from its start to its end or crash.
#[derive(Clone)]
pub(crate) struct Life {
    pub(crate) owner: Owner,
    pub(crate) node: Node<SimWorld>,
    pub(crate) core: Core<SimWorld>,
    pub(crate) store: Arc<Store>,
}

impl Machine {
    /// A machine with an empty disk.
    pub(crate) fn new(options: Options, random: &mut Random) -> Machine {
        Machine {
            address: options.address,
            options: Mutex::new(options),
            disk: Mutex::new(Disk::empty(random)),
            clock: Mutex::default(),
            free_bytes: AtomicU64::new(ROOM),
            stall_us: AtomicU64::new(0),
            service_us: AtomicU64::new(0),
            busy_until: AtomicU64::new(0),
            fails_sync: AtomicBool::new(false),
            has_wrong_disk: AtomicBool::new(false),
            is_spare: AtomicBool::new(false),
            refusal: Mutex::new(None),
            lives: AtomicU32::new(0),
            life: Mutex::new(None),
        }
    }

    /// The time at which its processor, which does one thing after another, has done some more work.
    pub(crate) fn work_until(&self, now: u64, work: u64) -> u64 {
        let end = self.busy_until.load(Ordering::Relaxed).max(now) + work;
        self.busy_until.store(end, Ordering::Relaxed);
        end
    }

    /// The host that its disk is.
    pub(crate) fn host(&self) -> HostId {
        self.disk.lock().host
    }

    /// The engine's files on its disk.
    pub(crate) fn engine(&self) -> Arc<ModelEngine> {
        Arc::clone(&self.disk.lock().engine)
    }

    /// A copy of its disk as it is now.
    pub(crate) fn disk_image(&self) -> Disk {
        self.disk.lock().image()
    }

    /// Puts another disk in, and gives the one that was in it. Only while it is off.
    pub(crate) fn put_disk(&self, disk: Disk) -> Disk {
        std::mem::replace(&mut *self.disk.lock(), disk)
    }

    /// The machine's wall clock at the simulated time `now`.
    pub(crate) fn wall(&self, now: u64) -> Micros {
        self.clock.lock().read(now)
    }

    /// Makes the disk fail every sync from now on, or none. A restart of the machine repairs the disk.
    pub(crate) fn fail_syncs(&self, fail_sync: bool) {
        self.fails_sync.store(fail_sync, Ordering::Relaxed);
        self.engine().set_faults(ModelFaults { fail_sync, ..ModelFaults::default() }, Random::new(0));
    }

    /// True while it is not to run.
    pub(crate) fn is_spare(&self) -> bool {
        self.is_spare.load(Ordering::Relaxed)
    }

    /// Makes it a spare, or one that runs.
    pub(crate) fn set_spare(&self, is_spare: bool) {
        self.is_spare.store(is_spare, Ordering::Relaxed);
    }

    /// The running node; `None` if the machine is off.
    pub(crate) fn life(&self) -> Option<Life> {
        self.life.lock().clone()
    }

    /// Drops the running node.
    pub(crate) fn stop(&self) {
        let life = self.life.lock().take();
        drop(life);
    }
}

/// Starts a machine's node with the content of its disk.
pub(crate) fn start(cluster: &Arc<Cluster>, number: usize) {
    let machine = &cluster.machines[number];
    let life = machine.lives.fetch_add(1, Ordering::Relaxed) + 1;
    let owner = Owner { machine: number, life };
    let mut random = Random::new(cluster.chance(u64::MAX));
    let start = (random.next_u64() as u32).max(1);
    let world = Arc::new(SimWorld::new(Arc::clone(cluster), owner, random));
    let identity = {
        let mut disk = machine.disk.lock();
        disk.generation += 1;
        Identity { host: disk.host, generation: disk.generation, start }
    };
    let opened = Store::open(machine.engine()).map_err(|e| e.to_string()).and_then(|store| {
        let store = Arc::new(store);
        let node = Node::open(world, Arc::clone(&store), identity, machine.options.lock().clone());
        node.map(|node| (node, store)).map_err(|e| e.to_string())
    });
    let (node, store) = match opened {
        Ok(opened) => opened,
        Err(reason) => {
            return cluster.record_violation("restart", format!("machine {number} cannot start again: {reason}"));
        }
    };
    node.start();
    let core = node.core();
    *machine.life.lock() = Some(Life { owner, node: node.clone(), core, store });
    cluster.clockwork.note("start", &[number as u8]);
    let again = Arc::clone(cluster);
    cluster.clockwork.spawn(Some(owner), async move {
        let joined = async { node.become_member().await.and(node.complete_join().await) };
        match joined.await {
            Ok(()) => {
                node.until_gone().await;
                depart(&again, owner);
            }
            Err(JoinError::Removed(_)) => depart(&again, owner),
            Err(error @ JoinError::Identity(_)) => refuse(&again, owner, &error.to_string()),
            Err(error) if again.machines[number].has_wrong_disk.load(Ordering::Relaxed) => {
                refuse(&again, owner, &error.to_string());
            }
            Err(error) => again.record_violation("join", format!("machine {number} was refused: {error}")),
        }
    });
}

/// Ends a process whose host is no member any more.
fn depart(cluster: &Arc<Cluster>, owner: Owner) {
    *cluster.machines[owner.machine].refusal.lock() = Some("it is no member any more".to_owned());
    cluster.machines[owner.machine].set_spare(true);
    end(cluster, owner);
}

/// Ends a process. Not at once: the caller may hold what ending it has to drop.
fn end(cluster: &Arc<Cluster>, owner: Owner) {
    let ended = Arc::clone(cluster);
    cluster.clockwork.at(cluster.clockwork.now(), move || {
        if ended.is_alive(owner) {
            ended.machines[owner.machine].stop();
            ended.clockwork.kill(owner);
        }
    });
}

/// Ends a process that is not let go on as its host. That is right if the machine has a wrong disk.
pub(crate) fn refuse(cluster: &Arc<Cluster>, owner: Owner, reason: &str) {
    if reason.contains("is no member any more") {
        return depart(cluster, owner);
    }
    let machine = &cluster.machines[owner.machine];
    if !machine.has_wrong_disk.load(Ordering::Relaxed) {
        cluster.record_violation("identity", format!("machine {} was refused: {reason}", owner.machine));
    }
    *machine.refusal.lock() = Some(reason.to_owned());
    end(cluster, owner);
}

/// Cuts a machine's power: its tasks end at once, and a random part of its unsynced writes is lost.
pub(crate) fn crash(cluster: &Arc<Cluster>, number: usize) {
    let machine = &cluster.machines[number];
    let Some(life) = machine.life() else { return };
    cluster.clockwork.note("crash", &[number as u8]);
    machine.stop();
    cluster.clockwork.kill(life.owner);
    cluster.clockwork.resume(number);
    machine.engine().crash(&mut Random::new(cluster.chance(u64::MAX)));
    machine.fail_syncs(false);
}

/// Ends a machine's node as SIGTERM does: peers are told, and everything is brought to disk. It is started again after a while.
pub(crate) fn shut_down(cluster: &Arc<Cluster>, number: usize, back_after: u64) {
    let Some(life) = cluster.machines[number].life() else { return };
    cluster.clockwork.note("shutdown", &[number as u8]);
    let (owner, cluster) = (life.owner, Arc::clone(cluster));
    cluster.clone().clockwork.spawn(Some(owner), async move {
        life.node.announce_shutdown().await;
        life.node.drain();
        // A disk that fails ends it all the same.
        let _ = life.node.settle().await;
        let now = cluster.clockwork.now();
        let (ended, again) = (Arc::clone(&cluster), Arc::clone(&cluster));
        cluster.clockwork.at(now, move || {
            if ended.is_alive(owner) {
                ended.machines[number].stop();
                ended.clockwork.kill(owner);
            }
        });
        cluster.clockwork.at(now + back_after, move || revive(&again, number));
    });
}

/// Starts a machine if it is off. A machine that boots sets its clock by the network.
pub(crate) fn revive(cluster: &Arc<Cluster>, number: usize) {
    if cluster.machines[number].life().is_none() && !cluster.machines[number].is_spare() {
        set_clock_right(cluster, number);
        start(cluster, number);
    }
}

/// Sets a machine's clock as right as clocks are.
pub(crate) fn set_clock_right(cluster: &Cluster, number: usize) {
    let now = cluster.clockwork.now();
    *cluster.machines[number].clock.lock() =
        WallClock::within_the_bound(&mut Random::new(cluster.chance(u64::MAX)), now);
}
