//! Scripts that chance writes. A seed makes one, the same on every machine, and it ends with `settle`.
//!
//! What breaks a promise is told as a [`Failure`]: a script that anybody can run, with every line left out that does
//! not matter.

use std::fmt;

use fastrand::Rng;
use tapedeck_model::TaskState;

use crate::World;
use crate::script::Player;

/// A schedule that broke a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What made it.
    pub seed: u64,
    /// The shortest script that was found to break a promise.
    pub script: String,
    /// What is wrong with it.
    pub violation: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed,
            script,
            violation,
        } = self;
        write!(out, "# seed {seed}\n{script}\n{violation}")
    }
}

impl std::error::Error for Failure {}

/// Plays the schedule of a seed.
///
/// # Errors
/// [`Failure`] when a promise is broken.
pub fn play(seed: u64) -> Result<(), Box<Failure>> {
    let mut chance = Chance {
        random: Rng::with_seed(seed),
        revision: 0,
        scaled: false,
    };
    let mut player = Player::silent();
    let mut script: Vec<String> = Vec::new();
    let length = chance.random.usize(1..25);
    for turn in 0..=length {
        let line = match turn {
            0 => chance.deploy(),
            _ if turn == length => "settle".to_owned(),
            _ => chance.line(player.world()),
        };
        let broken = violation(&mut player, &line);
        script.push(line);
        if let Some(violation) = broken {
            let (script, violation) = shortest(script, violation);
            let script = script.join("\n");
            return Err(Box::new(Failure {
                seed,
                script,
                violation,
            }));
        }
    }
    Ok(())
}

/// What is wrong once a line has been run, if anything is.
fn violation(player: &mut Player, line: &str) -> Option<String> {
    if let Err(problem) = player.run(line) {
        return Some(format!("{problem}: `{line}`"));
    }
    player
        .world()
        .and_then(|world| world.violations().first().cloned())
}

/// Leaves out lines as long as a promise is still broken.
fn shortest(mut script: Vec<String>, mut violation: String) -> (Vec<String>, String) {
    let mut length = script.len() + 1;
    while script.len() < length {
        length = script.len();
        for index in (0..script.len()).rev() {
            let mut shorter = script.clone();
            shorter.remove(index);
            if let Some(broken) = violation_of(&shorter) {
                (script, violation) = (shorter, broken);
            }
        }
    }
    (script, violation)
}

/// What is wrong with a whole script. One that is not understood breaks no promise.
fn violation_of(script: &[String]) -> Option<String> {
    let mut player = Player::silent();
    for line in script {
        player.run(line).ok()?;
        if let Some(violation) = player.world()?.violations().first() {
            return Some(violation.clone());
        }
    }
    None
}

/// What decides about the next line.
struct Chance {
    random: Rng,
    /// The latest revision.
    revision: u64,
    scaled: bool,
}

impl Chance {
    fn line(&mut self, world: Option<&World>) -> String {
        let Some(world) = world else {
            return self.deploy();
        };
        match self.random.u32(0..36) {
            0..=7 => self.tick(),
            8..=10 => self.deploy(),
            11..=12 => format!("deploy mailer count={}", self.random.u32(1..8)),
            13 => "delete mailer".to_owned(),
            14..=17 => match self.task(world, |state| matches!(state, TaskState::Running { .. })) {
                Some(task) => format!("kill mailer-{task} code={}", self.one_of(&[0, 1, 137, 139])),
                None => self.tick(),
            },
            18 => match self.task(world, TaskState::is_live) {
                Some(task) => format!("stop mailer-{task}"),
                None => self.tick(),
            },
            19 => "engine down".to_owned(),
            20..=22 => "engine up".to_owned(),
            23 => format!("engine dies after={}", self.random.u32(0..4)),
            24 => {
                let sign = self.one_of(&["+", "-"]);
                format!("clock {sign}{}", self.one_of(&["300ms", "20s", "10m", "2h"]))
            }
            31 => match self.task(world, TaskState::is_live) {
                Some(task) => format!("protect mailer-{task} {}s", self.random.u32(1..=120)),
                None => self.tick(),
            },
            32 => match self.task(world, TaskState::is_live) {
                Some(task) => format!("unprotect mailer-{task}"),
                None => self.tick(),
            },
            33..=35 => match self.task(world, |state| matches!(state, TaskState::Running { .. })) {
                Some(task) => format!("health mailer-{task} {}", self.one_of(&["HEALTHY", "UNHEALTHY"])),
                None => self.tick(),
            },
            25..=27 if self.scaled => self.load(),
            _ => self.tick(),
        }
    }

    fn tick(&mut self) -> String {
        let most = self.one_of(&[50, 1_000, 20_000, 100_000]);
        format!("tick {}ms", self.random.u64(0..=most))
    }

    fn load(&mut self) -> String {
        let tenths = self.random.u32(0..=60);
        let hundredths = self.random.u32(5..=100);
        format!(
            "load cpu={}.{} memory={}.{:02}",
            tenths / 10,
            tenths % 10,
            hundredths / 100,
            hundredths % 100
        )
    }

    fn deploy(&mut self) -> String {
        self.revision += 1;
        let mut line = format!("deploy mailer revision={}", self.revision);
        let mut add = |option: String| {
            line.push(' ');
            line.push_str(&option);
        };
        let random = &mut self.random;
        self.scaled = random.u32(0..5) == 0;
        let most = random.u32(1..8);
        match self.scaled {
            true => add(format!("scale={}..{most}", random.u32(1..=most))),
            false => add(format!("count={most}")),
        }
        if self.revision == 1 && random.u32(0..5) == 0 {
            add("pace=ecs".to_owned());
        }
        if random.u32(0..7) < 3 {
            add(format!(
                "bounds={}/{}",
                random.u32(0..=100),
                random.u32(100..=200)
            ));
        }
        if random.u32(0..4) == 0 {
            add("cumulative".to_owned());
        }
        let slow = if random.bool() { 100 } else { 3_000 };
        add(format!("starts={}ms", random.u32(0..=slow)));
        add(format!("stops={}ms", random.u32(0..=2_000)));
        match random.u32(0..8) {
            0..=2 => add(format!("healthy={}ms", random.u32(0..=3_000))),
            3 => add(format!("unhealthy={}ms", random.u32(0..=3_000))),
            _ => {}
        }
        if random.u32(0..4) > 0 {
            let fates: Vec<String> = (0..random.usize(1..4)).map(|_| fate(random)).collect();
            add(format!("fates={}", fates.join(",")));
        }
        line
    }

    /// The number of a task in a state of that kind.
    fn task(&mut self, world: &World, is_meant: impl Fn(&TaskState) -> bool) -> Option<u32> {
        let tasks = world.tasks().iter().filter(|task| is_meant(&task.state));
        let numbers: Vec<u32> = tasks.map(|task| World::number(&task.id)).collect();
        (!numbers.is_empty()).then(|| self.one_of(&numbers))
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.random.usize(0..all.len())]
    }
}

fn fate(random: &mut Rng) -> String {
    match random.u32(0..7) {
        0..=3 => "runs".to_owned(),
        4 => "fails".to_owned(),
        _ => {
            let most = [300, 5_000, 100_000][random.usize(0..3)];
            let after = random.u32(0..=most);
            format!("exits:{after}ms:{}", random.u32(0..3))
        }
    }
}
