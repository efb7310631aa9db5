//! Why a task ends.

use tapedeck_model::{ContainerCondition, Timestamp};

use super::{Container, Dependency, Phase, is_met};

/// Why a task ends. It stays the same until the task is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Somebody wants it.
    Ordered {
        /// Whether nothing is to be asked first.
        at_once: bool,
    },
    /// The essential container at this place has stopped.
    EssentialStopped(usize),
    /// The container at this place waits for what will never be.
    NeverMet {
        /// Who waits.
        container: usize,
        /// What for.
        dependency: Dependency,
        /// Why it will never be.
        why: Unmet,
    },
}

/// Why a dependency will never be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmet {
    /// There is no such container.
    Missing,
    /// It could not be started.
    NeverRan,
    /// It has ended, with this code.
    Ended(i32),
    /// Its start timeout has passed.
    TimedOut,
}

/// The first reason for the task to end, and when there will be one if nothing else happens.
pub(super) fn find(containers: &[Container], now: Timestamp) -> (Option<Ending>, Option<Timestamp>) {
    let stopped = containers.iter().enumerate().filter(|(_, one)| one.essential);
    let stopped = stopped.filter_map(|(place, one)| match one.phase {
        Phase::Stopped { stopped, .. } => Some((stopped, place)),
        _ => None,
    });
    if let Some((_, place)) = stopped.min() {
        return (Some(Ending::EssentialStopped(place)), None);
    }
    let mut soonest: Option<Timestamp> = None;
    let waiting = containers.iter().enumerate();
    for (place, one) in waiting.filter(|(_, one)| one.phase == Phase::Waiting) {
        for dependency in &one.depends_on {
            match outlook(dependency, containers, now) {
                Outlook::Never(why) => {
                    let ending = Ending::NeverMet {
                        container: place,
                        dependency: *dependency,
                        why,
                    };
                    return (Some(ending), None);
                }
                Outlook::Until(at) => soonest = Some(soonest.map_or(at, |before| before.min(at))),
                Outlook::Open => {}
            }
        }
    }
    (None, soonest)
}

/// What can still become of a dependency.
enum Outlook {
    /// It is met, or can be.
    Open,
    /// It can be met until then.
    Until(Timestamp),
    Never(Unmet),
}

fn outlook(dependency: &Dependency, containers: &[Container], now: Timestamp) -> Outlook {
    let Some(other) = containers.get(dependency.on) else {
        return Outlook::Never(Unmet::Missing);
    };
    match other.phase {
        _ if is_met(dependency.condition, other) => Outlook::Open,
        Phase::Stopped { exit_code, .. } => Outlook::Never(exit_code.map_or(Unmet::NeverRan, Unmet::Ended)),
        // That it starts is waited for as long as it takes.
        Phase::Running { started, .. } if dependency.condition != ContainerCondition::Start => {
            match other.start_timeout.map(|timeout| started + timeout) {
                Some(at) if at <= now => Outlook::Never(Unmet::TimedOut),
                Some(at) => Outlook::Until(at),
                None => Outlook::Open,
            }
        }
        _ => Outlook::Open,
    }
}
