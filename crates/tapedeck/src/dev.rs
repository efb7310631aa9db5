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
mod engine_line;
mod happening;
mod output;
mod scope;
mod signals;
mod story;
mod watcher;

pub(crate) use builder::{Workshop, chosen};

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use tapedeck_api::{ClientError, Refusal, StackStatus};
use tapedeck_model::{StackName, StackSpec, TaskId};

use crate::args::{ConfigArgs, StackArgs};
use crate::commands::engine_stop;
use crate::context::Context;
use crate::exit::{ExitKind, Failure, Outcome};
use crate::printer::{CYAN, Printer, RESET};
use crate::prompt::Silence;
use crate::text::span;
use builder::Order;
use burst::{Burst, Changes};
use engine_line::EngineLine;
use happening::{Failed, Happening, Key, Packaged, Signal, milliseconds};
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
    /// A task ended by itself and is not started again.
    is_down: bool,
    /// What went wrong last, and whether it was the config.
    failed: Option<(String, bool)>,
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
            is_down: false,
            failed: None,
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

    /// Has everything packaged that is not as it was.
    fn order(&mut self, changes: Changes, is_recheck: bool) {
        if self.phase != Phase::Going {
            return;
        }
        let is_first = self.work.is_none() && self.spec.is_none() && self.failed.is_none();
        let order = Order {
            config: changes.config || self.failed.as_ref().is_some_and(|(_, is_config)| *is_config),
            no_cache: self.wish.no_cache && is_first,
        };
        self.work = Some(Work {
            changes,
            began: Instant::now(),
            is_recheck,
            step: None,
            told: None,
        });
        // The thread is there as long as this session, unless it panicked, which says what happened.
        let _ = self.orders.send(order);
    }

    fn packaged(&mut self, result: Result<Packaged, Failed>) -> Result<(), Failure> {
        let Some(work) = self.work.take() else {
            return Ok(());
        };
        if self.phase != Phase::Going {
            return Ok(());
        }
        match result {
            Ok(packaged) => self.hand_over(packaged, work),
            Err(failed) => self.not_packaged(failed, work),
        }
    }

    /// Asks the engine to run what was packaged, if that differs from what runs.
    fn hand_over(&mut self, packaged: Packaged, work: Work) -> Result<(), Failure> {
        let was_failed = self.failed.take().is_some();
        let anew = work.changes.restart || (self.is_down && !work.is_recheck);
        if self.spec.as_ref() == Some(&packaged.spec) && !anew {
            if was_failed {
                self.say("packaged again; it is what runs");
            }
            return Ok(());
        }
        let Packaged {
            spec,
            because,
            took,
            share,
        } = packaged;
        let stack = self.attend(&spec, anew)?;
        drop(share);
        let (cause, changed) = self.cause(&work, &because);
        let revisions = stack
            .services
            .iter()
            .map(|service| (service.name.clone(), service.revision));
        let before: BTreeMap<_, _> = self.revisions();
        self.cycle = Some(Cycle {
            cause,
            changed,
            began: work.began,
            packaged: took,
            awaited: revisions
                .filter(|(name, revision)| before.get(name) != Some(revision))
                .collect(),
            running: BTreeMap::new(),
            is_explained: false,
        });
        self.spec = Some(spec);
        self.is_down = false;
        self.heard(stack)
    }

    fn cause(&self, work: &Work, because: &BTreeSet<PathBuf>) -> (String, Vec<PathBuf>) {
        let folder = &self.context.working_directory;
        story::cause(&work.changes, because, folder, &|path| {
            path.symlink_metadata().is_ok()
        })
    }

    fn revisions(&self) -> BTreeMap<tapedeck_model::ResourceName, tapedeck_model::Revision> {
        let services = self.stack.iter().flat_map(|stack| &stack.services);
        services
            .map(|service| (service.name.clone(), service.revision))
            .collect()
    }

    /// Hands a spec to the engine; to another one if the one before is gone.
    fn attend(&mut self, spec: &StackSpec, anew: bool) -> Result<StackStatus, Failure> {
        if let Some(line) = &mut self.line {
            match line.attend(&self.context, spec, anew) {
                Err(failure) if failure.kind == ExitKind::Environment => {}
                other => return other,
            }
        }
        let number = self.line.as_ref().map_or(0, |line| line.number() + 1);
        let (mut line, is_started) =
            EngineLine::open(&self.context, &self.printer, (&self.name, number), &self.sender)?;
        self.engine_is_ours |= is_started;
        let stack = line.attend(&self.context, spec, anew)?;
        self.line = Some(line);
        if self.output.is_none() {
            let folder = self.context.home.stack_logs(&self.name);
            let since = tapedeck_model::Timestamp::from_millis(
                u64::try_from(self.context.now.as_millisecond()).unwrap_or_default(),
            );
            self.output = Some(Output::follow(folder, since, self.wish.raw, &self.sender)?);
        }
        Ok(stack)
    }

    fn not_packaged(&mut self, failed: Failed, work: Work) -> Result<(), Failure> {
        let Failed {
            failure,
            is_config,
            took,
        } = failed;
        // Nothing that is edited here would change it.
        if failure.kind == ExitKind::Environment && self.spec.is_none() && self.failed.is_none() {
            return Err(failure);
        }
        let text = format!("{:#}", failure.error);
        let is_known = self.failed.as_ref().is_some_and(|(known, _)| *known == text);
        self.failed = Some((text, is_config));
        if is_known {
            // What it does itself must not have it tried again and again.
            self.burst = self.burst.take().filter(|burst| burst.is_asked_for());
        }
        // Half of a checkout is no news.
        if self.burst.is_some() || (is_known && work.is_recheck) {
            return Ok(());
        }
        let (cause, changed) = self.cause(&work, &BTreeSet::new());
        let runs = match self.revisions().values().next() {
            _ if self.is_down => "nothing runs".to_owned(),
            Some(revision) if self.services == 1 => format!("revision {revision} keeps running"),
            Some(_) => "what runs keeps running".to_owned(),
            None => "nothing runs yet".to_owned(),
        };
        if self.printer.is_json() {
            let causes: Vec<String> = failure.error.chain().skip(1).map(ToString::to_string).collect();
            self.printer.json(&serde_json::json!({
                "event": "failed",
                "changed": changed,
                "tookMilliseconds": milliseconds(took),
                "error": failure.error.to_string(),
                "because": causes,
            }));
        } else if !is_known {
            let help = None;
            self.printer.failure(&Failure { help, ..failure });
        }
        let again = if is_known {
            "the same error"
        } else {
            "not packaged"
        };
        self.say(&format!(
            "{cause} → {again} after {}; {runs}, waiting for a change",
            span(took)
        ));
        Ok(())
    }

    /// Takes in how the stack is.
    fn heard(&mut self, stack: StackStatus) -> Result<(), Failure> {
        // All that a task wrote comes before its end.
        self.print_output()?;
        if self.phase == Phase::Going {
            let is_told = self.cycle.as_mut().is_some_and(|cycle| cycle.take(&stack));
            if let Some(cycle) = self.cycle.as_ref().filter(|_| is_told) {
                let now = Instant::now();
                match self.printer.is_json() {
                    true => self.printer.json(&cycle.json(now)),
                    false => self.say(&cycle.line(now)),
                }
            }
            for exit in story::exits(&stack) {
                if !self.ended.insert(exit.task.clone()) {
                    continue;
                }
                let services = &stack.services;
                self.is_down |= services.iter().any(|service| service.revision == exit.revision);
                match self.printer.is_json() {
                    true => self.printer.json(&exit.json()),
                    false => self.say(&exit.line()),
                }
            }
        }
        self.stack = Some(stack);
        Ok(())
    }

    fn print_output(&mut self) -> Result<(), Failure> {
        match &mut self.output {
            Some(output) => output.print(&self.printer),
            None => Ok(()),
        }
    }

    fn gone(&mut self) -> Result<(), Failure> {
        // What cannot be read any more was deleted with the stack.
        let _ = self.print_output();
        match std::mem::replace(&mut self.phase, Phase::Left) {
            Phase::Going => Err(Failure::operation(format!(
                "stack {} was deleted by somebody else",
                self.name
            ))
            .help("start `tapedeck dev` again")),
            _ => Ok(()),
        }
    }

    fn engine_lost(&mut self, number: u64) -> Result<(), Failure> {
        let is_ours = self.line.as_ref().is_some_and(|line| line.number() == number);
        match (&self.spec, self.phase) {
            (Some(spec), Phase::Going) if is_ours => {
                self.say("the engine ended; connecting to another one");
                let spec = spec.clone();
                self.attend(&spec, false).map(drop)
            }
            (_, Phase::Leaving { .. }) if is_ours => {
                self.printer.warn(format!(
                    "the engine ended before stack {} was deleted; the next engine does that",
                    self.name
                ));
                self.phase = Phase::Left;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Begins to end; when that goes on already, ends at once, and then without waiting for anything.
    fn leave(&mut self) {
        let killed = match self.phase {
            Phase::Going => false,
            Phase::Leaving { killed: false } => true,
            Phase::Leaving { killed: true } | Phase::Left => {
                self.phase = Phase::Left;
                return;
            }
        };
        self.phase = Phase::Leaving { killed };
        let Some(line) = &mut self.line else {
            self.phase = Phase::Left;
            return;
        };
        match line.delete(killed) {
            Ok(()) => {}
            Err(ClientError::Refused(Refusal::UnknownStack { .. })) => self.phase = Phase::Left,
            Err(error) => {
                self.printer.warn(format!(
                    "could not delete stack {}: {error}; the engine does that by itself",
                    self.name
                ));
                self.phase = Phase::Left;
            }
        }
        self.say(match killed {
            true => "killing what does not stop",
            false => "stopping; once more kills",
        });
    }

    /// Programs that packaging started must not outlive it. Somebody who cannot wait says so once more.
    fn await_packaging(&mut self) {
        if self.work.is_some() {
            self.say("waiting for packaging to end; Ctrl-C does not");
        }
        while self.work.is_some() {
            match self.inbox.recv() {
                Ok(Happening::Packaged(_)) => self.work = None,
                Ok(Happening::Signal(Signal::End) | Happening::Key(Key::Quit)) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    fn close(&mut self) {
        if self.engine_is_ours && self.line.as_mut().is_some_and(EngineLine::stop_engine_if_idle) {
            // One that takes longer is told by the next command.
            let _ = engine_stop::await_end(&self.context);
        }
        if self.printer.is_json() {
            self.printer
                .json(&serde_json::json!({ "event": "ended", "stack": self.name }));
        }
        self.say(&format!("stack {} is gone", self.name));
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
