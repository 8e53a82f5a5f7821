//! The values that were decided last. A proposer whose own value has an unknown outcome learns it in a later round,
//! although others have decided values in between.

use crate::Ballot;
use henge_base::Micros;
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

/// The most values of a history.
const VALUES_MAX: usize = 64;
/// Microseconds after which a decided value leaves the history: longer than any request waits. Acceptors forget only what is older.
pub const AGE_MAX_US: Micros = 30_000_000;

/// Decided values by the rounds in which they were first proposed, the newest last. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Vec<Ballot>")]
pub struct History(Arc<[Ballot]>);

impl From<Vec<Ballot>> for History {
    fn from(values: Vec<Ballot>) -> Self {
        History(values.into())
    }
}

impl Serialize for History {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// The outcome of a value, as a later round that a quorum promised tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was decided.
    Decided,
    /// It was accepted by some and may have been decided: the round finishes it.
    Unfinished,
    /// It was not decided, and will not be if this round decides anything.
    NotDecided,
    /// The history does not reach back so far.
    Forgotten,
}

impl History {
    /// True if no value is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The history of a value that is proposed in round `ballot`, behind the one that was decided last, `decided`, whose
    /// own history this is.
    pub(crate) fn with(&self, decided: Ballot, ballot: Ballot) -> History {
        let is_recent = |value: &Ballot| value.micros > ballot.micros - AGE_MAX_US;
        let mut values: Vec<Ballot> = self.0.iter().copied().chain([decided]).collect();
        values.retain(is_recent);
        values.drain(..values.len().saturating_sub(VALUES_MAX));
        values.into()
    }

    /// The fate of a value of the round `of`, by the newest value `of_newest` that this is the history of.
    pub(crate) fn fate(&self, of: Ballot, of_newest: Ballot) -> Fate {
        if self.0.contains(&of) {
            return Fate::Decided;
        }
        // What is missing here may have left the history, unless that reaches back beyond it: a value that was proposed before
        // another is never decided after it.
        let is_whole = self.0.len() < VALUES_MAX && of.micros > of_newest.micros - AGE_MAX_US;
        let reaches_back = is_whole || self.0.iter().any(|value| of.is_after(*value));
        if reaches_back { Fate::NotDecided } else { Fate::Forgotten }
    }
}
