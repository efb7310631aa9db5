//! Scenarios written as text: one command a line, `#` begins a comment.
//!
//! ```text
//! deploy mailer revision=1 count=2 starts=50ms stops=100ms exits=20ms code=1 pace=ecs
//! deploy mailer revision=2 attended      somebody watches: old tasks stop first, each revision is tried once
//! deploy mailer revision=2 fails         tasks of revision 2 fail to start; the count stays
//! deploy mailer revision=2 held          as if this revision had held before, so that it is not given up
//! deploy mailer revision=3 bounds=50/125 cumulative   how far below and above the count; all failures count
//! deploy mailer revision=4 fates=runs,fails,exits:2s:1   what becomes of its tasks, one after the other, again and again
//! deploy mailer revision=5 scale=1..8    from now on the number of tasks follows the load, until a deploy says count=
//! load cpu=3.5 memory=0.4                what there is to do, in tasks, and what each task uses of its memory
//! tick 10s                               ten seconds pass (also ms, m, h)
//! deploy mailer revision=4 healthy=2s    its tasks have a health check, which passes after 2 s; or unhealthy=2s: it fails
//! health mailer-1 UNHEALTHY              the health check of the first task comes to that
//! kill mailer-3 code=137                 the third task ever started exits
//! stop mailer-1                          a person stops the first one
//! protect mailer-1 60m                   the first one asks not to be stopped for an hour
//! unprotect mailer-1
//! engine down | engine up                the engine goes away and comes back; tasks go on
//! engine dies after=2                    after two steps of the next plan that has steps
//! clock +2h | clock -2h                  somebody sets the clock, which the engine notices at its next start
//! settle                                 nothing fails from here on; the service has to come to rest
//! delete mailer
//! status
//! ```

use std::time::Duration;

use tapedeck_model::{HealthStatus, ResourceName, Revision, Scaling};
use tapedeck_plan::autoscale::Tempo;
use tapedeck_plan::{Bounds, Desired, Pace};

use crate::{Behaviour, Fate, Load, World};

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
    let mut player = Player::default();
    for (index, text) in script.lines().enumerate() {
        player.run(text).map_err(|problem| ScriptError {
            line: index + 1,
            text: text.to_owned(),
            problem,
        })?;
    }
    let world = player.world.ok_or(ScriptError {
        line: 1,
        text: script.lines().next().unwrap_or_default().to_owned(),
        problem: "nothing is deployed",
    })?;
    Ok((world.transcript.text().to_owned(), world))
}

/// Runs commands one by one, in a world that the first one makes.
#[derive(Debug, Default)]
pub struct Player {
    world: Option<World>,
    is_silent: bool,
}

impl Player {
    /// One that writes no transcript.
    #[must_use]
    pub fn silent() -> Self {
        Self {
            world: None,
            is_silent: true,
        }
    }

    /// The world, once something was deployed.
    #[must_use]
    pub fn world(&self) -> Option<&World> {
        self.world.as_ref()
    }

    /// Runs one line of a script.
    ///
    /// # Errors
    /// When it is not a command: why not.
    pub fn run(&mut self, line: &str) -> Result<(), &'static str> {
        let command = line.split('#').next().unwrap_or_default().trim();
        let words: Vec<&str> = command.split_whitespace().collect();
        if words.is_empty() {
            return Ok(());
        }
        if let (None, ["deploy", service, ..]) = (&self.world, words.as_slice()) {
            let service = ResourceName::new(*service).map_err(|_| "not a name of a service")?;
            let world = World::new(service);
            self.world = Some(if self.is_silent { world.silent() } else { world });
        }
        let world = self.world.as_mut().ok_or("the first command has to be deploy")?;
        world.transcript.command(command);
        run_command(world, &words)
    }
}

fn run_command(world: &mut World, words: &[&str]) -> Result<(), &'static str> {
    match words {
        ["deploy", service, options @ ..] => {
            is_service(world, service)?;
            deploy(world, options)?;
        }
        ["delete", service] => {
            is_service(world, service)?;
            let desired = *world.desired().ok_or("nothing is deployed")?;
            world.deploy(Desired { count: 0, ..desired });
        }
        ["load", loads @ ..] => world.burden(parse_load(loads)?),
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
        ["protect", task, span] => world.protect(parse_task(world, task)?, Some(parse_span(span)?)),
        ["unprotect", task] => world.protect(parse_task(world, task)?, None),
        ["engine", "down"] => world.engine_down(),
        ["engine", "up"] => world.engine_up(),
        ["engine", "dies", after] => {
            let steps = after.strip_prefix("after=").and_then(|steps| steps.parse().ok());
            world.engine_dies_after(steps.ok_or("expected after=<number>")?);
        }
        ["clock", jump] => match (jump.strip_prefix('+'), jump.strip_prefix('-')) {
            (Some(span), _) => world.set_clock(true, parse_span(span)?),
            (_, Some(span)) => world.set_clock(false, parse_span(span)?),
            (None, None) => return Err("expected + or - and a time"),
        },
        ["settle"] => world.settle(),
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
    let mut desired = world.desired().copied().unwrap_or(Desired::new(Revision(1), 1));
    let mut behaviour = Behaviour::default();
    let (mut exits, mut code, mut held) = (None, 0, false);
    let (mut counted, mut scale) = (false, None);
    for option in options {
        match option.split_once('=').unwrap_or((option, "")) {
            ("revision", number) => {
                desired.revision = Revision(number.parse().map_err(|_| "not a revision")?)
            }
            ("count", number) => {
                desired.count = number.parse().map_err(|_| "not a count")?;
                counted = true;
            }
            ("scale", bounds) => scale = Some(parse_scale(bounds)?),
            ("fates", fates) => {
                behaviour.fates = fates.split(',').map(parse_fate).collect::<Result<_, _>>()?;
            }
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
    if let Some(bounds) = &scale {
        desired.count = desired.count.clamp(bounds.min_instances, bounds.max_instances);
    }
    if counted || scale.is_some() {
        let tempo = if desired.pace == Pace::ecs() {
            Tempo::ecs()
        } else {
            Tempo::fast()
        };
        world.scale(scale, tempo);
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

fn parse_scale(text: &str) -> Result<Scaling, &'static str> {
    let bounds = text.split_once("..").and_then(|(min, max)| {
        let (min_instances, max_instances) = (min.parse().ok()?, max.parse().ok()?);
        (1..=max_instances).contains(&min_instances).then_some(Scaling {
            min_instances,
            max_instances,
            ..Scaling::default()
        })
    });
    bounds.ok_or("expected scale=<least>..<most>")
}

fn parse_load(loads: &[&str]) -> Result<Load, &'static str> {
    let mut load = Load::default();
    for text in loads {
        let (what, amount) = text
            .split_once('=')
            .ok_or("expected cpu=<tasks> memory=<share>")?;
        let amount = amount.parse().map_err(|_| "not an amount")?;
        match what {
            "cpu" => load.cpu = amount,
            "memory" => load.memory = amount,
            _ => return Err("expected cpu=<tasks> memory=<share>"),
        }
    }
    Ok(load)
}

fn parse_fate(text: &str) -> Result<Fate, &'static str> {
    match text.split(':').collect::<Vec<_>>().as_slice() {
        ["runs"] => Ok(Fate::Runs),
        ["fails"] => Ok(Fate::FailsToStart),
        ["exits", after, code] => Ok(Fate::Exits {
            after: parse_span(after)?,
            code: code.parse().map_err(|_| "not an exit code")?,
        }),
        _ => Err("expected runs, fails or exits:<time>:<code>"),
    }
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
