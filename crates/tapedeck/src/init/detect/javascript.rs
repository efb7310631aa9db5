//! TypeScript and JavaScript: what package.json names, mapped back to its source, and files of the usual names.

use serde_json::{Map, Value};

use super::start_script::started_file;
use super::{folder_name, manifest_shown, nearest};
use crate::init::candidate::{Candidate, Language, Strength};
use crate::init::path::{extension, join, last, parent, without_dots};
use crate::init::seen::Seen;

const MANIFEST: &str = "package.json";

/// Scripts that may start the project, the plainest first.
const SCRIPTS: [&str; 7] = [
    "start",
    "start:prod",
    "start:production",
    "worker",
    "start:worker",
    "dev",
    "start:dev",
];

/// Extensions of source files, the one that was written before those that are made of it.
const EXTENSIONS: [&str; 8] = ["ts", "mts", "cts", "tsx", "js", "mjs", "cjs", "jsx"];

/// Folders of what a build makes.
const OUTPUT: [&str; 7] = ["dist", "build", "out", "lib", "output", "compiled", "target"];

/// Folders that entry files are in.
const FOLDERS: [&str; 2] = ["src", ""];

/// Names of entry files.
const NAMES: [&str; 3] = ["main", "index", "worker"];

/// Names of files that are entry files when there are none of the others.
const WEAKER_NAMES: [&str; 3] = ["server", "app", "start"];

/// What can be run, in every package and in the project's folder.
pub(super) fn candidates(seen: &Seen) -> Vec<Candidate> {
    let mut folders: Vec<&str> = seen.folders_with(MANIFEST).collect();
    if !folders.contains(&"") {
        folders.push("");
    }
    folders
        .into_iter()
        .flat_map(|folder| of_package(seen, folder))
        .collect()
}

/// The package that a file belongs to.
pub(super) fn owner(seen: &Seen, file: &str) -> Option<String> {
    nearest(seen, file, &[MANIFEST])
}

/// The name of a package, without its scope.
pub(super) fn name(seen: &Seen, folder: &str) -> Option<String> {
    let manifest = manifest(seen, folder);
    let name = manifest.get("name").and_then(Value::as_str).map(last);
    name.filter(|name| !name.is_empty())
        .map(str::to_string)
        .or_else(|| folder_name(folder))
}

fn manifest(seen: &Seen, folder: &str) -> Map<String, Value> {
    serde_json::from_str(seen.text(&join(folder, MANIFEST))).unwrap_or_default()
}

fn of_package(seen: &Seen, folder: &str) -> Vec<Candidate> {
    let manifest = manifest(seen, folder);
    let mut found = declared(seen, folder, &manifest);
    // A page for browsers is built from files of the same names.
    if !seen.has(&join(folder, "index.html")) {
        let usual = usual(seen, folder, &NAMES);
        if usual.is_empty() && found.is_empty() {
            found.extend(self::usual(seen, folder, &WEAKER_NAMES));
        }
        found.extend(usual);
    }
    let name = name(seen, folder);
    for candidate in &mut found {
        candidate.folder = folder.to_string();
        candidate.name.clone_from(&name);
    }
    found
}

/// What package.json names.
fn declared(seen: &Seen, folder: &str, manifest: &Map<String, Value>) -> Vec<Candidate> {
    let mut named: Vec<(Strength, String, String)> = Vec::new();
    let scripts = manifest.get("scripts").and_then(Value::as_object);
    for (index, script) in SCRIPTS.into_iter().enumerate() {
        if let Some(file) = scripts.and_then(|scripts| started_file(scripts, script)) {
            named.push((Strength::Started(index), format!("scripts.{script}"), file));
        }
    }
    for (index, key) in ["main", "module"].into_iter().enumerate() {
        if let Some(file) = manifest.get(key).and_then(Value::as_str) {
            named.push((Strength::Named(index), key.to_string(), file.to_string()));
        }
    }
    let programs = match manifest.get("bin") {
        Some(Value::Object(programs)) => programs.values().collect(),
        Some(program) => vec![program],
        None => Vec::new(),
    };
    for file in programs.into_iter().filter_map(Value::as_str) {
        named.push((Strength::Named(2), "bin".to_string(), file.to_string()));
    }
    let shown = manifest_shown(folder, MANIFEST);
    let of_key = |(strength, key, file): (Strength, String, String)| {
        let source = source_of(seen, folder, &file)?;
        let why = format!("named by `{key}` of {shown}");
        Some(candidate(source, strength, why))
    };
    named.into_iter().filter_map(of_key).collect()
}

