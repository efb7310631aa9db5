//! What several types of resources have in common.

pub(crate) mod connections;
pub(crate) mod container;
pub(crate) mod languages;
pub(crate) mod lower;
pub(crate) mod packaging;
