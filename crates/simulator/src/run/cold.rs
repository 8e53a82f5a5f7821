//! Registers that are written once, conditionally and at ANY: their acceptors are forgotten before they are read. Of some of these writes
//! no replica hears the decision, since its coordinator loses its links and then its power, in some cases with all others: it stands in
//! acceptors alone.

use super::{Run, SECOND};
use crate::client::{Clients, is_moving};
use crate::cluster::Cluster;
use crate::history::{Ending, SwapKind};
use crate::machine::Life;
use crate::network::{LinkFault, Links};
use crate::plan::PowerCutAfterWrite;
use crate::power::{crash, revive};
use crate::swap::{COLD_KEYS, FAR_KEYS, GLOBAL, LOCAL, decides_alone, has_far_swaps};
use henge_base::{Micros, Random};
use henge_model::{Consistency, TokenRange};
use henge_paxos::Acceptor;
use std::sync::Arc;

/// A look for the decision so many microseconds after the one before.
const LOOK_US: u64 = 100;

/// The end of a coordinator: once it has answered a write, or at a time at the latest. Its machine is on again after a while.
struct PowerCut {
    life: Life,
    number: usize,
    latest: u64,
    back_after: u64,
    /// True if all machines lose power with it.
    is_everywhere: bool,
}

impl PowerCut {
    /// Ends the coordinator if it is time, else looks again later.
    fn end_in_time(self, cluster: &Arc<Cluster>, clients: &Arc<Clients>) {
        let now = cluster.clockwork.now();
        let (cluster, clients) = (Arc::clone(cluster), Arc::clone(clients));
        let is_due = now >= self.latest || clients.swaps.lock()[self.number].ended.is_some();
        if !is_due {
            let again = Arc::clone(&cluster);
            cluster.clockwork.at(now + LOOK_US, move || self.end_in_time(&again, &clients));
        } else if cluster.is_alive(self.life.owner) {
            let own = self.life.owner.machine;
            for machine in (0..cluster.machines.len()).filter(|machine| self.is_everywhere || *machine == own) {
                crash(&cluster, machine);
                let again = Arc::clone(&cluster);
                cluster.clockwork.at(now + self.back_after, move || revive(&again, machine));
            }
        }
    }
}

/// The longest time for which a value may be undecided in a healthy cluster that nobody writes to, in microseconds.
const UNDECIDED_US_MAX: Micros = 20_000_000;

impl Run {
    /// Begins the write of a new register through any machine.
    pub(super) fn write_cold(&mut self) {
        let lives = self.lives();
        let Some(life) = self.random.pick(&lives).cloned() else { return };
        let to = self.random.below(1 << 60) as i64;
        self.write_cold_through(&life, to);
    }

    /// The same through one machine. Returns the number of the write.
    fn write_cold_through(&mut self, life: &Life, to: i64) -> Option<usize> {
        // While a machine is set back all else is well.
        if self.now() < self.fault_counts.busy_until || !life.node.is_member() || is_moving(life) {
            return None;
        }
        let key = COLD_KEYS.start + self.cold as i64;
        self.cold += 1;
        let levels = (Consistency::Any, Consistency::Serial);
        Some(self.clients.swap_at(life, key, SwapKind::Swap { from: None, to }, None, levels))
    }

    /// Begins such a write through a coordinator whose messages are lost from some moment on, and which loses power shortly after it has
    /// answered.
    pub(super) fn write_and_cut_power(&mut self, planned: PowerCutAfterWrite, random: &mut Random) {
        let PowerCutAfterWrite { machine, links_after, power_after, is_everywhere, off } = planned;
        let Some(life) = self.cluster.machines[machine].life() else { return };
        let Some(number) = self.write_cold_through(&life, random.below(1 << 60) as i64) else { return };
        self.fault_counts.crashes += 1;
        let (now, cluster) = (self.now(), Arc::clone(&self.cluster));
        let latest = now + power_after;
        let links =
            Links { from: [machine].into(), to: (0..cluster.machines.len()).collect(), both: false, class: None };
        self.cluster.clockwork.at(now + links_after, move || {
            // Once it has lost power it sends nothing, and when it is on again it is to be heard.
            cluster.network.lock().begin(now + links_after, latest, LinkFault::Cut(links));
        });
        let power_cut = PowerCut { life, number, latest, back_after: off, is_everywhere };
        power_cut.end_in_time(&self.cluster, &self.clients);
    }

    /// I42: what was left undecided is settled, though nobody asked for it.
    pub(super) fn check_settled(&self) {
        // A run that takes them for settled is to show what is lost by that.
        if self.cluster.machines[0].options.lock().faults.settle_undecided {
            return;
        }
        for life in self.lives() {
            let now = self.cluster.machines[life.owner.machine].wall(self.now());
            let tables = life.node.tables();
            for table in tables.iter().filter(|table| table.keyspace == "sim" || table.keyspace == "far") {
                let Ok(page) = life.store.export_acceptors(table.storage_id, TokenRange::FULL, None, usize::MAX) else {
                    continue;
                };
                let undecided =
                    page.rows.iter().filter_map(|(_, state)| Acceptor::decode(state).ok()?.undecided_since());
                if let Some(since) = undecided.min().filter(|since| *since < now - UNDECIDED_US_MAX) {
                    let (machine, name) = (life.owner.machine, &table.name);
                    let what =
                        format!("machine {machine} has had an undecided value of {name} since {since}, at {now}");
                    self.cluster.record_violation("I42", what);
                }
            }
        }
    }

    /// Reads the registers that were written once, and those of two datacentres, at the level at which these are decided.
    pub(super) fn read_cold(&mut self) {
        let lives = self.lives();
        let mut numbers = Vec::new();
        for (key, life) in (COLD_KEYS.start..COLD_KEYS.start + self.cold as i64).zip(lives.iter().cycle()) {
            numbers.push(self.clients.swap(life, key, SwapKind::Read, None));
            self.pass(SECOND / 20);
        }
        for life in lives.iter().filter(|life| decides_alone(life.owner.machine) && has_far_swaps(life)) {
            for key in FAR_KEYS {
                for levels in [GLOBAL, LOCAL] {
                    self.clients.swap_at(life, key, SwapKind::Read, None, levels);
                    self.pass(SECOND);
                }
            }
        }
        self.pass(10 * SECOND);
        let swaps = self.clients.swaps.lock();
        for swap in numbers.iter().map(|number| &swaps[*number]).filter(|swap| swap.ending != Ending::Ok) {
            self.cluster.record_violation("I31", format!("on a healthy cluster: {swap:?}"));
        }
    }
}
