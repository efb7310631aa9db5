//! Packaging in a thread of its own, so that keys, signals and logs go on meanwhile.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use tapedeck_build::{Built, Outcome, Resident, observed};
use tapedeck_diagnostic::render_text;
use tapedeck_image::{Platform, Store};
use tapedeck_model::{ResourceName, Stack, StackSpec, StageName, WorkerService};

use crate::commands::deploy::service_spec;
use crate::config::{self, Reading};
use crate::connected::{self, Connected, Means};
use crate::context::Context;
use crate::dev::Wish;
use crate::dev::happening::{Failed, Happening, Packaged};
use crate::dev::scope::Scope;
use crate::engine;
use crate::exit::{ExitKind, Failure, OrFail};
use crate::options::ConfigFile;
use crate::packaging::{self, Packager, Part, no_such_service};
use crate::printer::Printer;
use crate::rollout;

/// What a session packages, and with what.
#[derive(Debug)]
pub(crate) struct Workshop {
    pub(crate) context: Context,
    pub(crate) printer: Printer,
    pub(crate) wish: Wish,
    pub(crate) images: Store,
    /// What was found in the config when it was read last by this session.
    pub(crate) findings: String,
    /// The config as it was read last.
    pub(crate) stack: Stack,
    pub(crate) config: ConfigFile,
    pub(crate) resident: Resident,
    /// The services that are developed.
    pub(crate) services: Vec<ResourceName>,
    /// What they are connected to, once it was brought up for the config as it is.
    pub(crate) connected: Option<Connected>,
}

/// What to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order {
    /// Read the config first.
    pub(crate) config: bool,
    /// Package even where nothing changed.
    pub(crate) no_cache: bool,
}

/// Starts the thread. It ends when the sender of orders is dropped.
pub(crate) fn start(mut workshop: Workshop, sender: Sender<Happening>) -> Sender<Order> {
    let (orders, inbox) = channel();
    std::thread::spawn(move || work(&mut workshop, &inbox, &sender));
    orders
}

fn work(workshop: &mut Workshop, inbox: &Receiver<Order>, sender: &Sender<Happening>) {
    while let Ok(order) = inbox.recv() {
        let began = Instant::now();
        let result = workshop
            .carry_out(order, sender)
            .map_err(|(failure, is_config)| Failed {
                failure,
                is_config,
                findings: match is_config {
                    true => workshop.findings.clone(),
                    false => String::new(),
                },
                took: began.elapsed(),
            });
        let is_wide = result.is_err();
        // First what somebody waits for.
        let told = sender.send(Happening::Packaged(Box::new(result)));
        let scope = workshop.scope(is_wide);
        if told.is_err() || sender.send(Happening::Scope(scope)).is_err() {
            return;
        }
    }
}

impl Workshop {
    fn carry_out(&mut self, order: Order, sender: &Sender<Happening>) -> Result<Packaged, (Failure, bool)> {
        let began = Instant::now();
        if order.config {
            self.read_config().map_err(|failure| (failure, true))?;
        }
        let services = chosen(&self.stack, &self.services).map_err(|failure| (failure, true))?;
        if self.connected.is_none() {
            self.connected = Some(self.connect().map_err(|failure| (failure, false))?);
        }
        let connected = self.connected.as_ref().expect("it was brought up");
        let package = || {
            let share = self.images.share().or_fail(ExitKind::Environment)?;
            let packager = Packager {
                context: &self.context,
                config: &self.config,
                images: &self.images,
                platform: Platform::host(),
                no_cache: order.no_cache,
                resident: Some(&self.resident),
            };
            let (mut specs, mut because) = (Vec::new(), BTreeSet::new());
            for service in services {
                let built = self.package(packager, service, sender)?;
                because.extend(reasons(&built.main));
                because.extend(built.sides.iter().flat_map(reasons));
                let mut spec = service_spec(service, &built, connected, &self.images)?;
                // Several would work against each other under the eyes of whoever looks at one.
                spec.desired_count = spec.desired_count.min(1);
                spec.scaling = None;
                specs.push(spec);
            }
            Ok(Packaged {
                spec: StackSpec {
                    name: self.stack.name(),
                    services: specs,
                    resources: Vec::new(),
                },
                because,
                took: began.elapsed(),
                share,
            })
        };
        package().map_err(|failure| (failure, false))
    }

