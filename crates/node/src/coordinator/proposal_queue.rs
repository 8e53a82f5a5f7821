//! The queue of this node's rounds of Paxos on a partition: one at a time, because two would only compete with each other.
//!
//! The next one is drawn at random. In order of arrival, of clients that write what they read before, the client that has just written
//! would be first again, and all others would always find that the value has changed. Those learn of each decision while they wait, and
//! SERIAL reads that wait share a round: it begins after all of them have.

use crate::ground::context::Context;
use crate::ground::world::World;
use henge_base::Bytes;
use henge_coordinator::{ProposalTurn, QueuedRound, ReadTurn, SharedRead, Turn};
use henge_model::{ReadCommand, RowBlock};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Reads that share a round at most.
const SHARED_READS_MAX: usize = 256;

/// Whoever waits, by partition. As many wait as clients may have requests under way.
pub(crate) struct ProposalQueue<W> {
    context: Arc<Context<W>>,
    /// Partitions whose turn is taken.
    partitions: Mutex<BTreeMap<Bytes, Partition>>,
}

/// A partition whose turn is taken.
#[derive(Default)]
struct Partition {
    /// The number of rounds that have come to wait.
    arrivals: u64,
    waiting: Vec<Waiter>,
}

struct Waiter {
    /// Those that came before it.
    arrival: u64,
    round: QueuedRound,
    sender: Sender,
}

enum Sender {
    Proposal(oneshot::Sender<ProposalTurn>),
    Read(oneshot::Sender<ReadTurn>),
}

impl Waiter {
    /// True if nobody waits any more.
    fn is_gone(&self) -> bool {
        match &self.sender {
            Sender::Proposal(sender) => sender.is_closed(),
            Sender::Read(sender) => sender.is_closed(),
        }
    }

    fn is_read(&self) -> bool {
        matches!(self.sender, Sender::Read(_))
    }
}

impl<W: World> ProposalQueue<W> {
    /// Nobody waits.
    pub(crate) fn new(context: Arc<Context<W>>) -> Arc<Self> {
        Arc::new(ProposalQueue { context, partitions: Mutex::default() })
    }

    /// Waits for the turn of a proposal, or for its rows.
    pub(crate) async fn wait(self: Arc<Self>, round: QueuedRound) -> ProposalTurn {
        let (sender, receiver) = oneshot::channel();
        match self.begin(round, Sender::Proposal(sender)) {
            Some(turn) => ProposalTurn::Own(turn),
            // Who waits is told, unless the node ends.
            None => match receiver.await {
                Ok(turn) => turn,
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// Waits for the turn of a SERIAL read, or for the answer of another one.
    pub(crate) async fn wait_read(self: Arc<Self>, round: QueuedRound) -> ReadTurn {
        let (sender, receiver) = oneshot::channel();
        match self.begin(round, Sender::Read(sender)) {
            Some(turn) => ReadTurn::Own(turn, Vec::new()),
            None => receiver.await.unwrap_or(ReadTurn::Again),
        }
    }

    /// The turn, if nobody has it; otherwise the round waits.
    fn begin(self: &Arc<Self>, round: QueuedRound, sender: Sender) -> Option<Box<dyn Turn>> {
        let mut partitions = self.partitions.lock();
        if let Some(partition) = partitions.get_mut(&round.key) {
            let arrival = partition.arrivals;
            partition.arrivals += 1;
            partition.waiting.push(Waiter { arrival, round, sender });
            return None;
        }
        partitions.insert(round.key.clone(), Partition::default());
        Some(self.turn(&round.key))
    }

    fn turn(self: &Arc<Self>, key: &Bytes) -> Box<dyn Turn> {
        Box::new(TurnGuard { queue: Arc::clone(self), key: key.clone() })
    }

    /// Takes the next by chance, with all reads that it can read for.
    fn take_next(&self, key: &Bytes) -> Option<(Sender, Vec<SharedRead>)> {
        let mut partitions = self.partitions.lock();
        let waiting = &mut partitions.get_mut(key)?.waiting;
        waiting.retain(|waiter| !waiter.is_gone());
        if waiting.is_empty() {
            partitions.remove(key);
            return None;
        }
        let at = self.context.world.random("proposals") % waiting.len() as u64;
        let next = waiting.swap_remove(at as usize);
        let shares = |waiter: &mut Waiter| next.is_read() && waiter.is_read() && waiter.round.level == next.round.level;
        let sharing: Vec<Waiter> = waiting.extract_if(.., shares).take(SHARED_READS_MAX).collect();
        let shared = |waiter: Waiter| match (waiter.sender, waiter.round.reads.into_iter().next()) {
            (Sender::Read(sender), Some(command)) => {
                Some(SharedRead::new(command, move |block| drop(sender.send(ReadTurn::Rows(block)))))
            }
            _ => None,
        };
        let shared = sharing.into_iter().filter_map(shared).collect();
        Some((next.sender, shared))
    }
}

/// The turn on a partition. When it is dropped the next one has it.
struct TurnGuard<W: World> {
    queue: Arc<ProposalQueue<W>>,
    key: Bytes,
}

impl<W: World> Turn for TurnGuard<W> {
    fn mark(&self) -> u64 {
        self.queue.partitions.lock().get(&self.key).map_or(0, |partition| partition.arrivals)
    }

    fn publish(&self, mark: u64, rows: &[(Arc<ReadCommand>, RowBlock)]) {
        let blocks_of = |round: &QueuedRound| -> Option<Vec<RowBlock>> {
            let block_of = |read: &Arc<ReadCommand>| rows.iter().find(|(command, _)| command == read);
            round.reads.iter().map(|read| block_of(read).map(|(_, block)| block.clone())).collect()
        };
        let mut partitions = self.queue.partitions.lock();
        let Some(partition) = partitions.get_mut(&self.key) else { return };
        let can_be_told =
            |waiter: &mut Waiter| !waiter.is_read() && waiter.arrival < mark && blocks_of(&waiter.round).is_some();
        let told: Vec<Waiter> = partition.waiting.extract_if(.., can_be_told).collect();
        drop(partitions);
        for Waiter { round, sender, .. } in told {
            if let (Sender::Proposal(sender), Some(blocks)) = (sender, blocks_of(&round)) {
                // Nobody may wait any more.
                let _ = sender.send(ProposalTurn::Rows(blocks));
            }
        }
    }
}

impl<W: World> Drop for TurnGuard<W> {
    fn drop(&mut self) {
        let Some((next, shared)) = self.queue.take_next(&self.key) else { return };
        let turn = self.queue.turn(&self.key);
        // One that is gone just now drops the turn, and the next one has it.
        match next {
            Sender::Proposal(sender) => drop(sender.send(ProposalTurn::Own(turn))),
            Sender::Read(sender) => drop(sender.send(ReadTurn::Own(turn, shared))),
        }
    }
}
