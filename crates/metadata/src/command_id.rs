//! Ids of commands, so that a command that was sent twice is carried out once.

use henge_base::Random;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Commands remembered. A node gives up on a command long before so many others have been carried out.
const RECENT_MAX: usize = 256;

/// The random id of a command, drawn by the node whose client gave it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CommandId(u128);

impl CommandId {
    /// A new id.
    pub fn random(random: &mut Random) -> CommandId {
        CommandId(u128::from_be_bytes(random.bytes()))
    }
}

/// The last commands that were carried out, oldest first, with the index of each one's entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentCommands(VecDeque<(CommandId, u64)>);

impl RecentCommands {
    /// The index of the entry that carried the command out.
    pub fn index_of(&self, command: CommandId) -> Option<u64> {
        self.0.iter().rev().find(|(id, _)| *id == command).map(|(_, index)| *index)
    }

    pub(crate) fn add(&mut self, command: CommandId, index: u64) {
        if self.0.len() == RECENT_MAX {
            self.0.pop_front();
        }
        self.0.push_back((command, index));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_commands_are_remembered_and_older_ones_forgotten() {
        let mut recent = RecentCommands::default();
        (1..=300).for_each(|n| recent.add(CommandId(n), n as u64));
        assert_eq!(recent.index_of(CommandId(300)), Some(300));
        assert_eq!(recent.index_of(CommandId(45)), Some(45));
        assert_eq!(recent.index_of(CommandId(44)), None);
    }
}
