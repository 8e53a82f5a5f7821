//! A machine: a disk that survives crashes, a wall clock that may be wrong, and at most one running node.

use crate::clockwork::Owner;
use crate::disk::Disk;
use crate::rare_states::RareStates;
use crate::wall_clock::WallClock;
use crate::world::SimWorld;
use henge_base::{HostId, Micros, Random};
use henge_node::{Core, Identity, Node, Options};
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
    /// The newest disk of its host, while another one is in it.
    disk_aside: Mutex<Option<Disk>>,
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
    /// The number of its starts.
    lives: AtomicU32,
    life: Mutex<Option<Life>>,
    /// The rare states of its processes that have ended.
    pub(crate) reached: Mutex<RareStates>,
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
            disk_aside: Mutex::new(None),
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
            reached: Mutex::default(),
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

    /// Puts another disk in, and gives the one that was in it. Only while it is off. `is_wrong` if a process on it should end, and the
    /// present one is to be put back.
    pub(crate) fn put_disk(&self, disk: Disk, is_wrong: bool) -> Disk {
        self.has_wrong_disk.store(is_wrong, Ordering::Relaxed);
        let old = std::mem::replace(&mut *self.disk.lock(), disk);
        *self.disk_aside.lock() = is_wrong.then(|| old.clone());
        old
    }

    /// The newest disk of its host: what was acknowledged is there, also while another disk is in the machine.
    pub(crate) fn newest_disk(&self) -> Disk {
        self.disk_aside.lock().clone().unwrap_or_else(|| self.disk.lock().clone())
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

    /// Has every read go to the disk: nothing is in memory.
    #[cfg(test)]
    pub(crate) fn empty_caches(&self) {
        self.engine().set_faults(ModelFaults { miss_permille: 1_000, ..ModelFaults::default() }, Random::new(0));
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

    /// Counts a start of its node: the identity of its process, on the disk in it.
    pub(crate) fn begin_life(&self, number: usize, start: u32) -> (Owner, Identity) {
        let owner = Owner { machine: number, life: self.lives.fetch_add(1, Ordering::Relaxed) + 1 };
        let mut disk = self.disk.lock();
        disk.generation += 1;
        (owner, Identity { host: disk.host, generation: disk.generation, start })
    }

    /// Makes a node the running one.
    pub(crate) fn put_life(&self, life: Life) {
        *self.life.lock() = Some(life);
    }

    /// Drops the running node.
    pub(crate) fn stop(&self) {
        let life = self.life.lock().take();
        if let Some(life) = &life {
            self.reached.lock().add_process(life.node.metrics());
        }
        drop(life);
    }
}
