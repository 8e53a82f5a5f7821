//! The driver of the plan under way: it takes the next step once all that must be done before it is done. The first voter that is up
//! drives. Two at once do no harm, for the log takes a step only from where the plan is.

use crate::cluster::propose::ChangeError;
use crate::cluster::view::View;
use crate::coordinator::{Coordinator, Parts, barrier};
use crate::ground::world::World;
use crate::peers::messages::plan::{Debts, DebtsReply};
use crate::peers::messages::stream::{SourceProgress, StreamProgress};
use crate::work::arrival::Arrivals;
use crate::work::debts;
use crate::work::worker::{Next, StepError, Worker};
use futures_util::future::join_all;
use henge_base::HostId;
use henge_coordinator::Replicas;
use henge_metadata::{Command, Plan, PlanKind, PlanStep};
use std::time::Duration;

/// Between two looks for a plan.
const IDLE_INTERVAL: Duration = Duration::from_secs(1);
/// Between two looks at the plan under way.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// A member may take so long to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// Drives plans.
pub(crate) struct PlanDriver<W> {
    coordinator: Coordinator<W>,
    arrivals: Arrivals,
    progress: String,
    /// The step, and what it waits for, as the log of this node has it.
    logged: Option<(Plan, String)>,
}

/// The member that drives the plan under way: the first voter that is up, by member number.
pub(crate) fn driver(view: &View, is_up: impl Fn(HostId) -> bool) -> Option<HostId> {
    let voters = &view.state.voters;
    view.state.member_numbers().map(|(host, _)| host).find(|host| voters.contains(host) && is_up(*host))
}

/// The progress of a member that gains ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GainerProgress {
    /// Ranges of tables whose rows have not all come.
    pub ranges_left: u64,
    /// Bytes that have come.
    pub bytes_done: u64,
    /// An estimate of all bytes that will have come.
    pub bytes_total: u64,
    /// True if everything is on its disk.
    pub is_done: bool,
    /// The sources that it fetches from.
    pub sources: Vec<StreamSource>,
}

/// The rows that one source sends to a member that gains ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamSource {
    /// The source.
    pub host: HostId,
    /// Bytes that have come.
    pub bytes_done: u64,
    /// Bytes that it was expected to send; 0 if it did not tell.
    pub bytes_total: u64,
    /// Bytes that it sends in a second at most, to all together; 0: no limit, or it did not tell.
    pub bytes_per_second: u64,
}

impl From<SourceProgress> for StreamSource {
    fn from(source: SourceProgress) -> StreamSource {
        let SourceProgress { host, bytes_done, bytes_total, bytes_per_second } = source;
        StreamSource { host, bytes_done, bytes_total, bytes_per_second }
    }
}

/// Asks a member that gains ranges how far it is; `None` if it does not say.
pub(crate) async fn gainer_progress<W: World>(parts: &Parts<W>, plan: &Plan, host: HostId) -> Option<GainerProgress> {
    let reply = match host == parts.context.host() {
        true => Some(parts.replica.stream_status.progress(plan.id)),
        false => {
            let deadline = parts.context.deadline_after(ANSWER_TIMEOUT);
            parts.peers.call(host, deadline, &StreamProgress { plan: plan.id }).await.ok()
        }
    }?;
    Some(GainerProgress {
        ranges_left: reply.ranges_left,
        bytes_done: reply.bytes_done,
        bytes_total: reply.bytes_total_estimate,
        is_done: reply.is_done,
        sources: reply.sources.into_iter().map(StreamSource::from).collect(),
    })
}

impl<W: World> PlanDriver<W> {
    /// No plan has been met yet.
    pub(crate) fn new(coordinator: Coordinator<W>) -> Self {
        PlanDriver { coordinator, arrivals: Arrivals::default(), progress: String::new(), logged: None }
    }

    /// The reason why the plan cannot take its next step yet; `None` if it can.
    async fn hindrance(&mut self, plan: &Plan) -> Option<String> {
        match plan.step {
            PlanStep::Arriving => self.arrivals.hindrance(&self.coordinator, plan).await,
            PlanStep::Preparing => self.barrier_hindrance().await,
            PlanStep::Streaming => self.streaming_hindrance(plan).await,
            PlanStep::Reading => match (self.barrier_hindrance().await, &plan.kind) {
                (None, PlanKind::Leave { host }) => self.debts_hindrance(plan, *host).await,
                // The replicas that stay take over what one that goes may alone have.
                (None, PlanKind::Alter { lowers: true, .. }) => self.streaming_hindrance(plan).await,
                (hindrance, _) => hindrance,
            },
        }
    }

    async fn barrier_hindrance(&self) -> Option<String> {
        if self.coordinator.context().options.faults.skip_barriers {
            return None;
        }
        let epoch = self.coordinator.cluster().epoch();
        barrier::pass(&self.coordinator, epoch).await.err().map(|error| error.to_string())
    }

