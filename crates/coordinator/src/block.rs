//! Whether rows from elsewhere may be trusted: a bad copy must not win by its timestamp, nor be spread by repair.

use henge_model::{Key, KeyRange, ReadCommand, RowBlock, RowView};

/// Whether a block can be the answer to a command: keys in range and in order, every row whole.
pub(crate) fn is_sound(block: &RowBlock, command: &ReadCommand) -> bool {
    is_ordered(block, command) && block.rows.iter().all(|(key, row)| RowView::parse(key, row).is_ok())
}

/// Whether the keys are an answer's; the rows, which this node's own storage has checked, are not looked into.
pub(crate) fn is_ordered(block: &RowBlock, command: &ReadCommand) -> bool {
    let mut keys = block.rows.iter().map(|(key, _)| key);
    match &command.keys {
        KeyRange::One(wanted) => block.rows.len() <= 1 && keys.all(|key| key[..] == *wanted.bytes()),
        KeyRange::Run { start, end, reversed } => {
            // A replica that stopped without a row could never be asked to go on from there.
            let moved = !block.more || !block.rows.is_empty();
            let within = keys.clone().all(|key| key >= start && key < end && Key::token(key).is_some());
            moved && within && keys.is_sorted_by(|a, b| if *reversed { a > b } else { a < b })
        }
    }
}
