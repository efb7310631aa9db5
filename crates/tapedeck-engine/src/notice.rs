//! What whoever started the engine wants to hear, in the words of `sd_notify`: that it answers, that it is alive, that it ends.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Where to tell it, if anybody wants to hear it.
#[derive(Debug, Default)]
pub(crate) struct Notice {
    listener: Option<(UnixDatagram, SocketAddr)>,
}

impl Notice {
    /// Tells it to the socket of this name, the value of `NOTIFY_SOCKET`. One that begins with `@` is abstract.
    pub(crate) fn to(name: Option<&str>) -> Self {
        let open = |name: &str| {
            let address = match name.strip_prefix('@') {
                Some(name) => SocketAddr::from_abstract_name(name)?,
                None => SocketAddr::from_pathname(name)?,
            };
            let socket = UnixDatagram::unbound()?;
            // Whoever does not listen must not hold the engine up.
            socket.set_nonblocking(true)?;
            Ok::<_, std::io::Error>((socket, address))
        };
        Self {
            listener: name.and_then(|name| open(name).ok()),
        }
    }

    /// The engine answers.
    pub(crate) fn ready(&self) {
        self.tell("READY=1");
    }

    /// The engine has looked at everything once more.
    pub(crate) fn alive(&self) {
        self.tell("WATCHDOG=1");
    }

    /// The engine ends.
    pub(crate) fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    fn tell(&self, what: &str) {
        if let Some((socket, address)) = &self.listener {
            // Nobody is left to be told when nobody listens.
            let _ = socket.send_to_addr(what.as_bytes(), address);
        }
    }
}