    async fn streaming_hindrance(&self, plan: &Plan) -> Option<String> {
        let gainers = self.coordinator.cluster().view().state.gainers();
        let asked = gainers
            .into_iter()
            .map(|host| async move { (host, gainer_progress(self.coordinator.parts(), plan, host).await) });
        let waited_for = |(host, progress): (HostId, Option<GainerProgress>)| match progress {
            Some(GainerProgress { is_done: true, .. }) => None,
            Some(GainerProgress { ranges_left, bytes_done, bytes_total, .. }) => Some(format!(
                "host {host} has {ranges_left} ranges of tables to fetch, and received {bytes_done} of about {bytes_total} bytes"
            )),
            None => Some(format!("host {host}, which gains ranges, does not answer")),
        };
        let waited_for: Vec<String> = join_all(asked).await.into_iter().filter_map(waited_for).collect();
        (!waited_for.is_empty()).then(|| waited_for.join("; "))
    }

    async fn debts_hindrance(&self, plan: &Plan, leaver: HostId) -> Option<String> {
        let question = Debts { plan: plan.id };
        let reply = match leaver == self.coordinator.local() {
            true => debts::answer(&self.coordinator, question).await.ok(),
            false => {
                let deadline = self.coordinator.context().deadline_after(ANSWER_TIMEOUT);
                self.coordinator.parts().peers.call(leaver, deadline, &question).await.ok()
            }
        };
        match reply {
            None => Some(format!("host {leaver} does not say what it owes")),
            Some(DebtsReply { serves_clients: true, .. }) => {
                Some(format!("host {leaver} ends the requests of its clients"))
            }
            Some(DebtsReply { keeps_batches: true, .. }) => Some(format!("host {leaver} keeps batches")),
            Some(DebtsReply { hints: 0, .. }) => None,
            Some(DebtsReply { hints, .. }) => Some(format!("host {leaver} delivers {hints} hints")),
        }
    }

    /// Shows how things stand, and logs it if that is new.
    fn tell(&mut self, plan: &Plan, waits_for: String) {
        self.progress = if waits_for.is_empty() { plan.to_string() } else { format!("{plan}; {waits_for}") };
        let kind = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
        let is_new = self.logged.as_ref().is_none_or(|(at, what)| at != plan || kind(what) != kind(&waits_for));
        if is_new {
            tracing::info!("{}", self.progress);
            self.logged = Some((plan.clone(), waits_for));
        }
    }
}

impl<W: World> PlanDriver<W> {
    /// Notes since when the plan has waited for the same, if this node drives it.
    fn watch(&self, plan: &Plan, is_driver: bool) {
        let context = self.coordinator.context();
        match is_driver {
            true => context.plan_watch.note(plan.id, &self.progress, context.world.mono()),
            false => context.plan_watch.clear(),
        }
    }
}

impl<W: World> Worker for PlanDriver<W> {
    const NAME: &'static str = "plan_driver";
    const RETRY_DELAY: Duration = IDLE_INTERVAL;

    async fn step(&mut self) -> Result<Next, StepError> {
        let view = self.coordinator.cluster().current_view();
        let cluster = self.coordinator.cluster();
        let Some(plan) = view.state.plan.clone() else {
            if let Some((ended, _)) = self.logged.take() {
                tracing::info!("plan {} is under way no more: {}", ended.id, ended.kind);
            }
            self.progress.clear();
            self.coordinator.context().plan_watch.clear();
            return Ok(Next::Pause(IDLE_INTERVAL));
        };
        let own = self.coordinator.local();
        let comes_or_goes = plan.kind.comes_or_goes(own);
        let driver = driver(&view, |host| cluster.is_up(host));
        let waits_for = match driver {
            Some(host) if host == own => self.hindrance(&plan).await,
            other => Some(other.map(|host| format!("driven by host {host}")).unwrap_or_default()),
        };
        if let Some(waits_for) = waits_for {
            if comes_or_goes {
                self.coordinator.cluster().look_for_removal().await;
            }
            self.tell(&plan, waits_for);
            self.watch(&plan, driver == Some(own));
            return Ok(Next::Pause(POLL_INTERVAL));
        }
        self.tell(&plan, String::new());
        self.watch(&plan, true);
        match self.coordinator.cluster().change(Command::AdvancePlan { plan: plan.id, from: plan.step }).await {
            Ok(_) => Ok(Next::Step),
            Err(ChangeError::Refused(refused)) => {
                self.tell(&plan, refused.to_string());
                Ok(Next::Pause(IDLE_INTERVAL))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn wait(&mut self) {}

    fn progress(&self) -> String {
        self.progress.clone()
    }
}
