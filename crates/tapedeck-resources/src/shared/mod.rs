//! What several types of resources have in common.

pub(crate) mod alarms;
pub(crate) mod cdn;
pub(crate) mod connections;
pub(crate) mod container;
pub(crate) mod cors;
pub(crate) mod dev;
pub(crate) mod domains;
pub(crate) mod event_bus_rule;
pub(crate) mod languages;
pub(crate) mod lower;
pub(crate) mod packaging;
pub(crate) mod policy;
pub(crate) mod relations;
pub(crate) mod upload;
