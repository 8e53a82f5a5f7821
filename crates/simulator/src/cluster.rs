//! The machines of a run, their network, and the checks of their messages.

use crate::admission::{Verdict, wrong_verdict};
use crate::clockwork::{Clockwork, Owner};
use crate::machine::Machine;
use crate::network::{Link, NetworkState};
use crate::rare_states::RareStates;
use crate::slot::Slot;
use crate::traffic::Traffic;
use crate::wall_clock::true_time;
use crate::wire::Watch;
use henge_base::{Bytes, HostId, Mono, Random};
use henge_node::{CallError, Class, refusal_for_good};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A cluster in one thread.
pub(crate) struct Cluster {
    pub(crate) clockwork: Arc<Clockwork>,
    pub(crate) machines: Vec<Machine>,
    pub(crate) network: Mutex<NetworkState>,
    pub(crate) watch: Mutex<Watch>,
    pub(crate) traffic: Mutex<Traffic>,
    /// The rare states that clients and operators saw.
    pub(crate) reached: Mutex<RareStates>,
    places: BTreeMap<SocketAddr, usize>,
    /// True if some disk jobs take a hundred times as long. Directed scenarios, which count on an order of steps, switch it off.
    pub(crate) has_slow_jobs: AtomicBool,
    random: Mutex<Random>,
}

impl Cluster {
    /// A cluster of machines that have not been started.
    pub(crate) fn new(clockwork: Arc<Clockwork>, machines: Vec<Machine>, random: Random) -> Arc<Cluster> {
        let watch = Mutex::new(Watch::new(machines.len()));
        let (network, traffic) = (Mutex::new(NetworkState::healthy()), Mutex::new(Traffic::new(machines.len())));
        let places = machines.iter().enumerate().map(|(at, machine)| (machine.address, at)).collect();
        Arc::new(Cluster {
            clockwork,
            machines,
            network,
            watch,
            traffic,
            reached: Mutex::default(),
            places,
            has_slow_jobs: AtomicBool::new(true),
            random: Mutex::new(random),
        })
    }

    /// Records a violation of a rule that must always hold.
    pub(crate) fn record_violation(&self, rule: &'static str, what: String) {
        self.watch.lock().record_violation(rule, what);
        self.clockwork.keep_recent();
    }

    /// The index of the machine at an address; `None` if there is none.
    pub(crate) fn at(&self, address: SocketAddr) -> Option<usize> {
        self.places.get(&address).copied()
    }

    /// The number of a machine's datacentre.
    pub(crate) fn datacenter_number(&self, machine: usize) -> usize {
        usize::from(self.machines[machine].options.lock().datacenter.ends_with('2'))
    }

    /// Delivers a request to a machine and its reply back. `answer` stays empty if either is lost.
    pub(crate) fn deliver_request(
        self: &Arc<Self>,
        from: Owner,
        to: usize,
        class: Class,
        (message, deadline): (Bytes, Mono),
        answer: Slot<Result<Bytes, CallError>>,
    ) {
        self.watch_sent(from, to, &message);
        let Some(delay) = self.request_delay(Link { from: from.machine, to, class }) else { return };
        let (cluster, at) = (Arc::clone(self), self.clockwork.now() + delay);
        let arrive = move |cluster: Arc<Self>| cluster.arrive(from, to, class, (message, deadline), answer);
        self.clockwork.at(at, move || cluster.process(to, arrive));
    }

    /// Delivers a message that gets no reply.
    pub(crate) fn deliver_message(self: &Arc<Self>, from: Owner, to: usize, message: Bytes) {
        self.traffic.lock().record_told((from.machine, to), message.len());
        let Some(delay) = self.message_delay(Link { from: from.machine, to, class: Class::Control }) else { return };
        let (cluster, at) = (Arc::clone(self), self.clockwork.now() + delay);
        self.clockwork.at(at, move || {
            cluster.clockwork.note_message("tell", (from.machine, to), &message);
            let Some(life) = cluster.machines[to].life() else { return };
            let host = cluster.machines[from.machine].host();
            if cluster.clockwork.is_paused(to) {
                cluster.clockwork.spawn(Some(life.owner), async move { life.node.hear(host, &message) });
            } else {
                life.node.hear(host, &message);
            }
        });
    }

