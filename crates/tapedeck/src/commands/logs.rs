//! `tapedeck logs`
//!
//! Logs are read from their files, not through the engine: they are there whether or not it runs.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use tapedeck_model::{LogFilter, MAIN_CONTAINER, ResourceName, StackName, TaskId, Timestamp};
use tapedeck_runtime::log::{Line, Merge, Reader, Stream, Watch};

use crate::args::LogsArgs;
use crate::aws::{self, Aws};
use crate::commands::info_stack::name_of;
use crate::context::Context;
use crate::exit::{ExitKind, Failure, OrFail, Outcome};
use crate::printer::{DIM, Printer, RESET, TASK_COLOURS};
use crate::text::{instant, point_in_time};

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck logs --resourceName worker
  tapedeck logs --resourceName mailer --resourceName printer --follow
  tapedeck logs --since 15m --filter 'error -timeout'
  tapedeck logs --resourceName worker --follow --raw | jq .";

/// How long the follower sleeps at most when nothing is written.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many lines are printed in one go at most while following.
const BATCH: usize = 1000;

/// Which colour the lines of a task begin with: the next one for each task that was not seen before.
#[derive(Default)]
pub(crate) struct Colours {
    seen: Vec<String>,
}

impl Colours {
    pub(crate) fn of(&mut self, task: &str) -> &'static str {
        let known = self.seen.iter().position(|seen| seen == task);
        let place = known.unwrap_or_else(|| {
            self.seen.push(task.to_string());
            self.seen.len() - 1
        });
        TASK_COLOURS[place % TASK_COLOURS.len()]
    }
}

/// Whose line it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Origin {
    pub(crate) service: ResourceName,
    pub(crate) task: TaskId,
    /// The container, when it is not the main one.
    pub(crate) container: Option<String>,
}

impl Origin {
    /// As lines begin with it.
    pub(crate) fn shown(&self) -> String {
        let container = self.container.iter().map(|name| format!("/{name}"));
        format!(
            "{}/{}{}",
            self.service,
            self.task.short(),
            container.collect::<String>()
        )
    }

    fn log(&self, stack_logs: &Path) -> PathBuf {
        let task = stack_logs.join(self.service.as_str()).join(self.task.as_str());
        match &self.container {
            Some(container) => task.join(container),
            None => task,
        }
    }
}

/// The lines of all tasks of a stack that came after some moment, also of tasks that come later.
pub(crate) struct Follower {
    folder: PathBuf,
    since: Timestamp,
    merge: Merge<Origin>,
}

impl Follower {
    /// Follows the logs in the folder of a stack.
    pub(crate) fn new(folder: PathBuf, since: Timestamp) -> Self {
        Self {
            folder,
            since,
            merge: Merge::default(),
        }
    }

    /// Notices tasks that were not there before. To be called before each round of [`Self::next_line`].
    ///
    /// # Errors
    /// When a log cannot be read.
    pub(crate) fn look(&mut self) -> Result<(), Failure> {
        add_new_tasks(&self.folder, &Wanted::default(), self.since, &mut self.merge)
    }

    /// The oldest line that was not returned yet; none when there is none at the moment.
    ///
    /// # Errors
    /// When a log cannot be read.
    pub(crate) fn next_line(&mut self) -> Result<Option<(Origin, Line)>, Failure> {
        self.merge.next_line().or_fail(ExitKind::Environment)
    }
}

