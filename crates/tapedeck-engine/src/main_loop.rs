//! The heart of the engine: one task that owns all state and is woken by a closed set of events.
//!
//! An event says *look*, never *what to do*: it changes what is known of a task, then the services concerned are
//! reconciled (see [`crate::reconcile`]). The same happens on a period, so that a lost event costs a second at most.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use tapedeck_api::{EngineStatus, Refusal, Request, Response, ServiceEvent};
use tapedeck_model::{StopCode, TaskId, TaskState, Timestamp};
use tapedeck_runtime::TaskExit;
use tapedeck_runtime::failpoint;
use tapedeck_runtime::protocol::ShimState;
use tokio::sync::{mpsc, oneshot, watch};

use crate::attendance::{ClientId, Holders};
use crate::clock::Clock;
use crate::endpoint::{Change, Facts};
use crate::fleet::{Fleet, Service, ServiceKey};
use crate::forwarding::Forwarders;
use crate::host::Host;
use crate::http::Answer;
use crate::jobs::{JobEvent, Steps};
use crate::link::Link;
use crate::meters::{Meters, Sampled};
use crate::notice::Notice;
use crate::observe;
use crate::rest::Rest;
use crate::retention;
use crate::scaling::EngineTempo;
use crate::store::{Store, StoreError};
use crate::traffic::Directions;

/// The longest time between two looks at everything, whatever happens.
const PERIOD: Duration = Duration::from_secs(1);

/// Every reason the engine ever wakes, besides its timer.
#[derive(Debug)]
pub(crate) enum Event {
    /// A client asks something.
    Asked(ClientId, Request, oneshot::Sender<Response>),
    /// The connection of a client has ended.
    ClientGone(ClientId),
    /// A client that was told so wants its connection to lead to a container of that name.
    Visit(TaskId, String, UnixStream),
    /// A shim was started, or could not be.
    Launched(TaskId, Result<Link, String>),
    /// A shim says what its task does.
    ShimSaid(TaskId, ShimState),
    /// A shim ended its connection.
    ShimGone(TaskId),
    /// A program in a task asks about its task.
    AskedWithin(TaskId, oneshot::Sender<Option<Facts>>),
    /// A program in a task, naming the id of its container, asks about the protection of its task, or to change it.
    AskedForProtection(TaskId, String, Change, oneshot::Sender<Answer>),
    /// Something about jobs.
    OfJobs(JobEvent),
    /// What a stopped task had left on this machine was removed, or could not be.
    Cleaned(TaskId, Result<(), String>),
    /// What tasks use was looked at.
    Sampled(Vec<Sampled>),
    /// A forwarder of logs has something to tell about its service.
    ForwarderSaid(ServiceKey, String),
    /// The process was asked to end.
    Terminated,
}

/// Whether the engine is about to end.
#[derive(Debug)]
pub(crate) enum Phase {
    /// It is not.
    Serving,
    /// It ends when no task is left; whoever asked for that is told then.
    Emptying(Vec<oneshot::Sender<Response>>),
    /// It ends now; `answered` when somebody asked for it and was told.
    Ended { answered: bool },
}

/// How the main loop ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Tasks of which something is left on this machine.
    pub(crate) tasks_left: usize,
    /// Whether an answer to the request to end is on its way.
    pub(crate) answered: bool,
}

/// All that the engine knows and holds.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) clock: Clock,
    pub(crate) started: Timestamp,
    pub(crate) store: Store,
    pub(crate) fleet: Fleet,
    pub(crate) host: Arc<Host>,
    pub(crate) events: mpsc::UnboundedSender<Event>,
    /// Connections to the shims of tasks that are not stopped.
    pub(crate) links: HashMap<TaskId, Link>,
    /// Stopped tasks of which something is left on this machine; their addresses are not free yet.
    pub(crate) leaving: HashSet<TaskId>,
    /// Those of them whose remains could not be removed; tried again on every period.
    pub(crate) stuck: HashSet<TaskId>,
    /// Services with changes that could not be written down yet.
    pub(crate) unsaved: BTreeSet<ServiceKey>,
    /// Stacks that live only as long as somebody attends to them.
    pub(crate) holders: Holders,
    /// Counts changes of anything a client can see.
    pub(crate) changes: watch::Sender<u64>,
    pub(crate) phase: Phase,
    /// When everything was last looked at.
    pub(crate) looked: Timestamp,
    /// When old logs were last looked for.
    pub(crate) log_looks: retention::Looks,
    /// What forwards logs.
    pub(crate) forwarders: Forwarders,
    /// What reads what state machines want, and what is told them.
    pub(crate) steps: Steps,
    /// How fast services are started and scaled.
    pub(crate) tempo: EngineTempo,
    /// Where metrics are served, if anywhere.
    pub(crate) metrics_address: Option<SocketAddr>,
    /// What tasks use.
    pub(crate) meters: Meters,
    /// Who is told that the engine lives.
    pub(crate) notice: Notice,
    /// What is done with memory while nothing happens.
    pub(crate) rest: Rest,
    /// Memory that tasks may have together, in MiB.
    pub(crate) memory_budget: u64,
    /// Processors of this machine.
    pub(crate) processors: u32,
    /// What the firewall was last told about who may reach whom.
    pub(crate) directions: Directions,
}

