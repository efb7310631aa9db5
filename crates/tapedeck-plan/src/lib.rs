//! Desired and observed to a plan: the pure decisions of the engine.
//!
//! Start at [`decide`]. It sorts the tasks of one service into named sets (`tally`), lets the rollout stop and start
//! (`rollout`), counts what failed (`streak` for the pauses, `breaker` for giving up), keeps an older revision up while the new
//! one fails (`standing`) and drops old records (`retention`); what the steps lead to is looked at once more (`foresight`); [`events`] words what happened. Where to go back to is in
//! [`Deployments`]. How many tasks are wanted of a service that is scaled is decided in
//! [`autoscale`], and where they run in [`placement`]. What the probes of a health check come to is in [`health`]. What becomes of jobs that were submitted is in [`jobs`]. Which segments of
//! logs are removed is in [`log_retention`].
//!
//! Nothing here reads a clock, a file or the environment, draws a random number or remembers anything between two
//! calls: equal arguments, equal plans. Whatever has to be remembered is in the records of the tasks and deployments.

pub mod autoscale;
mod breaker;
pub mod containers;
mod decide;
mod deployment;
mod desired;
pub mod events;
mod foresight;
pub mod health;
pub mod jobs;
pub mod log_retention;
pub mod placement;
mod plan;
mod retention;
mod rollout;
mod standing;
mod streak;
mod tally;

pub use decide::{FAILED_HEALTH_CHECKS, decide, decide_placed};
pub use deployment::{Bounds, Breaker, Deployments, Stage};
pub use desired::{BackOff, Desired, Pace};
pub use plan::{Plan, Progress, Step, Waiting};

#[cfg(test)]
mod tests;
