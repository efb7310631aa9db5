//! What bounds a deployment, when it has failed, and where to go back to then.
//!
//! A deployment is named by its revision. What is remembered of each is a [`Deployment`]; [`Deployments`] are those of one
//! service, and the only memory that a decision needs besides the tasks. Whoever keeps them writes them down.

use std::collections::BTreeMap;

use tapedeck_model::{Deployment, Revision, RolloutState, Timestamp};

/// `minimumHealthyPercent` and `maximumPercent` of ECS: how far below and above the desired count a deployment may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    minimum_healthy_percent: u32,
    maximum_percent: u32,
}

impl Bounds {
    /// Percentages of the desired count; the minimum is at most 100, the maximum at least.
    #[must_use]
    pub const fn new(minimum_healthy_percent: u32, maximum_percent: u32) -> Self {
        Self {
            minimum_healthy_percent: if minimum_healthy_percent > 100 {
                100
            } else {
                minimum_healthy_percent
            },
            maximum_percent: if maximum_percent < 100 {
                100
            } else {
                maximum_percent
            },
        }
    }

    /// How many healthy tasks are left at least, rounded up.
    #[must_use]
    pub fn floor(&self, count: u32) -> usize {
        let hundredths = u64::from(count) * u64::from(self.minimum_healthy_percent);
        usize::try_from(hundredths.div_ceil(100)).unwrap_or(usize::MAX)
    }

    /// How many tasks there are at most, running or being started, rounded down.
    #[must_use]
    pub fn ceiling(&self, count: u32) -> usize {
        let hundredths = u64::from(count) * u64::from(self.maximum_percent);
        usize::try_from(hundredths / 100).unwrap_or(usize::MAX)
    }
}

impl Default for Bounds {
    /// 100 % and 200 %.
    fn default() -> Self {
        Self::new(100, 200)
    }
}

/// The circuit breaker of a deployment: how many of its tasks may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    /// The threshold in percent of the desired count, before [`Breaker::LEAST`] and [`Breaker::MOST`] bound it.
    pub percent: u32,
    /// Whether a task that becomes healthy makes up for the failures before it.
    pub reset_on_healthy: bool,
}

impl Breaker {
    /// The least threshold.
    pub const LEAST: u32 = 3;
    /// The greatest threshold.
    pub const MOST: u32 = 200;

    /// The failed task that ends a deployment, counted from 1.
    #[must_use]
    pub fn threshold(&self, count: u32) -> u32 {
        let share = (u64::from(count) * u64::from(self.percent)).div_ceil(100);
        u32::try_from(share)
            .unwrap_or(u32::MAX)
            .clamp(Self::LEAST, Self::MOST)
    }
}

impl Default for Breaker {
    /// Half of the desired count, of failures in a row.
    fn default() -> Self {
        Self {
            percent: 50,
            reset_on_healthy: true,
        }
    }
}

/// What the deployment of the desired revision has come to, as far as decisions depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It is under way, and the breaker counts.
    UnderWay {
        /// The revision that makes up for tasks of older ones that end meanwhile.
        fallback: Option<Revision>,
    },
    /// It held once, or something goes back to it: it is tried for ever, with growing pauses.
    Trusted,
    /// It failed, and there was nothing to go back to: no task of it is started any more.
    GivenUp,
}

/// The deployments of one service that are remembered, by revision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deployments {
    known: BTreeMap<Revision, Deployment>,
}

impl Deployments {
    /// How many are remembered, besides those that can be gone back to.
    const KEPT: usize = 10;

    /// The deployments of these revisions.
    pub fn of(known: impl IntoIterator<Item = (Revision, Deployment)>) -> Self {
        Self {
            known: known.into_iter().collect(),
        }
    }

    /// All of them, the newest revision first.
    pub fn newest_first(&self) -> impl Iterator<Item = (Revision, &Deployment)> {
        self.known
            .iter()
            .rev()
            .map(|(revision, known)| (*revision, known))
    }

    /// What is known of one.
    #[must_use]
    pub fn get(&self, revision: Revision) -> Option<&Deployment> {
        self.known.get(&revision)
    }

    /// What one has come to; one that is not remembered is taken to be under way.
    #[must_use]
    pub fn state(&self, revision: Revision) -> RolloutState {
        self.get(revision)
            .map_or(RolloutState::InProgress, |known| known.state)
    }

    /// The same for a decision.
    #[must_use]
    pub fn stage(&self, revision: Revision) -> Stage {
        if self.get(revision).is_some_and(|known| known.is_rollback) {
            return Stage::Trusted;
        }
        match self.state(revision) {
            RolloutState::InProgress => Stage::UnderWay {
                fallback: self.fallback(revision),
            },
            RolloutState::Completed => Stage::Trusted,
            RolloutState::Failed => Stage::GivenUp,
        }
    }

    /// The revision that held last; if none ever did, the newest that was overtaken before it could show.
    fn fallback(&self, revision: Revision) -> Option<Revision> {
        let earlier = self.known.range(..revision).rev();
        let mut overtaken =
            earlier.filter(|(_, known)| known.state == RolloutState::Failed && known.failed_tasks == 0);
        self.last_completed(revision)
            .or_else(|| overtaken.next().map(|(number, _)| *number))
    }

