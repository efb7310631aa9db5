//! Which tasks to stop and how many to start: keeping the count, changing it, and changing the revision task by task.
//!
//! The rule of a change of revision: as many tasks of the new revision are started on top of those there are as the maximum
//! allows; for each that is healthy, one of an older revision is stopped. Only where the maximum leaves no room, old tasks
//! stop before new ones are there, down to the minimum. Tasks told to stop count for nothing and hold up nothing.
//!
//! Unhealthy tasks take room, but do not count: what is missing without them is started beside them, and for each that is
//! healthy, one of them is stopped. Where the maximum leaves no room, one is stopped for each that is started.

use tapedeck_model::{Revision, TaskId};

use crate::standing::Fallback;
use crate::streak::Allowance;
use crate::tally::{Member, Tally, Worth};

/// The stops and starts that are due, as they accumulate: each is counted as done when the next is looked at, so that
/// deciding again at once after executing the plan finds nothing more to do.
#[derive(Debug)]
pub(crate) struct Rollout<'a> {
    wanted: usize,
    /// How many healthy tasks have to be left.
    floor: usize,
    /// How many tasks there may be.
    ceiling: usize,
    current: Kept<'a>,
    outdated: Kept<'a>,
    unhealthy: Kept<'a>,
    /// Healthy tasks that are not needed any more.
    pub(crate) stops: Vec<&'a TaskId>,
    /// Unhealthy tasks to stop.
    pub(crate) unhealthy_stops: Vec<&'a TaskId>,
    /// How many unhealthy tasks nothing stood in for yet.
    unreplaced: usize,
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
        let desired = &tally.desired;
        let mut rollout = Self {
            wanted: usize::try_from(desired.count).unwrap_or(usize::MAX),
            floor: desired.bounds.floor(desired.count),
            ceiling: desired.bounds.ceiling(desired.count),
            current: Kept::of(&tally.current),
            outdated: Kept::of(&tally.outdated),
            unhealthy: Kept::of(&tally.unhealthy),
            stops: Vec::new(),
            unhealthy_stops: Vec::new(),
            unreplaced: tally.unhealthy.len().saturating_sub(on_the_way(tally)),
            desired: Starts::none(desired.revision, tally.allowance()),
            fallback: fallback.map(|fallback| Starts::none(fallback.revision, fallback.allowance)),
            fallback_target: fallback.map_or(0, |fallback| fallback.target),
        };
        // Ends: starts only ever fill up to the count and stops only ever empty the two lists.
        loop {
            let stopped = rollout.all_stops().count();
            rollout.stop();
            rollout.swap();
            rollout.stop_unhealthy();
            let started = rollout.start();
            if !started && rollout.all_stops().count() == stopped {
                break;
            }
        }
        rollout.stops.sort_unstable();
        rollout.unhealthy_stops.sort_unstable();
        rollout
    }

    /// The rule while somebody watches: what is old or too much stops, and starts wait until nothing is stopping.
    pub(crate) fn attended(tally: &Tally<'a>) -> Self {
        let wanted = usize::try_from(tally.desired.count).unwrap_or(usize::MAX);
        let mut rollout = Self {
            wanted,
            floor: 0,
            ceiling: wanted,
            current: Kept::of(&tally.current),
            outdated: Kept::of(&tally.outdated),
            unhealthy: Kept::of(&[]),
            stops: Vec::new(),
            unhealthy_stops: Vec::new(),
            unreplaced: 0,
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

    /// Every task to stop.
    pub(crate) fn all_stops(&self) -> impl Iterator<Item = &'a TaskId> {
        self.stops.iter().chain(&self.unhealthy_stops).copied()
    }

    /// How many of the starts make up for unhealthy tasks.
    pub(crate) fn replacing(&self) -> usize {
        let unhealthy = self.unhealthy.len() + self.unhealthy_stops.len();
        let restored = self.fallback.map_or(0, |starts| starts.due);
        restored.min(unhealthy) + self.desired.due.min(self.unreplaced)
    }

    /// Stops those that others stand in for; and one, where there is no room to start what is missing.
    fn stop_unhealthy(&mut self) {
        loop {
            let healthy = self.current.healthy() + self.outdated.healthy();
            let is_replaced = healthy + self.unhealthy.len() > self.wanted;
            if !(is_replaced || self.must_make_room_for_replacement()) {
                return;
            }
            if !self.give_up_unhealthy() {
                return;
            }
        }
    }

    fn give_up_unhealthy(&mut self) -> bool {
        let given_up = self.unhealthy.give_up();
        self.unhealthy_stops.extend(given_up);
        given_up.is_some()
    }

    /// One at a time: not while another start has still to show itself.
    fn must_make_room_for_replacement(&self) -> bool {
        let startable = usize::try_from(self.desired.allowance.starts()).unwrap_or(usize::MAX);
        let starts = self.desired.due + self.fallback.map_or(0, |starts| starts.due);
        let unproven = |kept: &Kept<'_>| kept.len() - kept.healthy();
        let on_the_way = starts + unproven(&self.current) + unproven(&self.outdated);
        self.live_count() >= self.ceiling
            && self.current_count() + self.outdated_count() < self.wanted
            && startable > self.desired.due
            && on_the_way == 0
    }

    fn stop(&mut self) {
        if self.wanted == 0 {
            while self.give_up_current() || self.give_up_outdated() {}
            return;
        }
        while self.current_count() > self.wanted && self.may_give_up_current() && self.give_up_current() {}
        if self.is_proven() {
            while self.may_give_up_outdated() && self.give_up_outdated() {}
        } else {
            while self.outdated_count() > self.wanted
                && stays_settled(self.outdated.next(), self.outdated.settled(), self.wanted)
                && self.give_up_outdated()
            {}
            while self.live_count() > self.ceiling && self.give_up_unhealthy() {}
            while self.live_count() > self.ceiling && self.may_make_room() && self.give_up_outdated() {}
            while self.live_count() > self.ceiling && self.may_give_up_current() && self.give_up_current() {}
        }
    }

    /// Where the maximum leaves no room for a start that is due: stops an old task for it, down to the minimum.
    fn swap(&mut self) {
        // A task that is told to stop is no attempt of its revision any more: that would be started again at once.
        if !self.may_start_fallback() {
            return;
        }
        while self.is_full() && self.may_make_room() && self.give_up_outdated() {
            if self.live_count() < self.ceiling {
                self.desired.add(1);
            }
        }
    }

    /// Whether a task could be started at once, were there not too many already.
    fn is_full(&self) -> bool {
        let startable = usize::try_from(self.desired.allowance.starts()).unwrap_or(usize::MAX);
        let kept = self.outdated_count().max(self.fallback_target);
        self.current_count() < self.wanted
            && self.desired.due < startable
            && self.current_count() + kept + self.unhealthy.len() >= self.ceiling
    }

    /// Whether the minimum stays healthy without the next outdated task.
    fn may_make_room(&self) -> bool {
        let healthy = self.current.healthy() + self.outdated.healthy();
        match self.outdated.next() {
            None => false,
            Some(Worth::Healthy) => healthy > self.floor,
            // Tasks started to make up for lost ones are left to become healthy.
            Some(Worth::Pending | Worth::Unhealthy | Worth::Fresh | Worth::OnTrial) => self.is_proven(),
        }
    }

    /// Whether failures hold up nothing of the revision to fall back on.
    fn may_start_fallback(&self) -> bool {
        self.fallback
            .is_none_or(|starts| starts.allowance == Allowance::Unlimited)
    }

    /// Whether a start is due for which there is no room, and nothing on its way that makes any.
    pub(crate) fn is_blocked(&self) -> bool {
        let all_healthy = |kept: &Kept<'_>| kept.healthy() == kept.len();
        let starts = self.desired.due + self.fallback.map_or(0, |starts| starts.due);
        starts + self.all_stops().count() == 0
            && self.unhealthy.len() == 0
            && self.current.protected.count + self.outdated.protected.count == 0
            && self.may_start_fallback()
            && self.is_full()
            && all_healthy(&self.current)
            && all_healthy(&self.outdated)
    }

    /// Whether more tasks of the desired revision are left than there are to run.
    pub(crate) fn has_too_many(&self) -> bool {
        self.current_count() > self.wanted
    }

    /// Starts that there is no room for.
    pub(crate) fn missing(&self) -> usize {
        self.wanted.saturating_sub(self.current_count())
    }

    /// Starts what is missing; tells whether there was anything.
    fn start(&mut self) -> bool {
        let room = self.ceiling.saturating_sub(self.live_count());
        let lost = self.fallback_target.saturating_sub(self.outdated_count());
        let restored = self
            .fallback
            .as_mut()
            .is_some_and(|starts| starts.add(lost.min(room)));
        let kept = self.outdated_count().max(self.fallback_target);
        let room = self
            .ceiling
            .saturating_sub(kept + self.current_count() + self.unhealthy.len());
        self.desired.add(self.missing().min(room)) || restored
    }

    fn current_count(&self) -> usize {
        self.current.len() + self.desired.due
    }

    fn outdated_count(&self) -> usize {
        self.outdated.len() + self.fallback.map_or(0, |starts| starts.due)
    }

    fn live_count(&self) -> usize {
        self.current_count() + self.outdated_count() + self.unhealthy.len()
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
            Some(Worth::Pending | Worth::Unhealthy | Worth::Fresh | Worth::OnTrial) => {
                self.current_count() + self.outdated_count() > self.wanted
            }
        }
    }

    /// Whether the desired count stays settled without the next task of the desired revision.
    fn may_give_up_current(&self) -> bool {
        let settled = self.current.settled() + self.outdated.settled();
        stays_settled(self.current.next(), settled, self.wanted)
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

/// How many tasks of the desired revision have still to show themselves.
fn on_the_way(tally: &Tally<'_>) -> usize {
    let unproven = tally
        .current
        .iter()
        .filter(|member| member.worth < Worth::OnTrial);
    unproven.count()
}

/// Whether as many stay settled as wanted, or as there are, without the next to go.
fn stays_settled(next: Option<Worth>, settled: usize, wanted: usize) -> bool {
    next.is_some_and(|worth| !worth.is_settled() || settled > wanted)
}

/// Members that are given up one by one, those worth least first. Those that are protected never are.
#[derive(Debug)]
struct Kept<'a> {
    /// Worth most first, as they go from the end.
    members: Vec<Member<'a>>,
    /// How many are healthy as long as all members are there: they are the last to go.
    healthy: usize,
    /// The same of those that are settled.
    settled: usize,
    protected: Protected,
}

