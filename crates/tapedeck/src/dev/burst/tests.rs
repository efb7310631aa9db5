//! Tests of burst.
