//! Clients of conditional writes: each reads a register at SERIAL, and puts a value of its own in place of what it thinks is there.

use crate::client::{Clients, is_definite, statement};
use crate::history::Ending;
use crate::machine::Life;
use crate::slot::Slot;
use futures_util::future::{Either, select};
use henge_base::{Bytes, Random};
use henge_cql::BoundValue;
use henge_model::{Consistency, Rows};
use henge_node::Error;
use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;

/// Registers that are written under a condition alone.
pub(crate) const SWAPS: &str = "CREATE TABLE sim.swaps (k bigint PRIMARY KEY, v bigint, all_values set<bigint>)";
const READ: &str = "SELECT v, all_values FROM sim.swaps WHERE k = ?";
const SWAP: &str = "UPDATE sim.swaps SET v = ?, all_values = all_values + ? WHERE k = ? IF v = ?";
/// How many there are.
pub(crate) const KEYS: i64 = 2;

/// A register's value; `None` before it was ever written.
pub(crate) type Value = Option<i64>;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// A read at SERIAL.
    Read,
    /// `to`, which nobody else writes, in place of `from`.
    Swap { from: Value, to: i64 },
}

/// One operation.
#[derive(Clone, Debug)]
pub(crate) struct Swap {
    pub(crate) key: i64,
    pub(crate) act: Act,
    /// Simulated microseconds.
    pub(crate) began: u64,
    pub(crate) ended: Option<u64>,
    pub(crate) ending: Ending,
    /// Of one that ended well what the register was: of a swap that happened, what it had expected.
    pub(crate) seen: Value,
    /// Of a read that ended well all the values that the register ever had.
    pub(crate) all: BTreeSet<i64>,
    /// Whether a swap happened.
    pub(crate) applied: bool,
    /// What the client was told, if it was not good.
    pub(crate) told: String,
}

impl Clients {
    /// Begins an operation at a node.
    pub(crate) fn swap(self: &Arc<Self>, life: &Life, key: i64, act: Act, patience: Option<u64>) -> usize {
        let began = self.cluster.clockwork.now();
        let (ended, ending, told) = (None, Ending::Unknown, String::new());
        let number = {
            let mut swaps = self.swaps.lock();
            swaps.push(Swap { key, act, began, ended, ending, seen: None, all: BTreeSet::new(), applied: false, told });
            swaps.len() - 1
        };
        let (clients, life) = (Arc::clone(self), life.clone());
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let work = pin!(execute(&life, key, act));
            let hung_up = Slot::default();
            if let Some(patience) = patience {
                let slot = hung_up.clone();
                clients.cluster.clockwork.at(clients.cluster.clockwork.now() + patience, move || slot.fill(()));
            }
            let Either::Left((outcome, _)) = select(work, hung_up).await else { return };
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

    /// The next thing that a client does: mostly it goes by what was seen last, by whomever.
    pub(crate) fn next_swap(self: &Arc<Self>, life: &Life, random: &mut Random) {
        let key = random.below(KEYS as u64) as i64;
        let patience = random.chance(1, 20).then(|| random.below(20_000));
        if random.chance(1, 3) {
            self.swap(life, key, Act::Read, patience);
            return;
        }
        let from = {
            let swaps = self.swaps.lock();
            let last = swaps.iter().rev().find(|swap| swap.key == key && swap.ending == Ending::Ok);
            last.and_then(Swap::leaves)
        };
        let to = random.below(1 << 60) as i64;
        self.swap(life, key, Act::Swap { from, to }, patience);
    }
}

impl Swap {
    /// What the register was when it ended, as far as this operation knows.
    pub(crate) fn leaves(&self) -> Value {
        match self.act {
            Act::Swap { to, .. } if self.applied => Some(to),
            _ => self.seen,
        }
    }
}

/// What an operation found.
#[derive(Debug)]
struct Seen {
    /// Whether a swap happened.
    applied: bool,
    value: Value,
    all: BTreeSet<i64>,
}

async fn execute(life: &Life, key: i64, act: Act) -> Result<Seen, Error> {
    let key = key.to_be_bytes();
    match act {
        Act::Read => {
            let rows = statement(life, READ, &[BoundValue::Value(&key)], Consistency::Serial, None).await?;
            Ok(Seen { applied: false, value: value(&rows, 0), all: all(&rows, 1) })
        }
        Act::Swap { from, to } => {
            let (from_bytes, to) = (from.map(i64::to_be_bytes), to.to_be_bytes());
            let from_value = from_bytes.as_ref().map_or(BoundValue::Null, |bytes| BoundValue::Value(bytes));
            let one = [&1_i32.to_be_bytes()[..], &8_i32.to_be_bytes(), &to].concat();
            let values = [BoundValue::Value(&to), BoundValue::Value(&one), BoundValue::Value(&key), from_value];
            let rows = statement(life, SWAP, &values, Consistency::Quorum, None).await?;
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

/// A set's elements, each behind its length.
fn all(rows: &Rows, at: usize) -> BTreeSet<i64> {
    let bytes = rows.rows.first().and_then(|row| row.get(at)?.as_ref());
    let elements = bytes.map_or(&[][..], |bytes| bytes.get(4..).unwrap_or_default());
    elements.chunks_exact(12).filter_map(|element| Some(i64::from_be_bytes(element[4..].try_into().ok()?))).collect()
}
