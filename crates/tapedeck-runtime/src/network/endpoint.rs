//! The address at which a task finds out about itself, inside its own namespace: link-local, on its loopback link.
//!
//! Whoever connects to it is in that namespace, so the listener itself tells which task asks.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with};

use super::redirect::Firewall;

/// The address, as on ECS.
pub const ENDPOINT_ADDRESS: Ipv4Addr = Ipv4Addr::new(169, 254, 170, 2);

/// The port that programs ask, as on ECS.
pub(super) const ENDPOINT_PORT: u16 = 80;

/// The port on which the socket listens, to which what is sent to the other is led.
pub(super) const LISTENING_PORT: u16 = 51679;

/// Connections that wait until somebody accepts them.
const BACKLOG: i32 = 128;

/// What an endpoint is made of.
#[derive(Debug)]
pub(super) struct Endpoint {
    socket: OwnedFd,
    firewall: Firewall,
}

impl Endpoint {
    /// An endpoint in the namespace of the calling thread, which has no address yet.
    pub(super) fn begin() -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        Ok(Self {
            socket: socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?,
            firewall: Firewall::open()?,
        })
    }

    /// Has it listen, once its namespace has the address. Returns its socket, and what keeps programs from reaching it, if
    /// anything does.
    pub(super) fn open(self) -> io::Result<(OwnedFd, Option<io::Error>)> {
        bind(&self.socket, &SocketAddrV4::new(ENDPOINT_ADDRESS, LISTENING_PORT))?;
        listen(&self.socket, BACKLOG)?;
        Ok((self.socket, self.firewall.redirect().err()))
    }
}
