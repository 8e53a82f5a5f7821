//! Clients of conditional writes: each reads a register at SERIAL, or replaces the value that it believes current by
//! one of its own.

use crate::client::{Clients, is_definite, statement_at};
use crate::history::{Ending, Swap, SwapKind, Value};
use crate::machine::Life;
use henge_base::{Bytes, Random};
use henge_cql::BoundValue;
use henge_model::{Consistency, Rows};
use henge_node::Error;
use std::collections::BTreeSet;
use std::ops::{Range, RangeFrom};
use std::sync::Arc;

/// The table of registers that are only written conditionally.
pub(crate) const SWAPS: &str = "CREATE TABLE sim.swaps (k bigint PRIMARY KEY, v bigint, all_values set<bigint>)";
const READ: &str = "SELECT v, all_values FROM sim.swaps WHERE k = ?";
const SWAP: &str = "UPDATE sim.swaps SET v = ?, all_values = all_values + ? WHERE k = ? IF v = ?";
/// The number of the registers that are written all the time.
pub(crate) const KEYS: i64 = 2;

/// Statements that create the registers of two datacentres, of which one has a quorum for SERIAL, and the other one for LOCAL_SERIAL.
pub(crate) const FAR_SCHEMA: [&str; 2] = [
    "CREATE KEYSPACE far WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 2, 'datacenter2': 1}",
    "CREATE TABLE far.swaps (k bigint PRIMARY KEY, v bigint, all_values set<bigint>)",
];
const FAR_READ: &str = "SELECT v, all_values FROM far.swaps WHERE k = ?";
const FAR_SWAP: &str = "UPDATE far.swaps SET v = ?, all_values = all_values + ? WHERE k = ? IF v = ?";
/// Their keys.
pub(crate) const FAR_KEYS: Range<i64> = 500..502;

/// The first of the registers that are written once, and read at the end.
pub(crate) const COLD_KEYS: RangeFrom<i64> = 1_000..;

/// A level of rows, and one of decisions.
pub(crate) type Levels = (Consistency, Consistency);
pub(crate) const GLOBAL: Levels = (Consistency::Quorum, Consistency::Serial);
pub(crate) const LOCAL: Levels = (Consistency::LocalQuorum, Consistency::LocalSerial);

impl Clients {
    /// Begins an operation at a node and returns its number.
    pub(crate) fn swap(self: &Arc<Self>, life: &Life, key: i64, kind: SwapKind, patience: Option<u64>) -> usize {
        self.swap_at(life, key, kind, patience, GLOBAL)
    }

    /// The same at other levels.
    pub(crate) fn swap_at(
        self: &Arc<Self>,
        life: &Life,
        key: i64,
        kind: SwapKind,
        patience: Option<u64>,
        levels: Levels,
    ) -> usize {
        let began = self.cluster.clockwork.now();
        let (ended, ending, told) = (None, Ending::Unknown, String::new());
        let number = {
            let mut swaps = self.swaps.lock();
            swaps.push(Swap {
                key,
                kind,
                began,
                ended,
                ending,
                seen: None,
                all: BTreeSet::new(),
                applied: false,
                told,
            });
            swaps.len() - 1
        };
        let (clients, life) = (Arc::clone(self), life.clone());
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let work = execute(&life, key, kind, levels);
            let Some(outcome) = clients.until_hung_up(patience, work).await else { return };
            clients.cluster.clockwork.note("swap", format!("{outcome:?}").as_bytes());
            let mut swaps = clients.swaps.lock();
            let swap = &mut swaps[number];
            match outcome {
                Ok(seen) => {
                    (swap.ending, swap.applied, swap.seen, swap.all) = (Ending::Ok, seen.applied, seen.value, seen.all);
                }
                Err(error) => {
                    swap.ending = if is_definite(&error) { Ending::Failed } else { Ending::Unknown };
                    swap.told = error.to_string();
                }
            }
            swap.ended = Some(clients.cluster.clockwork.now());
        });
        number
    }

    /// Begins a client's next operation: a read, or mostly a swap that expects the value last found by any client.
    pub(crate) fn next_swap(self: &Arc<Self>, life: &Life, random: &mut Random) {
        self.next_swap_of(life, random.below(KEYS as u64) as i64, GLOBAL, random);
    }

    /// The same of a register of two datacentres: at SERIAL, or in the datacentre that decides alone at LOCAL_SERIAL. One of them is
    /// refused.
    pub(crate) fn next_far_swap(self: &Arc<Self>, life: &Life, random: &mut Random) {
        let key = FAR_KEYS.start + random.below((FAR_KEYS.end - FAR_KEYS.start) as u64) as i64;
        let is_local = decides_alone(life.owner.machine) && random.chance(1, 2);
        self.next_swap_of(life, key, if is_local { LOCAL } else { GLOBAL }, random);
    }

    fn next_swap_of(self: &Arc<Self>, life: &Life, key: i64, levels: Levels, random: &mut Random) {
        let patience = random.chance(1, 20).then(|| random.below(20_000));
        if random.chance(1, 3) {
            self.swap_at(life, key, SwapKind::Read, patience, levels);
            return;
        }
        let from = {
            let swaps = self.swaps.lock();
            let last = swaps.iter().rev().find(|swap| swap.key == key && swap.ending == Ending::Ok);
            last.and_then(Swap::leaves)
        };
        let to = random.below(1 << 60) as i64;
        self.swap_at(life, key, SwapKind::Swap { from, to }, patience, levels);
    }
}

