//! The partition of a read command, and the command without its index.

use henge_base::Bytes;
use henge_model::{Key, KeyRange, ReadCommand};
use std::sync::Arc;

/// The prefix of all keys of the one partition that a command reads; `None` if it reads several. Only reads of one partition can be decided
/// by Paxos: no round spans partitions.
pub(crate) fn partition_of(command: &ReadCommand) -> Option<Bytes> {
    match &command.keys {
        KeyRange::One(key) => Key::partition(key.bytes()).map(|end| key.to_bytes().slice(..end)),
        KeyRange::Run { start, end, .. } => {
            let partition = start.slice(..Key::partition(start)?);
            (end[..] <= Key::prefix_end(&partition)[..]).then_some(partition)
        }
        KeyRange::Many(_) => None,
    }
}

/// The same command by key instead of by an index: it reads the rows that the index would not name too.
pub(crate) fn without_probe(command: Arc<ReadCommand>) -> Arc<ReadCommand> {
    match command.probe {
        None => command,
        Some(_) => Arc::new(ReadCommand { probe: None, ..ReadCommand::clone(&command) }),
    }
}
