//! How a program in Python is started: a function of where it lies.

use std::path::{Path, PathBuf};

use tapedeck_image::ConfigChange;
use tapedeck_model::PythonServer;

use super::error::PythonError;
use super::site;
use crate::base::started_by;

/// What the way to start depends on.
#[derive(Debug, Clone)]
pub(crate) struct Facts<'a> {
    /// The entry file below `/app`.
    pub(crate) entry: &'a Path,
    /// The object in it and the kind of server that runs it.
    pub(crate) server: Option<(&'a str, PythonServer)>,
    /// Folders below `/app` beside that itself from which modules are imported.
    pub(crate) import_folders: &'a [PathBuf],
    /// The entry file is part of a package and says so in its imports.
    pub(crate) is_module: bool,
    /// The folder of the entry file is a package.
    pub(crate) is_in_package: bool,
    /// There are installed packages.
    pub(crate) has_site: bool,
    /// `PATH` in the base.
    pub(crate) search_path: &'a str,
}

/// The configuration of the image.
pub(crate) fn config(facts: &Facts<'_>) -> Result<ConfigChange, PythonError> {
    let mut command = vec!["python3".to_owned()];
    command.extend(arguments(facts)?);
    let mut config = started_by([]);
    config.entrypoint = Some(command);
    let mut set = |name: &str, value: String| config.env.insert(name.to_owned(), value);
    set("PYTHONUNBUFFERED", "1".to_owned());
    set("PYTHONDONTWRITEBYTECODE", "1".to_owned());
    set("PYTHONPATH", python_path(facts));
    if facts.has_site {
        set("PATH", format!("/{}/bin:{}", site::FOLDER, facts.search_path));
        set("VIRTUAL_ENV", format!("/{}", site::FOLDER));
    }
    if facts.server.is_some() {
        // Whatever gives the task another port overrides it.
        set("PORT", "8000".to_owned());
    }
    Ok(config)
}

fn arguments(facts: &Facts<'_>) -> Result<Vec<String>, PythonError> {
    let texts = |all: &[&str]| all.iter().map(|&text| text.to_owned()).collect();
    let Some((object, server)) = facts.server else {
        if facts.is_module {
            let module = module(facts, "")?;
            return Ok(texts(&["-m", module.trim_end_matches(".__main__")]));
        }
        return Ok(vec![format!("/app/{}", facts.entry.display())]);
    };
    let target = format!("{}:{object}", module(facts, object)?);
    Ok(match server {
        // It listens on all addresses at `PORT` by itself.
        PythonServer::Wsgi => texts(&["-m", "gunicorn", &target]),
        PythonServer::Asgi => {
            let program = format!(
                "import os, uvicorn; uvicorn.run('{target}', host='0.0.0.0', port=int(os.environ['PORT']))"
            );
            texts(&["-c", &program])
        }
    })
}

/// The dotted name of the entry file, from the innermost folder that modules are imported from.
fn module(facts: &Facts<'_>, object: &str) -> Result<String, PythonError> {
    let below = facts
        .import_folders
        .iter()
        .filter_map(|folder| facts.entry.strip_prefix(folder).ok())
        .min_by_key(|below| below.components().count())
        .unwrap_or(facts.entry);
    let without = below.with_extension("");
    let parts: Vec<String> = without
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if let Some(part) = parts.iter().find(|part| part.contains(['.', '\''])) {
        return Err(PythonError::ModuleName {
            object: object.to_owned(),
            entry: facts.entry.to_owned(),
            part: part.clone(),
        });
    }
    Ok(parts.join("."))
}

fn python_path(facts: &Facts<'_>) -> String {
    let mut folders = vec!["/app".to_owned()];
    folders.extend(
        facts
            .import_folders
            .iter()
            .map(|folder| format!("/app/{}", folder.display())),
    );
    // A script finds its neighbours; an object that a server imports does, too, unless they are a package.
    let own = facts
        .entry
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Some(own) = own.filter(|_| facts.server.is_some() && !facts.is_in_package) {
        let own = format!("/app/{}", own.display());
        if !folders.contains(&own) {
            folders.push(own);
        }
    }
    folders.join(":")
}

/// Whether a file imports its neighbours in a way that only works as part of a package.
pub(crate) fn has_relative_imports(text: &str) -> bool {
    text.lines().map(str::trim_start).any(|line| {
        line.strip_prefix("from")
            .is_some_and(|rest| rest.starts_with([' ', '\t']) && rest.trim_start().starts_with('.'))
    })
}
