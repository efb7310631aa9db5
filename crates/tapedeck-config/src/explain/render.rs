//! An explanation as text for people.

use super::{Entry, Explained, Part};
use crate::words::{plain, sentence};

/// The widest first column of a list.
const WIDEST_COLUMN: usize = 34;

/// Writes an explanation as text: without colour, with a line break at the end.
#[must_use]
pub fn render(explained: &Explained) -> String {
    let mut text = String::new();
    if !explained.path.is_empty() {
        text.push_str(&format!("{}: {}\n", explained.path, noun(explained.kind)));
    }
    if !explained.doc.is_empty() {
        text.push_str(&format!("\n{}\n", plain(&sentence(&explained.doc))));
    }
    text.push_str(&facts(explained));
    // What is said of none of them is said by the type already.
    if explained.allowed.iter().any(|entry| !entry.doc.is_empty()) {
        list(&mut text, "values", &explained.allowed);
    }
    list(&mut text, keys_title(explained), &explained.keys);
    list(&mut text, "parameters", &explained.parameters);
    for more in &explained.lists {
        list(&mut text, &more.title, &more.entries);
    }
    if !explained.also.is_empty() {
        text.push_str(&format!("\nalso at {}\n", explained.also.join(", ")));
    }
    if let Some(example) = &explained.example {
        text.push_str("\nexample:\n");
        text.extend(example.lines().map(|line| format!("  {line}\n")));
    }
    text.trim_start().to_string()
}

fn noun(part: Part) -> &'static str {
    match part {
        Part::Language => "the config language",
        Part::ResourceType => "a type of resource",
        Part::Key => "a key",
        Part::Parameter => "a parameter of a resource",
        Part::Directive => "a directive",
        Part::Rule => "a rule",
    }
}

fn keys_title(explained: &Explained) -> &'static str {
    match explained.kind {
        Part::Language => "keys of the file",
        Part::Directive => "arguments",
        _ => "keys",
    }
}

/// What is said in a word or two, a line each.
fn facts(explained: &Explained) -> String {
    let value = match explained.kind {
        Part::Rule => "severity",
        Part::Directive => "value",
        _ => "type",
    };
    let facts = [
        (value, &explained.value),
        ("default", &explained.default),
        ("must be there", &explained.required),
        ("support", &explained.support),
        ("connecting", &explained.connecting),
    ];
    let width = facts
        .iter()
        .filter(|(_, fact)| fact.is_some())
        .map(|(name, _)| name.len())
        .max();
    let Some(width) = width else {
        return String::new();
    };
    let lines = facts.iter().filter_map(|(name, fact)| {
        let fact = fact.as_ref()?;
        let fact = if *name == "default" {
            fact.clone()
        } else {
            plain(fact)
        };
        let fact = if *name == "must be there" {
            fact.replacen("required", "yes", 1)
        } else {
            fact
        };
        Some(format!("{name:width$}  {fact}\n"))
    });
    format!("\n{}", lines.collect::<String>())
}

fn list(text: &mut String, title: &str, entries: &[Entry]) {
    if entries.is_empty() {
        return;
    }
    text.push_str(&format!("\n{title}:\n"));
    let width = entries
        .iter()
        .map(|entry| entry.name.chars().count())
        .max()
        .unwrap_or_default();
    let width = width.min(WIDEST_COLUMN);
    for entry in entries {
        let said = [&entry.value, &entry.variable, &entry.required]
            .into_iter()
            .flatten();
        let mut parts: Vec<String> = said.map(|part| plain(part)).collect();
        if !entry.doc.is_empty() {
            parts.push(plain(&entry.doc));
        }
        let line = format!("  {:width$}  {}", entry.name, parts.join("; "));
        text.push_str(&format!("{}\n", line.trim_end()));
    }
}
