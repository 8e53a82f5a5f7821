//! Telling members of a new entry, so that a client that was told of a table can use it everywhere.

use crate::cluster::Cluster;
use crate::ground::world::{To, World};
use crate::peers::messages::metadata::{Advance, AdvanceReply};
use henge_base::{HostId, Mono};
use henge_metadata::{Epoch, SealedEntry};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// The shortest time that a client waits for members that are slow to confirm an epoch.
const PATIENCE_MIN: Duration = Duration::from_millis(150);
/// A client waits for the rest this many times as long as most members took.
const PATIENCE_FACTOR: u32 = 3;
/// Bytes of the longest entry that is sent along; members pull a longer one.
const ENTRY_BYTES_MAX: usize = 64 << 10;

impl<W: World> Cluster<W> {
    /// Follows a peer to a new epoch.
    pub(crate) async fn advance(&self, from: HostId, Advance { epoch, entry }: Advance) -> AdvanceReply {
        if let Some(entry) = entry.and_then(|bytes| SealedEntry::decode(bytes).ok())
            && self.view().state.members.contains_key(&from)
            && entry.position().epoch.follows(self.epoch())
        {
            // If it does not fit, pulling says why.
            let _ = self.append(&entry).await;
        }
        self.catch_up_at_once(epoch, To::Host(from)).await;
        AdvanceReply { epoch: self.epoch() }
    }

    /// Tells every member of a new epoch, and waits for those that seem up, though not long for the slowest of them.
    pub(super) async fn announce(&self, epoch: Epoch) {
        let members: Vec<HostId> = self.view().state.members.keys().copied().collect();
        let up = self.peers.liveness().up();
        let entry = self.log.lock().entry_at(epoch.index).filter(|bytes| bytes.len() <= ENTRY_BYTES_MAX);
        let advance = Advance { epoch, entry };
        let (confirm, confirmed) = mpsc::unbounded_channel();
        let mut waited_for = 0;
        for member in members.into_iter().filter(|member| *member != self.context.host()) {
            // A member that seems down may have come up this moment: it is told too, and not waited for.
            let confirm = up.contains(&member).then(|| confirm.clone());
            waited_for += usize::from(confirm.is_some());
            self.tell(member, advance.clone(), confirm);
        }
        self.wait_for(waited_for, confirmed).await;
    }

    /// Tells a member; `confirm` hears when it has answered, or cannot.
    fn tell(&self, member: HostId, advance: Advance, confirm: Option<mpsc::UnboundedSender<()>>) {
        let (peers, timeout) = (Arc::clone(&self.peers), self.context.options.metadata_timeout / 2);
        self.context.world.spawn("announce", async move {
            let epoch = advance.epoch;
            match peers.ask(To::Host(member), &advance, timeout).await {
                Ok(AdvanceReply { epoch: reached }) if reached >= epoch => {}
                Ok(_) => tracing::warn!(%member, %epoch, "a member cannot follow to a new epoch; its log says why"),
                Err(error) if confirm.is_some() => {
                    tracing::warn!(%member, %epoch, %error, "a member has not confirmed a new epoch; it will catch up");
                }
                Err(_) => {}
            }
            if let Some(confirm) = confirm {
                // Nobody may be waiting any more.
                let _ = confirm.send(());
            }
        });
    }

    /// Waits until `count` members have confirmed, or until most have and the others are late. A single one is late by itself.
    async fn wait_for(&self, count: usize, mut confirmed: mpsc::UnboundedReceiver<()>) {
        let begun = self.context.world.mono();
        let mut end = match count {
            1 => self.late_after(begun),
            _ => begun + self.context.options.metadata_timeout / 2,
        };
        for number in 1..=count {
            tokio::select! {
                biased;
                _ = confirmed.recv() => {}
                () = self.context.world.sleep_until(end) => return,
            }
            // This node has it too: with half of the others that are most.
            if number == count / 2 {
                end = end.min(self.late_after(begun));
            }
        }
    }

    fn late_after(&self, begun: Mono) -> Mono {
        let now = self.context.world.mono();
        now + PATIENCE_MIN.max(PATIENCE_FACTOR * now.since(begun))
    }
}
