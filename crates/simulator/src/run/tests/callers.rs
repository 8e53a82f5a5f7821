//! Who may send which message to a node.

use super::*;
use henge_base::HostId;

/// The status of a reply that refuses a caller which is no member.
const STRANGER: u32 = 13;

impl Run {
    /// The status of the first machine's reply to a message without a body, sent by a host that knows less of the metadata, or more.
    fn status(&mut self, from: HostId, kind: u8, is_ahead: bool) -> u32 {
        let mut message = vec![1, kind, 0, 0];
        message.resize(16, if is_ahead { 0xFF } else { 0 });
        message.resize(32, 0);
        let (slot, life) = (Slot::default(), self.lives().swap_remove(0));
        let done = slot.clone();
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let reply = life.node.serve(&life.core, from, Duration::from_secs(5), Bytes::from(message)).await;
            done.fill(u32::from_le_bytes(reply[24..28].try_into().unwrap()));
        });
        self.await_slot(&slot).unwrap()
    }
}

/// The table of docs/messages.md, cell by cell. What may be sent is answered, if only by the refusal of a body that is empty.
#[test]
fn strangers_may_send_what_joining_needs_and_no_more() {
    let mut run = Run::three(false, SharedTable::Default, &mut Random::new(3), Faults::default());
    let (member, stranger) = (run.cluster.machines[1].host(), HostId::random(&mut Random::new(77)));
    for kind in (0..=2).chain(6..=21).chain(24..=27).chain(30..=36) {
        let is_open = matches!(kind, 9 | 10);
        assert_ne!(run.status(member, kind, false), STRANGER, "a member sends {kind}");
        assert_eq!(run.status(stranger, kind, false) != STRANGER, is_open, "a stranger sends {kind}");
    }
    assert!(!run.broken());
    run.cluster.clear();
}

/// A stranger that says that it knows more of the metadata is not asked for it.
#[test]
fn a_stranger_that_is_ahead_is_not_followed() {
    let mut run = Run::three(false, SharedTable::Default, &mut Random::new(3), Faults::default());
    let stranger = HostId::random(&mut Random::new(77));
    let behind = 10;
    assert_eq!(run.status(stranger, 0, true), behind);
    assert!(!run.broken());
    run.cluster.clear();
}