    fn arrive(
        self: &Arc<Self>,
        from: Owner,
        to: usize,
        class: Class,
        (message, deadline): (Bytes, Mono),
        answer: Slot<Result<Bytes, CallError>>,
    ) {
        self.clockwork.note_message("request", (from.machine, to), &message);
        let Some(life) = self.machines[to].life() else { return };
        let (cluster, host) = (Arc::clone(self), self.machines[from.machine].host());
        let (owner, left) = (life.owner, deadline.since(Mono(self.clockwork.now())));
        self.clockwork.spawn(Some(owner), async move {
            let reply = life.node.serve(&life.core, host, left, message.clone()).await;
            cluster.judge(from, to, refusal_for_good(&message, &reply));
            cluster.watch_reply(owner, &reply);
            cluster.traffic.lock().record((owner.machine, from.machine), reply.len());
            let Some(delay) = cluster.request_delay(Link { from: to, to: from.machine, class }) else { return };
            let (again, at) = (Arc::clone(&cluster), cluster.clockwork.now() + delay);
            let take = move |cluster: Arc<Self>| {
                if cluster.is_alive(from) {
                    cluster.clockwork.note_message("reply", (to, from.machine), &reply);
                    answer.fill(Ok(reply));
                }
            };
            cluster.clockwork.at(at, move || again.process(from.machine, take));
        });
    }

    /// Does something with a message that has come to a machine, once its processor has got to it.
    fn process(self: Arc<Self>, machine: usize, take: impl FnOnce(Arc<Self>) + Send + 'static) {
        let (work, now) = (self.machines[machine].service_us.load(Ordering::Relaxed), self.clockwork.now());
        if work == 0 {
            return take(self);
        }
        let (end, cluster) = (self.machines[machine].work_until(now, work), Arc::clone(&self));
        self.clockwork.at(end, move || take(cluster));
    }

    fn message_delay(&self, link: Link) -> Option<u64> {
        self.network.lock().message_delay(self.clockwork.now(), link, &mut self.random.lock())
    }

    fn request_delay(&self, link: Link) -> Option<u64> {
        self.network.lock().request_delay(self.clockwork.now(), link, &mut self.random.lock())
    }

    fn watch_sent(&self, from: Owner, to: usize, message: &Bytes) {
        let mut watch = self.watch.lock();
        watch.record_message(from.machine, true_time(self.clockwork.now()), message);
        watch.count_mutation(from.machine, to, message);
        let is_broken = !watch.violations.is_empty();
        drop(watch);
        if is_broken {
            self.clockwork.keep_recent();
        }
        self.traffic.lock().record((from.machine, to), message.len());
    }

    /// Looks at what a machine answered a process that may have asked to be admitted.
    fn judge(&self, process: Owner, by: usize, refusal: Option<String>) {
        if refusal.is_none() || !self.is_alive(process) {
            return;
        }
        let is_on_newest_disk = !self.machines[process.machine].has_wrong_disk.load(Ordering::Relaxed);
        if let Some(what) = wrong_verdict(&Verdict { process, is_on_newest_disk, by, refusal }) {
            self.record_violation("I36", what);
        }
    }

    fn watch_reply(&self, from: Owner, message: &Bytes) {
        self.watch.lock().record_message(from.machine, true_time(self.clockwork.now()), message);
    }

    /// True if a life has not ended.
    pub(crate) fn is_alive(&self, owner: Owner) -> bool {
        self.machines[owner.machine].life().is_some_and(|l| l.owner == owner)
    }

    /// A random number below `bound`.
    pub(crate) fn chance(&self, bound: u64) -> u64 {
        self.random.lock().below(bound)
    }

    /// The host ids, in the order of machines.
    pub(crate) fn hosts(&self) -> Vec<HostId> {
        self.machines.iter().map(|m| m.host()).collect()
    }

    /// Drops all tasks, events and nodes.
    pub(crate) fn clear(&self) {
        self.clockwork.clear();
        self.machines.iter().for_each(Machine::stop);
        self.clockwork.clear();
    }
}
