//! The proposer's round: conclusions from the answers to its prepare.

use crate::{AGE_MAX_US, Ballot, Fate, History, Permission, Proposal, Reply};
use henge_base::{Bytes, Micros};

/// A round in progress. `R` identifies a replica.
#[derive(Clone, Debug)]
pub struct Round<R> {
    quorum: usize,
    permitted: Vec<(R, Permission)>,
    /// The time of the latest round that rejected this one; `None` if none did.
    superseded: Option<Micros>,
}

/// The next step of a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<R> {
    /// Too few answers so far.
    Wait,
    /// A later round was promised; the time of its ballot. Begin again, after it.
    Superseded(Micros),
    /// A value was accepted and may have been decided: propose it in this round, commit it, then begin again.
    Finish(Proposal),
    /// A value was decided that a quorum does not have yet. Those that lack it must get it before the rows read may be
    /// used. If no replica that has it was read, the rows are of no use even then: begin again.
    Commit {
        /// The decided value.
        decided: Proposal,
        /// The replicas that have it.
        had_by: Vec<R>,
        /// The replicas that lack it.
        lacked_by: Vec<R>,
    },
    /// The rows read may be used: see [`Round::promise_summary`].
    Ready,
}

impl<R: Copy> Round<R> {
    /// A round that needs `quorum` permissions.
    pub fn new(quorum: usize) -> Self {
        debug_assert!(quorum > 0, "a round that needs nobody decides nothing");
        Round { quorum, permitted: Vec::new(), superseded: None }
    }

    /// Adds an answer to the prepare. Permissions beyond the quorum are ignored, so that all conclusions rest on one
    /// set of answers.
    pub fn add(&mut self, from: R, reply: Reply) {
        match reply {
            Reply::Permitted(permission) if self.permitted.len() < self.quorum => {
                // Only what writes is ever committed.
                let committed = permission.committed.filter(|committed| committed.update.is_some());
                let permission = Permission { committed, ..permission };
                self.permitted.push((from, permission));
            }
            Reply::Rejected { by } => self.superseded = self.superseded.max(Some(by)),
            Reply::Permitted(_) | Reply::Done => {}
        }
    }

    /// The number of permissions so far.
    pub fn permission_count(&self) -> usize {
        self.permitted.len()
    }

    /// The next step, given the answers so far.
    pub fn verdict(&self) -> Verdict<R> {
        if let Some(by) = self.superseded {
            return Verdict::Superseded(by);
        }
        if self.permitted.len() < self.quorum {
            return Verdict::Wait;
        }
        let (stable, promised, superseded) = self.promise_summary();
        let committed = self.newest_committed();
        if let Some(unfinished) = self.unfinished_proposal(committed) {
            return if promised { Verdict::Finish(unfinished.clone()) } else { Verdict::Superseded(superseded) };
        }
        if !promised && !stable {
            return Verdict::Superseded(superseded);
        }
        let lacks = |p: &Permission| match (committed, &p.committed) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(newest), Some(own)) => newest.ballot.is_after(own.ballot),
        };
        let (lacking, having): (Vec<_>, Vec<_>) = self.permitted.iter().partition(|(_, p)| lacks(p));
        let names = |voters: Vec<&(R, Permission)>| voters.into_iter().map(|(from, _)| *from).collect();
        match committed {
            Some(decided) if !lacking.is_empty() => {
                Verdict::Commit { decided: decided.clone(), had_by: names(having), lacked_by: names(lacking) }
            }
            _ => Verdict::Ready,
        }
    }

    /// Three facts about the permissions: true if nothing can have been decided that the reads missed; true if every
    /// acceptor promised; the time of the latest round that superseded this one, zero if every acceptor promised.
    pub fn promise_summary(&self) -> (bool, bool, Micros) {
        let all = || self.permitted.iter().map(|(_, permission)| permission);
        let superseded = all().map(|p| p.superseded.micros).max().unwrap_or(0);
        (all().all(|p| p.stable), superseded == 0, superseded)
    }

    /// The value accepted after the last one known to be committed, unless it is the same value under a later ballot.
    fn unfinished_proposal(&self, committed: Option<&Proposal>) -> Option<&Proposal> {
        let accepted = newest_proposal(self.permitted.iter().filter_map(|(_, p)| p.accepted.as_ref()))?;
        accepted.update.as_ref()?;
        match committed {
            Some(committed) if !accepted.ballot.is_after(committed.ballot) => None,
            Some(committed) if accepted.original == committed.original => None,
            _ => Some(accepted),
        }
    }

    /// The history of a value that is proposed in this round, once nothing is left unfinished.
    pub fn history(&self, ballot: Ballot) -> History {
        self.newest_committed().map(|decided| decided.history(ballot)).unwrap_or_default()
    }

    /// The fate of a value that was first proposed in the round `of`, before this one, `ballot`. `None` unless a quorum promised this round.
    pub fn fate(&self, of: Ballot, ballot: Ballot) -> Option<Fate> {
        let (_, promised, _) = self.promise_summary();
        if self.superseded.is_some() || self.permitted.len() < self.quorum || !promised {
            return None;
        }
        let committed = self.newest_committed();
        let accepted = newest_proposal(self.permitted.iter().filter_map(|(_, p)| p.accepted.as_ref()));
        let is_newer = |accepted: &&Proposal| committed.is_none_or(|c| accepted.ballot.is_after(c.ballot));
        let newest = accepted.filter(is_newer).or(committed);
        Some(match newest {
            // Acceptors forget what was decided long ago.
            None if of.micros <= ballot.micros - AGE_MAX_US => Fate::Forgotten,
            None => Fate::NotDecided,
            Some(newest) if newest.original == of && committed.is_some_and(|c| c.original == of) => Fate::Decided,
            Some(newest) if newest.original == of => Fate::Unfinished,
            Some(_) if committed.is_some_and(|c| c.original == of) => Fate::Decided,
            Some(newest) => newest.before.fate(of, newest.ballot),
        })
    }

    fn newest_committed(&self) -> Option<&Proposal> {
        newest_proposal(self.permitted.iter().filter_map(|(_, p)| p.committed.as_ref()))
    }

    /// The rows of each read, by replica.
    pub fn into_rows(self) -> Vec<(R, Vec<Bytes>)> {
        self.permitted.into_iter().map(|(from, permission)| (from, permission.rows)).collect()
    }
}

fn newest_proposal<'p>(proposals: impl Iterator<Item = &'p Proposal>) -> Option<&'p Proposal> {
    proposals.reduce(|best, other| if other.ballot.is_after(best.ballot) { other } else { best })
}

#[cfg(test)]
mod tests;
