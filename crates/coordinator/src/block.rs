//! Checks of rows from other replicas: a bad copy must not win by its timestamp, nor be spread by repair.

use henge_base::Bytes;
use henge_model::{Key, KeyKind, KeyRange, ReadCommand, RowBlock, RowView};

/// True if a block can be the answer to a command: keys in range and in order, every row intact.
pub(crate) fn is_sound(block: &RowBlock, command: &ReadCommand) -> bool {
    let mut all = block.rows.iter().chain(&block.context);
    is_ordered(block, command) && all.all(|(key, row)| RowView::parse(key, row).is_ok())
}

/// True if the keys can be those of an answer. The rows are not checked: this node's own storage has done that.
pub(crate) fn is_ordered(block: &RowBlock, command: &ReadCommand) -> bool {
    let mut keys = block.rows.iter().map(|(key, _)| key);
    let concerns = |key: &Bytes| is_context(key) && Key::storage_id(key) == Some(command.storage_id);
    let context =
        block.context.iter().all(|(key, _)| concerns(key)) && block.context.is_sorted_by(|(a, _), (b, _)| a < b);
    context
        && match &command.keys {
            KeyRange::One(wanted) => block.rows.len() <= 1 && keys.all(|key| key[..] == *wanted.bytes()),
            KeyRange::Run { start, end, reversed } => {
                // A replica that stopped without a row could never be asked to go on from there.
                let moved = !block.more || !block.rows.is_empty();
                let within = keys.clone().all(|key| key >= start && key < end && Key::token(key).is_some());
                moved && within && keys.is_sorted_by(|a, b| if *reversed { a > b } else { a < b })
            }
            KeyRange::Many(wanted) => {
                let moved = !block.more || !block.rows.is_empty();
                let asked = keys.clone().all(|key| wanted.binary_search(key).is_ok());
                moved && asked && keys.is_sorted_by(|a, b| a < b)
            }
        }
}

/// True if the key is that of a tombstone or a static row.
fn is_context(key: &[u8]) -> bool {
    Key::kind(key) == Some(KeyKind::Static) || Key::extent(key).is_some()
}