/// Files of these names where entry files are.
fn usual(seen: &Seen, folder: &str, names: &[&str]) -> Vec<Candidate> {
    let mut found = Vec::new();
    for inner in FOLDERS {
        for name in names {
            let stem = join(&join(folder, inner), name);
            if let Some(file) = with_extension(seen, &stem) {
                let why = "by its usual name".to_string();
                found.push(candidate(file, Strength::Usual(found.len()), why));
            }
        }
    }
    found
}

fn candidate(file: String, strength: Strength, why: String) -> Candidate {
    let language = Language::of_file(&file).unwrap_or(Language::JavaScript);
    Candidate::of_file(file, language, strength, why)
}

/// The source of a file that a package names: `dist/main.js` is made of `src/main.ts`, `main.ts` or the like.
fn source_of(seen: &Seen, folder: &str, given: &str) -> Option<String> {
    let path = without_dots(given)?;
    let whole = join(folder, &path);
    let (first, rest) = path.split_once('/').unwrap_or(("", &path));
    let stem = without_extension(rest);
    let below = |stem: &str| as_written(seen, &join(folder, stem));
    let as_given = || as_written(seen, &whole);
    // Whatever the folder is called: what is not there is made by a build.
    let made = || {
        let beside = join(&join(parent(stem), "src"), last(stem));
        below(&join("src", stem))
            .or_else(|| below(stem))
            .or_else(|| below(&beside))
    };
    if first.is_empty() {
        as_given()
    } else if OUTPUT.contains(&first) {
        below(&join("src", stem)).or_else(as_given).or_else(made)
    } else {
        as_given().or_else(made)
    }
}

/// The file that a path means to Node, TypeScript before the JavaScript that is made of it.
fn as_written(seen: &Seen, path: &str) -> Option<String> {
    let exact = || {
        let is_script = EXTENSIONS.contains(&extension(path)) && seen.has(path);
        is_script.then(|| path.to_string())
    };
    let stem = without_extension(path);
    let source = (stem != path).then(|| typescript(seen, path, stem)).flatten();
    source
        .or_else(exact)
        .or_else(|| with_extension(seen, path))
        .or_else(|| with_extension(seen, &join(path, "index")))
}

/// The TypeScript file that a JavaScript file beside it is made of.
fn typescript(seen: &Seen, path: &str, stem: &str) -> Option<String> {
    let extensions: &[&str] = match extension(path) {
        "js" | "jsx" => &["ts", "tsx", "mts", "cts", "js", "mjs", "cjs"],
        "mjs" => &["mts", "ts"],
        "cjs" => &["cts", "ts"],
        _ => &[],
    };
    extensions
        .iter()
        .map(|extension| format!("{stem}.{extension}"))
        .find(|path| seen.has(path))
}

fn with_extension(seen: &Seen, stem: &str) -> Option<String> {
    EXTENSIONS
        .iter()
        .map(|extension| format!("{stem}.{extension}"))
        .find(|path| seen.has(path))
}

/// A path without the extension of a script; others belong to the name, as in `main.worker`.
fn without_extension(path: &str) -> &str {
    let extension = extension(path);
    if EXTENSIONS.contains(&extension) {
        &path[..path.len() - extension.len() - 1]
    } else {
        path
    }
}
