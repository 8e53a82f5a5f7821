//! Clients of counters: each adds one to a counter, and never repeats an addition whose outcome is unknown.
//!
//! | | |
//! |---|---|
//! | I21 | a healed counter is at least the number of acknowledged additions, and at most that and those in doubt |

use crate::client::{Clients, is_definite, statement};
use crate::history::{Addition, Ending};
use crate::machine::Life;
use henge_base::{Bytes, Random};
use henge_cql::BoundValue;
use henge_model::Consistency;
use std::sync::Arc;

/// The table of counters.
pub(crate) const COUNTS: &str = "CREATE TABLE sim.counts (k bigint PRIMARY KEY, n counter)";
const ADD: &str = "UPDATE sim.counts SET n = n + 1 WHERE k = ?";
pub(crate) const READ: &str = "SELECT n FROM sim.counts WHERE k = ?";
/// The number of counters.
pub(crate) const COUNT: i64 = 2;

impl Clients {
    /// Adds one to a random counter through a node.
    pub(crate) fn add_one(self: &Arc<Self>, life: &Life, random: &mut Random) {
        let key = random.below(COUNT as u64) as i64;
        let consistency = if random.chance(1, 3) { Consistency::One } else { Consistency::Quorum };
        let number = {
            let mut additions = self.additions.lock();
            additions.push(Addition { key, ending: Ending::Unknown });
            additions.len() - 1
        };
        let (clients, life) = (Arc::clone(self), life.clone());
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let key = key.to_be_bytes();
            let values = [BoundValue::Value(&key)];
            let work = statement(&life, ADD, &values, consistency, None);
            let Some(outcome) = clients.until_hung_up(None, work).await else { return };
            clients.cluster.clockwork.note("count", format!("{:?}", outcome.as_ref().err()).as_bytes());
            clients.additions.lock()[number].ending = match outcome {
                Ok(_) => Ending::Ok,
                Err(error) if is_definite(&error) => Ending::Failed,
                Err(_) => Ending::Unknown,
            };
        });
    }
}

/// The violation of I21 by the value of a counter that was read; `None` if it is correct.
pub(crate) fn counter_violation(key: i64, additions: &[Addition], rows: &[Vec<Option<Bytes>>]) -> Option<String> {
    let of = |ending| additions.iter().filter(|one| one.key == key && one.ending == ending).count() as i64;
    let value = rows.first().and_then(|row| row.first()?.as_ref()?.as_ref().try_into().ok());
    let value = value.map_or(0, i64::from_be_bytes);
    let (done, in_doubt) = (of(Ending::Ok), of(Ending::Unknown));
    let right = (done..=done + in_doubt).contains(&value);
    (!right).then(|| format!("counter {key} is {value}: {done} additions were acknowledged, {in_doubt} are in doubt"))
}
