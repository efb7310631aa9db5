//! How a difference between two templates is shown, within 80 columns.

use std::fmt::Write;

use serde_json::Value;
use tapedeck_synth::cost::Estimate;
use tapedeck_synth::diff::{
    Change, Counts, Danger, Difference, Fate, PropertyChange, ResourceChange, Update,
};

use super::cost::dollars;
use crate::printer::{BOLD, DIM, GREEN, RED, RESET, YELLOW};
use crate::text::count;

/// Columns that are used.
pub(super) const WIDTH: usize = 80;

/// Where the values of properties begin.
const INDENT: usize = 6;

/// What would change about a stack: what is lost first, then resource by resource.
pub(crate) fn difference(
    difference: &Difference,
    stack: &str,
    costs: Option<&(Estimate, Estimate)>,
) -> String {
    let mut out = String::new();
    if difference.is_empty() {
        let _ = writeln!(out, "nothing would change about stack {stack}");
    } else {
        let summary = summary(difference.counts());
        let _ = writeln!(out, "{BOLD}stack {stack}{RESET}: {summary}");
    }
    for resource in &difference.resources {
        if let Some(danger) = &resource.danger {
            out.push_str(&warning(&resource.logical_id, danger));
        }
        if let Some(refused) = &resource.refused {
            let text = format!("CloudFormation would refuse this: {refused}");
            out.push_str(&paragraph(RED, "refused: ", &text));
        }
    }
    let mut was_long = true;
    for resource in &difference.resources {
        let is_long = matches!(resource.change, Change::Changed { .. });
        if is_long || was_long {
            out.push('\n');
        }
        was_long = is_long;
        out.push_str(&self::resource(resource, difference));
    }
    if !difference.outputs.is_empty() {
        let _ = writeln!(out, "\n{BOLD}outputs{RESET}");
        for output in &difference.outputs {
            out.push_str(&property(output, None));
        }
    }
    if !difference.not_yet_known.is_empty() {
        let what = count(difference.not_yet_known.len(), "value");
        let text = format!(
            "{what} cannot be compared before something is packaged: {}",
            difference.not_yet_known.join(", ")
        );
        let _ = write!(out, "\n{}", paragraph(DIM, "", &text));
    }
    if let Some((before, after)) = costs.filter(|_| !difference.resources.is_empty()) {
        let (before, after) = (
            dollars(before.minimum, before.maximum),
            dollars(after.minimum, after.maximum),
        );
        let text = match before == after {
            true => format!("a month costs {after} as before, and what is paid by use"),
            false => format!("a month costs {after}, {before} before, and what is paid by use"),
        };
        let _ = write!(out, "\n{}", paragraph("", "", &text));
    }
    out.trim_end().to_string()
}

fn summary(counts: Counts) -> String {
    let mut changed = format!("{} changed", counts.changed);
    let mut parts = Vec::new();
    if counts.replaced > 0 {
        parts.push(format!("{} replaced", counts.replaced));
    }
    if counts.may_be_replaced > 0 {
        parts.push(format!("{} perhaps replaced", counts.may_be_replaced));
    }
    if !parts.is_empty() {
        let _ = write!(changed, " ({})", parts.join(", "));
    }
    format!("{} added, {changed}, {} removed", counts.added, counts.removed)
}

/// What is lost, or where it is left.
fn warning(logical_id: &str, danger: &Danger) -> String {
    let Danger {
        noun,
        holds,
        fate,
        certain,
    } = danger;
    let becomes = match (certain, fate) {
        (_, Fate::Kept) => "leaves the stack and stays where it is, for you to delete".to_string(),
        (true, Fate::Deleted) => format!("is deleted, and with it {holds}"),
        (true, Fate::Snapshot) => "is deleted; a snapshot of it is made first and stays".to_string(),
        (false, Fate::Deleted) => {
            format!(
                "may be replaced, and then it is deleted with {holds}; a change set of CloudFormation tells"
            )
        }
        (false, Fate::Snapshot) => {
            "may be replaced, after a snapshot of it; a change set of CloudFormation tells".to_string()
        }
    };
    let colour = if *certain && *fate == Fate::Deleted {
        RED
    } else {
        YELLOW
    };
    paragraph(colour, "warning: ", &format!("the {noun} {logical_id} {becomes}"))
}

