//! What tasks may reach of each other, as a value. Nothing is reached by its own address, everything by a virtual one.

use std::net::{Ipv4Addr, SocketAddrV4};

/// All that is allowed between the tasks of one engine, over TCP. The empty one allows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic {
    /// What can be connected to, by those for whom it is open and by this machine itself.
    pub virtuals: Vec<VirtualAddress>,
    /// For whom it is open.
    pub openings: Vec<Opening>,
}

/// An address that is nobody's own, and stands for tasks that come and go.
///
/// A new connection is led to one of them, each in turn. Without any it is refused, as by a program that restarts; so is
/// what is left of a connection to one that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualAddress {
    /// The address, in the subnet of the network, and neither its gateway nor that of a task.
    pub address: Ipv4Addr,
    /// Its port.
    pub port: u16,
    /// The tasks behind it and their ports.
    pub backends: Vec<SocketAddrV4>,
    /// Tasks that were behind it and keep the connections that they have.
    pub leaving: Vec<SocketAddrV4>,
}

/// That a task may connect to a virtual address. What is not opened is dropped, as by a security group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// The address of the task.
    pub from: Ipv4Addr,
    /// The virtual address.
    pub to: Ipv4Addr,
    /// Its port.
    pub port: u16,
}
