//! Where a project has its schema, and what that says of clients.

use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::path::normalized;

/// Names of Prisma's own config file.
const CONFIG_FILES: &[&str] = &[
    "prisma.config.ts",
    "prisma.config.mts",
    "prisma.config.js",
    "prisma.config.mjs",
    "prisma.config.cjs",
];

/// A schema, in one file or several.
#[derive(Debug)]
pub(super) struct Schema {
    /// Where `prisma` is to be run.
    pub(super) folder: PathBuf,
    /// The schema as a person finds it.
    pub(super) shown: PathBuf,
    pub(super) files: Vec<SchemaFile>,
    /// What else decides where it is.
    pub(super) watched: Vec<PathBuf>,
}

/// A file of it.
#[derive(Debug)]
pub(super) struct SchemaFile {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

impl Schema {
    /// Looks where Prisma does: in its config file, in `package.json`, at the usual places.
    pub(super) fn find(folder: &Path) -> Option<Self> {
        let config = CONFIG_FILES
            .iter()
            .map(|name| folder.join(name))
            .find(|path| path.is_file());
        let configured = config
            .as_ref()
            .and_then(|path| schema_in(&fs::read_to_string(path).ok()?));
        let of_manifest = || {
            let text = fs::read(folder.join("package.json")).ok()?;
            let manifest: serde_json::Value = serde_json::from_slice(&text).ok()?;
            Some(PathBuf::from(manifest.get("prisma")?.get("schema")?.as_str()?))
        };
        let usual = ["prisma/schema.prisma", "schema.prisma"].map(PathBuf::from);
        let places = configured.or_else(of_manifest).into_iter().chain(usual);
        let shown = places
            .map(|place| normalized(&folder.join(place)))
            .find(|place| place.exists())?;
        let mut schema = Self {
            folder: folder.to_owned(),
            files: Vec::new(),
            watched: config.into_iter().collect(),
            shown,
        };
        schema.read(&schema.shown.clone());
        (!schema.files.is_empty()).then_some(schema)
    }

    fn read(&mut self, path: &Path) {
        if path.is_file() {
            let text = fs::read_to_string(path).unwrap_or_default();
            self.files.push(SchemaFile {
                path: path.to_owned(),
                text,
            });
            return;
        }
        self.watched.push(path.to_owned());
        let Ok(items) = fs::read_dir(path) else { return };
        let mut paths: Vec<PathBuf> = items.filter_map(|item| Some(item.ok()?.path())).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() || path.extension().is_some_and(|extension| extension == "prisma") {
                self.read(&path);
            }
        }
    }

    /// Where the clients for JavaScript and TypeScript go. None: the usual place.
    pub(super) fn outputs(&self) -> Vec<Option<PathBuf>> {
        let of_file = |file: &SchemaFile| {
            let folder = file.path.parent().unwrap_or(Path::new("/")).to_owned();
            let outputs = outputs_in(&file.text).into_iter();
            outputs
                .map(move |output| output.map(|output| normalized(&folder.join(output))))
                .collect::<Vec<_>>()
        };
        self.files.iter().flat_map(of_file).collect()
    }
}

/// The schema that a config file of Prisma names: a text, or several that are joined to a path.
pub(super) fn schema_in(config: &str) -> Option<PathBuf> {
    let (_, after) = config
        .match_indices("schema")
        .map(|(at, name)| config[at + name.len()..].trim_start())
        .find_map(|rest| rest.strip_prefix(':').map(|value| ((), value.trim_start())))?;
    let is_quote = |letter: char| matches!(letter, '\'' | '"' | '`');
    let end = match after.starts_with(is_quote) {
        true => after.find([',', '\n', '}']),
        false if after.split('(').next()?.contains("join") => after.find(')'),
        false => return None,
    };
    let parts = after[..end.unwrap_or(after.len())]
        .split(is_quote)
        .skip(1)
        .step_by(2);
    let path: PathBuf = parts.collect();
    (path != Path::new("")).then_some(path)
}

/// The `output` of each generator of a client.
pub(super) fn outputs_in(schema: &str) -> Vec<Option<String>> {
    let mut found = Vec::new();
    let mut is_client = false;
    let mut output = None;
    let mut is_inside = false;
    for line in schema.lines().map(str::trim) {
        if line.starts_with("generator ") {
            (is_inside, is_client, output) = (true, false, None);
        } else if is_inside && line.starts_with('}') {
            if is_client {
                found.push(output.take());
            }
            is_inside = false;
        } else if is_inside && let Some((key, value)) = line.split_once('=') {
            let value = value
                .trim()
                .trim_start_matches('"')
                .split('"')
                .next()
                .unwrap_or_default();
            match key.trim() {
                "provider" => is_client = matches!(value, "prisma-client" | "prisma-client-js"),
                "output" => output = Some(value.to_owned()),
                _ => {}
            }
        }
    }
    found
}
