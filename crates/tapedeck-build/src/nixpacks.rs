//! `nixpacks`: an image of what the program `nixpacks` plans, built like a Dockerfile of the user's.
//!
//! The program sees the source as it is and writes into a copy of ours, in a folder for temporary files: the Dockerfile, and
//! what that needs besides the source. It is asked only when something changed that it or the tool that builds would see.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fs_err as fs;
use tapedeck_model::{ImageDigest, Nixpacks};

use crate::BuildError;
use crate::dockerfile::{Context, Order, Sent, Survey, Tool, build_if_needed, finished};
use crate::image::Assembly;
use crate::process::find_executable;
use crate::request::{Subject, Workshop};
use crate::stamp::hash;

mod copy;
mod error;
mod plan;
mod program;
mod versions;

pub use error::NixpacksError;

use plan::{Plan, in_order, wishes};
use program::Program;

const NAME: &str = "nixpacks";

/// Files that keep others out of what a tool is sent, beside the source.
const IGNORE_FILES: &[&str] = &[".dockerignore", ".containerignore"];

/// Has a tool build what the program plans, unless both would see what they saw last.
pub(crate) fn assemble(
    subject: Subject<'_>,
    packaging: &Nixpacks,
    workshop: &mut Workshop<'_>,
) -> Result<Assembly, BuildError> {
    let folder = subject.source_folder(&packaging.source_directory_path)?;
    let path = find_executable(NAME, workshop.search_path).ok_or_else(|| NixpacksError::NoProgram {
        service: subject.service.to_string(),
    })?;
    let wishes = wishes(packaging);
    let (survey, built) = build_if_needed(
        (subject, NAME),
        workshop,
        |tool, workshop| survey(&folder, tool, &path, &wishes, workshop),
        |tool, survey, workshop| {
            let mut program = Program {
                path: &path,
                subject,
                wishes: wishes.clone(),
            };
            workshop.progress.step("planning with nixpacks");
            let plan = program.plan(&folder, workshop)?;
            program.wishes = in_order(program.wishes, &plan, packaging);
            build(&folder, &program, &plan, (tool, survey), workshop)
        },
    )?;
    let image = built.image.clone();
    Ok(finished(NAME, survey, &built, image))
}

fn survey(
    folder: &Path,
    tool: &Tool,
    program: &Path,
    wishes: &serde_json::Value,
    workshop: &Workshop<'_>,
) -> Result<Survey, BuildError> {
    let failed = BuildError::file("look at the source");
    let mut observations = workshop.observations(SystemTime::now());
    let ignore_files = IGNORE_FILES.iter().map(|name| folder.join(name));
    let sent = Sent::of(folder, ignore_files, String::new(), &mut observations).map_err(&failed)?;
    // A plan is made of files beside the source, too, whether or not they are sent.
    let mut seen = Vec::new();
    for item in fs::read_dir(folder).map_err(&failed)? {
        let path = item.map_err(&failed)?.path();
        if path.is_file() {
            let contents = observations.observe(&path).map_err(&failed)?.contents.clone();
            seen.push((
                path.file_name().map(|name| name.to_string_lossy().into_owned()),
                contents,
            ));
        }
    }
    seen.sort();
    let key = serde_json::json!([
        tool.name(),
        tool.observe(&mut observations)?,
        observations.observe(program).map_err(&failed)?.contents,
        sent.key,
        seen,
        wishes,
        workshop.platform.as_str(),
    ]);
    Ok(Survey {
        key: hash(key.to_string().as_bytes()),
        sent,
        observations,
    })
}

fn build(
    folder: &Path,
    program: &Program<'_>,
    plan: &Plan,
    (tool, survey): (&Tool, &Survey),
    workshop: &mut Workshop<'_>,
) -> Result<ImageDigest, BuildError> {
    let subject = program.subject;
    let scratch = workshop.scratch()?;
    let made =
        tempfile::tempdir_in(&scratch).map_err(BuildError::file("make a folder for temporary files"))?;
    let copied = made.path().join("context");
    workshop.progress.step("copying the source");
    copy::copy(folder, &survey.sent, &copied).map_err(BuildError::file("copy the source"))?;
    let below = program.write(folder, &copied, tool.mounts_caches(), workshop)?;
    versions::check(plan, &folder.join(&below), subject)?;
    let context = Context {
        dockerfile: copied.join(&below).join(".nixpacks/Dockerfile"),
        folder: copied.join(&below),
    };
    leave_out(&context.folder)?;
    let order = Order {
        subject,
        context: &context,
        called: "the Dockerfile that Nixpacks wrote for",
        ignore_file: None,
        target: None,
        build_args: &plan.variables(),
    };
    tool.build(&order, workshop)
}

/// Removes what would be applied a second time, and might keep back what Nixpacks wrote, and what differs each time.
fn leave_out(context: &Path) -> Result<(), BuildError> {
    for name in IGNORE_FILES.iter().chain(&[".nixpacks/build.sh"]) {
        let path: PathBuf = context.join(name);
        if path.is_symlink() || path.is_file() {
            fs::remove_file(path).map_err(BuildError::file("prepare the context of the build"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
