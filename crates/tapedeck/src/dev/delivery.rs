//! From changes to what runs: packaging is ordered, what came of it is handed to the engine, and what becomes of that is told.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Instant;

use tapedeck_api::StackStatus;
use tapedeck_model::{ResourceName, Revision, StackSpec, Timestamp};

use super::builder::Order;
use super::burst::Changes;
use super::engine_line::EngineLine;
use super::happening::{Failed, Packaged, milliseconds};
use super::output::Output;
use super::story::{self, Cycle};
use super::{Failing, Phase, Session, Work};
use crate::exit::{ExitKind, Failure};
use crate::text::span;

/// How often the same failure is tried again because something changed while it was tried.
const MOST_REPEATS: u32 = 3;

impl Session {
    /// Has everything packaged that is not as it was.
    pub(super) fn order(&mut self, changes: Changes, is_recheck: bool) {
        if self.phase != Phase::Going {
            return;
        }
        let is_first = self.work.is_none() && self.spec.is_none() && self.failing.is_none();
        let order = Order {
            config: changes.config || self.failing.as_ref().is_some_and(|failing| failing.is_config),
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

    pub(super) fn packaged(&mut self, result: Result<Packaged, Failed>) -> Result<(), Failure> {
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
    pub(super) fn hand_over(&mut self, packaged: Packaged, work: Work) -> Result<(), Failure> {
        let was_failing = self.failing.take().is_some_and(|failing| failing.is_told);
        let anew = work.changes.restart || (self.is_down && !work.is_recheck);
        if self.spec.as_ref() == Some(&packaged.spec) && !anew {
            if was_failing {
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
        // At first nothing changed for whoever looks on, whatever there was before.
        let because = if self.spec.is_some() {
            because
        } else {
            BTreeSet::new()
        };
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

    pub(super) fn cause(&self, work: &Work, because: &BTreeSet<PathBuf>) -> (String, Vec<PathBuf>) {
        let folder = &self.context.working_directory;
        story::cause(&work.changes, because, folder, &|path| {
            path.symlink_metadata().is_ok()
        })
    }

    pub(super) fn revisions(&self) -> BTreeMap<ResourceName, Revision> {
        let services = self.stack.iter().flat_map(|stack| &stack.services);
        services
            .map(|service| (service.name.clone(), service.revision))
            .collect()
    }

    /// Hands a spec to the engine; to another one if the one before is gone.
    pub(super) fn attend(&mut self, spec: &StackSpec, anew: bool) -> Result<StackStatus, Failure> {
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
            let since =
                Timestamp::from_millis(u64::try_from(self.context.now.as_millisecond()).unwrap_or_default());
            self.output = Some(Output::follow(folder, since, self.wish.raw, &self.sender)?);
        }
        Ok(stack)
    }

    pub(super) fn not_packaged(&mut self, failed: Failed, work: Work) -> Result<(), Failure> {
        let Failed {
            failure,
            is_config,
            findings,
            took,
        } = failed;
        // Nothing that is edited here would change it.
        if failure.kind == ExitKind::Environment && self.spec.is_none() && self.failing.is_none() {
            return Err(failure);
        }
        let text = format!("{findings}{:#}", failure.error);
        let before = self.failing.take().filter(|failing| failing.text == text);
        let is_known = before.as_ref().is_some_and(|failing| failing.is_told);
        // What packaging changes itself must not have it tried for ever.
        let repeats = match self.burst.is_some() && !work.is_recheck {
            true => before.map_or(0, |failing| failing.repeats) + 1,
            false => 0,
        };
        if repeats > MOST_REPEATS {
            self.burst = self.burst.take().filter(|burst| burst.is_asked_for());
        }
        // Half of a checkout is no news.
        let is_news = self.burst.is_none() && !(is_known && work.is_recheck);
        self.failing = Some(Failing {
            text,
            is_config,
            is_told: is_known || is_news,
            repeats,
        });
        if !is_news {
            return Ok(());
        }
        let failed = Failed {
            failure,
            is_config,
            findings,
            took,
        };
        self.tell_failure(failed, &work, is_known);
        Ok(())
    }

    fn tell_failure(&self, failed: Failed, work: &Work, is_known: bool) {
        let Failed {
            failure,
            findings,
            took,
            ..
        } = failed;
        let (cause, changed) = self.cause(work, &BTreeSet::new());
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
                "findings": findings,
                "error": failure.error.to_string(),
                "because": causes,
            }));
        } else if !is_known {
            if !findings.is_empty() {
                self.printer.tell(&format!("{findings}\n"));
            }
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
    }

    /// Takes in how the stack is.
    pub(super) fn heard(&mut self, stack: StackStatus) -> Result<(), Failure> {
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
            let unhealthy = story::unhealthy(&stack);
            self.unhealthy
                .retain(|known| unhealthy.iter().any(|(task, _)| task == known));
            for (task, line) in unhealthy {
                if self.unhealthy.insert(task.clone()) {
                    match self.printer.is_json() {
                        true => self
                            .printer
                            .json(&serde_json::json!({ "event": "unhealthy", "task": task, "reason": line })),
                        false => self.say(&line),
                    }
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
}
