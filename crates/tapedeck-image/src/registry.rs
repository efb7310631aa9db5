//! Images by name, from registries that speak the OCI distribution protocol (Docker's registry, version 2).
//!
//! [`Reference`] reads names as Docker does, [`Registry`] asks, fetches and
//! pushes, [`Credentials`] are those that
//! `docker login` wrote down or gave to a program to keep. A registry is distrusted: sizes are limited, every document and every layer is
//! checked against the digest that names it, and where it redirects to, no credentials are sent.
//!
//! ```text
//! Reference ─▶ Registry::resolve ─▶ Resolved (pinned to a digest) ─▶ Registry::pull ─▶ image in the Store
//!                                                                       ◀─ Registry::push ◀─
//! ```

mod challenge;
mod client;
mod credential_program;
mod credentials;
mod documents;
mod error;
mod layers;
mod patience;
mod pull;
mod push;
mod reference;
#[cfg(test)]
mod tests;
mod transport;

pub use credentials::{Credentials, CredentialsError, Login};
pub use error::RegistryError;
pub use pull::{Registry, Resolved};
pub use push::{PushError, PushOptions, Pushed};
pub use reference::{InvalidReference, Reference};