/// How many protected members there are, and what they are worth.
#[derive(Debug)]
struct Protected {
    count: usize,
    healthy: usize,
    settled: usize,
}

impl<'a> Kept<'a> {
    fn of(worth_least_first: &[Member<'a>]) -> Self {
        let (protected, members): (Vec<Member<'a>>, Vec<Member<'a>>) = worth_least_first
            .iter()
            .rev()
            .partition(|member| member.is_protected);
        let count = |members: &[Member<'a>], least: Worth| {
            let worthy = members.iter().filter(|member| member.worth >= least);
            worthy.count()
        };
        Self {
            healthy: count(&members, Worth::Healthy),
            settled: count(&members, Worth::OnTrial),
            protected: Protected {
                count: protected.len(),
                healthy: count(&protected, Worth::Healthy),
                settled: count(&protected, Worth::OnTrial),
            },
            members,
        }
    }

    fn len(&self) -> usize {
        self.members.len() + self.protected.count
    }

    fn healthy(&self) -> usize {
        self.healthy.min(self.members.len()) + self.protected.healthy
    }

    fn settled(&self) -> usize {
        self.settled.min(self.members.len()) + self.protected.settled
    }

    /// What the next to go is worth.
    fn next(&self) -> Option<Worth> {
        self.members.last().map(|member| member.worth)
    }

    fn give_up(&mut self) -> Option<&'a TaskId> {
        self.members.pop().map(|member| &member.task.id)
    }
}