    /// The greatest number there is.
    #[must_use]
    pub fn newest(&self) -> Option<Revision> {
        self.known.keys().next_back().copied()
    }

    /// What a revision was is forgotten, so that it cannot be gone back to.
    pub fn forget(&mut self, revision: Revision) {
        if let Some(known) = self.known.get_mut(&revision) {
            known.completed = None;
        }
    }

    /// Begins the deployment of a revision. One of another that was under way is abandoned.
    pub fn begin(&mut self, revision: Revision, now: Timestamp) {
        self.abandon(now, &format!("replaced by deployment {revision}"));
        let reason = format!("ECS deployment {revision} in progress.");
        self.known.insert(revision, Deployment::new(now, reason));
        self.thin_out(revision);
    }

    /// The deployment of a revision has reached what it was to.
    pub fn complete(&mut self, revision: Revision, now: Timestamp) {
        let known = self
            .known
            .entry(revision)
            .or_insert_with(|| Deployment::new(now, String::new()));
        known.state = RolloutState::Completed;
        known.reason = format!("ECS deployment {revision} completed.");
        known.ended = Some(now);
        known.completed = Some(now);
        self.thin_out(revision);
    }

    /// The deployment of a revision has failed. Says which revision is desired now, if there is one to go back to.
    pub fn fail(&mut self, revision: Revision, failed_tasks: u32, now: Timestamp) -> Option<Revision> {
        let breaker = "ECS deployment circuit breaker: ";
        let known = self.end(revision, now);
        known.reason = format!("{breaker}tasks failed to start.");
        known.failed_tasks = failed_tasks;
        self.go_back(revision, breaker)
    }

    /// Gives up a deployment that is not completed, as somebody asked for it. Says which revision is desired now; none when
    /// there is none to go back to, and then nothing is changed.
    pub fn stop(&mut self, revision: Revision, now: Timestamp) -> Option<Revision> {
        self.last_completed(revision)?;
        self.end(revision, now).reason = "rolled back on demand".to_owned();
        self.go_back(revision, "")
    }

    fn end(&mut self, revision: Revision, now: Timestamp) -> &mut Deployment {
        let known = self
            .known
            .entry(revision)
            .or_insert_with(|| Deployment::new(now, String::new()));
        known.state = RolloutState::Failed;
        known.ended = Some(now);
        known
    }

    fn go_back(&mut self, from: Revision, why: &str) -> Option<Revision> {
        let back_to = self.last_completed(from)?;
        if let Some(known) = self.known.get_mut(&from) {
            known.rolled_back_to = Some(back_to);
        }
        let target = self.known.get_mut(&back_to)?;
        target.state = RolloutState::InProgress;
        target.is_rollback = true;
        target.ended = None;
        target.reason = format!("{why}rolling back to deploymentId {back_to}.");
        Some(back_to)
    }

    /// The revision to go back to from another: of those that once held, and did not fail since, the one that did last.
    #[must_use]
    pub fn last_completed(&self, other_than: Revision) -> Option<Revision> {
        self.last_completed_of(|revision| revision != other_than)
    }

    fn last_completed_of(&self, is_meant: impl Fn(Revision) -> bool) -> Option<Revision> {
        let candidates = self.known.iter().filter(|(revision, known)| {
            is_meant(**revision) && known.state != RolloutState::Failed && known.completed.is_some()
        });
        let last = candidates.max_by_key(|(revision, known)| (known.completed, **revision));
        last.map(|(revision, _)| *revision)
    }

    /// Whether a revision has to be remembered, as it can be gone back to.
    #[must_use]
    pub fn needs(&self, revision: Revision, desired: Revision) -> bool {
        // From a deployment that fails to the one before, and from there, when somebody asks for it, to the one before that.
        let first = self.last_completed(desired);
        let before =
            |first: Revision| self.last_completed_of(|revision| revision != first && revision != desired);
        first == Some(revision) || first.and_then(before) == Some(revision)
    }

    /// Those of other revisions that are under way are not any more.
    fn abandon(&mut self, now: Timestamp, reason: &str) {
        for known in self.known.values_mut() {
            if known.state != RolloutState::InProgress {
                continue;
            }
            // What held once can be gone back to, whatever it was doing.
            known.state = match known.completed {
                Some(_) => RolloutState::Completed,
                None => RolloutState::Failed,
            };
            known.is_rollback = false;
            known.reason = reason.to_owned();
            known.ended = Some(now);
        }
    }

    fn thin_out(&mut self, desired: Revision) {
        let newest: Vec<Revision> = self.known.keys().rev().take(Self::KEPT).copied().collect();
        let unneeded: Vec<Revision> = self
            .known
            .keys()
            .copied()
            .filter(|revision| {
                *revision != desired && !newest.contains(revision) && !self.needs(*revision, desired)
            })
            .collect();
        self.known.retain(|revision, _| !unneeded.contains(revision));
    }
}