/// Prints what is there, oldest first, then goes on with `--follow` for as long as somebody reads.
pub(crate) fn run(args: &LogsArgs, context: &Context, printer: &Printer) -> Outcome {
    let stack = name_of(&args.stack, context, printer)?;
    let since = point_in_time(&args.since, context.now).map_err(Failure::usage)?;
    if let Some(aws) = Aws::unless_local(context, &args.stack.stack)? {
        return aws::logs::run(&aws, args, &stack, since, printer);
    }
    let folder = context.home.stack_logs(&stack);
    let wanted = Wanted::of(args)?;
    if !folder.is_dir() {
        return Err(
            Failure::operation(format!("stack {stack} has no logs on this machine"))
                .help("`tapedeck info:stacks` lists the stacks; logs of a deleted stack are deleted with it"),
        );
    }
    tell_discarded(context, printer, &stack, &wanted);
    // Watched from before the first look, so that nothing falls between reading and following.
    let watch = args
        .follow
        .then(|| Watch::new(&folder))
        .transpose()
        .or_fail(ExitKind::Environment)?;
    let mut merge = Merge::default();
    add_new_tasks(&folder, &wanted, since, &mut merge)?;

    let mut colours = Colours::default();
    let mut past = VecDeque::new();
    while let Some((origin, line)) = merge.next_line().or_fail(ExitKind::Environment)? {
        if wanted.line(&line) {
            past.push_back((origin, line));
            if past.len() > args.limit {
                past.pop_front();
            }
        }
    }
    if past.is_empty() && !args.follow {
        printer.say(format!("no lines since {} that match", args.since));
    }
    print(args, printer, &mut colours, past);
    let Some(mut watch) = watch else {
        return Ok(ExitCode::SUCCESS);
    };
    while !printer.is_cut_off() {
        watch.wait(PATIENCE).or_fail(ExitKind::Environment)?;
        add_new_tasks(&folder, &wanted, since, &mut merge)?;
        let mut fresh = Vec::new();
        while let Some((origin, line)) = merge.next_line().or_fail(ExitKind::Environment)? {
            if wanted.line(&line) {
                fresh.push((origin, line));
            }
            if fresh.len() >= BATCH {
                print(args, printer, &mut colours, fresh.drain(..));
            }
            if printer.is_cut_off() {
                break;
            }
        }
        print(args, printer, &mut colours, fresh);
    }
    Ok(ExitCode::SUCCESS)
}

/// Names the services of which there is nothing to show.
fn tell_discarded(context: &Context, printer: &Printer, stack: &StackName, wanted: &Wanted) {
    let services = names(&context.home.stack_logs(stack))
        .into_iter()
        .filter_map(|name| ResourceName::new(name).ok())
        .filter(|service| wanted.services.is_empty() || wanted.services.contains(service));
    for service in services.filter(|service| context.home.output_discarded(stack, service).exists()) {
        printer.say(format!(
            "the output of service {service} is thrown away: its `logging` is disabled"
        ));
    }
}

/// Which services, tasks and lines are asked for.
#[derive(Default)]
struct Wanted {
    /// All when there is none.
    services: Vec<ResourceName>,
    task: Option<String>,
    container: Option<String>,
    filter: LogFilter,
}

impl Wanted {
    fn of(args: &LogsArgs) -> Result<Self, Failure> {
        let names = args.resource_names.iter().map(ResourceName::new);
        let services = names.collect::<Result<_, _>>().or_fail(ExitKind::Usage)?;
        Ok(Self {
            services,
            task: args.task.clone(),
            container: args.container.clone(),
            filter: filter_of(args)?,
        })
    }

    fn origin(&self, origin: &Origin) -> bool {
        (self.services.is_empty() || self.services.contains(&origin.service))
            && self
                .task
                .as_ref()
                .is_none_or(|task| origin.task.as_str().starts_with(task.as_str()))
            && self
                .container
                .as_ref()
                .is_none_or(|wanted| origin.container.as_deref().unwrap_or(MAIN_CONTAINER) == wanted)
    }

    fn line(&self, line: &Line) -> bool {
        self.filter.matches(&String::from_utf8_lossy(&line.text))
    }
}

/// The filter that is asked for; one that lets all pass where none is.
///
/// # Errors
/// When it is none.
pub(crate) fn filter_of(args: &LogsArgs) -> Result<LogFilter, Failure> {
    let filter = args.filter.as_deref().map(LogFilter::parse).transpose();
    let filter = filter.map_err(|error| {
        Failure::usage(error.to_string()).help(
            "a text with special characters goes into double quotes of its own, as in --filter '\"{ [ %\"'",
        )
    })?;
    Ok(filter.unwrap_or_default())
}

