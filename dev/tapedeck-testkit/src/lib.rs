//! What tests of several crates share: environments, leak checks, waiting.
