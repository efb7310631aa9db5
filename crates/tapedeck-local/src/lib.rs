//! What region `local` has in place of services of AWS.
//!
//! One module per service; none knows the engine, the command line or another module here. Folders and points in time
//! are arguments.

pub mod firehose;
pub mod secrets;
