//! What region `local` has in place of services of AWS.
//!
//! One module per service; none knows the engine or the command line; what is secret is in [`secrets`]. Folders and points in time
//! are arguments.

pub mod access_key;
pub mod firehose;
pub mod generated;
pub mod secrets;
pub mod stand_in;
pub mod upstash;
