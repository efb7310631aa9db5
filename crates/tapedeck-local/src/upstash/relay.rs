//! Connections that speak the protocol of Redis: told from the others by how they begin, and handed on.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

/// Whether a connection begins with a command as clients of Redis send them. No method of HTTP begins so.
pub(super) fn is_of_redis(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    let length = stream.peek(&mut first)?;
    Ok(first[..length] == *b"*")
}

/// Hands everything on in both directions, until both sides have ended theirs.
pub(super) fn relay(client: TcpStream, redis: SocketAddr) -> io::Result<()> {
    let redis = TcpStream::connect_timeout(&redis, Duration::from_secs(5))?;
    redis.set_nodelay(true)?;
    // Who waits for messages is silent for as long as there are none.
    client.set_read_timeout(None)?;
    let (answers, asker) = (redis.try_clone()?, client.try_clone()?);
    thread::scope(|scope| {
        scope.spawn(|| copy(answers, asker));
        copy(client, redis);
    });
    Ok(())
}

/// A side that ends, or fails, ends the other one.
fn copy(mut from: TcpStream, mut to: TcpStream) {
    let copied = io::copy(&mut from, &mut to);
    let how = match copied {
        Ok(_) => Shutdown::Write,
        Err(_) => Shutdown::Both,
    };
    to.shutdown(how).ok();
    if how == Shutdown::Both {
        from.shutdown(how).ok();
    }
}
