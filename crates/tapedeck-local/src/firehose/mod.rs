//! In place of Amazon Data Firehose: log lines on their way to an HTTPS endpoint of somebody else's.
//!
//! A [`Request`] holds log events as CloudWatch Logs hands them to a delivery stream; a [`Courier`] posts it and judges the
//! answer; a [`Spool`] keeps what could not be delivered, as the backup bucket does in AWS; a [`Patience`] says when to try
//! again and when to give up trying. When all that happens is for others to say.
//!
//! Source: Amazon Data Firehose, "HTTP endpoint delivery request and response specifications"; CloudWatch Logs, "Subscription
//! filters".

mod courier;
mod patience;
mod request;
mod spool;
#[cfg(test)]
mod tests;

pub use courier::{Courier, DeliveryError, Destination};
pub use patience::Patience;
pub use request::{LogEvent, LogStream, Request};
pub use spool::{Spool, SpoolError, Spooled};
