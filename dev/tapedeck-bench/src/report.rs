//! The result: tables and goals, as Markdown.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use anyhow::Context as _;

use crate::samples::Samples;

/// What is printed in the end.
#[derive(Debug, Default)]
pub(crate) struct Report {
    text: String,
    goals: Vec<Goal>,
}

/// A goal of the design, and what was measured.
#[derive(Debug)]
struct Goal {
    what: String,
    measured: f64,
    limit: f64,
    unit: &'static str,
    /// Whether more is better.
    at_least: bool,
}

impl Report {
    /// A paragraph.
    pub(crate) fn say(&mut self, text: &str) {
        let _ = writeln!(self.text, "{text}\n");
    }

    /// A table. The last column says how the median of a row relates to that of the first row, which is ours.
    pub(crate) fn table(&mut self, title: &str, unit: &str, rows: &[Samples]) {
        let _ = writeln!(self.text, "### {title}\n");
        let _ = writeln!(
            self.text,
            "| {unit} | min | median | max | n | of ours |\n|---|--:|--:|--:|--:|--:|"
        );
        let ours = rows.first().map_or(f64::NAN, Samples::median);
        for row in rows {
            let numbers = [row.min(), row.median(), row.max()].map(plain).join(" | ");
            let _ = writeln!(
                self.text,
                "| {} | {numbers} | {} | {} × |",
                row.name,
                row.count(),
                plain(row.median() / ours)
            );
        }
        let _ = writeln!(self.text);
    }

    /// A table of single values: what, ours, theirs.
    pub(crate) fn comparison(&mut self, title: &str, unit: &str, rows: &[(String, f64, Option<f64>)]) {
        let _ = writeln!(self.text, "### {title}\n");
        let _ = writeln!(
            self.text,
            "| {unit} | tapedeck | docker | of ours |\n|---|--:|--:|--:|"
        );
        for (what, ours, theirs) in rows {
            let theirs = theirs.unwrap_or(f64::NAN);
            let _ = writeln!(
                self.text,
                "| {what} | {} | {} | {} × |",
                plain(*ours),
                plain(theirs),
                plain(theirs / ours)
            );
        }
        let _ = writeln!(self.text);
    }

    /// A contestant that did not take part.
    pub(crate) fn absent(&mut self, who: &str, why: &str) {
        self.say(&format!("*{who} did not take part: {why}.*"));
    }

    /// A measured value and the most it should be.
    pub(crate) fn at_most(&mut self, what: &str, measured: f64, limit: f64, unit: &'static str) {
        self.goals.push(Goal {
            what: what.to_owned(),
            measured,
            limit,
            unit,
            at_least: false,
        });
    }

    /// A measured value and the least it should be.
    pub(crate) fn at_least(&mut self, what: &str, measured: f64, limit: f64, unit: &'static str) {
        self.goals.push(Goal {
            what: what.to_owned(),
            measured,
            limit,
            unit,
            at_least: true,
        });
    }

    pub(crate) fn print(mut self) -> anyhow::Result<()> {
        if !self.goals.is_empty() {
            self.text
                .push_str("### Goals of the design\n\n| goal | wanted | measured | |\n|---|--:|--:|---|\n");
        }
        for goal in &self.goals {
            let (sign, met) = match goal.at_least {
                true => ("≥", goal.measured >= goal.limit),
                false => ("≤", goal.measured <= goal.limit),
            };
            let verdict = if met { "met" } else { "**missed**" };
            let (limit, measured) = (plain(goal.limit), plain(goal.measured));
            let Goal { what, unit, .. } = goal;
            let _ = writeln!(
                self.text,
                "| {what} | {sign} {limit} {unit} | {measured} {unit} | {verdict} |"
            );
        }
        io::stdout()
            .write_all(self.text.as_bytes())
            .context("print the report")
    }
}

/// What is being done, for whoever waits.
pub(crate) fn progress(text: &str) {
    // Nobody is left to be told when that fails.
    let _ = writeln!(io::stderr(), "bench: {text}");
}

/// Three digits that count, and no more.
fn plain(value: f64) -> String {
    match value {
        value if value.is_nan() => "–".to_owned(),
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}
