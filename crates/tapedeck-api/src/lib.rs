//! Wire types and client of the socket of the engine.
