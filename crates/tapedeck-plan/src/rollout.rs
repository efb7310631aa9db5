//! Which tasks to stop and how many to start: keeping the count, changing it, and changing the revision task by task.
//!
//! The rule of a change of revision: one task of the new revision is started on top of the desired count; when it is
//! healthy, one of an older revision is stopped, which makes room for the next. Nothing is stopped that would leave fewer
//! healthy tasks than desired, whatever their revision. Tasks told to stop count for nothing and hold up nothing.
//! Minimum and maximum percentages of ECS belong here when they come; the rule above is that of 100 % and one task more.

use tapedeck_model::{Revision, TaskId};

use crate::standing::Fallback;
use crate::streak::Allowance;
use crate::tally::{Member, Tally, Worth};

/// The stops and starts that are due, as they accumulate: each is counted as done when the next is looked at, so that
/// deciding again at once after executing the plan finds nothing more to do.
#[derive(Debug)]
pub(crate) struct Rollout<'a> {
    wanted: usize,
    current: Kept<'a>,
    outdated: Kept<'a>,
    /// Tasks to stop.
    pub(crate) stops: Vec<&'a TaskId>,
    /// Starts of the desired revision.
    pub(crate) desired: Starts,
    /// Starts of the revision to fall back on, if there is one.
    pub(crate) fallback: Option<Starts>,
    fallback_target: usize,
}

/// The starts of one revision.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Starts {
    pub(crate) revision: Revision,
    /// How many are due now.
    pub(crate) due: usize,
    /// How many more would be, had it not failed before.
    pub(crate) held_back: usize,
    /// What failures leave.
    pub(crate) allowance: Allowance,
}

impl Starts {
    fn none(revision: Revision, allowance: Allowance) -> Self {
        Self {
            revision,
            due: 0,
            held_back: 0,
            allowance,
        }
    }

    /// Adds as many as wanted and allowed; tells whether there were any.
    fn add(&mut self, wanted: usize) -> bool {
        let allowed = usize::try_from(self.allowance.starts()).unwrap_or(usize::MAX);
        let more = wanted.min(allowed.saturating_sub(self.due));
        self.due += more;
        self.held_back = wanted - more;
        more > 0
    }
}

impl<'a> Rollout<'a> {
    pub(crate) fn of(tally: &Tally<'a>, fallback: Option<&Fallback<'a>>) -> Self {
        let live = tally.current.iter().map(|member| member.task);
        let mut rollout = Self {
            wanted: usize::try_from(tally.desired.count).unwrap_or(usize::MAX),
            current: Kept::of(&tally.current),
            outdated: Kept::of(&tally.outdated),
            stops: Vec::new(),
            desired: Starts::none(tally.desired.revision, tally.streak.allowance(live)),
            fallback: fallback.map(|fallback| Starts::none(fallback.revision, fallback.allowance)),
            fallback_target: fallback.map_or(0, |fallback| fallback.target),
        };
        // Ends: starts only ever fill up to the count and stops only ever empty the two lists.
        loop {
            let stopped = rollout.stops.len();
            rollout.stop();
            let started = rollout.start();
            if !started && rollout.stops.len() == stopped {
                break;
            }
        }
        rollout.stops.sort_unstable();
        rollout
    }

    /// The rule while somebody watches: what is old or too much stops, and starts wait until nothing is stopping.
    pub(crate) fn attended(tally: &Tally<'a>) -> Self {
        let wanted = usize::try_from(tally.desired.count).unwrap_or(usize::MAX);
        let mut rollout = Self {
            wanted,
            current: Kept::of(&tally.current),
            outdated: Kept::of(&tally.outdated),
            stops: Vec::new(),
            desired: Starts::none(tally.desired.revision, Allowance::Unlimited),
            fallback: None,
            fallback_target: 0,
        };
        while rollout.give_up_outdated() {}
        while rollout.current_count() > wanted && rollout.give_up_current() {}
        rollout.stops.sort_unstable();
        if rollout.stops.is_empty() && tally.stopping.is_empty() {
            let tried = rollout.current_count() + tally.ended().count();
            rollout.desired.add(wanted.saturating_sub(tried));
        }
        rollout
    }

