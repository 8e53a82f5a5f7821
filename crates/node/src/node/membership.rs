//! Members that come and go, at an operator's word.

use super::Node;
use super::plan_report::{self, PlanReport};
use crate::cluster::departure::ClientService;
use crate::cluster::propose::ChangeError;
use crate::ground::world::World;
use henge_base::HostId;
use henge_metadata::{Command, CommandRefusal, Plan};
use std::time::Duration;

/// Between two looks at a plan whose end is waited for.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

impl<W: World> Node<W> {
    /// The plan under way, with who gains ranges, and how far they are.
    pub async fn plan_report(&self) -> Option<PlanReport> {
        plan_report::describe(self.parts()).await
    }

    /// The plan under way.
    pub fn plan(&self) -> Option<Plan> {
        self.parts().cluster.view().state.plan.clone()
    }

    /// True while this node is a member that serves no clients yet.
    pub fn is_newcomer(&self) -> bool {
        self.parts().cluster.view().state.is_newcomer(self.parts().context.host())
    }

    /// Removes a member that is down for good: its id never comes back. Returns once its rows are with others. `force` accepts the loss of
    /// rows of which it has the only copies.
    pub async fn remove_member(&self, id: HostId, force: bool) -> Result<(), ChangeError> {
        let cluster = &self.parts().cluster;
        cluster.change(Command::RemoveMember { id, force }).await?;
        while self.plan().is_some_and(|plan| plan.kind.leaver() == Some(id)) {
            self.parts().context.pause(POLL_INTERVAL).await;
        }
        match cluster.has_member(id) {
            true => Err(CommandRefusal::Member(format!("the removal of host {id} was taken back")).into()),
            false => Ok(()),
        }
    }

    /// Has this node leave. It goes on serving until its rows are with others. Gives the plan; `None` if it has left at once. `force` accepts
    /// that fewer members are left than keyspaces want copies.
    pub async fn leave(&self, force: bool) -> Result<Option<Plan>, ChangeError> {
        let id = self.parts().context.host();
        self.parts().cluster.change(Command::LeaveMember { id, force }).await?;
        Ok(self.plan())
    }

    /// Takes the plan under way back; gives it.
    pub async fn abort_plan(&self) -> Result<Plan, ChangeError> {
        let none = || CommandRefusal::Invalid("no plan is under way".to_owned());
        let plan = self.plan().ok_or_else(none)?;
        self.parts().cluster.change(Command::AbortPlan { plan: plan.id }).await?;
        Ok(plan)
    }

    /// Waits until this node is to serve no clients any more, because it leaves. For one task only.
    pub async fn until_departure(&self) {
        self.parts().cluster.departure().wait_until_begun().await;
    }

    /// Waits until this node is no member any more. For one task only.
    pub async fn until_gone(&self) {
        self.parts().cluster.departure().wait_until_ended().await;
    }

    /// Notes that clients are served, until the guard is dropped: a member that leaves is gone only then.
    pub fn client_service(&self) -> ClientService {
        self.parts().cluster.departure().client_service()
    }
}
