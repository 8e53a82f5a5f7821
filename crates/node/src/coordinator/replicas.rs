//! What the coordinator asks of its node, by way of a core.

use super::Core;
use crate::client::system_tables;
use crate::cluster::system_keyspaces;
use crate::ground::world::World;
use crate::replica::pending::{ReadPending, WritePending};
use crate::shared::Shared;
use henge_base::{Bytes, HostId, MAX_DRIFT_US, Micros, Mono};
use henge_coordinator::{
    Boxed, Count, Datacenter, Event, Local, Logged, Placed, ReadKind, ReplicaError, Replicas, WriteError, WriteType,
};
use henge_model::{Projection, ReadCommand, RowSink, RowView, project};
use std::sync::Arc;
use std::time::Duration;

impl<W: World> Replicas for Core<W> {
    type Write = WritePending;
    type Read = ReadPending;

    fn local(&self) -> HostId {
        self.shared.local()
    }

    fn datacenter(&self, host: HostId) -> Option<Datacenter> {
        self.shared.view.load().datacenter(host)
    }

    fn datacenter_named(&self, name: &str) -> Option<Datacenter> {
        self.shared.view.load().datacenter_named(name)
    }

    fn alive(&self, host: HostId) -> bool {
        host == self.local() || self.shared.liveness.is_up(host)
    }

    fn distance(&self, host: HostId) -> u32 {
        if host == self.local() {
            return 0;
        }
        let view = self.shared.view.load();
        if view.datacenter(host) == view.datacenter(self.local()) { 1 } else { 2 }
    }

    fn placed(&self, keyspace: &str) -> Option<Placed> {
        self.shared.view.load().placed(keyspace).cloned()
    }

    fn mono(&self) -> Mono {
        self.shared.world.mono()
    }

    fn try_local(&self, command: &ReadCommand, projection: &Projection, sink: &mut dyn RowSink) -> Local {
        if system_keyspaces::is_computed(command.storage_id) {
            return computed(&self.shared, command, projection, sink);
        }
        match self.shared.store.try_read(command, projection, sink) {
            Ok(henge_storage::Tried::WouldBlock) => Local::Miss,
            Ok(_) => {
                self.note(|| "Read from this node's memory".to_owned());
                self.fold();
                Local::Done
            }
            // An error takes the long way, where it is counted and another replica may be asked.
            Err(_) => Local::Miss,
        }
    }

    fn write(&self, to: HostId, mutation: Bytes, deadline: Mono) -> WritePending {
        self.note(|| format!("Sending MUTATION_REQ message to {}", self.name_of(to)));
        if to == self.local() { self.apply(mutation) } else { self.send(to, mutation, deadline, true) }
    }

    fn owe(&self, to: HostId, mutation: Bytes) {
        self.note(|| format!("Adding hint for {}", self.name_of(to)));
        self.hints.owe(&self.shared, to, mutation);
    }

    fn mend(&self, to: HostId, mutation: Bytes, deadline: Mono) -> WritePending {
        if to == self.local() { self.apply(mutation) } else { self.send(to, mutation, deadline, false) }
    }

    fn read(&self, to: HostId, command: Arc<ReadCommand>, kind: ReadKind, deadline: Mono) -> ReadPending {
        self.note(|| {
            let what = if kind == ReadKind::Digest { "digest" } else { "data" };
            format!("Reading {what} from {}", self.name_of(to))
        });
        if to == self.local() { self.read_here(command, kind) } else { self.read_there(to, &command, kind, deadline) }
    }

    fn paxos(&self, to: HostId, message: Bytes, deadline: Mono) -> Boxed<Result<Bytes, ReplicaError>> {
        self.note(|| format!("Sending PAXOS message to {}", self.name_of(to)));
        Box::pin(self.ask_acceptor(to, message, deadline))
    }

