//! The departure of this node: a member that leaves serves no clients from some moment on, and a process whose host is no member any more
//! ends.

use henge_base::Mono;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// The departure of this node.
#[derive(Default)]
pub(crate) struct Departure {
    state: Mutex<DepartureState>,
    changed: Notify,
    /// Held by whoever serves clients here.
    clients: Arc<()>,
}

#[derive(Default)]
struct DepartureState {
    begun: Option<Mono>,
    is_gone: bool,
}

/// Clients are served while this is held.
pub struct ClientService(#[expect(dead_code)] Arc<()>);

impl Departure {
    /// Begins, unless it has; gives the time since.
    pub(crate) fn begin(&self, now: Mono) -> Duration {
        let begun = *self.state.lock().begun.get_or_insert(now);
        self.changed.notify_one();
        now.since(begun)
    }

    /// The host is no member any more.
    pub(super) fn end(&self) {
        self.state.lock().is_gone = true;
        self.changed.notify_one();
    }

    /// True if the host was a member and is none any more.
    pub(crate) fn has_ended(&self) -> bool {
        self.state.lock().is_gone
    }

    /// True while clients are served.
    pub(crate) fn serves_clients(&self) -> bool {
        Arc::strong_count(&self.clients) > 1
    }

    /// Notes that clients are served from now on.
    pub(crate) fn client_service(&self) -> ClientService {
        ClientService(Arc::clone(&self.clients))
    }

    /// Waits until this node is to serve no clients any more. For one task only.
    pub(crate) async fn wait_until_begun(&self) {
        self.wait(|state| state.begun.is_some() || state.is_gone).await;
    }

    /// Waits until the host is no member any more. For one task only.
    pub(crate) async fn wait_until_ended(&self) {
        self.wait(|state| state.is_gone).await;
    }

    async fn wait(&self, is_so: impl Fn(&DepartureState) -> bool) {
        while !is_so(&self.state.lock()) {
            self.changed.notified().await;
        }
    }
}
