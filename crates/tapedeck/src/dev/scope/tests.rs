//! Tests of scope.
