//! Clients that leave the timestamps of their writes to the cluster.
//!
//! | | |
//! |---|---|
//! | I35 | a write does not win over one that was acknowledged, and that began when it had long ended |

use crate::client::{Clients, is_definite, statement};
use crate::history::{Ending, LastingWrite};
use crate::machine::Life;
use henge_base::{Bytes, Random};
use henge_cql::BoundValue;
use henge_model::Consistency;
use std::sync::Arc;

/// The table of values that are stamped by coordinators.
pub(crate) const LASTING: &str = "CREATE TABLE sim.lasting (k bigint PRIMARY KEY, v bigint)";
const WRITE: &str = "INSERT INTO sim.lasting (k, v) VALUES (?, ?)";
pub(crate) const READ: &str = "SELECT v FROM sim.lasting WHERE k = ?";
/// The number of keys.
pub(crate) const COUNT: i64 = 2;
/// Microseconds after its beginning by which a write has its stamp, unless its machine stands still.
const STAMPED_US: u64 = 2_000_000;
/// Microseconds after a stamp by which no clock that is trusted is ahead of another any more.
const SETTLED_US: u64 = 2_000_000;

impl Clients {
    /// Writes the next value of a random key through a node.
    pub(crate) fn write_lasting(self: &Arc<Self>, life: &Life, random: &mut Random) {
        self.write_lasting_at(life, random.below(COUNT as u64) as i64);
    }

    /// Writes the next value of a key through a node; its number.
    pub(crate) fn write_lasting_at(self: &Arc<Self>, life: &Life, key: i64) -> usize {
        let number = {
            let mut lasting = self.lasting.lock();
            lasting.push(LastingWrite {
                key,
                began: self.cluster.clockwork.now(),
                ended: None,
                ending: Ending::Unknown,
            });
            lasting.len() - 1
        };
        let (clients, life) = (Arc::clone(self), life.clone());
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let (key, value) = (key.to_be_bytes(), (number as i64).to_be_bytes());
            let values = [BoundValue::Value(&key), BoundValue::Value(&value)];
            let work = statement(&life, WRITE, &values, Consistency::Quorum, None);
            let Some(outcome) = clients.until_hung_up(None, work).await else { return };
            clients.cluster.clockwork.note("lasting", format!("{:?}", outcome.as_ref().err()).as_bytes());
            let write = &mut clients.lasting.lock()[number];
            write.ended = Some(clients.cluster.clockwork.now());
            write.ending = match outcome {
                Ok(_) => Ending::Ok,
                Err(error) if is_definite(&error) => Ending::Failed,
                Err(_) => Ending::Unknown,
            };
        });
        number
    }
}

impl LastingWrite {
    /// The time after which a write that begins has a later stamp.
    fn settled_at(&self) -> u64 {
        (self.began + STAMPED_US).max(self.ended.unwrap_or(0)) + SETTLED_US
    }
}

/// The violation by the value of a key that was read; `None` if it is correct.
pub(crate) fn lasting_violation(key: i64, writes: &[LastingWrite], rows: &[Vec<Option<Bytes>>]) -> Option<String> {
    let value = rows.first().and_then(|row| row.first()?.as_ref()?.as_ref().try_into().ok()).map(i64::from_be_bytes);
    let winner = value.and_then(|number| writes.get(usize::try_from(number).ok()?));
    let since = winner.map_or(0, LastingWrite::settled_at);
    let mut later = writes.iter().filter(|write| write.key == key && write.ending == Ending::Ok);
    if winner.is_some_and(|winner| winner.ending == Ending::Failed) {
        return Some(format!("key {key} has {winner:?}, which was told that it failed"));
    }
    later
        .find(|write| write.began > since || winner.is_none())
        .map(|lost| format!("key {key} has {winner:?}, not {lost:?}"))
}
