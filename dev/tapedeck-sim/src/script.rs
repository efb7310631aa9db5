//! Scenarios written as text: one command a line, `#` begins a comment.
//!
//! ```text
//! deploy mailer revision=1 count=2 starts=50ms stops=100ms exits=20ms code=1 pace=ecs
//! deploy mailer revision=2 attended      somebody watches: old tasks stop first, each revision is tried once
//! deploy mailer revision=2 fails         tasks of revision 2 fail to start; the count stays
//! deploy mailer revision=2 held          as if this revision had held before, so that it is not given up
//! deploy mailer revision=3 bounds=50/125 cumulative   how far below and above the count; all failures count
//! tick 10s                               ten seconds pass (also ms, m, h)
//! deploy mailer revision=4 healthy=2s    its tasks have a health check, which passes after 2 s; or unhealthy=2s: it fails
//! health mailer-1 UNHEALTHY              the health check of the first task comes to that
//! kill mailer-3 code=137                 the third task ever started exits
//! stop mailer-1                          a person stops the first one
//! engine down | engine up                the engine goes away and comes back; tasks go on
//! delete mailer
//! status
//! ```

use std::time::Duration;

use tapedeck_model::{HealthStatus, ResourceName, Revision};
use tapedeck_plan::{Bounds, Breaker, Desired, Pace, Stage};

use crate::{Behaviour, Fate, World};

/// Why a script cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the scenario: {problem}: `{text}`")]
pub struct ScriptError {
    /// The line, from 1.
    pub line: usize,
    /// The line as it is.
    pub text: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// Runs a script in a new world and returns what happened and the world it ended in.
///
/// # Errors
/// [`ScriptError`] for the first line that is not a command.
pub fn run(script: &str) -> Result<(String, World), ScriptError> {
    let mut world = None;
    for (index, text) in script.lines().enumerate() {
        let command = text.split('#').next().unwrap_or_default().trim();
        if command.is_empty() {
            continue;
        }
        run_command(&mut world, command).map_err(|problem| ScriptError {
            line: index + 1,
            text: text.to_owned(),
            problem,
        })?;
    }
    let world = world.ok_or(ScriptError {
        line: 1,
        text: script.lines().next().unwrap_or_default().to_owned(),
        problem: "nothing is deployed",
    })?;
    Ok((world.transcript.text().to_owned(), world))
}

fn run_command(slot: &mut Option<World>, command: &str) -> Result<(), &'static str> {
    let words: Vec<&str> = command.split_whitespace().collect();
    if let (None, ["deploy", service, ..]) = (&slot, words.as_slice()) {
        let service = ResourceName::new(*service).map_err(|_| "not a name of a service")?;
        *slot = Some(World::new(service));
    }
    let world = slot.as_mut().ok_or("the first command has to be deploy")?;
    world.transcript.command(command);
    match words.as_slice() {
        ["deploy", service, options @ ..] => {
            is_service(world, service)?;
            deploy(world, options)?;
        }
        ["delete", service] => {
            is_service(world, service)?;
            let desired = *world.desired().ok_or("nothing is deployed")?;
            world.deploy(Desired { count: 0, ..desired });
        }
        ["tick", span] => world.advance(parse_span(span)?),
        ["kill", task, code] => {
            let code = code.strip_prefix("code=").and_then(|code| code.parse().ok());
            world.kill(parse_task(world, task)?, code.ok_or("expected code=<number>")?);
        }
        ["health", task, status] => {
            let status = match *status {
                "HEALTHY" => HealthStatus::Healthy,
                "UNHEALTHY" => HealthStatus::Unhealthy,
                _ => return Err("expected HEALTHY or UNHEALTHY"),
            };
            world.diagnose(parse_task(world, task)?, status);
        }
        ["stop", task] => world.stop(parse_task(world, task)?),
        ["engine", "down"] => world.engine_down(),
        ["engine", "up"] => world.engine_up(),
        ["status"] => {
            let plan = world.look().ok_or("nothing is deployed")?;
            world.transcript.status(world.now(), &plan);
        }
        _ => return Err("not a command"),
    }
    Ok(())
}

fn is_service(world: &World, service: &str) -> Result<(), &'static str> {
    let is_same = world.service().as_str() == service;
    is_same.then_some(()).ok_or("a scenario has one service")
}

fn deploy(world: &mut World, options: &[&str]) -> Result<(), &'static str> {
    let mut desired = world.desired().copied().unwrap_or(Desired {
        revision: Revision(1),
        count: 1,
        attended: false,
        bounds: Bounds::default(),
        breaker: Breaker::default(),
        stage: Stage::UnderWay { fallback: None },
        pace: Pace::fast(),
    });
    let mut behaviour = Behaviour::default();
    let (mut exits, mut code, mut held) = (None, 0, false);
    for option in options {
        match option.split_once('=').unwrap_or((option, "")) {
            ("revision", number) => {
                desired.revision = Revision(number.parse().map_err(|_| "not a revision")?)
            }
            ("count", number) => desired.count = number.parse().map_err(|_| "not a count")?,
            ("starts", span) => behaviour.starts_in = parse_span(span)?,
            ("stops", span) => behaviour.stops_in = parse_span(span)?,
            ("exits", span) => exits = Some(parse_span(span)?),
            ("code", number) => code = number.parse().map_err(|_| "not an exit code")?,
            ("healthy", span) => behaviour.health = Some((parse_span(span)?, HealthStatus::Healthy)),
            ("unhealthy", span) => behaviour.health = Some((parse_span(span)?, HealthStatus::Unhealthy)),
            ("fails", "") => behaviour.fates = vec![Fate::FailsToStart],
            ("held", "") => held = true,
            ("attended", "") => desired.attended = true,
            ("bounds", percentages) => desired.bounds = parse_bounds(percentages)?,
            ("cumulative", "") => desired.breaker.reset_on_healthy = false,
            ("pace", "ecs") => desired.pace = Pace::ecs(),
            _ => return Err("not an option of deploy"),
        }
    }
    if let Some(after) = exits {
        behaviour.fates = vec![Fate::Exits { after, code }];
    }
    if world
        .desired()
        .is_none_or(|before| before.revision != desired.revision)
    {
        world.behave(desired.revision, behaviour);
    }
    match held {
        true => world.deploy_held(desired),
        false => world.deploy(desired),
    }
    Ok(())
}

fn parse_bounds(text: &str) -> Result<Bounds, &'static str> {
    let parse = |text: &str| text.parse().ok();
    let (minimum, maximum) = text
        .split_once('/')
        .ok_or("expected bounds=<minimum>/<maximum>")?;
    let bounds = parse(minimum).zip(parse(maximum));
    bounds
        .map(|(minimum, maximum)| Bounds::new(minimum, maximum))
        .ok_or("expected percentages")
}

fn parse_task(world: &World, text: &str) -> Result<u32, &'static str> {
    let number = text
        .strip_prefix(world.service().as_str())
        .and_then(|rest| rest.strip_prefix('-'))
        .and_then(|number| number.parse().ok());
    number.ok_or("expected <service>-<number>")
}

fn parse_span(text: &str) -> Result<Duration, &'static str> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit: u64 = match &text[digits.len()..] {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err("expected a time such as 250ms, 10s, 5m or 1h"),
    };
    let number: u64 = digits
        .parse()
        .map_err(|_| "expected a time such as 250ms, 10s, 5m or 1h")?;
    Ok(Duration::from_millis(number.saturating_mul(unit)))
}
