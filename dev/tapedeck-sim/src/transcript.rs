//! What happened in a world, as text for people.

use std::fmt::Write;

use tapedeck_model::{ResourceName, Timestamp};
use tapedeck_plan::{Plan, Waiting};

/// Lines of what happened, with seconds since the beginning.
#[derive(Debug)]
pub(crate) struct Transcript {
    service: ResourceName,
    beginning: Timestamp,
    text: String,
    silent: bool,
    /// The delay last announced, so that each is told once.
    announced: Option<Timestamp>,
}

impl Transcript {
    pub(crate) fn new(service: ResourceName, beginning: Timestamp) -> Self {
        Self {
            service,
            beginning,
            text: String::new(),
            silent: false,
            announced: None,
        }
    }

    /// Writes nothing from now on.
    pub(crate) fn silence(&mut self) {
        self.silent = true;
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The command that comes next in the script.
    pub(crate) fn command(&mut self, command: &str) {
        let gap = if self.text.is_empty() { "" } else { "\n" };
        self.push(&format!("{gap}> {command}"));
    }

    /// Something that happened.
    pub(crate) fn line(&mut self, now: Timestamp, text: &str) {
        if self.silent {
            return;
        }
        let seconds = seconds(now.since(self.beginning));
        let named = self.name_tasks(text);
        self.push(&format!("{seconds:>9}  {named}"));
    }

    /// Announces a delay when it begins.
    pub(crate) fn waits(&mut self, now: Timestamp, waiting: &[Waiting]) {
        for wait in waiting {
            if let Waiting::ForBackOff { until, failures, .. } = wait
                && self.announced != Some(*until)
            {
                self.announced = Some(*until);
                let delay = seconds(until.since(now));
                self.line(
                    now,
                    &format!("next attempt in {delay} s, after {failures} failures"),
                );
            }
        }
    }

    /// How far the service is and what it waits for.
    pub(crate) fn status(&mut self, now: Timestamp, plan: &Plan) {
        let progress = &plan.progress;
        let steady = if progress.steady { "steady" } else { "not steady" };
        let unhealthy = match progress.unhealthy {
            0 => String::new(),
            count => format!(", {count} unhealthy"),
        };
        self.line(
            now,
            &format!(
                "revision {}: {} desired, {} running, {} pending, {} healthy{unhealthy}, {} outdated, {} stopping, {} failures; {steady}",
                progress.revision,
                progress.desired,
                progress.running,
                progress.pending,
                progress.healthy,
                progress.outdated,
                progress.stopping,
                progress.consecutive_failures,
            ),
        );
        for wait in &plan.waiting {
            let time = wait
                .until()
                .map(|until| format!(" (in {} s)", seconds(until.since(now))));
            self.line(now, &format!("{wait}{}", time.unwrap_or_default()));
        }
    }

    /// Writes `mailer-3` for the short id of the third task.
    fn name_tasks(&self, text: &str) -> String {
        let words = text.split(' ').map(|word| {
            let bare = word.trim_matches(['(', ')', ',']);
            match u32::from_str_radix(bare, 16) {
                Ok(number) if bare.len() == 8 => word.replace(bare, &self.name(number)),
                _ => word.to_owned(),
            }
        });
        let named = words.collect::<Vec<_>>().join(" ");
        named.replace(&format!("task {}-", self.service), &format!("{}-", self.service))
    }

    /// What a script calls the task of that number.
    pub(crate) fn name(&self, number: u32) -> String {
        format!("{}-{number}", self.service)
    }

    fn push(&mut self, line: &str) {
        writeln!(self.text, "{}", line.trim_end()).expect("writing to a String cannot fail");
    }
}

fn seconds(span: std::time::Duration) -> String {
    let millis = span.as_millis();
    format!("{}.{:03}", millis / 1000, millis % 1000)
}
