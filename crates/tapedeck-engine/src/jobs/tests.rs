//! Calls, grants and what is told of jobs.
