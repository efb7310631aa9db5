//! The thread of one forwarder: take, send, write down; and what to do while the endpoint does not acknowledge.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tapedeck_api::Home;
use tapedeck_local::firehose::{Courier, Destination, Patience, Request, Spool, SpoolError, Spooled};
use tapedeck_model::{LogDestination, SecretTemplate, TaskId, Timestamp};
use tapedeck_plan::log_retention::{ClockCheck, Reading};
use tapedeck_runtime::write_json;
use tokio::sync::mpsc::UnboundedSender;

use super::source::{Batch, Sources};
use super::{Assignment, Order, files};
use crate::clock::{Clock, wall};
use crate::log_group::LogGroup;
use crate::main_loop::Event;
use crate::secrets;

/// How long lines are gathered before they are sent, unless they fill a batch before.
const PERIOD: Duration = Duration::from_secs(1);

/// How many spooled requests are sent before it is the turn of new lines.
const SPOOL_TURN: u32 = 16;

/// How often the spool is looked through for what is too old.
const SPOOL_PERIOD: Duration = Duration::from_secs(60 * 60);

/// Lines under way.
struct Pending {
    request: Request,
    batch: Batch,
}

/// See the module.
pub(super) struct Worker {
    group: LogGroup,
    home: Home,
    events: UnboundedSender<Event>,
    clock: Clock,
    assignment: Assignment,
    /// Whether all logs of the container are forwarded.
    follows: bool,
    /// Tasks whose logs are to be forwarded to their end and removed.
    leaving: BTreeSet<TaskId>,
    /// Made with the first request: it takes a while to read the certificates of the machine.
    courier: Arc<OnceLock<Courier>>,
    sources: Sources,
    spool: Spool,
    pending: Option<Pending>,
    patience: Option<Patience>,
    /// The same of what is in the spool.
    spool_patience: Option<Patience>,
    /// How often in a row sending one of those has failed.
    spool_failures: usize,
    /// Spooled requests that were sent in a row.
    spool_turns: u32,
    machine_clock: ClockCheck,
    spool_looked: Timestamp,
}

impl Worker {
    pub(super) fn new(
        group: &LogGroup,
        home: &Home,
        events: UnboundedSender<Event>,
        clock: Clock,
        (courier, assignment): (&Arc<OnceLock<Courier>>, Assignment),
    ) -> Self {
        Self {
            group: group.clone(),
            home: home.clone(),
            events,
            clock,
            assignment,
            follows: false,
            leaving: BTreeSet::new(),
            courier: Arc::clone(courier),
            sources: Sources::new(home, group),
            spool: Spool::at(&Home::spool_in(&group.forwarding(home))),
            pending: None,
            patience: None,
            spool_patience: None,
            spool_failures: 0,
            spool_turns: 0,
            machine_clock: ClockCheck::default(),
            spool_looked: clock.now(),
        }
    }

