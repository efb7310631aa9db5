//! Where tasks run: which virtual instance, in which zone, and whether this machine has the memory.
//!
//! Start at [`decide`], which is asked about one service on EC2 instances: what is placed where, which instances are launched,
//! drained and terminated. [`Budget`] says what of this machine's memory is left, [`Refresh`] when instances are replaced
//! because they have become old, and [`Whereabouts`] tells the decision about tasks what it has to know of instances.

mod budget;
mod group;
mod refresh;
mod told;
mod whereabouts;
mod zone;

pub use budget::Budget;
pub use group::{Changes, Group, Launch, Load, Obstacle, Tempo, Unplaced, decide};
pub use refresh::Refresh;
pub use told::waiting;
pub use whereabouts::Whereabouts;
pub use zone::poorest;

#[cfg(test)]
mod tests;
