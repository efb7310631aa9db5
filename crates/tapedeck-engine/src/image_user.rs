//! What an image's configuration says in words, as the numbers that the kernel wants.

use std::path::PathBuf;

use crate::image_files;

/// The user and group id of `user`, `uid`, `user:group` or `uid:gid`. Names are looked up in the image's own
/// `/etc/passwd` and `/etc/group`. Nothing means root. Source: OCI image spec, `config.User`.
pub(crate) fn ids(user: &str, layers: &[PathBuf]) -> Result<(u32, u32), String> {
    let (user, group) = match user.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (user, None),
    };
    let account = |column: usize| lookup(layers, "etc/passwd", user, column);
    let uid = match user {
        "" => 0,
        user => user
            .parse()
            .ok()
            .or_else(|| account(2))
            .ok_or_else(|| format!("the image's /etc/passwd has no user `{user}`"))?,
    };
    let gid = match group {
        None | Some("") => account(3).unwrap_or(0),
        Some(group) => group
            .parse()
            .ok()
            .or_else(|| lookup(layers, "etc/group", group, 2))
            .ok_or_else(|| format!("the image's /etc/group has no group `{group}`"))?,
    };
    Ok((uid, gid))
}

/// A number out of the line of `name` in a file such as `/etc/passwd`, as the image has it.
fn lookup(layers: &[PathBuf], file: &str, name: &str, column: usize) -> Option<u32> {
    let text = image_files::text_of(layers, file)?;
    text.lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields.first() == Some(&name))
        .and_then(|fields| fields.get(column)?.parse().ok())
}

/// The number of `SIGTERM`, `TERM` or `15`. Nothing means SIGTERM. Source: OCI image spec, `config.StopSignal`.
pub(crate) fn signal(name: &str) -> Result<i32, String> {
    use rustix::process::Signal;
    let known = match name.strip_prefix("SIG").unwrap_or(name) {
        "" | "TERM" => Some(Signal::TERM.as_raw()),
        "INT" => Some(Signal::INT.as_raw()),
        "QUIT" => Some(Signal::QUIT.as_raw()),
        "HUP" => Some(Signal::HUP.as_raw()),
        "USR1" => Some(Signal::USR1.as_raw()),
        "USR2" => Some(Signal::USR2.as_raw()),
        "KILL" => Some(Signal::KILL.as_raw()),
        "WINCH" => Some(Signal::WINCH.as_raw()),
        "PWR" => Some(Signal::POWER.as_raw()),
        number => number.parse().ok().filter(|number| (1..=64).contains(number)),
    };
    known.ok_or_else(|| format!("the image's stop signal `{name}` is not known"))
}