    /// Brings up what the services are connected to: in a stack of its own, which stays when the session ends, so that the next
    /// one finds its data.
    fn connect(&self) -> Result<Connected, Failure> {
        let mut stack = self.stack.clone();
        stack.stage = StageName::new(format!("{}-data", stack.stage)).or_fail(ExitKind::Usage)?;
        let mut connected = Connected::of(&stack)?;
        if connected.needs_something() {
            let mut progress = self.printer.progress("dev");
            let mut client = engine::ensure_running(&self.context, &mut progress)?;
            connected.bring_up(&mut Means {
                context: &self.context,
                images: &self.images,
                client: &mut client,
                progress: &mut progress,
                endpoint_url: None,
                packager: Packager {
                    context: &self.context,
                    config: &self.config,
                    images: &self.images,
                    platform: Platform::host(),
                    no_cache: false,
                    resident: None,
                },
            })?;
            if !connected.jobs.is_empty() {
                let spec = connected::ahead(&mut client, &stack.name(), &connected.jobs)?;
                rollout::reach(&mut client, spec, &self.context, &mut progress)?;
            }
            progress.done(&format!(
                "connected to stack {}, which stays: `tapedeck delete --stage {}` removes it",
                stack.name(),
                stack.stage
            ));
        }
        Ok(connected)
    }

    /// The images of a service.
    fn package(
        &self,
        packager: Packager<'_>,
        service: &WorkerService,
        sender: &Sender<Happening>,
    ) -> Result<packaging::Packaged, Failure> {
        let mut built = self
            .parts_of(service)
            .iter()
            .map(|part| packager.package_one(part, &mut Steps { sender }))
            .collect::<Result<Vec<Built>, Failure>>()?;
        let sides = built.split_off(1);
        Ok(packaging::Packaged {
            main: built.remove(0),
            sides,
        })
    }

    /// The containers of a service, the main one first. They have the same names in every command.
    fn parts_of<'a>(&'a self, service: &WorkerService) -> Vec<Part<'a>> {
        let all: Vec<&WorkerService> = self.stack.services.iter().collect();
        let grouped = packaging::parts::of(&all);
        let mut of_service = all.iter().zip(grouped);
        let found = of_service.find(|(one, _)| one.name == service.name);
        found.map(|(_, parts)| parts).unwrap_or_default()
    }

    fn read_config(&mut self) -> Result<(), Failure> {
        let reading = Reading::of(&self.wish);
        let before = std::mem::take(&mut self.findings);
        let (loaded, config) = config::load(&self.context, &self.printer, &reading)?;
        if !loaded.diagnostics.is_empty() {
            let findings = render_text(&loaded.diagnostics, &loaded.sources);
            findings.trim_end().clone_into(&mut self.findings);
        }
        let Some(stack) = loaded.stack else {
            return Err(config::has_mistakes(&config, &loaded.diagnostics));
        };
        // Warnings are told once.
        if !self.findings.is_empty() && self.findings != before {
            self.printer.tell(&format!("{}\n", self.findings));
        }
        if stack.name() != self.stack.name() {
            return Err(Failure::usage(format!(
                "the config is one of stack {} now, and this is `tapedeck dev` of stack {}",
                stack.name(),
                self.stack.name()
            ))
            .help("end this one, and start it anew"));
        }
        if stack != self.stack {
            self.connected = None;
        }
        self.stack = stack;
        self.config = config;
        Ok(())
    }

    /// What counts after the last build.
    pub(crate) fn scope(&self, is_wide: bool) -> Scope {
        let mut scope = Scope {
            root: self.config.folder.clone(),
            is_wide,
            ..Scope::default()
        };
        let cache = self.context.home.build_cache();
        let services = self.stack.services.iter();
        for service in services.filter(|service| self.services.contains(&service.name)) {
            for part in self.parts_of(service) {
                scope.add(observed(&cache, &self.config.folder, &part.name));
            }
        }
        scope.config.clone_from(&self.config.read);
        scope.config = with_targets(scope.config);
        scope.source = with_targets(scope.source);
        scope
    }
}

/// The same with the files that links among them lead to.
fn with_targets(paths: BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let is_link = |path: &&PathBuf| path.symlink_metadata().is_ok_and(|facts| facts.is_symlink());
    let targets: Vec<PathBuf> = paths
        .iter()
        .filter(is_link)
        .filter_map(|link| fs_err::canonicalize(link).ok())
        .collect();
    paths.into_iter().chain(targets).collect()
}

/// The services of these names.
///
/// # Errors
/// When one of them is not in the config.
pub(crate) fn chosen<'a>(
    stack: &'a Stack,
    names: &[ResourceName],
) -> Result<Vec<&'a WorkerService>, Failure> {
    let find = |name: &ResourceName| {
        let found = stack.services.iter().find(|service| service.name == *name);
        found.ok_or_else(|| no_such_service(name.as_str(), stack))
    };
    names.iter().map(find).collect()
}

fn reasons(built: &Built) -> Vec<PathBuf> {
    match &built.outcome {
        Outcome::Unchanged => Vec::new(),
        Outcome::Rebuilt { layers } => layers.iter().flat_map(|layer| layer.because.clone()).collect(),
    }
}

/// Tells what packaging does.
struct Steps<'a> {
    sender: &'a Sender<Happening>,
}

impl tapedeck_image::Progress for Steps<'_> {
    fn step(&mut self, text: &str) {
        let _ = self.sender.send(Happening::Step(text.to_owned()));
    }

    fn notice(&mut self, text: &str) {
        let _ = self.sender.send(Happening::Notice(text.to_owned()));
    }
}
