//! Power of machines: nodes are started, shut down and killed, and their worlds act on the cluster that they are in.

use crate::clockwork::{Clockwork, Owner};
use crate::cluster::Cluster;
use crate::machine::Life;
use crate::slot::Slot;
use crate::wall_clock::WallClock;
use crate::world::{SimWorld, Surroundings};
use henge_base::{Bytes, HostId, Micros, Mono, Random};
use henge_node::{CallError, Class, JoinError, Node};
use henge_storage::Store;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Starts a machine's node with the content of its disk.
pub(crate) fn start(cluster: &Arc<Cluster>, number: usize) {
    let machine = &cluster.machines[number];
    let mut random = Random::new(cluster.chance(u64::MAX));
    let start = (random.next_u64() as u32).max(1);
    let (owner, identity) = machine.begin_life(number, start);
    let world = Arc::new(SimWorld::new(Arc::<Cluster>::clone(cluster), owner, random));
    let opened = Store::open(machine.engine()).map_err(|e| e.to_string()).and_then(|store| {
        let store = Arc::new(store);
        let node = Node::open(world, Arc::clone(&store), identity, machine.options.lock().clone());
        node.map(|node| (node, store)).map_err(|e| e.to_string())
    });
    let (node, store) = match opened {
        Ok(opened) => opened,
        Err(reason) if machine.has_wrong_disk.load(Ordering::Relaxed) => return refuse(cluster, owner, &reason),
        Err(reason) => {
            return cluster.record_violation("restart", format!("machine {number} cannot start again: {reason}"));
        }
    };
    node.start();
    let core = node.core();
    machine.put_life(Life { owner, node: node.clone(), core, store });
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
            Err(error @ JoinError::Refused(_)) if is_departure(&error.to_string()) => depart(&again, owner),
            Err(error @ JoinError::Identity(_)) => refuse(&again, owner, &error.to_string()),
            Err(error) if again.machines[number].has_wrong_disk.load(Ordering::Relaxed) => {
                refuse(&again, owner, &error.to_string());
            }
            Err(error) => again.record_violation("join", format!("machine {number} was refused: {error}")),
        }
    });
}

/// True if a process ends because its host was removed, as a member told it: the log says so, and no supervisor helps. A newcomer whose
/// joining was taken back before it heard that it had begun is told so when it asks again.
fn is_departure(reason: &str) -> bool {
    reason.contains("is no member any more") || reason.contains("a removed host id never comes back")
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
fn refuse(cluster: &Arc<Cluster>, owner: Owner, reason: &str) {
    if is_departure(reason) {
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

impl Surroundings for Cluster {
    fn clockwork(&self) -> &Arc<Clockwork> {
        &self.clockwork
    }

    fn chance(&self, bound: u64) -> u64 {
        Cluster::chance(self, bound)
    }

    fn has_slow_jobs(&self) -> bool {
        self.has_slow_jobs.load(Ordering::Relaxed)
    }

    fn machine_at(&self, address: SocketAddr) -> Option<usize> {
        self.at(address)
    }

    fn host(&self, machine: usize) -> HostId {
        self.machines[machine].host()
    }

    fn is_off(&self, machine: usize) -> bool {
        self.machines[machine].life().is_none()
    }

    fn is_alive(&self, owner: Owner) -> bool {
        Cluster::is_alive(self, owner)
    }

    fn stall_us(&self, machine: usize) -> u64 {
        self.machines[machine].stall_us.load(Ordering::Relaxed)
    }

    fn free_bytes(&self, machine: usize) -> u64 {
        self.machines[machine].free_bytes.load(Ordering::Relaxed)
    }

    fn wall_us(&self, machine: usize) -> Micros {
        self.machines[machine].wall(self.clockwork.now())
    }

    fn record_use(&self, link: (usize, usize), class: Class) {
        self.traffic.lock().record_use(link, class, self.clockwork.now());
    }

    fn send_request(
        self: Arc<Self>,
        from: Owner,
        to: usize,
        class: Class,
        request: (Bytes, Mono),
        answer: Slot<Result<Bytes, CallError>>,
    ) {
        self.deliver_request(from, to, class, request, answer);
    }

    fn send(self: Arc<Self>, from: Owner, to: usize, message: Bytes) {
        self.deliver_message(from, to, message);
    }

    fn end_process(self: Arc<Self>, owner: Owner, reason: &str) {
        if self.machines[owner.machine].has_wrong_disk.load(Ordering::Relaxed) || is_departure(reason) {
            return refuse(&self, owner, reason);
        }
        if !self.machines[owner.machine].fails_sync.load(Ordering::Relaxed) {
            self.record_violation("fatal", format!("machine {} gave up: {reason}", owner.machine));
        }
        // The process ends and is restarted by its supervisor. Not at once: the caller may hold what ending it has to
        // drop.
        let (now, back) = (self.clockwork.now(), 50_000 + self.chance(5_000_000));
        let cluster = Arc::clone(&self);
        self.clockwork.at(now, move || {
            if cluster.is_alive(owner) {
                crash(&cluster, owner.machine);
                let again = Arc::clone(&cluster);
                cluster.clockwork.at(now + back, move || revive(&again, owner.machine));
            }
        });
    }
}