fn resource(resource: &ResourceChange, difference: &Difference) -> String {
    let (sign, colour, told) = match &resource.change {
        Change::Added => ('+', GREEN, ""),
        Change::Removed { fate } => match fate {
            Fate::Deleted => ('-', RED, ""),
            Fate::Snapshot => ('-', RED, "after a snapshot"),
            Fate::Kept => ('-', YELLOW, "is kept"),
        },
        Change::Changed { update, .. } => match update {
            Update::NoInterruption => ('~', YELLOW, ""),
            update => ('~', YELLOW, words(*update)),
        },
    };
    let ResourceChange { logical_id, kind, .. } = resource;
    let mut out = String::new();
    let line = format!("{sign} {logical_id}");
    let is_short = line.chars().count() + kind.chars().count() + told.chars().count() + 4 <= WIDTH;
    let told = if told.is_empty() {
        String::new()
    } else {
        format!("  {RED}{told}{RESET}")
    };
    let kind = format!("{DIM}{kind}{RESET}{told}");
    let _ = match is_short {
        true => writeln!(out, "{colour}{line}{RESET}  {kind}"),
        false => writeln!(out, "{colour}{}{RESET}\n  {kind}", cut(&line, WIDTH)),
    };
    if let Change::Changed { properties, .. } = &resource.change {
        for one in properties {
            out.push_str(&property(one, Some(difference)));
        }
    }
    out
}

/// A property with what it was and what it would be; of a resource, with what that does to it.
fn property(change: &PropertyChange, difference: Option<&Difference>) -> String {
    let note = match change.update {
        Update::NoInterruption => "",
        _ if difference.is_none() => "",
        update => words(update),
    };
    let mut out = String::new();
    let path = cut_front(&change.path, WIDTH - INDENT);
    let is_short = path.chars().count() + note.chars().count() + 4 + 2 <= WIDTH;
    let _ = match (note.is_empty(), is_short) {
        (true, _) => writeln!(out, "    {path}"),
        (false, true) => writeln!(out, "    {path}  {RED}{note}{RESET}"),
        (false, false) => writeln!(out, "    {path}\n      {RED}{note}{RESET}"),
    };
    for id in &change.because_of {
        let becomes = match difference.is_some_and(|difference| is_replaced(id, difference)) {
            true => "is replaced",
            false => "changes",
        };
        let _ = writeln!(
            out,
            "      {}",
            cut(&format!("because {id} {becomes}"), WIDTH - INDENT)
        );
    }
    if !change.because_of.is_empty() && change.before == change.after {
        return out;
    }
    let before = change.before.as_ref().map(text_of);
    let after = change.after.as_ref().map(text_of);
    let room = WIDTH - INDENT - 2;
    let _ = match (before, after) {
        (Some(before), Some(after)) if before.chars().count() + after.chars().count() + 3 <= room => {
            writeln!(out, "      {before} → {after}")
        }
        (before, after) => {
            let lines = [("- ", RED, before), ("+ ", GREEN, after)];
            lines.into_iter().try_for_each(|(sign, colour, text)| match text {
                Some(text) => writeln!(out, "      {colour}{sign}{RESET}{}", cut(&text, room)),
                None => Ok(()),
            })
        }
    };
    out
}

fn is_replaced(logical_id: &str, difference: &Difference) -> bool {
    difference.resources.iter().any(|resource| {
        let update = match &resource.change {
            Change::Changed { update, .. } => Some(*update),
            _ => None,
        };
        resource.logical_id == logical_id && update == Some(Update::Replacement)
    })
}

fn words(update: Update) -> &'static str {
    match update {
        Update::NoInterruption => "no interruption",
        Update::SomeInterruptions => "some interruptions",
        Update::MayBeReplaced => "may be replaced",
        Update::Replacement => "replacement",
    }
}

/// A value on one line.
fn text_of(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.replace("${!", "${"),
        other => other.to_string().replace("${!", "${"),
    };
    let flat: Vec<&str> = text.split_whitespace().collect();
    match flat.is_empty() {
        true => "\"\"".to_string(),
        false => flat.join(" "),
    }
}

/// A text that is not longer than so many letters.
pub(super) fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_string();
    }
    let start: String = text.chars().take(room - 1).collect();
    format!("{start}…")
}

/// The same for a path, whose end says more than its beginning.
fn cut_front(text: &str, room: usize) -> String {
    let length = text.chars().count();
    if length <= room {
        return text.to_string();
    }
    let end: String = text.chars().skip(length - room + 1).collect();
    format!("…{end}")
}

/// A sentence on lines of their own, its first words in a colour.
pub(super) fn paragraph(colour: &str, start: &str, text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in [start.trim_end(), text].join(" ").split_whitespace() {
        let line = lines.last_mut().map_or(0, |line| line.chars().count());
        if line > 0 && line + 1 + word.chars().count() > WIDTH {
            lines.push("  ".to_string());
        }
        if let Some(line) = lines.last_mut() {
            if !line.trim().is_empty() {
                line.push(' ');
            }
            line.push_str(&cut(word, WIDTH - 2));
        }
    }
    let mut out = String::new();
    for (place, line) in lines.iter().enumerate() {
        let _ = match (place, line.strip_prefix(start)) {
            (0, Some(rest)) if !start.is_empty() => writeln!(out, "{colour}{start}{RESET}{rest}"),
            _ if start.is_empty() => writeln!(out, "{colour}{line}{RESET}"),
            _ => writeln!(out, "{line}"),
        };
    }
    out
}
