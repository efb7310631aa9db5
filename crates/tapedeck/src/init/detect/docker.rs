//! Dockerfiles, as a choice behind all code.

use super::{folder_name, reading_order};
use crate::init::candidate::{Candidate, Packaging, Strength};
use crate::init::path::{join, last, parent};
use crate::init::seen::Seen;

/// The Dockerfiles of a project.
pub(super) fn candidates(seen: &Seen) -> Vec<Candidate> {
    let files = seen.files.iter().filter(|path| is_dockerfile(path));
    files
        .map(|path| candidate(path, seen, "its own way to an image".to_string()))
        .collect()
}

/// Whether a file is a Dockerfile, by its name.
pub(super) fn is_dockerfile(path: &str) -> bool {
    let name = last(path);
    let variant = name
        .strip_prefix("Dockerfile.")
        .or_else(|| name.strip_suffix(".Dockerfile"))
        .is_some_and(|rest| !rest.is_empty() && rest != "dockerignore");
    name == "Dockerfile" || variant
}

/// A Dockerfile. It is built in its folder if there is a project in it, else (`docker/Dockerfile`) in the whole project.
pub(super) fn candidate(path: &str, seen: &Seen, why: String) -> Candidate {
    let folder = parent(path);
    let is_project = seen
        .files
        .iter()
        .any(|file| parent(file) == folder && reading_order(file) == Some(0))
        || seen.has(&join(folder, "requirements.txt"));
    let (context, dockerfile) = if is_project {
        (folder.to_string(), last(path).to_string())
    } else {
        (String::new(), path.to_string())
    };
    Candidate {
        name: folder_name(&context),
        folder: context.clone(),
        packaging: Packaging::Dockerfile { context, dockerfile },
        strength: Strength::Dockerfile,
        why,
    }
}
