//! Images from a real registry on loopback: Debian's `docker-registry`, and answers made up by a small server
//! where a real one would not give them.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "in a test, a panic is a failure, and skipping must be seen"
)]

mod bases;
mod fake;
mod image;
mod pulls;
mod server;
mod tokens;
