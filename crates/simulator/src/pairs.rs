//! Clients of logged batches: each batch writes one value to both registers of a pair, which are in different
//! partitions.
//!
//! | | |
//! |---|---|
//! | I20 | both registers of a healed pair hold the same, and nothing older than an acknowledged batch; so does each replica before it is read |

use crate::checks::ReplicaState;
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
            let [first, second] = keys(pair).map(i64::to_be_bytes);
            let value = value.to_be_bytes();
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

/// The keys of a pair's registers.
pub(crate) fn keys(pair: i64) -> [i64; 2] {
    [2 * pair, 2 * pair + 1]
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
    let newest = newest_acknowledged(pair, batches)?;
    (stamp < newest).then(|| format!("pair {pair} is of {stamp}, but a batch of {newest} was acknowledged"))
}

/// The violation of I20 by what the replicas of both registers of a pair hold; `None` if each has the newest batch of those that were
/// acknowledged, and of those of which any replica has a part.
pub(crate) fn incomplete(pair: i64, batches: &[Batch], copies: &[ReplicaState]) -> Option<String> {
    let held = |copy: &ReplicaState| copy.version.map(|(stamp, _)| stamp);
    let seen = copies.iter().filter_map(held).max();
    let due = newest_acknowledged(pair, batches).max(seen)?;
    let behind = copies.iter().find(|copy| held(copy) < Some(due))?;
    Some(format!("a part of the batch of {due} is missing: {behind:?}"))
}

fn newest_acknowledged(pair: i64, batches: &[Batch]) -> Option<Micros> {
    batches.iter().filter(|batch| batch.pair == pair && batch.ending == Ending::Ok).map(|batch| batch.stamp).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(machine: usize, stamp: Option<Micros>) -> ReplicaState {
        let version = stamp.map(|stamp| (stamp, 7));
        ReplicaState { machine, key: 0, version, newest: stamp, purged_before: None }
    }

    fn is_incomplete(ending: Ending, stamps: [Option<Micros>; 3]) -> bool {
        let batches = [Batch { pair: 0, stamp: 5, ending }, Batch { pair: 1, stamp: 9, ending: Ending::Ok }];
        let copies: Vec<ReplicaState> = (0..).zip(stamps).map(|(machine, stamp)| copy(machine, stamp)).collect();
        incomplete(0, &batches, &copies).is_some()
    }

    #[test]
    fn a_batch_is_on_each_replica_or_on_none() {
        assert!(!is_incomplete(Ending::Ok, [Some(5); 3]));
        assert!(is_incomplete(Ending::Ok, [Some(5), Some(5), Some(4)]), "an acknowledged batch");
        assert!(is_incomplete(Ending::Ok, [None; 3]));
        assert!(is_incomplete(Ending::Unknown, [Some(5), None, None]), "a part of a batch without an answer");
        assert!(!is_incomplete(Ending::Unknown, [None; 3]));
    }
}
