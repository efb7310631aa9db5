//! Logs of services in a region, from CloudWatch.

use std::collections::{BTreeSet, VecDeque};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};
use tapedeck_cloud::{LogEvent, LogQuery};
use tapedeck_model::{LogFilter, MAIN_CONTAINER, StackName, Timestamp};
use tapedeck_synth::deployed;

use super::Aws;
use crate::args::LogsArgs;
use crate::commands::logs::{Colours, filter_of};
use crate::exit::{Failure, Outcome};
use crate::printer::{Printer, RESET};
use crate::text::instant;

/// How long CloudWatch may take to show a line that was written before others that it shows already.
const LATENESS_MILLIS: u64 = 30_000;

/// Between two looks while following.
const PAUSE: Duration = Duration::from_secs(2);

/// A log group that is read.
struct Source {
    service: String,
    container: String,
    group: String,
}

/// A line, and whose it is.
struct Line {
    event: LogEvent,
    service: String,
    container: String,
}

impl Line {
    fn task(&self) -> &str {
        self.event.stream.rsplit('/').next().unwrap_or_default()
    }
}

/// Prints what is there, oldest first, then goes on with `--follow` for as long as somebody reads.
///
/// # Errors
/// When there is no such stack or service, or the logs may not be read.
pub(crate) fn run(
    aws: &Aws,
    args: &LogsArgs,
    stack: &StackName,
    since: Timestamp,
    printer: &Printer,
) -> Outcome {
    let filter = filter_of(args)?;
    let sources = sources(aws, args, stack)?;
    let mut seen = BTreeSet::new();
    let mut colours = Colours::default();
    let mut past: VecDeque<Line> = read(aws, args, &filter, &sources, since)?.into();
    past.drain(..past.len().saturating_sub(args.limit));
    if past.is_empty() && !args.follow {
        printer.say(format!("no lines since {} that match", args.since));
    }
    let mut from = since;
    print(args, printer, &mut colours, &past, &mut seen, &mut from);
    while args.follow && !printer.is_cut_off() {
        std::thread::sleep(PAUSE);
        // Again from a little earlier: lines come late.
        let start = Timestamp::from_millis(from.millis().saturating_sub(LATENESS_MILLIS).max(since.millis()));
        let mut fresh = read(aws, args, &filter, &sources, start)?;
        fresh.retain(|line| !seen.contains(&line.event.id));
        print(args, printer, &mut colours, &fresh.into(), &mut seen, &mut from);
    }
    Ok(ExitCode::SUCCESS)
}

/// The log groups that are asked for.
fn sources(aws: &Aws, args: &LogsArgs, stack: &StackName) -> Result<Vec<Source>, Failure> {
    let (template, services) = aws.services(stack, &args.resource_names)?;
    let mut sources = Vec::new();
    for service in services {
        let groups = deployed::log_groups(&template, &service.logical_id).into_iter();
        let groups =
            groups.filter(|(container, _)| args.container.as_ref().is_none_or(|wanted| wanted == container));
        sources.extend(groups.map(|(container, group)| Source {
            service: service.name.clone(),
            container,
            group,
        }));
    }
    Ok(sources)
}

fn read(
    aws: &Aws,
    args: &LogsArgs,
    filter: &LogFilter,
    sources: &[Source],
    since: Timestamp,
) -> Result<Vec<Line>, Failure> {
    let mut lines = aws.run(async {
        let mut lines = Vec::new();
        for source in sources {
            let query = LogQuery {
                group: &source.group,
                from: Some(since),
                ..LogQuery::default()
            };
            let events = aws.cloud.log_events(&query).await?;
            lines.extend(events.into_iter().map(|event| Line {
                event,
                service: source.service.clone(),
                container: source.container.clone(),
            }));
        }
        Ok(lines)
    })?;
    lines.retain(|line| {
        let is_of_task = args
            .task
            .as_ref()
            .is_none_or(|task| line.task().starts_with(task.as_str()));
        is_of_task && filter.matches(line.event.message.trim_end())
    });
    lines.sort_by_key(|line| line.event.at);
    Ok(lines)
}

fn print(
    args: &LogsArgs,
    printer: &Printer,
    colours: &mut Colours,
    lines: &VecDeque<Line>,
    seen: &mut BTreeSet<String>,
    from: &mut Timestamp,
) {
    for line in lines {
        seen.insert(line.event.id.clone());
        *from = (*from).max(line.event.at);
        let text = line.event.message.trim_end();
        if args.output.json {
            printer.data(as_json(line).to_string());
        } else if args.raw {
            printer.data(text);
        } else {
            printer.data(format!(
                "{}{}{RESET} {text}",
                colours.of(line.task()),
                origin(line)
            ));
        }
    }
}

fn origin(line: &Line) -> String {
    let task: String = line.task().chars().take(8).collect();
    match line.container.as_str() {
        MAIN_CONTAINER => format!("{}/{task}", line.service),
        container => format!("{}/{task}/{container}", line.service),
    }
}

fn as_json(line: &Line) -> Value {
    let mut told = json!({
        "time": instant(line.event.at),
        "service": line.service,
        "task": line.task(),
        "message": line.event.message.trim_end(),
    });
    if line.container != MAIN_CONTAINER {
        told["container"] = line.container.as_str().into();
    }
    told
}
