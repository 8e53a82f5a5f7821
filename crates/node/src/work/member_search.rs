//! Members that nobody reaches where the log has them are looked for elsewhere.

use crate::cluster::Cluster;
use crate::ground::world::World;
use crate::work::worker::{Next, StepError, Worker};
use std::sync::Arc;
use std::time::Duration;

/// A member that is lost has so long to be heard of: after a start all are.
const FIRST_DELAY: Duration = Duration::from_millis(500);
/// Between two searches, after doubling the first delay again and again.
const DELAY_MAX: Duration = Duration::from_secs(10);
/// Between two looks while no member is lost.
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// Looks for members.
pub(crate) struct MemberSearch<W> {
    cluster: Arc<Cluster<W>>,
    /// The pause before the next search; `None` while no member is lost.
    delay: Option<Duration>,
    lost: usize,
}

impl<W> MemberSearch<W> {
    /// Nothing has been looked for yet.
    pub(crate) fn new(cluster: Arc<Cluster<W>>) -> Self {
        MemberSearch { cluster, delay: None, lost: 0 }
    }
}

impl<W: World> Worker for MemberSearch<W> {
    const NAME: &'static str = "member_search";
    const RETRY_DELAY: Duration = FIRST_DELAY;

    async fn step(&mut self) -> Result<Next, StepError> {
        let lost = self.cluster.lost_members();
        self.lost = lost.len();
        if lost.is_empty() || !self.cluster.is_member() {
            self.delay = None;
            return Ok(Next::Pause(POLL_INTERVAL));
        }
        if self.delay.is_some() {
            self.cluster.search_for(&lost).await;
        }
        let delay = self.delay.map_or(FIRST_DELAY, |delay| DELAY_MAX.min(2 * delay));
        self.delay = Some(delay);
        Ok(Next::Pause(delay))
    }

    async fn wait(&mut self) {}

    fn progress(&self) -> String {
        match self.lost {
            0 => String::new(),
            lost => format!("{lost} members are not reached"),
        }
    }
}
