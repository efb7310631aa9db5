//! A page of tables: a section for each object, after that of the object that takes it.

use std::collections::HashMap;

use crate::schema::{Key, Kind, Object, Support, Type};
use crate::words;

/// A page that is being written.
#[derive(Debug, Default)]
pub(super) struct Page {
    sections: Vec<String>,
    /// The anchors of objects that have a section already; several keys may take one.
    anchors: HashMap<*const Object, String>,
}

/// A section that is still to be written.
struct Waiting {
    path: String,
    anchor: String,
    note: String,
    object: &'static Object,
}

impl Page {
    /// Adds a text as it is.
    pub(super) fn text(&mut self, text: &str) {
        self.sections.push(text.to_string());
    }

    /// The whole page.
    pub(super) fn finish(self) -> String {
        self.sections.join("\n")
    }

    /// Adds the section of an object and those of the objects in it. `path` is what leads to its keys.
    pub(super) fn section(&mut self, title: &str, path: &str, object: &'static Object) {
        let mut waiting = self.table(&format!("## {title}\n"), path, object);
        waiting.reverse();
        while let Some(next) = waiting.pop() {
            let heading = format!(
                "<a id=\"{}\"></a>\n\n### `{}`{}\n",
                next.anchor, next.path, next.note
            );
            let mut inner = self.table(&heading, &next.path, next.object);
            inner.reverse();
            waiting.extend(inner);
        }
    }

    /// Adds the table of the keys of an object; says which objects in it have none yet.
    fn table(&mut self, heading: &str, path: &str, object: &'static Object) -> Vec<Waiting> {
        let mut waiting = Vec::new();
        let mut rows = String::new();
        for key in object.keys {
            let path = match path {
                "" => key.name.to_string(),
                path => format!("{path}.{}", key.name),
            };
            let kind = self.kind(key, &path, &mut waiting);
            rows.push_str(&row(key, &kind));
        }
        let doc = words::sentence(object.doc);
        self.sections.push(format!(
            "{heading}\n{doc}\n\n| key | type | default | meaning |\n|---|---|---|---|\n{rows}"
        ));
        waiting
    }

    /// What a key takes, with links to the tables of the objects in it.
    fn kind(&mut self, key: &'static Key, path: &str, waiting: &mut Vec<Waiting>) -> String {
        let words = words::kind(&key.kind);
        let (object, path) = match key.kind {
            Kind::Object(object) => (object, path.to_string()),
            Kind::ListOf(object) | Kind::Environment(object) => (object, format!("{path}[]")),
            Kind::MapOf(object) => (object, format!("{path}.<name>")),
            Kind::Branch(branch) => {
                let links: Vec<String> = branch
                    .cases
                    .iter()
                    .map(|case| {
                        let values = words::listed(case.values);
                        let next = Waiting {
                            path: path.to_string(),
                            anchor: anchor_of(&format!("{path}.{}", case.values[0])),
                            note: format!(" with `{}`: {values}", branch.key),
                            object: case.object,
                        };
                        format!("[{values}](#{})", self.announced(next, waiting))
                    })
                    .collect();
                return format!("mapping, by `{}`: {}", branch.key, links.join("; "));
            }
            _ => return words,
        };
        let next = Waiting {
            anchor: anchor_of(&path),
            path,
            note: String::new(),
            object,
        };
        format!("[{words}](#{})", self.announced(next, waiting))
    }

    /// The anchor of an object, whose section is still to come unless there is one.
    fn announced(&mut self, mut next: Waiting, waiting: &mut Vec<Waiting>) -> String {
        if let Some(anchor) = self.anchors.get(&std::ptr::from_ref(next.object)) {
            return anchor.clone();
        }
        // Several cases may have keys of one name.
        while self.anchors.values().any(|taken| *taken == next.anchor) {
            next.anchor.push_str("-more");
        }
        let anchor = next.anchor.clone();
        self.anchors
            .insert(std::ptr::from_ref(next.object), anchor.clone());
        waiting.push(next);
        anchor
    }
}

fn anchor_of(path: &str) -> String {
    path.replace("[]", "").replace("<name>", "name")
}

fn row(key: &Key, kind: &str) -> String {
    let need = words::need(key.need)
        .map(|need| format!(" ({need})"))
        .unwrap_or_default();
    let default = key
        .default
        .map(|default| format!("`{}`", cell(default)))
        .unwrap_or_default();
    let mut meaning = key.doc.to_string();
    if let Kind::Type(types) = key.kind {
        meaning.push_str(&limits(types));
    }
    if let Some(support) = words::support(key.support) {
        meaning = format!(
            "{}. **{}**",
            meaning.trim_end_matches('.'),
            words::sentence(&support)
        );
    }
    if key.late && key.support != Support::NotYet {
        meaning.push_str(" (may be known at the deployment only)");
    }
    format!(
        "| `{}`{need} | {} | {default} | {} |\n",
        key.name,
        cell(kind),
        cell(&meaning)
    )
}

/// How far some of the types are supported, those together of which the same is said.
fn limits(types: &[Type]) -> String {
    let mut limits: Vec<(String, Vec<&str>)> = Vec::new();
    for one in types {
        let Some(support) = words::support(one.support) else {
            continue;
        };
        match limits.iter_mut().find(|(said, _)| *said == support) {
            Some((_, names)) => names.push(one.name),
            None => limits.push((support, vec![one.name])),
        }
    }
    let texts = limits
        .iter()
        .map(|(said, names)| format!(". {}: **{}**", words::listed(names), words::sentence(said)));
    texts.collect()
}

/// A text as it may stand in a table.
pub(super) fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
