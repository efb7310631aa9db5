//! What several types of resources have in common.

pub(crate) mod alarms;
pub(crate) mod balancer_alarms;
pub(crate) mod balancing;
pub(crate) mod cdn;
pub(crate) mod connections;
pub(crate) mod container;
pub(crate) mod cors;
pub(crate) mod deployment;
pub(crate) mod dev;
pub(crate) mod domains;
pub(crate) mod event_bus_rule;
pub(crate) mod events;
pub(crate) mod key;
pub(crate) mod languages;
pub(crate) mod listeners;
pub(crate) mod lower;
pub(crate) mod packaging;
pub(crate) mod passwords;
pub(crate) mod patterns;
pub(crate) mod policy;
pub(crate) mod reach;
pub(crate) mod relations;
pub(crate) mod target_health;
pub(crate) mod upload;
pub(crate) mod workload;
