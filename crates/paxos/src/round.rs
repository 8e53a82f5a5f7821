//! What a proposer concludes from the answers to its prepare.

use crate::{Permission, Proposal, Reply};
use henge_base::{Bytes, Micros};

/// A round under way. `R` names a replica.
#[derive(Clone, Debug)]
pub struct Round<R> {
    quorum: usize,
    permitted: Vec<(R, Permission)>,
    /// The latest round that this one gave way to.
    superseded: Option<Micros>,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<R> {
    /// Too few answers so far.
    Wait,
    /// Another round was promised: begin again, after it.
    Superseded(Micros),
    /// A value was accepted, and may have been decided: propose it in this round, commit it, begin again.
    Finish(Proposal),
    /// A value was decided that a quorum does not have yet: those that lack it have to get it before what was read may be used.
    /// If none of those that have it was read, what was read is of no use even then: begin again.
    Commit {
        /// The decision.
        decided: Proposal,
        /// Who has it.
        had_by: Vec<R>,
        /// Who lacks it.
        lacked_by: Vec<R>,
    },
    /// What was read may be used: see [`Round::standing`].
    Ready,
}

impl<R: Copy> Round<R> {
    /// A round that needs so many permissions.
    pub fn new(quorum: usize) -> Self {
        Round { quorum, permitted: Vec::new(), superseded: None }
    }

    /// An answer to the prepare. Answers beyond the quorum are left out: what is concluded rests on one set of them.
    pub fn add(&mut self, from: R, reply: Reply) {
        match reply {
            Reply::Permitted(permission) if self.permitted.len() < self.quorum => {
                self.permitted.push((from, permission));
            }
            Reply::Rejected { by } => self.superseded = self.superseded.max(Some(by)),
            Reply::Permitted(_) | Reply::Done => {}
        }
    }

    /// How many permitted.
    pub fn permitted(&self) -> usize {
        self.permitted.len()
    }

    /// What comes next.
    pub fn verdict(&self) -> Verdict<R> {
        if let Some(by) = self.superseded {
            return Verdict::Superseded(by);
        }
        if self.permitted.len() < self.quorum {
            return Verdict::Wait;
        }
        let (stable, promised, superseded) = self.standing();
        let committed = newest(self.permitted.iter().filter_map(|(_, p)| p.committed.as_ref()));
        if let Some(unfinished) = self.unfinished(committed) {
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

    /// Whether nothing can have been decided that the reads missed, whether every one promised, and when the latest round began
    /// that was promised by one that did not (zero if all did).
    pub fn standing(&self) -> (bool, bool, Micros) {
        let all = || self.permitted.iter().map(|(_, permission)| permission);
        let superseded = all().map(|p| p.superseded.micros).max().unwrap_or(0);
        (all().all(|p| p.stable), superseded == 0, superseded)
    }

    /// A value that was accepted after everything that is known to be committed, and is not the same under a later ballot.
    fn unfinished(&self, committed: Option<&Proposal>) -> Option<&Proposal> {
        let accepted = newest(self.permitted.iter().filter_map(|(_, p)| p.accepted.as_ref()))?;
        accepted.update.as_ref()?;
        match committed {
            Some(committed) if !accepted.ballot.is_after(committed.ballot) => None,
            Some(committed) if accepted.original == committed.original => None,
            _ => Some(accepted),
        }
    }

    /// What those who permitted read: the rows of each read, by replica.
    pub fn into_rows(self) -> Vec<(R, Vec<Bytes>)> {
        self.permitted.into_iter().map(|(from, permission)| (from, permission.rows)).collect()
    }
}

fn newest<'p>(proposals: impl Iterator<Item = &'p Proposal>) -> Option<&'p Proposal> {
    proposals.reduce(|best, other| if other.ballot.is_after(best.ballot) { other } else { best })
}

#[cfg(test)]
mod tests;
