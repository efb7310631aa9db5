//! Tests of the network: pure ones, and ones on real namespaces, in which even the machine is a namespace.

mod machine;
mod pure;
mod ways;
mod world;