    fn stop(&mut self) {
        if self.wanted == 0 {
            while self.give_up_current() || self.give_up_outdated() {}
            return;
        }
        while self.current_count() > self.wanted && self.give_up_current() {}
        if self.is_proven() {
            while self.may_give_up_outdated() && self.give_up_outdated() {}
        } else {
            while self.outdated_count() > self.wanted && self.give_up_outdated() {}
            while self.live_count() > self.wanted + 1 && self.may_give_up_current() && self.give_up_current()
            {
            }
        }
    }

    /// Starts what is missing; tells whether there was anything.
    fn start(&mut self) -> bool {
        let room = (self.wanted + usize::from(self.wanted > 0)).saturating_sub(self.live_count());
        let lost = self.fallback_target.saturating_sub(self.outdated_count());
        let restored = self
            .fallback
            .as_mut()
            .is_some_and(|starts| starts.add(lost.min(room)));
        let kept = self.outdated_count().max(self.fallback_target);
        let surplus = usize::from(kept > 0 && self.wanted > 0);
        let room = (self.wanted + surplus).saturating_sub(kept + self.current_count());
        let missing = self.wanted.saturating_sub(self.current_count());
        self.desired.add(missing.min(room)) || restored
    }

    fn current_count(&self) -> usize {
        self.current.len() + self.desired.due
    }

    fn outdated_count(&self) -> usize {
        self.outdated.len() + self.fallback.map_or(0, |starts| starts.due)
    }

    fn live_count(&self) -> usize {
        self.current_count() + self.outdated_count()
    }

    /// Whether the desired revision has shown that it holds.
    fn is_proven(&self) -> bool {
        self.current.healthy() > 0
    }

    /// Whether the desired count stays healthy without the next outdated task.
    fn may_give_up_outdated(&self) -> bool {
        match self.outdated.next() {
            None => false,
            Some(Worth::Healthy) => self.current.healthy() + self.outdated.healthy() > self.wanted,
            Some(Worth::Pending | Worth::Fresh | Worth::OnTrial) => self.live_count() > self.wanted,
        }
    }

    /// Whether the desired count stays settled without the next task of the desired revision.
    fn may_give_up_current(&self) -> bool {
        let settled = self.current.settled() + self.outdated.settled();
        self.current
            .next()
            .is_some_and(|worth| !worth.is_settled() || settled > self.wanted)
    }

    fn give_up_current(&mut self) -> bool {
        let given_up = self.current.give_up();
        self.stops.extend(given_up);
        given_up.is_some()
    }

    fn give_up_outdated(&mut self) -> bool {
        let given_up = self.outdated.give_up();
        self.stops.extend(given_up);
        given_up.is_some()
    }
}

/// Members that are given up one by one, those worth least first.
#[derive(Debug)]
struct Kept<'a> {
    /// Worth most first, as they go from the end.
    members: Vec<Member<'a>>,
    /// How many are healthy as long as all members are there: they are the last to go.
    healthy: usize,
    /// The same of those that are settled.
    settled: usize,
}

impl<'a> Kept<'a> {
    fn of(worth_least_first: &[Member<'a>]) -> Self {
        let count = |least: Worth| {
            let worthy = worth_least_first.iter().filter(|member| member.worth >= least);
            worthy.count()
        };
        Self {
            members: worth_least_first.iter().rev().copied().collect(),
            healthy: count(Worth::Healthy),
            settled: count(Worth::OnTrial),
        }
    }

    fn len(&self) -> usize {
        self.members.len()
    }

    fn healthy(&self) -> usize {
        self.healthy.min(self.len())
    }

    fn settled(&self) -> usize {
        self.settled.min(self.len())
    }

    /// What the next to go is worth.
    fn next(&self) -> Option<Worth> {
        self.members.last().map(|member| member.worth)
    }

    fn give_up(&mut self) -> Option<&'a TaskId> {
        self.members.pop().map(|member| &member.task.id)
    }
}
