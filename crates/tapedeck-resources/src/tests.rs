//! The config language as its users meet it: Markdown specs, limits, and properties of all inputs.

mod equivalence;
mod explain;
mod generated;
mod golden;
mod json_schema;
mod limits;
mod outside;
mod project;
mod properties;
mod rules;
mod specs;
mod stage;

use stage::{Stage, loaded, options};