    fn commit(&self, to: HostId, message: Bytes, mutation: Bytes, deadline: Mono) -> WritePending {
        let room = match self.tail_room() {
            Ok(room) => room,
            Err(full) => {
                if to != self.local() {
                    self.owe_unsent(to, mutation);
                }
                return WritePending::refused(full);
            }
        };
        let (core, asked) = (self.clone(), self.ask_acceptor(to, message, deadline));
        let committed = async move {
            let committed = asked.await.map(|_| ());
            if committed.is_err() && to != core.local() {
                core.hints.owe(&core.shared, to, mutation);
            }
            committed
        };
        WritePending::Waiting(self.put_in_tail(room, committed))
    }

    fn count_at(&self, leader: HostId, count: Count) -> Boxed<Result<(), WriteError>> {
        self.note(|| format!("{} leads the counters", self.name_of(leader)));
        let core = self.clone();
        if leader != self.local() {
            return Box::pin(async move { crate::coordinator::counters::ask(&core, leader, count).await });
        }
        // From the tail: what was added must reach the others, whether the client waits for it or not.
        let (consistency, own) = (count.consistency, core.clone());
        let led = core.in_tail(async move { crate::coordinator::counters::lead(&own, count).await });
        Box::pin(async move {
            let unknown =
                || WriteError::Timeout { consistency, received: 0, block_for: 1, write_type: WriteType::Counter };
            match led {
                Ok(led) => led.await.unwrap_or_else(|_| Err(unknown())),
                Err(_) => Err(unknown()),
            }
        })
    }

    fn log_batch(
        &self,
        mutations: Vec<Bytes>,
        issued: Micros,
        deadline: Mono,
    ) -> Boxed<Result<Logged, (HostId, ReplicaError)>> {
        let core = self.clone();
        Box::pin(async move { crate::coordinator::batches::log(&core, mutations, issued, deadline).await })
    }

    fn forget_batch(&self, batch: Logged) {
        let core = self.clone();
        // A batch that nobody forgets is written again, which changes nothing.
        let _ = self.in_tail(async move { crate::coordinator::batches::forget(&core, batch).await });
    }

    fn queue(&self, key: &Bytes) -> Boxed<Box<dyn Send>> {
        let (shared, key) = (Arc::clone(&self.shared), key.clone());
        Box::pin(async move { Box::new(shared.proposers.take(&key).await) as Box<dyn Send> })
    }

    fn stamp(&self, after: Micros) -> Option<Micros> {
        let wall = self.shared.world.wall_us();
        let own = self.shared.clock.stamp(wall)?;
        // What another proposer's clock was ahead is no reason for this node's clock to follow.
        let stamp = own.max(after.saturating_add(1));
        (stamp <= wall.saturating_add(MAX_DRIFT_US)).then_some(stamp)
    }

    fn random(&self) -> u64 {
        self.shared.world.random("paxos")
    }

    fn pause(&self, time: Duration) -> Boxed<()> {
        Box::pin(self.shared.world.sleep_until(self.shared.within(time)))
    }

    fn faults(&self) -> henge_coordinator::Faults {
        let faults = self.shared.options.faults;
        henge_coordinator::Faults {
            quorum_off_by_one: faults.quorum_off_by_one,
            ignore_accepted: faults.ignore_accepted,
            unlogged_batches: faults.unlogged_batches,
            trust_indexes: faults.trust_indexes,
            mend_at_zero: faults.mend_at_zero,
        }
    }

    fn count(&self, event: Event) {
        self.shared.metrics.coordinator_event(event);
    }

    fn batched(&self, write_type: WriteType, partitions: usize) {
        self.shared.metrics.batches.add(write_type, partitions);
    }
}

fn computed<W: World>(
    shared: &Shared<W>,
    command: &ReadCommand,
    projection: &Projection,
    sink: &mut dyn RowSink,
) -> Local {
    if system_tables::is_slow(command.storage_id) {
        return Local::Miss;
    }
    let block = system_tables::read(shared, command);
    let mark = sink.mark();
    for (key, row) in &block.rows {
        let pushed = RowView::parse_trusted(row).and_then(|v| project(key, &v, projection, command.now_seconds, sink));
        if pushed.is_err() {
            sink.rollback(mark);
            return Local::Miss;
        }
    }
    Local::Done
}
