//! The calls, made to a real emulator that judges signatures and permissions, and to endpoints that are none. Without the
//! emulator, which is a package of PyPI, the tests that need it say that they are skipped.
#![expect(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod buckets;
mod endpoints;
mod interrupted;
mod lost;
mod networks;
mod roles;
mod stacks;
mod templates;
mod world;
