//! Clients of logged batches: each batch writes one value to both registers of a pair, which are in different
//! partitions.
//!
//! | | |
//! |---|---|
//! | I20 | both registers of a healed pair hold the same, and nothing older than an acknowledged batch |

use crate::client::{Clients, statement};
use crate::history::{Batch, Ending};
use crate::machine::Life;
use henge_base::{Bytes, Micros, Random};
use henge_cql::BoundValue;
use henge_model::Consistency;
use std::sync::Arc;

/// The table of pairs.
pub(crate) const PAIRS: &str = "CREATE TABLE sim.pairs (k bigint PRIMARY KEY, v bigint)";
const WRITE: &str = "BEGIN BATCH INSERT INTO sim.pairs (k, v) VALUES (?, ?); \
                     INSERT INTO sim.pairs (k, v) VALUES (?, ?); APPLY BATCH";
pub(crate) const READ: &str = "SELECT v, writetime(v) FROM sim.pairs WHERE k = ?";
/// The number of pairs.
pub(crate) const COUNT: i64 = 3;

impl Clients {
    /// Writes a random pair through a node.
    pub(crate) fn write_pair(self: &Arc<Self>, life: &Life, random: &mut Random) {
        let (pair, stamp) = (random.below(COUNT as u64) as i64, self.stamp(random));
        let value = random.below(1 << 60) as i64;
        let number = {
            let mut batches = self.batches.lock();
            batches.push(Batch { pair, stamp, ending: Ending::Unknown });
            batches.len() - 1
        };
        let (clients, life) = (Arc::clone(self), life.clone());
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let [first, second, value] = [2 * pair, 2 * pair + 1, value].map(i64::to_be_bytes);
            let values = [&first, &value, &second, &value].map(|bytes| BoundValue::Value(bytes));
            let work = statement(&life, WRITE, &values, Consistency::Quorum, Some(stamp));
            let Some(outcome) = clients.until_hung_up(None, work).await else { return };
            clients.cluster.clockwork.note("batch", format!("{:?}", outcome.as_ref().err()).as_bytes());
            if outcome.is_ok() {
                clients.batches.lock()[number].ending = Ending::Ok;
            }
        });
    }
}

/// A row, as it was read.
type Row = Vec<Option<Bytes>>;

/// The violation of I20 by the two registers of a pair that were read; `None` if they are correct.
pub(crate) fn torn(pair: i64, batches: &[Batch], first: &[Row], second: &[Row]) -> Option<String> {
    let (first, second) = (first.first(), second.first());
    if first != second {
        return Some(format!("pair {pair} is torn: {first:?} and {second:?}"));
    }
    let stamp = first.and_then(|row| row.get(1)?.as_ref()).and_then(|bytes| bytes.as_ref().try_into().ok());
    let stamp = stamp.map_or(Micros::MIN, Micros::from_be_bytes);
    let done = batches.iter().filter(|batch| batch.pair == pair && batch.ending == Ending::Ok);
    let newest = done.map(|batch| batch.stamp).max()?;
    (stamp < newest).then(|| format!("pair {pair} is of {stamp}, but a batch of {newest} was acknowledged"))
}
