//! What in a project can be run. A pure function of what was seen of it.

mod docker;
mod go;
mod java;
mod javascript;
mod python;
mod start_script;

use std::collections::BTreeSet;

use super::candidate::{App, Candidate, Language, Packaging, Strength};
use super::path::{extension, is_below, last, parent};
use super::seen::Seen;

/// What is looked for, by language.
pub(crate) const LOOKED_FOR: &str = "  \
  TypeScript, JavaScript  `scripts.start`, `main`, `module` and `bin` of package.json; main, index, worker, server or
                          app in the project's folder or src
  Python                  scripts of pyproject.toml; main.py, app.py or worker.py in the project's folder, src or app;
                          __main__.py of a package; an app of FastAPI, Starlette, Flask or Django
  Go                      a file of `package main` with `func main`, such as main.go or cmd/worker/main.go
  Java                    beside pom.xml or build.gradle, a class with `public static void main`
  Dockerfile              in the project's folder or a folder in it";

/// Everything that can be run, the best first, each once.
pub(crate) fn candidates(seen: &Seen) -> Vec<Candidate> {
    let mut found = javascript::candidates(seen);
    found.extend(python::candidates(seen));
    found.extend(go::candidates(seen));
    found.extend(java::candidates(seen));
    found.extend(docker::candidates(seen));
    found.sort_by_key(Candidate::order);
    let mut known = BTreeSet::new();
    found.retain(|candidate| known.insert(candidate.packaging.path()));
    found
}

/// Why a file that somebody named cannot be the entry file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unusable {
    /// No language has files of this name.
    #[error("`{0}` is in no language that Stacktape packages")]
    UnknownLanguage(String),
    /// `main.ts:app`
    #[error("`{file}:{variable}` names an app in {language}, and only Python has those", language = .language.label())]
    AppOutsidePython {
        file: String,
        variable: String,
        language: Language,
    },
    /// `main.py:app` without an app of a framework that is known.
    #[error("could not tell whether `{variable}` of {file} is an ASGI or a WSGI app")]
    UnknownApp { file: String, variable: String },
}

/// A file that somebody named, `:variable` behind a Python file included, as a candidate. `text` is what is in it.
///
/// # Errors
/// When it cannot be an entry file.
pub(crate) fn named(given: &str, text: &str, seen: &Seen) -> Result<Candidate, Unusable> {
    let (file, variable) = split_variable(given);
    let why = "named by you".to_string();
    if docker::is_dockerfile(file) {
        return Ok(docker::candidate(file, seen, why));
    }
    let language =
        Language::of_file(file).ok_or_else(|| Unusable::UnknownLanguage(last(file).to_string()))?;
    let mut candidate = Candidate::of_file(file.to_string(), language, Strength::Started(0), why);
    candidate.folder = match language {
        Language::TypeScript | Language::JavaScript => javascript::owner(seen, file),
        Language::Python => python::owner(seen, file),
        Language::Go => go::owner(seen, file),
        Language::Java => java::owner(seen, file),
        Language::Ruby | Language::Php | Language::CSharp => None,
    }
    .unwrap_or_default();
    let folder = candidate.folder.clone();
    candidate.name = match language {
        Language::TypeScript | Language::JavaScript => javascript::name(seen, &folder),
        Language::Python => python::name(seen, &folder),
        Language::Go => go::name(seen, &folder, file),
        Language::Java => java::name(seen, &folder),
        Language::Ruby | Language::Php | Language::CSharp => None,
    };
    if let Some(variable) = variable {
        let app = app_named(file, variable, language, text)?;
        candidate.packaging = Packaging::Buildpack {
            file: file.to_string(),
            language,
            app: Some(app),
        };
    }
    Ok(candidate)
}

/// A path and what stands behind its colon.
pub(crate) fn split_variable(given: &str) -> (&str, Option<&str>) {
    match given.rsplit_once(':') {
        Some((file, variable)) if is_variable(variable) => (file, Some(variable)),
        _ => (given, None),
    }
}

fn is_variable(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_alphanumeric() || letter == '_';
    !text.is_empty() && text.chars().all(is_letter)
}

fn app_named(file: &str, variable: &str, language: Language, text: &str) -> Result<App, Unusable> {
    let (file, variable) = (file.to_string(), variable.to_string());
    if language != Language::Python {
        return Err(Unusable::AppOutsidePython {
            file,
            variable,
            language,
        });
    }
    let interface = python::interface_of(text, &variable);
    match interface {
        Some(interface) => Ok(App { variable, interface }),
        None => Err(Unusable::UnknownApp { file, variable }),
    }
}

/// How soon a file is read, the smallest first; none when it is not read at all.
pub(crate) fn reading_order(path: &str) -> Option<u8> {
    let name = last(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    match name {
        "package.json"
        | "pyproject.toml"
        | "go.mod"
        | "pom.xml"
        | "build.gradle"
        | "build.gradle.kts"
        | "settings.gradle"
        | "settings.gradle.kts" => return Some(0),
        "main.py" | "app.py" | "worker.py" | "wsgi.py" | "asgi.py" | "main.go" | "Main.java" | "App.java" => {
            return Some(1);
        }
        _ => {}
    }
    match extension(name) {
        "py" if !stem.starts_with("test_") && !stem.ends_with("_test") => Some(2),
        "go" if !stem.ends_with("_test") => Some(2),
        "java" if stem.ends_with("Application") => Some(1),
        "java" if !stem.ends_with("Test") && !stem.ends_with("Tests") => Some(2),
        _ => None,
    }
}

/// The nearest folder around a file that has one of these files.
fn nearest(seen: &Seen, file: &str, manifests: &[&str]) -> Option<String> {
    let folders = manifests.iter().flat_map(|name| seen.folders_with(name));
    folders
        .filter(|folder| is_below(file, folder))
        .max_by_key(|folder| folder.len())
        .map(str::to_string)
}

/// `name of package.json`, or of the one in a folder.
fn manifest_shown(folder: &str, name: &str) -> String {
    super::path::join(folder, name)
}

/// The name of a package that does not name itself: its folder's. That of the project is known elsewhere.
fn folder_name(folder: &str) -> Option<String> {
    (!folder.is_empty()).then(|| last(folder).to_string())
}

/// Whether a file is right in a folder.
fn is_in(file: &str, folder: &str) -> bool {
    parent(file) == folder
}
