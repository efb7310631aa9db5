//! The reference of the config language, made from the schema.

use std::collections::HashSet;

use crate::schema::{Key, Kind, Need, Object, ROOT, Support, Type};

/// The reference as Markdown: one section per object, with a table of its keys.
#[must_use]
pub fn reference_markdown() -> String {
    let mut page = Page::default();
    page.object("", &ROOT);
    format!("# Config reference\n\n{}\n", page.sections.join("\n"))
}

#[derive(Default)]
struct Page {
    sections: Vec<String>,
    /// Objects that have a section already; several places may share one.
    written: HashSet<&'static str>,
}

impl Page {
    /// Writes the section of an object and, after it, those of the objects in it.
    fn object(&mut self, path: &str, object: &'static Object) {
        if !self.written.insert(object.name) {
            return;
        }
        let title = if path.is_empty() {
            "The file".to_string()
        } else {
            format!("`{path}`")
        };
        let rows: String = object.keys.iter().map(row).collect();
        self.sections.push(format!(
            "## {title}\n\n{}\n\n| key | type | default | meaning | support |\n|---|---|---|---|---|\n{rows}",
            object.doc
        ));
        for key in object.keys {
            let path = if path.is_empty() {
                key.name.to_string()
            } else {
                format!("{path}.{}", key.name)
            };
            self.inner(&path, key);
        }
    }

    fn inner(&mut self, path: &str, key: &Key) {
        match key.kind {
            Kind::Object(object) => self.object(path, object),
            Kind::MapOf(object) => self.object(&format!("{path}.<name>"), object),
            Kind::Environment(object) => self.object(&format!("{path}[]"), object),
            Kind::Branch(branch) => {
                for case in branch.cases {
                    let note = format!("{path} ({}: {})", branch.key, case.values.join(", "));
                    self.branch(path, &note, case.object);
                }
            }
            Kind::Type(types) => self.types(path, types),
            _ => {}
        }
    }

    /// As [`Self::object`], with the condition in the title only.
    fn branch(&mut self, path: &str, note: &str, object: &'static Object) {
        let section = self.sections.len();
        self.object(path, object);
        if let Some(text) = self.sections.get_mut(section) {
            *text = text.replacen(&format!("## `{path}`"), &format!("## `{note}`"), 1);
        }
    }

    fn types(&mut self, path: &str, types: &[Type]) {
        let of = |wanted: bool| {
            let chosen = types
                .iter()
                .filter(move |one| (one.support == Support::NotYet) != wanted);
            let names: Vec<String> = chosen.map(|one| format!("`{}`", one.name)).collect();
            names.join(", ")
        };
        self.sections.push(format!(
            "Values of `{path}`: {}. Not supported yet: {}.\n",
            of(true),
            of(false)
        ));
    }
}

fn row(key: &Key) -> String {
    let need = match key.need {
        Need::Optional => String::new(),
        Need::Required => " (required)".to_string(),
        Need::Unless(other) => format!(" (required without `{other}`)"),
    };
    let default = key.default.map(|value| format!("`{value}`")).unwrap_or_default();
    let (name, kind, doc, support) = (key.name, kind(&key.kind), key.doc, support(key.support));
    format!("| `{name}`{need} | {kind} | {default} | {doc} | {support} |\n")
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Any => "–".to_string(),
        Kind::Text => "text".to_string(),
        Kind::TextOneOf(words) => words
            .iter()
            .map(|word| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(", "),
        Kind::Scalar => "text, number or boolean".to_string(),
        Kind::Boolean => "boolean".to_string(),
        Kind::Integer(range) => format!("whole number, {} to {}", range.min, range.max),
        Kind::IntegerOrText(range) => format!("whole number from {} on, quoted or not", range.min),
        Kind::NumberOneOf(numbers) => numbers.join(", "),
        Kind::Texts => "list of texts, or one".to_string(),
        Kind::Path => "relative path".to_string(),
        Kind::Globs => "list of globs, or one".to_string(),
        Kind::EntryFile => "relative path of a source file".to_string(),
        Kind::Type(_) => "type".to_string(),
        Kind::Object(_) | Kind::Branch(_) => "mapping".to_string(),
        Kind::MapOf(_) => "mapping of names".to_string(),
        Kind::Environment(_) => "list or mapping".to_string(),
    }
}

fn support(support: Support) -> String {
    match support {
        Support::Full => "yes".to_string(),
        Support::Only(value) => format!("only `{value}`"),
        Support::NoEffect(reason) => format!("accepted without effect: {reason}"),
        Support::Partly(part) => format!("partly: {part}"),
        Support::Deprecated(instead) => format!("deprecated: use `{instead}`"),
        Support::NotYet => "not yet".to_string(),
    }
}
