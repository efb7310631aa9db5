//! Tests of the network, pure ones and ones on real namespaces.
