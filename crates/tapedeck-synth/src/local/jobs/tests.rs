//! What becomes of jobs on this machine.
