//! The last occurrences of a run, for whoever reads a violation.

use crate::seconds::Seconds;
use std::collections::VecDeque;
use std::fmt::Write;

/// The occurrences of each sort that are kept.
const OCCURRENCES_MAX: usize = 15;
/// The most bytes of an occurrence's text.
const TEXT_BYTES_MAX: usize = 200;
/// The byte of a message's header that holds its kind.
const KIND_AT: usize = 1;

/// The last faults, starts and answers, and the last messages.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    others: VecDeque<(u64, &'static str, String)>,
    messages: VecDeque<(u64, &'static str, Message)>,
    is_kept: bool,
}

/// A message: from which machine to which, and its kind; `None` if it has no header.
#[derive(Debug)]
struct Message {
    from: usize,
    to: usize,
    kind: Option<u8>,
}

fn push<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() == OCCURRENCES_MAX {
        list.pop_front();
    }
    list.push_back(item);
}

/// Bytes as text: those of one byte are the number of a machine.
fn describe(bytes: &[u8]) -> String {
    match bytes {
        [machine] => format!("machine {machine}"),
        _ => String::from_utf8_lossy(&bytes[..bytes.len().min(TEXT_BYTES_MAX)]).into_owned(),
    }
}

impl Recent {
    pub(crate) fn add(&mut self, time: u64, what: &'static str, bytes: &[u8]) {
        if !self.is_kept {
            push(&mut self.others, (time, what, describe(bytes)));
        }
    }

    /// Adds a message, unless nobody answers it: of gossip there is too much.
    pub(crate) fn add_message(&mut self, time: u64, what: &'static str, (from, to): (usize, usize), message: &[u8]) {
        if !self.is_kept && what != "tell" {
            let kind = message.get(KIND_AT).copied();
            push(&mut self.messages, (time, what, Message { from, to, kind }));
        }
    }

    /// Adds nothing from now on.
    pub(crate) fn keep(&mut self) {
        self.is_kept = true;
    }

    /// All of them in the order of time, one a line.
    pub(crate) fn lines(&self) -> Vec<String> {
        let others = self.others.iter().map(|(time, what, text)| (*time, format!("{what} {text}")));
        let messages = self.messages.iter().map(|(time, what, message)| {
            let mut line = format!("{what} from machine {} to {}", message.from, message.to);
            if let Some(kind) = message.kind {
                let _ = write!(line, ", of kind {kind}");
            }
            (*time, line)
        });
        let mut all: Vec<(u64, String)> = others.chain(messages).collect();
        all.sort_by_key(|(time, _)| *time);
        all.into_iter().map(|(time, line)| format!("{} {line}", Seconds(time))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_occurrences_before_a_violation_are_kept() {
        let mut recent = Recent::default();
        for time in 0..100 {
            recent.add(time, "answer", format!("number {time}").as_bytes());
        }
        recent.add_message(99, "request", (0, 1), &[1, 6, 0]);
        recent.add(100, "crash", &[2]);
        recent.keep();
        recent.add(101, "crash", &[1]);
        let lines = recent.lines();
        assert_eq!(lines.len(), OCCURRENCES_MAX + 1);
        let end = [
            "0.000099 s answer number 99",
            "0.000099 s request from machine 0 to 1, of kind 6",
            "0.0001 s crash machine 2",
        ];
        assert_eq!(lines[lines.len() - 3..], end);
    }
}