    /// Does as it is told until it is done, or the engine ends.
    pub(super) fn run(mut self, orders: &Receiver<Order>) {
        let mut pause = PERIOD;
        loop {
            match orders.recv_timeout(pause) {
                Ok(order) => {
                    self.obey(order);
                    pause = Duration::ZERO;
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            match self.step() {
                Some(next) => pause = next,
                None => return,
            }
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Follow(assignment) => {
                self.assignment = assignment;
                self.follows = true;
                let path = files::assignment(&self.home, &self.group);
                let folder = self.group.forwarding(&self.home);
                let written =
                    files::make_folder(&folder).and_then(|()| write_json(&path, &self.assignment, true));
                if let Err(error) = written {
                    self.say(format!(
                        "may lose the last lines of its logs when it is deleted: {error}"
                    ));
                }
            }
            Order::Finish(tasks) => {
                self.follows = false;
                self.leaving.extend(tasks);
            }
        }
    }

    /// One thing at a time. Says when to come back; none when there is nothing left to do, ever.
    fn step(&mut self) -> Option<Duration> {
        self.expire_spool_if_due();
        self.gather();
        let now = self.clock.now();
        if let Some(patience) = self.patience
            && now < patience.next_try()
        {
            self.leave_if_gone();
            return Some(patience.next_try().since(now).min(PERIOD));
        }
        let mut spooled = self.spool.list();
        // The oldest, unless that is what the endpoint does not like.
        let place = self.spool_failures.checked_rem(spooled.len());
        let oldest = place.map(|place| spooled.swap_remove(place));
        let is_turn = self.pending.is_none() || (1..=SPOOL_TURN).contains(&self.spool_turns);
        let may_try = self
            .spool_patience
            .is_none_or(|patience| now >= patience.next_try());
        match (oldest, self.pending.take()) {
            (Some(spooled), pending) if is_turn && may_try => {
                self.pending = pending;
                Some(self.send_spooled(&spooled))
            }
            (_, Some(pending)) => Some(self.send(pending)),
            (oldest, None) => {
                self.spool_turns = 0;
                self.remove_leaving();
                if oldest.is_none() && !self.follows {
                    self.remove_own_files();
                    return None;
                }
                Some(PERIOD)
            }
        }
    }

    /// Takes what is new, if nothing is under way.
    fn gather(&mut self) {
        if self.pending.is_some() {
            return;
        }
        let tasks = match self.follows {
            true => self.sources.tasks(),
            false => self.leaving.clone(),
        };
        let batch = self.sources.take(&tasks, self.assignment.since);
        self.pending = batch.map(|batch| Pending {
            request: Request::new(request_id(), wall(), &batch.streams),
            batch,
        });
    }

    fn send(&mut self, pending: Pending) -> Duration {
        match self.deliver(&pending.request) {
            Ok(()) => {
                self.sources.commit(&pending.batch);
                // Under way is nothing else, so what was read to its end has been delivered.
                if self.leaving.iter().all(|task| self.sources.is_read(task)) {
                    self.remove_leaving();
                }
                if self.patience.take().is_some() {
                    self.spool_patience = None;
                }
                // Then it is the turn of what had to wait.
                self.spool_turns = 1;
                match pending.batch.is_full || !self.follows {
                    true => Duration::ZERO,
                    false => PERIOD,
                }
            }
            Err(why) => {
                self.pending = Some(pending);
                self.failed(&why);
                Duration::ZERO
            }
        }
    }

    fn send_spooled(&mut self, spooled: &Spooled) -> Duration {
        let read = self.spool.read(spooled);
        let sent = match read {
            // It was none, or is gone.
            Ok(None) => return Duration::ZERO,
            Ok(Some(request)) => self.deliver(&request),
            Err(error) => Err(crate::chain(&error)),
        };
        match sent.and_then(|()| self.spool.remove(spooled).map_err(|error| crate::chain(&error))) {
            Ok(()) => {
                self.spool_patience = None;
                self.spool_failures = 0;
                self.spool_turns += 1;
            }
            Err(why) => {
                // New lines are not held up by it: it may be this one request that the endpoint does not like.
                self.spool_turns = 0;
                self.spool_failures += 1;
                self.spool_patience = Some(Patience::another(self.spool_patience, self.clock.now()));
                self.say_undelivered(&why);
            }
        }
        Duration::ZERO
    }

    /// Another failure. Once it has lasted for long enough, what waits goes to the spool.
    fn failed(&mut self, why: &str) {
        let now = self.clock.now();
        let patience = Patience::another(self.patience, now);
        self.patience = Some(patience);
        self.say_undelivered(why);
        let retry = Duration::from_secs(u64::from(self.assignment.destination.retry_seconds));
        if !self.follows || patience.is_over(retry, now) {
            self.spool_all();
        }
    }

    /// Moves everything there is to the spool, so that logs may go.
    fn spool_all(&mut self) {
        while let Some(pending) = self.pending.take() {
            match self.keep(&pending.request) {
                Ok(()) => self.sources.commit(&pending.batch),
                Err(error) => {
                    self.pending = Some(pending);
                    return self.say(format!(
                        "could not keep undelivered logs: {}",
                        crate::chain(&error)
                    ));
                }
            }
            self.gather();
        }
        self.remove_leaving();
    }

    fn keep(&self, request: &Request) -> Result<(), SpoolError> {
        let given_up = self.spool.put(request)?;
        if given_up > 0 {
            self.say("gives up the oldest undelivered logs: there are too many".to_owned());
        }
        Ok(())
    }

    /// A service was deleted while the endpoint does not acknowledge: its last lines need not wait for the next try.
    fn leave_if_gone(&mut self) {
        if !self.follows && (self.pending.is_some() || !self.leaving.is_empty()) {
            self.spool_all();
        }
    }

    fn remove_leaving(&mut self) {
        if !self.leaving.is_empty() {
            let tasks = std::mem::take(&mut self.leaving);
            self.sources.remove(&tasks);
        }
    }

    fn remove_own_files(&self) {
        // What is still there is looked at by the next engine.
        let folder = self.group.forwarding(&self.home);
        let _ = fs_err::remove_file(files::assignment(&self.home, &self.group));
        let _ = fs_err::remove_dir_all(Home::spool_in(&folder));
        let root = self.home.all_forwarding();
        let around = folder.ancestors().take_while(|folder| **folder != root);
        // Others may have something in them.
        let _ = around.map(fs_err::remove_dir).find(std::io::Result::is_err);
    }

    fn expire_spool_if_due(&mut self) {
        let now = self.clock.now();
        if now.since(self.spool_looked) < SPOOL_PERIOD {
            return;
        }
        self.spool_looked = now;
        let reading = Reading {
            wall: wall(),
            steady: now,
        };
        if let Some(time) = self.machine_clock.agreed(reading) {
            let days = u64::from(self.assignment.retention_days);
            self.spool.expire(Duration::from_secs(days * 24 * 60 * 60), time);
        }
    }

    fn deliver(&self, request: &Request) -> Result<(), String> {
        let destination = self.destination()?;
        self.courier
            .get_or_init(Courier::new)
            .send(&destination, request)
            .map_err(|error| crate::chain(&error))
    }

    /// Where to, with the values that secrets have now.
    fn destination(&self) -> Result<Destination, String> {
        let LogDestination {
            endpoint_url,
            access_key,
            attributes,
            gzip,
            ..
        } = &self.assignment.destination;
        let fill = |name: &str, template: &SecretTemplate| {
            let name = format!("{name} of `logForwarding`");
            let asked = BTreeMap::from([(name.clone(), template.clone())]);
            if template.references().next().is_none() {
                return template.fill(|_| Err("it is a text".to_owned()));
            }
            let mut values = secrets::values(&self.home.secrets(), &asked)?;
            values
                .remove(&name)
                .ok_or_else(|| format!("there is no value for {name}"))
        };
        let named = |(name, template): (&String, &SecretTemplate)| {
            Ok((name.clone(), fill(&format!("`{name}`"), template)?))
        };
        Ok(Destination {
            url: fill("`endpointUrl`", endpoint_url)?,
            access_key: access_key
                .as_ref()
                .map(|template| fill("the key", template))
                .transpose()?,
            attributes: attributes.iter().map(named).collect::<Result<_, String>>()?,
            gzip: *gzip,
            source: format!(
                "arn:aws:firehose:local:000000000000:deliverystream/{}",
                self.group.joined("-")
            ),
        })
    }

    fn say_undelivered(&self, why: &str) {
        self.say(format!(
            "could not forward logs: {why}; they are kept and sent again"
        ));
    }

    fn say(&self, message: String) {
        let message = match &self.group.side {
            Some(side) => format!("(container {side}) {message}"),
            None => message,
        };
        let key = self.group.key.clone();
        // The engine may have ended.
        let _ = self.events.send(Event::ForwarderSaid(key, message));
    }
}

/// A random id in the form of a GUID.
fn request_id() -> String {
    let random = crate::random::task_id();
    let digits = random.as_str();
    let parts = [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ];
    parts.join("-")
}
