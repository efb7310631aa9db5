//! What is wanted of one service, and at which pace it is to be reached.

use std::time::Duration;

use tapedeck_model::Revision;

use crate::{Bounds, Breaker, Stage};

/// What is wanted of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Desired {
    /// The revision that every task is to run in the end.
    pub revision: Revision,
    /// How many tasks are to run. Zero while the service is being deleted.
    pub count: u32,
    /// How many more that is than when the deployment of the revision began: so many more tasks of the older revision are
    /// wanted too, as long as none of the new one has held.
    pub grown: u32,
    /// Whether somebody watches who wants to see the newest revision at once, as while a program is being written. Then
    /// all older tasks stop, and new ones start when they have stopped: ECS would call it a minimum of 0 % and a maximum of
    /// 100 %. And each revision is tried once: a task that ends by itself is not started again before there is another
    /// revision.
    pub attended: bool,
    /// How far below and above the count a change of revision may go.
    pub bounds: Bounds,
    /// How many failed tasks end the deployment.
    pub breaker: Breaker,
    /// What the deployment of this revision has come to.
    pub stage: Stage,
    /// How fast to go about it.
    pub pace: Pace,
}

impl Desired {
    /// The first deployment of a revision with so many tasks: with what ECS does where nothing else is said, at the pace of this
    /// machine.
    #[must_use]
    pub fn new(revision: Revision, count: u32) -> Self {
        Self {
            revision,
            count,
            grown: 0,
            attended: false,
            bounds: Bounds::default(),
            breaker: Breaker::default(),
            stage: Stage::UnderWay { fallback: None },
            pace: Pace::fast(),
        }
    }

    /// Whether tasks that asked to be protected are: not when the service is deleted or the engine is to end without
    /// tasks, and not while somebody watches, who wants to see the newest revision.
    pub(crate) fn heeds_protection(&self) -> bool {
        self.count > 0 && !self.attended
    }
}

/// How fast the scheduler goes: how soon it trusts a task, and how it slows down when tasks fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// A task that has been running this long is settled: it counts as healthy. (Until there are health checks.)
    pub settled_after: Duration,
    /// The first task of a revision has to run this long instead, as nobody knows yet whether the revision runs at all.
    /// At least `settled_after`.
    pub proven_after: Duration,
    /// Delays between start attempts that fail.
    pub back_off: BackOff,
    /// How long the record of a stopped task is kept.
    pub keep_stopped: Duration,
    /// How many records of stopped tasks are kept per service, besides those that the back-off needs.
    pub keep_stopped_count: usize,
}

impl Pace {
    /// The pace of one machine, which starts a task in milliseconds: settled after 250 ms, the first
    /// task of a revision after 500 ms (a Node process on a quarter of a processor needs 90 to 170 ms until it fails at an
    /// import); delays of 0, 1, 2, 4 … 60 s.
    #[must_use]
    pub const fn fast() -> Self {
        Self {
            settled_after: Duration::from_millis(250),
            proven_after: Duration::from_millis(500),
            back_off: BackOff {
                second: Duration::from_secs(1),
                cap: Duration::from_secs(60),
                forgiven_after: Duration::from_secs(60),
            },
            keep_stopped: Duration::from_secs(60 * 60),
            keep_stopped_count: 50,
        }
    }

    /// The pace of ECS: settled after 40 s; delays of 0, then 30 s × 2^k after k failures, up to 27 minutes.
    ///
    /// Unlike ECS it slows down tasks that crash while running, too; ECS can afford not to, as each of its starts takes
    /// most of a minute.
    #[must_use]
    pub const fn ecs() -> Self {
        Self {
            settled_after: Duration::from_secs(40),
            proven_after: Duration::from_secs(40),
            back_off: BackOff {
                second: Duration::from_secs(120),
                cap: Duration::from_secs(27 * 60),
                forgiven_after: Duration::from_secs(60),
            },
            ..Self::fast()
        }
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self::fast()
    }
}

/// Delays between start attempts of a revision that keeps failing. There is no jitter: the services of one machine are
/// few, and without it the time of the next attempt can be told exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackOff {
    /// Delay after the second failure in a row; it doubles with each further one. There is none after the first.
    pub second: Duration,
    /// The longest delay.
    pub cap: Duration,
    /// A task that has run this long makes up for all failures before it.
    pub forgiven_after: Duration,
}

impl BackOff {
    /// How long to wait, from the end of the last attempt, after that many failures in a row.
    #[must_use]
    pub fn delay(&self, failures: u32) -> Duration {
        if failures < 2 {
            return Duration::ZERO;
        }
        let doublings = (failures - 2).min(31);
        self.second.saturating_mul(1 << doublings).min(self.cap)
    }

    /// The least number of failures after which the delay grows no more, at most 33.
    #[must_use]
    pub fn saturation(&self) -> u32 {
        (1..33)
            .find(|failures| self.delay(*failures) >= self.cap)
            .unwrap_or(33)
    }
}