/// Adds the logs of tasks that were not there before.
fn add_new_tasks(
    folder: &Path,
    wanted: &Wanted,
    since: Timestamp,
    merge: &mut Merge<Origin>,
) -> Result<(), Failure> {
    for origin in origins(folder) {
        if merge.keys().any(|known| *known == origin) || !wanted.origin(&origin) {
            continue;
        }
        let log = origin.log(folder);
        let since_ns = since.millis().saturating_mul(1_000_000);
        merge.add(
            origin,
            Reader::open_since(&log, since_ns).or_fail(ExitKind::Environment)?,
        );
    }
    Ok(())
}

/// What is in a folder.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs_err::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// The containers of a task that have a log: the main one, then those with a folder in it.
fn of_task(folder: &Path, service: &ResourceName, task: &TaskId) -> Vec<Origin> {
    let main = Origin {
        service: service.clone(),
        task: task.clone(),
        container: None,
    };
    let entries = fs_err::read_dir(main.log(folder)).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let sides: Vec<Origin> = folders
        .map(|entry| Origin {
            container: Some(entry.file_name().to_string_lossy().into_owned()),
            ..main.clone()
        })
        .collect();
    std::iter::once(main).chain(sides).collect()
}

/// Every container that has a log: `<service>/<task>`, and `<service>/<task>/<container>` beside the main one. Other names
/// are none of ours.
fn origins(folder: &Path) -> Vec<Origin> {
    let services = names(folder)
        .into_iter()
        .filter_map(|name| ResourceName::new(name).ok());
    let mut found: Vec<Origin> = services
        .flat_map(|service| {
            let tasks = names(&folder.join(service.as_str()))
                .into_iter()
                .filter_map(|name| TaskId::new(name).ok());
            tasks
                .flat_map(|task| of_task(folder, &service, &task))
                .collect::<Vec<_>>()
        })
        .collect();
    found.sort();
    found
}

/// Prints lines in one go, as a task may write faster than a line at a time can be printed.
fn print(
    args: &LogsArgs,
    printer: &Printer,
    colours: &mut Colours,
    lines: impl IntoIterator<Item = (Origin, Line)>,
) {
    let lines: Vec<String> = lines
        .into_iter()
        .map(|(origin, line)| rendered(args, colours, &origin, &line))
        .collect();
    if !lines.is_empty() {
        printer.data(lines.join("\n"));
    }
}

/// A line as JSON.
pub(crate) fn as_json(origin: &Origin, line: &Line) -> serde_json::Value {
    let mut told = serde_json::json!({
        "time": instant(moment(line)),
        "service": origin.service,
        "task": origin.task,
        "stream": stream_name(line),
        "message": String::from_utf8_lossy(&line.text),
    });
    if let Some(container) = &origin.container {
        told["container"] = container.as_str().into();
    }
    told
}

fn rendered(args: &LogsArgs, colours: &mut Colours, origin: &Origin, line: &Line) -> String {
    let text = String::from_utf8_lossy(&line.text);
    if args.output.json {
        as_json(origin, line).to_string()
    } else if args.raw {
        text.into_owned()
    } else {
        shown(colours.of(origin.task.as_str()), origin, line)
    }
}

fn shown(colour: &str, origin: &Origin, line: &Line) -> String {
    let text = String::from_utf8_lossy(&line.text);
    let text = if line.marker {
        format!("{DIM}[{text}]{RESET}")
    } else {
        text.into_owned()
    };
    format!(
        "{DIM}{}{RESET} {colour}{}{RESET} {text}",
        instant(moment(line)),
        origin.shown()
    )
}

fn moment(line: &Line) -> Timestamp {
    Timestamp::from_millis(line.timestamp_ns / 1_000_000)
}

fn stream_name(line: &Line) -> &'static str {
    match line.stream {
        Stream::Stdout => "stdout",
        Stream::Stderr => "stderr",
    }
}

/// The text of the last lines of one container.
pub(crate) fn last_lines(context: &Context, stack: &StackName, origin: &Origin, count: usize) -> Vec<String> {
    let log = origin.log(&context.home.stack_logs(stack));
    // A log that cannot be read is shown as empty: these lines are an extra.
    let lines = Reader::open(&log).tail(count).unwrap_or_default();
    lines
        .iter()
        .map(|line| String::from_utf8_lossy(&line.text).into_owned())
        .collect()
}
