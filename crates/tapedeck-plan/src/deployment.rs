//! What becomes of a deployment: it completes, or its circuit breaker trips and the revision before comes back.

use tapedeck_model::{Deployments, FailedDeployment, ResourceName, Revision, RolloutState, Timestamp};

use crate::{Deployment, Progress, events};

/// Something that happened to a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeploymentChange {
    /// The service is steady on its revision.
    Completed(Revision),
    /// Too many of its tasks failed.
    Failed(Revision),
    /// This revision, completed before, is desired again.
    RollingBack(Revision),
}

/// Why a deployment failed, as ECS words it.
const TRIPPED: &str = "ECS deployment circuit breaker: tasks failed to start.";

impl Deployment {
    /// How the failures of the desired revision are taken. A revision that completed before is not given up: a rollback
    /// is never rolled back.
    #[must_use]
    pub fn of(deployments: &Deployments) -> Self {
        match deployments.rollout {
            RolloutState::Failed => Self::Failed,
            _ if deployments.completed.contains(&deployments.revision) => Self::Trusted,
            RolloutState::InProgress | RolloutState::Completed => Self::Monitored,
        }
    }
}

/// Moves deployments on by what a decision found; tells what happened, in this order.
pub fn advance(deployments: &mut Deployments, progress: &Progress, now: Timestamp) -> Vec<DeploymentChange> {
    if deployments.rollout != RolloutState::InProgress || progress.revision != deployments.revision {
        return Vec::new();
    }
    let revision = deployments.revision;
    if progress.failed {
        deployments.failed = Some(FailedDeployment {
            revision,
            at: now,
            failed_tasks: progress.failed_tasks,
            reason: TRIPPED.to_owned(),
        });
        deployments.rollout = RolloutState::Failed;
        let mut changes = vec![DeploymentChange::Failed(revision)];
        if let Some(back) = deployments.last_completed() {
            deployments.begin(back);
            changes.push(DeploymentChange::RollingBack(back));
        }
        return changes;
    }
    if !progress.steady {
        return Vec::new();
    }
    deployments.rollout = RolloutState::Completed;
    deployments.completed.retain(|known| *known != revision);
    deployments.completed.push(revision);
    let surplus = deployments
        .completed
        .len()
        .saturating_sub(Deployments::COMPLETED_KEPT);
    deployments.completed.drain(..surplus);
    if deployments
        .failed
        .as_ref()
        .is_some_and(|failed| failed.revision < revision)
    {
        deployments.failed = None;
    }
    vec![DeploymentChange::Completed(revision)]
}

impl DeploymentChange {
    /// The event that ECS writes.
    #[must_use]
    pub fn event(self, service: &ResourceName) -> String {
        match self {
            Self::Completed(revision) => events::deployment_completed(service, revision),
            Self::Failed(revision) => events::deployment_failed(service, revision),
            Self::RollingBack(revision) => events::rolling_back(service, revision),
        }
    }
}
