//! A session of development: watches what the images were made of, packages at each save, and has the engine replace
//! what runs.
//!
//! [`Session::run`] is one loop over a closed set of happenings, each of which comes from a thread that only waits:
//!
//! ```text
//! files ─▶ Watcher ──┐                        ┌─▶ orders ─▶ builder ─▶ Packaged
//! keys, signals ─────┼─▶ Happening ─▶ Session ┤
//! engine, logs ──────┘                        └─▶ EngineLine ─▶ the stack, which ends with this connection
//! ```

mod builder;
mod burst;
mod delivery;
mod ending;
mod engine_line;
mod happening;
mod output;
mod scope;
mod signals;
mod story;
mod watcher;

pub(crate) use builder::{Workshop, chosen};

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use tapedeck_api::StackStatus;
use tapedeck_model::{StackName, StackSpec, TaskId};

use crate::args::{ConfigArgs, StackArgs};
use crate::context::Context;
use crate::exit::{ExitKind, Failure, Outcome};
use crate::printer::{CYAN, Printer, RESET};
use crate::prompt::Silence;
use builder::Order;
use burst::{Burst, Changes};
use engine_line::EngineLine;
use happening::{Happening, Key, Signal};
use output::Output;
use story::Cycle;
use watcher::Watcher;

/// How long packaging or a replacement may take before it is told what it does.
const UNTOLD: Duration = Duration::from_millis(500);

/// How often at least the session looks whether anybody still reads what it prints.
const PERIOD: Duration = Duration::from_secs(1);

/// What the keys do.
const KEYS: &str = "r restarts, q or Ctrl-C ends and leaves nothing behind, h shows this";

/// What was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) stack: StackArgs,
    pub(crate) config: ConfigArgs,
    pub(crate) extra: Vec<String>,
    /// Only the text of each line.
    pub(crate) raw: bool,
    /// Look at files instead of watching them.
    pub(crate) poll: bool,
    /// Package at first even where nothing changed.
    pub(crate) no_cache: bool,
}

/// Packaging that goes on.
#[derive(Debug)]
struct Work {
    changes: Changes,
    began: Instant,
    /// Nobody asked for it: it makes sure that nothing was missed.
    is_recheck: bool,
    step: Option<String>,
    told: Option<String>,
}

/// What cannot be packaged.
#[derive(Debug)]
struct Failing {
    text: String,
    is_config: bool,
    is_told: bool,
    /// How often in a row it went wrong like this although something changed while it was tried.
    repeats: u32,
}

/// How far the end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Going,
    /// The stack is being deleted; `killed` when its tasks get no time for that.
    Leaving {
        killed: bool,
    },
    Left,
}

/// A session. It ends its stack when it is dropped, if it has not before.
pub(crate) struct Session {
    context: Context,
    printer: Printer,
    wish: Wish,
    name: StackName,
    services: usize,
    sender: Sender<Happening>,
    inbox: Receiver<Happening>,
    orders: Sender<Order>,
    watcher: Watcher,
    /// While it lives, keys come one by one.
    terminal: Option<Silence>,
    line: Option<EngineLine>,
    /// The engine was started for this session.
    engine_is_ours: bool,
    output: Option<Output>,
    burst: Option<Burst>,
    work: Option<Work>,
    /// What the engine was asked to run last.
    spec: Option<StackSpec>,
    /// How it was when it was last heard of.
    stack: Option<StackStatus>,
    cycle: Option<Cycle>,
    /// Tasks whose end was told.
    ended: BTreeSet<TaskId>,
    /// Tasks that are unhealthy, of which it was told.
    unhealthy: BTreeSet<TaskId>,
    /// A task ended by itself and is not started again.
    is_down: bool,
    /// What went wrong last, unless all is well since.
    failing: Option<Failing>,
    phase: Phase,
}

impl Session {
    /// Gets everything ready; nothing runs yet.
    ///
    /// # Errors
    /// When signals or files cannot be watched.
    pub(crate) fn new(wish: Wish, workshop: Workshop) -> Result<Self, Failure> {
        let (context, printer) = (workshop.context.clone(), workshop.printer.clone());
        let (sender, inbox) = channel();
        signals::watch(sender.clone())?;
        let mut watcher = match Watcher::new(wish.poll, sender.clone()) {
            Ok(watcher) => watcher,
            Err(error) => {
                tell_polling(&printer, &error);
                Watcher::new(true, sender.clone())
                    .map_err(|error| Failure::new(ExitKind::Environment, error))?
            }
        };
        if let Err(error) = watcher.set(workshop.scope(true)) {
            tell_polling(&printer, &error);
            watcher.poll();
        }
        let terminal = signals::keys(sender.clone());
        let name = workshop.stack.name();
        let services = workshop.services.len();
        let orders = builder::start(workshop, sender.clone());
        Ok(Self {
            context,
            printer,
            wish,
            name,
            services,
            sender,
            inbox,
            orders,
            watcher,
            terminal,
            line: None,
            engine_is_ours: false,
            output: None,
            burst: None,
            work: None,
            spec: None,
            stack: None,
            cycle: None,
            ended: BTreeSet::new(),
            unhealthy: BTreeSet::new(),
            is_down: false,
            failing: None,
            phase: Phase::Going,
        })
    }