/// True for a machine of the datacentre that has one copy of the far registers, in runs of two datacentres.
pub(crate) fn decides_alone(machine: usize) -> bool {
    machine % 2 == 1
}

/// True if a node knows the registers of two datacentres.
pub(crate) fn has_far_swaps(life: &Life) -> bool {
    life.core.prepare(FAR_READ, None).is_ok()
}

impl Swap {
    /// The register's value after the operation, as far as the operation knows.
    pub(crate) fn leaves(&self) -> Value {
        match self.kind {
            SwapKind::Swap { to, .. } if self.applied => Some(to),
            _ => self.seen,
        }
    }
}

/// The result of an operation.
#[derive(Debug)]
struct Seen {
    /// True if a swap was applied.
    applied: bool,
    value: Value,
    all: BTreeSet<i64>,
}

async fn execute(life: &Life, key: i64, kind: SwapKind, levels: Levels) -> Result<Seen, Error> {
    let (read, swap) = if FAR_KEYS.contains(&key) { (FAR_READ, FAR_SWAP) } else { (READ, SWAP) };
    let (key, (_, serial)) = (key.to_be_bytes(), levels);
    match kind {
        SwapKind::Read => {
            let rows = statement_at(life, read, &[BoundValue::Value(&key)], (serial, serial), None).await?;
            Ok(Seen { applied: false, value: value(&rows, 0), all: all(&rows, 1) })
        }
        SwapKind::Swap { from, to } => {
            let (from_bytes, to) = (from.map(i64::to_be_bytes), to.to_be_bytes());
            let from_value = from_bytes.as_ref().map_or(BoundValue::Null, |bytes| BoundValue::Value(bytes));
            let one = [&1_i32.to_be_bytes()[..], &8_i32.to_be_bytes(), &to].concat();
            let values = [BoundValue::Value(&to), BoundValue::Value(&one), BoundValue::Value(&key), from_value];
            let rows = statement_at(life, swap, &values, levels, None).await?;
            let applied = rows.rows.first().and_then(|row| row.first()?.clone()) == Some(Bytes::from_static(&[1]));
            let value = if applied { from } else { value(&rows, 1) };
            Ok(Seen { applied, value, all: BTreeSet::new() })
        }
    }
}

fn value(rows: &Rows, at: usize) -> Value {
    let bytes = rows.rows.first()?.get(at)?.as_ref()?;
    Some(i64::from_be_bytes(bytes.as_ref().try_into().ok()?))
}

/// The elements of a set, each of which follows its length.
fn all(rows: &Rows, at: usize) -> BTreeSet<i64> {
    let bytes = rows.rows.first().and_then(|row| row.get(at)?.as_ref());
    let elements = bytes.map_or(&[][..], |bytes| bytes.get(4..).unwrap_or_default());
    elements.chunks_exact(12).filter_map(|element| Some(i64::from_be_bytes(element[4..].try_into().ok()?))).collect()
}
