//! Python: scripts of pyproject.toml, files of the usual names, packages that can be run, and apps of web frameworks.

use super::{folder_name, is_variable, manifest_shown, nearest};
use crate::init::candidate::{App, Candidate, Interface, Language, Packaging, Strength};
use crate::init::path::{depth, extension, is_below, join, last, parent};
use crate::init::seen::Seen;

const PYPROJECT: &str = "pyproject.toml";

/// Files that a Python project has.
const MANIFESTS: [&str; 5] = [PYPROJECT, "requirements.txt", "setup.py", "setup.cfg", "Pipfile"];

/// Entry files, by their path in the project.
const USUAL: [&str; 8] = [
    "main.py",
    "src/main.py",
    "app/main.py",
    "worker.py",
    "src/worker.py",
    "app.py",
    "src/app.py",
    "server.py",
];

/// Calls that make an app, and how it is called by a server.
const APPS: [(&str, Interface); 9] = [
    ("FastAPI(", Interface::Asgi),
    ("Starlette(", Interface::Asgi),
    ("Litestar(", Interface::Asgi),
    ("Quart(", Interface::Asgi),
    ("get_asgi_application(", Interface::Asgi),
    ("Flask(", Interface::Wsgi),
    ("Bottle(", Interface::Wsgi),
    ("get_wsgi_application(", Interface::Wsgi),
    ("make_wsgi_app(", Interface::Wsgi),
];

/// Tables of pyproject.toml that name what can be started.
const SCRIPT_TABLES: [&str; 2] = ["[project.scripts]", "[tool.poetry.scripts]"];

/// What can be run.
pub(super) fn candidates(seen: &Seen) -> Vec<Candidate> {
    let mut folders: Vec<&str> = MANIFESTS
        .iter()
        .flat_map(|name| seen.folders_with(name))
        .chain([""])
        .collect();
    folders.sort_unstable();
    folders.dedup();
    let mut found: Vec<Candidate> = folders
        .into_iter()
        .flat_map(|folder| of_package(seen, folder))
        .collect();
    found.extend(other_apps(seen));
    found
        .into_iter()
        .map(|candidate| completed(candidate, seen))
        .collect()
}

/// The package that a file belongs to.
pub(super) fn owner(seen: &Seen, file: &str) -> Option<String> {
    nearest(seen, file, &MANIFESTS)
}

/// The name of a package.
pub(super) fn name(seen: &Seen, folder: &str) -> Option<String> {
    let text = seen.text(&join(folder, PYPROJECT));
    let name = ["[project]", "[tool.poetry]"].iter().find_map(|table| {
        let (_, name) = assignments(text, table).find(|(key, _)| *key == "name")?;
        Some(name.to_string())
    });
    name.or_else(|| folder_name(folder))
}

/// How the app that is assigned to a variable is called.
pub(super) fn interface_of(text: &str, variable: &str) -> Option<Interface> {
    apps(text)
        .find(|app| app.variable == variable)
        .map(|app| app.interface)
}

fn of_package(seen: &Seen, folder: &str) -> Vec<Candidate> {
    let mut found = scripts(seen, folder);
    for (index, path) in USUAL.iter().enumerate() {
        let path = join(folder, path);
        if seen.has(&path) {
            found.push(candidate(
                path,
                Strength::Usual(index),
                "by its usual name".to_string(),
            ));
        }
    }
    let runnable = seen
        .files
        .iter()
        .filter(|path| last(path) == "__main__.py" && is_below(path, folder) && is_near(path, folder));
    for path in runnable {
        let why = "a package that can be run".to_string();
        found.push(candidate(path.clone(), Strength::Usual(USUAL.len()), why));
    }
    found
}

/// Whether a package is right in a folder or in its `src`.
fn is_near(main: &str, folder: &str) -> bool {
    let package = parent(main);
    package != folder && (parent(package) == folder || parent(package) == join(folder, "src"))
}

/// The files of the scripts that pyproject.toml declares. A package with a `__main__.py` is started by that.
fn scripts(seen: &Seen, folder: &str) -> Vec<Candidate> {
    let text = seen.text(&join(folder, PYPROJECT));
    let shown = manifest_shown(folder, PYPROJECT);
    let mut found = Vec::new();
    for table in SCRIPT_TABLES {
        for (name, target) in assignments(text, table) {
            let module = target.split(':').next().unwrap_or_default().trim();
            if let Some(file) = module_file(seen, folder, module) {
                let why = format!("named by script `{name}` of {shown}");
                found.push(candidate(file, Strength::Started(found.len()), why));
            }
        }
    }
    found
}

/// The file that stands for a module.
fn module_file(seen: &Seen, folder: &str, module: &str) -> Option<String> {
    let path = module.replace('.', "/");
    let package = parent(&path);
    let forms = [
        join(package, "__main__.py"),
        format!("{path}.py"),
        join(&path, "__main__.py"),
        join(&path, "__init__.py"),
    ];
    ["", "src"]
        .iter()
        .flat_map(|base| {
            forms
                .iter()
                .map(move |form| join(&join(folder, base), form.as_str()))
        })
        .find(|file| seen.has(file))
}

/// Apps in files of other names.
fn other_apps(seen: &Seen) -> Vec<Candidate> {
    let with_app = seen
        .texts
        .iter()
        .filter(|(path, text)| extension(path) == "py" && apps(text).next().is_some());
    with_app
        .map(|(path, _)| candidate(path.clone(), Strength::Startable(depth(path)), String::new()))
        .collect()
}

fn candidate(file: String, strength: Strength, why: String) -> Candidate {
    Candidate::of_file(file, Language::Python, strength, why)
}

/// The candidate with the package that it belongs to, and with the app that is in it.
fn completed(mut candidate: Candidate, seen: &Seen) -> Candidate {
    let file = candidate.packaging.path();
    candidate.folder = owner(seen, &file).unwrap_or_default();
    candidate.name = name(seen, &candidate.folder);
    if let Some(app) = apps(seen.text(&file)).next() {
        let article = match app.interface {
            Interface::Asgi => "an ASGI",
            Interface::Wsgi => "a WSGI",
        };
        candidate.why = format!("with {article} app");
        candidate.packaging = Packaging::Buildpack {
            file,
            language: Language::Python,
            app: Some(app),
        };
    }
    candidate
}

/// The apps of a file: `app = FastAPI(…)` at the beginning of a line, with a type or a module's name or without.
fn apps(text: &str) -> impl Iterator<Item = App> {
    text.lines().filter_map(|line| {
        let (left, right) = line.split_once('=')?;
        let variable = left.split(':').next().unwrap_or_default().trim_end();
        let is_name = is_variable(variable);
        let right = right.trim_start();
        let call = right.split_inclusive('(').next().unwrap_or_default();
        let call = call.rsplit('.').next().unwrap_or_default();
        let (_, interface) = APPS.iter().find(|(name, _)| *name == call)?;
        is_name.then(|| App {
            variable: variable.to_string(),
            interface: *interface,
        })
    })
}

/// The assignments of texts in a table of TOML, as far as its plain form goes.
fn assignments<'a>(text: &'a str, table: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let lines = text.lines().map(str::trim);
    lines
        .skip_while(move |line| *line != table)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| {
            let (key, value) = line.split_once('=')?;
            let value = value.trim();
            let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''))?;
            let value = value[1..].split(quote).next()?;
            Some((key.trim().trim_matches(['"', '\'']), value))
        })
}