    /// Develops until somebody ends it.
    ///
    /// # Errors
    /// When it cannot go on. Nothing is left behind then either.
    pub(crate) fn run(mut self) -> Outcome {
        if self.terminal.is_some() {
            self.say(KEYS);
        }
        self.order(Changes::default(), false);
        let result = self.until_end();
        if result.is_err() {
            self.leave();
            // What else goes wrong now is a consequence.
            let _ = self.until_end();
        }
        self.await_packaging();
        self.close();
        result.map(|()| ExitCode::SUCCESS)
    }

    fn until_end(&mut self) -> Result<(), Failure> {
        while self.phase != Phase::Left {
            match self.inbox.recv_timeout(self.patience()) {
                Ok(happening) => self.handle(happening)?,
                // This session holds a sender itself.
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            self.advance();
        }
        Ok(())
    }

    /// How long nothing has to be done if nothing happens.
    fn patience(&self) -> Duration {
        let now = Instant::now();
        let burst = self
            .burst
            .as_ref()
            .filter(|_| self.work.is_none())
            .map(Burst::due);
        let work = self.work.as_ref().filter(|work| work.step != work.told);
        let work = work.map(|work| work.began + UNTOLD);
        let cycle = self
            .cycle
            .as_ref()
            .filter(|cycle| !cycle.is_explained && !cycle.awaited.is_empty());
        let cycle = cycle.map(|cycle| cycle.began + cycle.packaged + UNTOLD);
        let next = [burst, work, cycle].into_iter().flatten().min();
        next.map_or(PERIOD, |next| next.saturating_duration_since(now).min(PERIOD))
    }

    /// Does what is due.
    fn advance(&mut self) {
        let now = Instant::now();
        if self.printer.is_cut_off() && self.phase == Phase::Going {
            self.leave();
        }
        if self.work.is_none()
            && self.phase == Phase::Going
            && let Some(burst) = self.burst.take_if(|burst| burst.due() <= now)
        {
            let (changes, began) = burst.into_changes();
            self.order(changes, false);
            self.work.iter_mut().for_each(|work| work.began = began);
        }
        if let Some(work) = &mut self.work
            && now >= work.began + UNTOLD
            && let Some(step) = work.step.clone().filter(|step| work.told.as_ref() != Some(step))
        {
            work.told = Some(step.clone());
            self.say(&format!("{step} …"));
        }
        self.explain(now);
    }

    /// Tells what a replacement waits for, if that takes long.
    fn explain(&mut self, now: Instant) {
        let Some(cycle) = &mut self.cycle else { return };
        let is_slow = now >= cycle.began + cycle.packaged + UNTOLD;
        if is_slow && !cycle.is_explained && !cycle.awaited.is_empty() {
            cycle.is_explained = true;
            let line = self.stack.as_ref().and_then(|stack| cycle.waiting_line(stack));
            if let Some(line) = line {
                self.say(&line);
            }
        }
    }

    fn handle(&mut self, happening: Happening) -> Result<(), Failure> {
        match happening {
            Happening::Changed { paths, config } => self.changed(Changes {
                paths,
                config,
                restart: false,
            }),
            Happening::WatchLost(error) => {
                tell_polling(&self.printer, &error);
                self.watcher.poll();
            }
            Happening::Key(key) => self.pressed(key),
            Happening::Signal(Signal::End) => self.leave(),
            // The shell may have changed the terminal meanwhile.
            Happening::Signal(Signal::Continued) => drop(self.terminal.as_ref().map(Silence::again)),
            Happening::Step(step) => {
                if let Some(work) = &mut self.work {
                    work.step = Some(step);
                }
            }
            Happening::Notice(text) => self.say(&text),
            Happening::Packaged(result) => self.packaged(*result)?,
            Happening::Scope(scope) => match self.watcher.set(scope) {
                // Something may have changed before it was watched.
                Ok(true) if self.burst.is_none() && self.work.is_none() => {
                    self.order(Changes::default(), true)
                }
                Ok(_) => {}
                Err(error) => {
                    tell_polling(&self.printer, &error);
                    self.watcher.poll();
                }
            },
            Happening::Stack(stack) => self.heard(stack)?,
            Happening::StackGone => self.gone()?,
            Happening::EngineLost(number) => self.engine_lost(number)?,
            Happening::Logs => self.print_output()?,
        }
        Ok(())
    }

    fn pressed(&mut self, key: Key) {
        match key {
            Key::Restart => self.changed(Changes {
                restart: true,
                ..Changes::default()
            }),
            Key::Quit => self.leave(),
            Key::Help => self.say(KEYS),
            Key::Enter => self.printer.say(""),
        }
    }

    fn changed(&mut self, changes: Changes) {
        self.burst = Some(Burst::add(self.burst.take(), changes, Instant::now()));
    }

    fn print_output(&mut self) -> Result<(), Failure> {
        match &mut self.output {
            Some(output) => output.print(&self.printer),
            None => Ok(()),
        }
    }

    fn say(&self, line: &str) {
        self.printer.say(format!("{CYAN}▸{RESET} {line}"));
    }
}

fn tell_polling(printer: &Printer, error: &std::io::Error) {
    printer.warn(format!(
        "could not watch files: {error}; they are looked at four times a second instead \
         (more can be watched with `sysctl fs.inotify.max_user_watches` and `max_user_instances`)"
    ));
}
