//! `tapedeck upstash`: hidden, runs beside a Redis in the task that stands in for a database of Upstash.

use std::net::{Ipv4Addr, SocketAddr};

use tapedeck_local::upstash::{self, Settings};

use crate::context::Context;
use crate::exit::{ExitKind, Failure, OrFail, Outcome};

/// Serves until it is stopped.
pub(crate) fn run(context: &Context) -> Outcome {
    let variable = |name: &str| {
        let value = context.variable(name);
        value.ok_or_else(|| Failure::usage(format!("{name} is not set")))
    };
    let port = |name: &str| variable(name)?.parse::<u16>().or_fail(ExitKind::Usage);
    let settings = Settings {
        redis: SocketAddr::from((Ipv4Addr::LOCALHOST, port("UPSTASH_REDIS_PORT")?)),
        password: variable("REDIS_PASSWORD")?,
        trusted: None,
        token: variable("UPSTASH_TOKEN")?,
        read_only_token: Some(variable("UPSTASH_READ_ONLY_TOKEN")?),
    };
    match upstash::run(port("REDIS_PORT")?, settings).or_fail(ExitKind::Environment)? {}
}