impl Engine {
    /// Serves events until the engine is asked to end.
    pub(crate) async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Event>) -> Ended {
        self.look_at_everything();
        loop {
            if let Phase::Ended { answered } = self.phase {
                self.notice.stopping();
                return Ended {
                    tasks_left: self.tasks_left(),
                    answered,
                };
            }
            let next_look = self.next_look();
            let next = next_look.min(self.meters.due());
            match tokio::time::timeout(self.clock.until(next), inbox.recv()).await {
                Ok(Some(event)) => self.handle(event),
                Ok(None) => self.phase = Phase::Ended { answered: false },
                Err(_elapsed) => {}
            }
            // However many events there are: what is due is looked at.
            if self.clock.now() >= next_look {
                self.look_at_everything();
            }
            self.direct();
            self.sample_if_due();
            self.end_if_empty();
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Asked(client, request, reply) => self.answer(client, request, reply),
            Event::ClientGone(client) => self.client_gone(client),
            Event::Visit(task, container, visitor) => self.hand_over(&task, container, visitor),
            Event::Launched(task, outcome) => self.launched(&task, outcome),
            Event::ShimSaid(task, said) => {
                let now = self.clock.now();
                if let ShimState::Containers { containers }
                | ShimState::Exited {
                    exit: TaskExit { containers, .. },
                } = &said
                {
                    self.containers_seen(&task, containers);
                }
                if let ShimState::Exited { exit } = &said {
                    self.tell_of_unheard(&task, exit);
                }
                self.change(&task, |state| observe::after(state, &said, now));
                if let ShimState::Running {
                    health: Some(health), ..
                } = said
                {
                    self.heard_health(&task, health);
                }
            }
            Event::ShimGone(task) => self.shim_gone(&task),
            Event::AskedWithin(task, reply) => self.answer_within(&task, reply),
            Event::AskedForProtection(task, id, change, reply) => self.protect(&task, &id, change, reply),
            Event::OfJobs(event) => self.handle_jobs(event),
            Event::Cleaned(task, outcome) => self.cleaned(&task, outcome),
            Event::Sampled(samples) => self.sampled(samples),
            Event::ForwarderSaid(key, message) => self.forwarder_said(&key, &message),
            Event::Terminated => self.phase = Phase::Ended { answered: false },
        }
    }

    fn answer(&mut self, client: ClientId, request: Request, reply: oneshot::Sender<Response>) {
        let response = match request {
            Request::EngineStatus => Response::Engine {
                status: self.status(),
            },
            Request::ListStacks => Response::Stacks {
                stacks: self.fleet.summaries(),
            },
            Request::DescribeStack { name, .. } => match self.fleet.stack_status(&name) {
                Some(stack) => Response::Stack { stack },
                None => Response::Refused {
                    refusal: Refusal::UnknownStack { name },
                },
            },
            Request::DescribeSpec { stack } => self.fleet.describe_spec(stack),
            Request::DescribeMetrics { stack, seconds } => self.metrics(stack.as_ref(), seconds),
            Request::DescribeScaling { stack } => self.describe_scaling(&stack),
            Request::PrometheusText => Response::Text {
                text: self.prometheus_text(),
            },
            Request::ApplyStack { stack } => self.apply(&stack),
            Request::AttendStack { stack, anew } => self.attend(client, &stack, anew),
            Request::RollBack { name, service } => self.roll_back(&name, service.as_ref()),
            Request::DeleteStack { name, at_once } => self.delete(&name, at_once),
            Request::Visit { task, .. } => self.may_visit(task),
            Request::StopEngine { tasks } => return self.stop(tasks, reply),
        };
        // A client that has gone away does not need its answer.
        let _ = reply.send(response);
    }

    fn stop(&mut self, tasks: bool, reply: oneshot::Sender<Response>) {
        if !tasks {
            let _ = reply.send(Response::Stopping {
                tasks_left: self.tasks_left(),
            });
            self.phase = Phase::Ended { answered: true };
            return;
        }
        match &mut self.phase {
            Phase::Emptying(waiting) => waiting.push(reply),
            phase => *phase = Phase::Emptying(vec![reply]),
        }
        self.look_at_everything();
    }

    fn end_if_empty(&mut self) {
        let left = self.tasks_left();
        let Phase::Emptying(waiting) = &mut self.phase else {
            return;
        };
        if left > 0 {
            return;
        }
        for reply in waiting.drain(..) {
            let _ = reply.send(Response::Stopping { tasks_left: 0 });
        }
        self.phase = Phase::Ended { answered: true };
    }

    /// Tasks of which something may be left on this machine.
    fn tasks_left(&self) -> usize {
        let unstopped: usize = self
            .fleet
            .services
            .values()
            .map(|service| service.unstopped().count())
            .sum();
        unstopped + self.leaving.len()
    }

    /// Whether all tasks are to stop because the engine ends.
    pub(crate) fn is_emptying(&self) -> bool {
        matches!(self.phase, Phase::Emptying(_))
    }

    fn launched(&mut self, task: &TaskId, outcome: Result<Link, String>) {
        failpoint::reach("launch.known");
        match outcome {
            Ok(link) => match self.fleet.task(task) {
                Some((service, known)) if !known.state.is_stopped() => {
                    if matches!(known.state, TaskState::Stopping { .. }) {
                        link.stop(service.stop_timeout_of(known));
                    }
                    self.links.insert(task.clone(), link);
                }
                // The task has ended before its connection was handed over.
                _ => {}
            },
            Err(failure) => {
                let now = self.clock.now();
                self.change(task, |state| observe::never_ran(state, failure, now));
                self.clean(task);
            }
        }
    }

    /// A shim that goes without having said `exited` was killed. What it wrote down, if anything, counts.
    fn shim_gone(&mut self, task: &TaskId) {
        failpoint::reach("shim.gone");
        self.links.remove(task);
        let now = self.clock.now();
        let exit = self.host.exit_of(task);
        if let Some(exit) = &exit {
            self.containers_seen(task, &exit.containers);
        }
        self.change(task, |state| {
            observe::without_shim(state, exit, "Shim of the task was killed", now)
        });
        self.clean(task);
    }

    /// Applies a change of state to a task, and looks at its service.
    fn change(&mut self, task: &TaskId, next: impl FnOnce(&TaskState) -> Option<TaskState>) {
        let Some(key) = self.fleet.owner_of(task) else {
            return;
        };
        let Some(known) = self.service_mut(&key).tasks.get_mut(task) else {
            return;
        };
        let Some(state) = next(&known.state) else { return };
        known.state = state;
        let known = known.clone();
        if known.state.is_stopped() {
            self.leaving.insert(task.clone());
        }
        failpoint::reach("change.observed");
        self.save_tasks(&key, &[known]);
        failpoint::reach("change.saved");
        self.touch(&key);
        self.reconcile(&key);
    }

    /// Begins to remove what a stopped task, whose shim is gone, left on this machine.
    pub(crate) fn clean(&mut self, task: &TaskId) {
        self.leaving.insert(task.clone());
        self.stuck.remove(task);
        let (host, events, task) = (Arc::clone(&self.host), self.events.clone(), task.clone());
        tokio::task::spawn_blocking(move || {
            let outcome = host.clean(&task);
            let _ = events.send(Event::Cleaned(task, outcome));
        });
    }

    fn cleaned(&mut self, task: &TaskId, outcome: Result<(), String>) {
        let Some(key) = self.fleet.owner_of(task) else {
            return;
        };
        failpoint::reach("clean.known");
        match outcome {
            Ok(()) => {
                self.leaving.remove(task);
            }
            Err(why) => {
                self.stuck.insert(task.clone());
                let message = format!("(service {}) could not clean up (task {task}): {why}", key.name);
                self.record_once(&key, message);
            }
        }
        self.reconcile(&key);
        self.place_waiting();
    }

    /// Looks at every service; also tries again what could not be cleaned or written down before.
    pub(crate) fn look_at_everything(&mut self) {
        self.looked = self.clock.now();
        self.notice.alive();
        for key in std::mem::take(&mut self.unsaved) {
            self.save_all_tasks(&key);
        }
        for task in self.stuck.clone() {
            self.clean(&task);
        }
        self.expire_attended();
        let keys: Vec<ServiceKey> = self.fleet.services.keys().cloned().collect();
        for key in keys {
            self.reconcile(&key);
        }
        self.sync_forwarding();
        self.sync_inboxes();
        if self.expire_logs_if_due() {
            self.collect_garbage();
        }
        self.rest.look(*self.changes.borrow());
    }

    /// When to look at everything again if no event asks for it before.
    fn next_look(&self) -> Timestamp {
        let plans = self
            .fleet
            .services
            .values()
            .filter_map(|service| service.plan.as_ref());
        let due = plans.filter_map(|plan| plan.wake_at).min();
        let period = self.looked + PERIOD;
        due.map_or(period, |due| due.min(period))
    }

    /// How the engine is.
    pub(crate) fn status(&self) -> EngineStatus {
        let stacks = self.fleet.summaries();
        EngineStatus {
            version: env!("CARGO_PKG_VERSION").to_string(),
            pid: std::process::id(),
            started: self.started,
            home: self.host.home.state().display().to_string(),
            bridge: self.host.network.bridge.clone(),
            subnet: self.host.network.subnet.to_string(),
            cgroups: self.host.cgroups.kind().to_string(),
            pace: self.tempo.name().to_string(),
            scaling_speed: self.tempo.speed,
            memory_budget: self.memory_budget,
            memory_held: self.budget().held,
            metrics_address: self.metrics_address,
            task_storage_mb: self.host.disk.as_ref().map(|disk| disk.megabytes),
            warnings: self.host.warnings.clone(),
            stacks: stacks.len(),
            tasks_running: stacks.iter().map(|stack| stack.running_count as usize).sum(),
        }
    }

    /// The service of a key that was taken from the fleet.
    pub(crate) fn service_mut(&mut self, key: &ServiceKey) -> &mut Service {
        self.fleet
            .services
            .get_mut(key)
            .expect("the key was taken from the fleet and nothing was removed since")
    }

    /// Counts a change that clients of this stack can see.
    pub(crate) fn touch(&mut self, key: &ServiceKey) {
        self.changes.send_modify(|count| *count += 1);
        let version = *self.changes.borrow();
        if let Some(service) = self.fleet.services.get_mut(key) {
            service.version = version;
        }
    }

    /// Remembers an event of a service.
    pub(crate) fn record(&mut self, key: &ServiceKey, message: String) {
        let event = ServiceEvent {
            at: self.clock.now(),
            message,
        };
        // An event that cannot be kept is still shown while the engine lives; the next change tells of the disk.
        let _ = self.store.add_event(key, &event);
        failpoint::reach("event.saved");
        self.service_mut(key).record(event.at, event.message);
        self.touch(key);
    }

    /// Remembers an event unless it is among those that are remembered.
    pub(crate) fn record_once(&mut self, key: &ServiceKey, message: String) {
        if !self
            .service_mut(key)
            .events
            .iter()
            .any(|event| event.message == message)
        {
            self.record(key, message);
        }
    }

    /// Writes tasks down; says whether that worked. What did not is tried again on the period.
    pub(crate) fn save_tasks(&mut self, key: &ServiceKey, tasks: &[tapedeck_model::Task]) -> bool {
        match self.store.save_tasks(key, tasks, &[]) {
            Ok(()) => true,
            Err(error) => {
                self.cannot_save(key, &error);
                false
            }
        }
    }

    fn save_all_tasks(&mut self, key: &ServiceKey) {
        let Some(service) = self.fleet.services.get(key) else {
            return;
        };
        if let Err(error) = self.store.save_tasks(key, service.tasks.values(), &[]) {
            self.cannot_save(key, &error);
        }
    }

    fn cannot_save(&mut self, key: &ServiceKey, error: &StoreError) {
        if self.unsaved.insert(key.clone()) {
            let message = format!("(service {}) {}", key.name, crate::chain(error));
            let at = self.clock.now();
            self.service_mut(key).record(at, message);
            self.touch(key);
        }
    }
}

/// How a task is told apart that people or the end of the engine stopped.
pub(crate) const ENGINE_STOP: (StopCode, &str) =
    (StopCode::UserInitiated, "Engine stopped together with its tasks");
