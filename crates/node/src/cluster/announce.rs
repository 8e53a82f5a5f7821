//! Telling members of a new entry, so that a client that was told of a table can use it everywhere.

use crate::cluster::Cluster;
use crate::ground::world::{To, World};
use crate::peers::messages::metadata::{Advance, AdvanceReply};
use henge_base::{HostId, Mono};
use henge_metadata::{Epoch, SealedEntry};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// The shortest time that a client waits for members that are slow to confirm an epoch.
const CONFIRM_WAIT_MIN: Duration = Duration::from_millis(150);
/// A client waits for the last members this many times as long as most of them took.
const CONFIRM_WAIT_FACTOR: u32 = 3;
/// Bytes of the longest entry that is sent along; members pull a longer one.
const ENTRY_BYTES_MAX: usize = 64 << 10;

impl<W: World> Cluster<W> {
    /// Follows a peer to a new epoch. A node that has asked to join, and knows no member yet, fetches the log from its seed by itself.
    pub(crate) async fn advance(&self, from: HostId, Advance { epoch, entry }: Advance) -> AdvanceReply {
        if let Some(entry) = entry.and_then(|bytes| SealedEntry::decode(bytes, self.context.versions.speaks()).ok())
            && self.view().state.members.contains_key(&from)
            && entry.position().epoch.follows(self.epoch())
        {
            // If it does not fit, pulling says why.
            let _ = self.append(&entry).await;
        }
        if self.epoch().index > 0 {
            self.catch_up_at_once(epoch, To::Host(from)).await;
        }
        AdvanceReply { epoch: self.epoch() }
    }

    /// Tells every member of a new epoch, and waits for those that seem up, though not long for the slowest of them, and not again for one
    /// that was waited for in vain.
    pub(super) async fn announce(&self, epoch: Epoch) {
        let members: Vec<HostId> = self.view().state.members.keys().copied().collect();
        let up = self.peers.liveness().up();
        let entry = self.log.lock().entry_at(epoch.index).filter(|bytes| bytes.len() <= ENTRY_BYTES_MAX);
        let advance = Advance { epoch, entry };
        let (confirm, confirmed) = mpsc::unbounded_channel();
        let (mut waited_for, now) = (BTreeSet::new(), self.context.world.mono());
        for member in members.into_iter().filter(|member| *member != self.context.host()) {
            // A member that seems down may have come up this moment: it is told too, and not waited for.
            let is_waited_for = up.contains(&member) && !self.quiet_members.contains(member, now);
            let confirm = is_waited_for.then(|| confirm.clone());
            waited_for.extend(confirm.as_ref().map(|_| member));
            self.tell(member, advance.clone(), confirm);
        }
        self.wait_for(waited_for, confirmed).await;
    }

    /// Tells a member; `confirm` hears when it has answered, or cannot.
    fn tell(&self, member: HostId, advance: Advance, confirm: Option<mpsc::UnboundedSender<HostId>>) {
        let (peers, timeout) = (Arc::clone(&self.peers), self.context.options.metadata_timeout / 2);
        let quiet_members = Arc::clone(&self.quiet_members);
        self.context.world.spawn("announce", async move {
            let epoch = advance.epoch;
            let reply = peers.ask(To::Host(member), &advance, timeout).await;
            if reply.is_ok() {
                quiet_members.clear(member);
            }
            match reply {
                Ok(AdvanceReply { epoch: reached }) if reached >= epoch => {}
                Ok(AdvanceReply { epoch: Epoch { index: 0, .. } }) => {
                    tracing::debug!(%member, %epoch, "a node that joins has yet to fetch the log");
                }
                Ok(_) => tracing::warn!(peer = %member, %epoch, "a member cannot follow to a new epoch; its log says why"),
                Err(error) if confirm.is_some() => {
                    tracing::warn!(peer = %member, %epoch, %error, "a member has not confirmed a new epoch; it will catch up");
                }
                Err(_) => {}
            }
            if let Some(confirm) = confirm {
                // Nobody may be waiting any more.
                let _ = confirm.send(member);
            }
        });
    }

    /// Waits until these members have confirmed, or until most have and the others are late. A single one is late by itself.
    async fn wait_for(&self, mut members: BTreeSet<HostId>, mut confirmed: mpsc::UnboundedReceiver<HostId>) {
        let count = members.len();
        let begun = self.context.world.mono();
        let mut end = match count {
            1 => self.late_after(begun),
            _ => begun + self.context.options.metadata_timeout / 2,
        };
        for number in 1..=count {
            tokio::select! {
                biased;
                member = confirmed.recv() => members.retain(|waiting| Some(*waiting) != member),
                () = self.context.world.sleep_until(end) => {
                    let now = self.context.world.mono();
                    return members.into_iter().for_each(|member| self.quiet_members.note(member, now));
                }
            }
            // This node has it too: with half of the others that are most.
            if number == count / 2 {
                end = end.min(self.late_after(begun));
            }
        }
    }

    fn late_after(&self, begun: Mono) -> Mono {
        let now = self.context.world.mono();
        now + CONFIRM_WAIT_MIN.max(CONFIRM_WAIT_FACTOR * now.since(begun))
    }
}
