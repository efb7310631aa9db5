//! The rules of a decision, one by one.
