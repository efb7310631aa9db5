//! Prisma's generated client: code that belongs to no package, made of a schema by the project's own `prisma`.
//!
//! It is generated before anything else looks at it when it is missing, of another schema, or of another version than the
//! package `@prisma/client`; that is told from what it says of itself, so that times of files do not matter. What a client in
//! `node_modules` consists of goes into the layer of dependencies; one among the sources is bundled, and what it reads at run
//! time goes where it looks for that.

mod client;
mod engines;
mod error;
mod schema;

pub(super) use client::{Companions, companions};
pub(super) use engines::keep_engines;
pub use error::PrismaError;

use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::project::Project;
use crate::BuildError;
use crate::guard::Guard;
use crate::process::{Invocation, find_executable};
use crate::request::Workshop;
use crate::stamp::hash;
use schema::Schema;

/// The package whose client is generated.
const CLIENT: &str = "@prisma/client";

/// The last generation, for schemas that the client does not repeat word for word.
#[derive(Debug, Serialize, Deserialize)]
struct Memory {
    made_of: String,
}

/// Has clients generated that are missing or out of date.
pub(super) fn generate_if_needed(project: &Project, workshop: &mut Workshop<'_>) -> Result<(), BuildError> {
    let Some((schema, modules)) = survey(project) else {
        return Ok(());
    };
    let wanted = Wanted::of(&schema, project, modules.as_deref());
    if wanted.is_met(workshop.cache) {
        return Ok(());
    }
    let path = wanted.memory(workshop.cache).with_extension("lock");
    let progress = &mut workshop.progress;
    let _guard = Guard::acquire(&path, || {
        progress.step("waiting for another deploy that generates the same client")
    })
    .map_err(BuildError::file("lock the generation of the Prisma client"))?;
    if wanted.is_met(workshop.cache) {
        return Ok(());
    }
    generate(&schema, project, workshop)?;
    let memory = Memory {
        made_of: wanted.made_of(),
    };
    let text = serde_json::to_vec(&memory).expect("a text can be written as JSON");
    crate::record::write(&wanted.memory(workshop.cache), &text)
        .map_err(BuildError::file("remember the generation of the Prisma client"))
}

/// Everything that decides whether a client is generated, and what it is generated into in `node_modules`.
pub(super) fn watched(project: &Project) -> Vec<PathBuf> {
    let Some((schema, modules)) = survey(project) else {
        return Vec::new();
    };
    let mut paths = schema.watched;
    paths.extend(schema.files.into_iter().map(|file| file.path));
    paths.extend(modules.map(|modules| modules.join(".prisma/client/index.js")));
    paths
}

/// The folder `.prisma` of the project and its place beside `@prisma/client` below `node_modules`, if there is one.
pub(super) fn generated(project: &Project) -> Option<PathBuf> {
    let folder = modules_of_client(project)?.join(".prisma");
    folder.is_dir().then_some(folder)
}

/// The `node_modules` in which `@prisma/client` really is.
pub(super) fn modules_of_client(project: &Project) -> Option<PathBuf> {
    [&project.root, &project.workspace]
        .into_iter()
        .find_map(|folder| modules_beside(&folder.join("node_modules")))
}

/// The same for a `node_modules` that may have a link to it.
pub(super) fn modules_beside(modules: &Path) -> Option<PathBuf> {
    let package = fs::canonicalize(modules.join(CLIENT)).ok()?;
    Some(package.parent()?.parent()?.to_owned())
}

/// None: the project does not use Prisma, or where its schema is cannot be told.
fn survey(project: &Project) -> Option<(Schema, Option<PathBuf>)> {
    let has =
        |manifest: &super::manifest::Manifest| manifest.wanted().iter().any(|(_, name, _)| *name == CLIENT);
    if !has(&project.manifest) && !has(&project.workspace_manifest) {
        return None;
    }
    let folders = [&project.root, &project.workspace];
    let schema = folders.into_iter().find_map(|folder| Schema::find(folder))?;
    Some((schema, modules_of_client(project)))
}

/// What there is to be.
struct Wanted<'a> {
    schema: &'a Schema,
    project: &'a Project,
    /// The folders of the clients.
    outputs: Vec<PathBuf>,
    /// The version of `@prisma/client`.
    version: String,
}

impl<'a> Wanted<'a> {
    fn of(schema: &'a Schema, project: &'a Project, modules: Option<&Path>) -> Self {
        let usual = modules.map(|modules| modules.join(".prisma/client"));
        let outputs = schema
            .outputs()
            .into_iter()
            .filter_map(|output| output.or_else(|| usual.clone()));
        let version = modules.and_then(|modules| {
            let text = fs::read(modules.join(CLIENT).join("package.json")).ok()?;
            let manifest: serde_json::Value = serde_json::from_slice(&text).ok()?;
            Some(manifest["version"].as_str()?.to_owned())
        });
        Self {
            schema,
            project,
            outputs: outputs.collect(),
            version: version.unwrap_or_default(),
        }
    }

    fn is_met(&self, cache: &Path) -> bool {
        let remembered = || {
            let memory: Memory = serde_json::from_slice(&fs::read(self.memory(cache)).ok()?).ok()?;
            (memory.made_of == self.made_of()).then_some(())
        };
        self.outputs.iter().all(|output| {
            client::text_of(output).is_some_and(|text| {
                let is_same = client::says_version(&text, &self.version)
                    && self
                        .schema
                        .files
                        .iter()
                        .all(|file| client::says_schema(&text, &file.text));
                is_same || remembered().is_some()
            })
        })
    }

    fn made_of(&self) -> String {
        let texts = self.schema.files.iter().map(|file| file.text.as_str());
        let all: Vec<&str> = texts.chain([self.version.as_str()]).collect();
        hash(all.join("\0").as_bytes())
    }

    fn memory(&self, cache: &Path) -> PathBuf {
        let name = hash(self.project.workspace.as_os_str().as_encoded_bytes());
        cache.join("prisma").join(format!("{}.json", &name[..32]))
    }
}

fn generate(schema: &Schema, project: &Project, workshop: &mut Workshop<'_>) -> Result<(), BuildError> {
    let programs = [&project.root, &project.workspace].map(|folder| folder.join("node_modules/.bin/prisma"));
    let Some(program) = programs.into_iter().find(|program| program.is_file()) else {
        return Err(PrismaError::NotGenerated {
            schema: schema.shown.clone(),
        }
        .into());
    };
    workshop
        .progress
        .step("generating the Prisma client with `prisma generate`");
    let mut environment = vec![
        ("CHECKPOINT_DISABLE", "1".into()),
        ("PRISMA_HIDE_UPDATE_MESSAGE", "1".into()),
    ];
    // Generating starts no engine for schemas, but would fetch one; a program that is there keeps it from that.
    if let Some(any) = find_executable("true", workshop.search_path) {
        environment.push(("PRISMA_SCHEMA_ENGINE_BINARY", any.into()));
    }
    let asked = Invocation {
        program,
        arguments: vec!["generate".into()],
        folder: schema.folder.clone(),
        search_path: workshop.search_path.to_owned(),
        environment,
    };
    let finished = asked.finish()?;
    if finished.status.success() {
        return Ok(());
    }
    Err(PrismaError::Generate {
        folder: schema.folder.clone(),
        status: finished.status.to_string(),
        output: finished.excerpt(),
    }
    .into())
}

#[cfg(test)]
mod tests;
