//! Desired and observed to a plan: the pure decisions of the engine.
