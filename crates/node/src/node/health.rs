//! The health of this node and of all others, as each says of itself. `henge admin doctor` judges it.

use super::Node;
use crate::coordinator::Parts;
use crate::ground::request_activity::count_by_operation;
use crate::ground::surroundings::QueryFacts;
use crate::ground::world::{To, World};
use crate::peers::messages::health::HealthCheck;
use crate::work::repair::oldest::oldest_proof;
use futures_util::future::join_all;
use henge_base::HostId;
use henge_operator::{
    DownMember, FailingWorker, HintHealth, MemberHealth, NodeActivity, NodeHealth, PlanWait, RepairHealth,
};
use std::time::Duration;

/// A member may take so long to say how it is.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// And so long where somebody watches, who shall see soon that it says nothing.
const MOMENT: Duration = Duration::from_secs(1);
/// Characters of the longest error that is told.
const ERROR_CHARS_MAX: usize = 500;

impl<W: World> Node<W> {
    /// The health of this node.
    pub fn health(&self) -> NodeHealth {
        let figures = self.figures();
        let parts = self.parts();
        let context = &parts.context;
        let now = context.now();
        let distrust = context.clock.check(now).err();
        let epoch = parts.cluster.epoch();
        let wait = context.plan_watch.get(now.mono);
        NodeHealth {
            release: env!("CARGO_PKG_VERSION").to_owned(),
            lowest_version: context.versions.speaks().lowest,
            newest_version: context.versions.speaks().newest,
            lineage: epoch.lineage,
            index: epoch.index,
            uptime_seconds: now.mono.0 / 1_000_000,
            not_ready: self.readiness().err().map(str::to_owned),
            clock_distrust: distrust.map(|error| error.to_string()),
            clock_ahead_millis: context.clock.told_offset_ms(),
            hints: HintHealth {
                is_enabled: self.is_handoff_enabled(),
                is_paused: self.is_handoff_paused(),
                window_seconds: context.options.max_hint_window.as_secs(),
                count: figures.hints_pending,
                oldest_age_seconds: figures.hints_oldest_age_seconds,
            },
            down: down_members(parts),
            repair: RepairHealth { is_enabled: context.options.auto_repair, oldest: oldest_proof(parts) },
            failing_workers: failing_workers(parts),
            plan_wait: wait.map(|(plan, progress, unchanged_seconds)| PlanWait {
                plan,
                progress: shorten(&progress),
                unchanged_seconds,
            }),
            disk_free_bytes: figures.disk_free_bytes,
            disk_reserve_bytes: figures.disk_reserve_bytes,
            machine: context.world.surroundings().map(|process| process.machine_health()),
            activity: NodeActivity {
                at_millis: now.mono.0 / 1_000,
                operations: count_by_operation(&context.metrics),
                clients: context.metrics.connections.get().try_into().unwrap_or_default(),
            },
        }
    }

    /// The health of every member, by host id; those that seem down are not asked.
    pub async fn health_of_members(&self) -> Vec<MemberHealth> {
        self.ask_members(ANSWER_TIMEOUT).await
    }

    /// The same of those that answer within a second.
    pub async fn activity_of_members(&self) -> Vec<MemberHealth> {
        self.ask_members(MOMENT).await
    }

    async fn ask_members(&self, timeout: Duration) -> Vec<MemberHealth> {
        let parts = self.parts();
        let hosts: Vec<HostId> = parts.cluster.view().state.members.keys().copied().collect();
        let ask = |host: HostId| async move {
            let answer = match host {
                own if own == parts.context.host() => Ok(self.health()),
                up if parts.cluster.is_up(up) => {
                    let asked = parts.peers.ask(To::Host(up), &HealthCheck {}, timeout).await;
                    asked.map_err(|error| error.to_string())
                }
                _ => Err("it is down".to_owned()),
            };
            let error = answer.as_ref().err().cloned();
            MemberHealth { host_id: host.to_string(), health: answer.ok(), error }
        };
        join_all(hosts.into_iter().map(ask)).await
    }

    /// The requests of clients under way; none where no process serves clients.
    pub fn requests_under_way(&self) -> Vec<QueryFacts> {
        self.parts().context.world.surroundings().map(|process| process.queries()).unwrap_or_default()
    }
}

fn down_members<W: World>(parts: &Parts<W>) -> Vec<DownMember> {
    let now = parts.context.world.mono();
    let view = parts.cluster.view();
    let down = view.state.members.keys().filter(|host| !parts.cluster.is_up(**host));
    let describe = |host: &HostId| DownMember {
        host_id: host.to_string(),
        seconds: parts.peers.liveness().down_for(*host, now).as_secs(),
    };
    down.map(describe).collect()
}

fn failing_workers<W: World>(parts: &Parts<W>) -> Vec<FailingWorker> {
    let failing = parts.context.workers.all().into_iter().filter(|(_, status)| status.is_failing());
    let describe = |(name, error): (&str, Option<String>)| FailingWorker {
        worker: name.to_owned(),
        error: shorten(&error.unwrap_or_default()),
    };
    failing.map(|(name, status)| describe((name, status.last_error))).collect()
}

fn shorten(text: &str) -> String {
    text.chars().take(ERROR_CHARS_MAX).collect()
}
