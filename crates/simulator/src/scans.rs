//! Clients that page through the registers with three copies: each page through any node, a while after the one before, so that ranges
//! may have other replicas by then. Of each register that is a read, held to I2, I3 and I4 like any other.

use crate::client::{Clients, number, page};
use crate::history::{Ending, Operation, OperationKind, Version};
use crate::machine::{Life, Machine};
use crate::registers::SHARED;
use crate::slot::Slot;
use henge_base::Random;
use henge_model::{Consistency, Rows};
use henge_query::Page;
use std::collections::BTreeMap;
use std::sync::Arc;

const SCAN: &str = "SELECT k, v, writetime(v) FROM sim.registers";
/// The most rows of a page: so few that a scan has several.
const PAGE_ROWS_MAX: u64 = 3;
/// The longest time between two pages, in microseconds.
const PAUSE_US_MAX: u64 = 1_500_000;

/// The rows of a page, and the state at its end; `None` if the page failed.
type Answer = Option<(Rows, Option<Vec<u8>>)>;

impl Clients {
    /// Begins a scan, as a read of each register. Reads of a scan that fails have no outcome.
    pub(crate) fn scan(self: &Arc<Self>, random: &mut Random) {
        let began = self.cluster.clockwork.now();
        let read = |key| Operation {
            key,
            kind: OperationKind::Read(None),
            consistency: Consistency::Quorum,
            machine: None,
            datacenter: 0,
            began,
            ended: None,
            ending: Ending::Unknown,
            told: "a scan".to_owned(),
        };
        let numbers: Vec<usize> = (0..SHARED).map(|key| self.history.lock().begin(read(key))).collect();
        let (clients, mut random) = (Arc::clone(self), random.fork("scan"));
        self.cluster.clockwork.spawn(None, async move {
            let Some(found) = clients.all_pages(&mut random).await else { return };
            let mut history = clients.history.lock();
            for (key, number) in (0..SHARED).zip(numbers) {
                let operation = &mut history.operations[number];
                operation.kind = OperationKind::Read(found.get(&key).copied());
                (operation.ending, operation.ended) = (Ending::Ok, Some(clients.cluster.clockwork.now()));
            }
        });
    }

    /// The registers that a scan finds; `None` if a page fails.
    async fn all_pages(self: &Arc<Self>, random: &mut Random) -> Option<BTreeMap<i64, Version>> {
        let (mut found, mut state) = (BTreeMap::new(), None);
        loop {
            let (rows, next) = self.one_page(random, state).await?;
            for row in &rows.rows {
                let (key, version) = (number(row, 0)?, (number(row, 2)?, number(row, 1)?));
                if found.insert(key, version).is_some() {
                    self.cluster.record_violation("I3", format!("a scan finds register {key} twice"));
                }
            }
            if next.is_none() {
                return Some(found);
            }
            state = next;
            self.pause(random.below(PAUSE_US_MAX)).await;
        }
    }

    async fn one_page(self: &Arc<Self>, random: &mut Random, state: Option<Vec<u8>>) -> Answer {
        let lives: Vec<Life> = self.cluster.machines.iter().filter_map(Machine::life).collect();
        let life = random.pick(&lives).filter(|life| life.node.is_member()).cloned()?;
        let (slot, size) = (Slot::default(), random.between(1, PAGE_ROWS_MAX) as u32);
        let done = slot.clone();
        // A task of the node, which ends with it: then nothing comes of the scan.
        let clients = Arc::clone(self);
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let asked = Page { size: Some(size), state: state.as_deref() };
            let answer = clients.until_hung_up(None, page(&life, SCAN, asked)).await;
            done.fill(answer.and_then(Result::ok));
        });
        slot.await
    }

    async fn pause(&self, time: u64) {
        let over = Slot::default();
        let slot = over.clone();
        self.cluster.clockwork.at(self.cluster.clockwork.now() + time, move || slot.fill(()));
        over.await;
    }
}
