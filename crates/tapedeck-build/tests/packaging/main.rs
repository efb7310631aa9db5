//! Packaging of real projects: real installs, the real bundler, a real image store.
//!
//! Needs `npm` and a registry that it reaches, and apt for the base image; for Go `go`, for Java a JDK with Maven and
//! Gradle; tests that lack one of these say that they are skipped. Store and bundler are kept in
//! cargo's folder for test data, so that they are fetched once; projects are temporary folders.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod dependencies;
mod dockerfile;
mod documents;
mod errors;
mod example;
mod go;
mod included;
mod java;
mod life;
mod nixpacks;
mod prebuilt;
mod prisma;
mod project;
mod python;
mod resident;
