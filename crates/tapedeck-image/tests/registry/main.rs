//! Images from a real registry on loopback: Debian's `docker-registry`, and answers made up by a small server
//! where a real one would not give them.
#![expect(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod bases;
mod fake;
mod proxy;
mod pulls;
mod pushes;
mod tokens;
