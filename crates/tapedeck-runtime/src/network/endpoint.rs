//! The address at which a task finds out about itself, inside its own namespace: link-local, on its loopback link.
//!
//! Whoever connects to it is in that namespace, so the listener itself tells which task asks.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with};

/// The address, as on ECS.
pub const ENDPOINT_ADDRESS: Ipv4Addr = Ipv4Addr::new(169, 254, 170, 2);

/// The port. Not 80, as a program of the task that listens on port 80 of all addresses could not do so any more.
pub const ENDPOINT_PORT: u16 = 51679;

/// Connections that wait until somebody accepts them.
const BACKLOG: i32 = 128;

/// A socket in the namespace of the calling thread.
pub(super) fn socket() -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    Ok(socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?)
}

/// Has the socket listen, once its namespace has the address.
pub(super) fn open(socket: &OwnedFd) -> io::Result<()> {
    bind(socket, &SocketAddrV4::new(ENDPOINT_ADDRESS, ENDPOINT_PORT))?;
    Ok(listen(socket, BACKLOG)?)
}
