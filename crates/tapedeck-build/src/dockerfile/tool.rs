//! The tools that build from Dockerfiles: which of them works here, how each is called, and how it hands an image over.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Seek as _};
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};
use tapedeck_image::{ImportArchiveError, Platform};
use tapedeck_model::ImageDigest;
use tempfile::NamedTempFile;

use super::context::{Context, IgnoreFile};
use super::error::DockerfileError;
use crate::BuildError;
use crate::process::{Invocation, find_executable};
use crate::request::{Subject, Workshop};
use crate::stamp::{Observations, hash};

/// How many of its last lines an error repeats.
const REPEATED_LINES: usize = 20;

/// A tool and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tool {
    kind: Kind,
    program: PathBuf,
}

/// The tools, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    /// Docker with BuildKit.
    Buildx,
    /// Docker without it.
    Docker,
    Buildah,
    Podman,
}

/// What is to be built.
pub(crate) struct Order<'a> {
    pub(crate) subject: Subject<'a>,
    pub(crate) context: &'a Context,
    /// What an error calls the Dockerfile, before the name of the service.
    pub(crate) called: &'static str,
    pub(crate) ignore_file: Option<&'a Path>,
    pub(crate) target: Option<&'a str>,
    pub(crate) build_args: &'a [(String, String)],
}

impl Tool {
    /// The first tool that works here.
    pub(super) fn find(subject: Subject<'_>, search_path: &OsStr) -> Result<Self, DockerfileError> {
        let docker = find_executable("docker", search_path);
        if let Some(program) = &docker {
            let answers = |arguments: &[&str]| {
                let asked = invocation(
                    program,
                    arguments.iter().map(OsString::from),
                    Path::new("/"),
                    search_path,
                );
                asked.run().is_ok_and(|finished| finished.status.success())
            };
            if answers(&["version", "--format", "{{.Server.Version}}"]) {
                let kind = match answers(&["buildx", "version"]) {
                    true => Kind::Buildx,
                    false => Kind::Docker,
                };
                let program = program.clone();
                return Ok(Self { kind, program });
            }
        }
        for (kind, name) in [(Kind::Buildah, "buildah"), (Kind::Podman, "podman")] {
            if let Some(program) = find_executable(name, search_path) {
                return Ok(Self { kind, program });
            }
        }
        Err(DockerfileError::NoTool {
            service: subject.service.to_string(),
            seen: match docker {
                Some(_) => "`docker` is installed, but its daemon does not answer",
                None => "neither `docker` nor `buildah` nor `podman` is in PATH",
            },
        })
    }

    /// What people know it by.
    pub(crate) fn name(&self) -> &'static str {
        match self.kind {
            Kind::Buildx => "docker buildx",
            Kind::Docker => "docker",
            Kind::Buildah => "buildah",
            Kind::Podman => "podman",
        }
    }

    /// Looks at its program: what it holds, as a hash.
    pub(crate) fn observe(&self, observations: &mut Observations) -> Result<String, BuildError> {
        let program = observations
            .observe(&self.program)
            .map_err(BuildError::file("look at the tool that builds"))?;
        Ok(program.contents.clone())
    }

    /// Whether it is still installed.
    pub(super) fn is_there(&self) -> bool {
        self.program.is_file()
    }

    /// Whether it knows `RUN --mount=type=cache`.
    pub(crate) fn mounts_caches(&self) -> bool {
        self.kind != Kind::Docker
    }

    /// Where it looks for an ignore file; the first that there is counts.
    pub(super) fn ignore_files(&self) -> &'static [IgnoreFile] {
        use IgnoreFile::{OfContext, OfDockerfile};
        match self.kind {
            Kind::Buildx => &[OfDockerfile(".dockerignore"), OfContext(".dockerignore")],
            Kind::Docker => &[OfContext(".dockerignore")],
            // It is told which one to use, so that all tools with such files agree.
            Kind::Buildah | Kind::Podman => &[
                OfDockerfile(".containerignore"),
                OfDockerfile(".dockerignore"),
                OfContext(".containerignore"),
                OfContext(".dockerignore"),
            ],
        }
    }

    /// Builds, and puts the image into our store.
    pub(crate) fn build(
        &self,
        order: &Order<'_>,
        workshop: &mut Workshop<'_>,
    ) -> Result<ImageDigest, BuildError> {
        let scratch = workshop.scratch()?;
        let made = || tempfile::tempdir_in(&scratch);
        let folder = made().map_err(BuildError::file("make a folder for temporary files"))?;
        let id_file = folder.path().join("id");
        let arguments = self.arguments(order, &id_file, workshop);
        let build = invocation(
            &self.program,
            arguments,
            &order.context.folder,
            workshop.search_path,
        );
        workshop.progress.step(&format!("building with {}", self.name()));
        let mut said = Said::default();
        let status = build
            .watch(|line| {
                if let Some(step) = said.hear(line) {
                    workshop.progress.step(&step);
                }
            })
            .map_err(|source| BuildError::Start {
                command: format!("{} …", self.name()),
                source,
            })?;
        if !status.success() {
            return Err(DockerfileError::Build {
                dockerfile: format!("{} `{}`", order.called, order.subject.service),
                program: self.name(),
                status: status.to_string(),
                step: said.failed_step(),
                output: said.last_lines(),
            }
            .into());
        }
        workshop
            .progress
            .step(&format!("taking the image over from {}", self.name()));
        let id = fs::read_to_string(&id_file).map_err(BuildError::file("read the id of the image"))?;
        self.take_over(id.trim(), order, folder.path(), workshop)
    }

    fn arguments(&self, order: &Order<'_>, id_file: &Path, workshop: &Workshop<'_>) -> Vec<OsString> {
        let platform = format!("linux/{}", workshop.platform.as_str());
        let mut words: Vec<OsString> = Vec::new();
        let mut add = |these: &[&OsStr]| words.extend(these.iter().map(OsString::from));
        let text = OsStr::new;
        match self.kind {
            Kind::Buildx => add(&[
                "buildx",
                "build",
                "--progress",
                "plain",
                "--load",
                "--platform",
                &platform,
            ]
            .map(text)),
            Kind::Docker => {
                add(&["build"].map(text));
                // Older builders know this option only as an experiment.
                if workshop.platform != Platform::host() {
                    add(&["--platform", &platform].map(text));
                }
            }
            Kind::Buildah | Kind::Podman => {
                let verb = if self.kind == Kind::Buildah {
                    "bud"
                } else {
                    "build"
                };
                add(&[verb, "--layers", "--format", "oci", "--platform", &platform].map(text));
                if has_no_runtime(workshop.search_path) {
                    add(&["--isolation", "chroot"].map(text));
                }
                if let Some(file) = order.ignore_file {
                    add(&[text("--ignorefile"), file.as_os_str()]);
                }
            }
        }
        if workshop.is_anew {
            let pull = match self.kind {
                Kind::Buildx | Kind::Docker => "--pull",
                Kind::Buildah | Kind::Podman => "--pull-always",
            };
            add(&["--no-cache", pull].map(text));
        }
        if let Some(target) = order.target {
            add(&["--target", target].map(text));
        }
        for (name, value) in order.build_args {
            add(&["--build-arg", &format!("{name}={value}")].map(text));
        }
        add(&[text("--file"), order.context.dockerfile.as_os_str()]);
        add(&[text("--iidfile"), id_file.as_os_str()]);
        // A name, so that the tool has one image of each service and not one of each build.
        add(&["--tag", &tag(order)].map(text));
        add(&[order.context.folder.as_os_str()]);
        words
    }

    fn take_over(
        &self,
        id: &str,
        order: &Order<'_>,
        folder: &Path,
        workshop: &Workshop<'_>,
    ) -> Result<ImageDigest, BuildError> {
        let failed = |source: ImportArchiveError| {
            BuildError::from(DockerfileError::Import {
                service: order.subject.service.to_string(),
                program: self.name(),
                source: Box::new(source),
            })
        };
        let file = NamedTempFile::new_in(folder).map_err(BuildError::file("make a temporary file"))?;
        let path = file.path().to_string_lossy().into_owned();
        let run = |words: &[&str]| {
            let words = words.iter().map(OsString::from);
            invocation(&self.program, words, folder, workshop.search_path)
        };
        let (said, status) = match self.kind {
            Kind::Buildx | Kind::Docker => {
                let tag = tag(order);
                let import = |from: &mut dyn Read| workshop.store.import_archive(from, workshop.platform);
                let (imported, finished) =
                    run(&["save", &tag])
                        .pipe(import)
                        .map_err(|source| BuildError::Start {
                            command: format!("docker save {tag}"),
                            source,
                        })?;
                if finished.status.success() {
                    return imported.map_err(failed);
                }
                (finished.excerpt(), finished.status)
            }
            Kind::Buildah | Kind::Podman => {
                let target = format!("oci-archive:{path}");
                let finished = match self.kind {
                    Kind::Buildah => run(&["push", "--quiet", id, &target]).finish()?,
                    _ => {
                        // It does not write over a file that is there.
                        fs::remove_file(&path).map_err(BuildError::file("remove a temporary file"))?;
                        run(&[
                            "save",
                            "--quiet",
                            "--format",
                            "oci-archive",
                            "--output",
                            &path,
                            id,
                        ])
                        .finish()?
                    }
                };
                if finished.status.success() {
                    let mut archive =
                        fs::File::open(&path).map_err(BuildError::file("read the archive of the image"))?;
                    archive
                        .rewind()
                        .map_err(BuildError::file("read the archive of the image"))?;
                    return workshop
                        .store
                        .import_archive(archive, workshop.platform)
                        .map_err(failed);
                }
                (finished.excerpt(), finished.status)
            }
        };
        Err(DockerfileError::Export {
            service: order.subject.service.to_string(),
            program: self.name(),
            status: status.to_string(),
            output: said,
        }
        .into())
    }
}

fn invocation(
    program: &Path,
    arguments: impl IntoIterator<Item = OsString>,
    folder: &Path,
    search_path: &OsStr,
) -> Invocation {
    Invocation {
        program: program.to_owned(),
        arguments: arguments.into_iter().collect(),
        folder: folder.to_owned(),
        search_path: search_path.to_owned(),
        environment: vec![("DOCKER_CLI_HINTS", "false".into())],
    }
}

/// The name that a service's image has in the tool's own store.
fn tag(order: &Order<'_>) -> String {
    let root = hash(order.subject.root.as_os_str().as_encoded_bytes());
    let service = order.subject.service.to_string().to_lowercase();
    format!("localhost/tapedeck/{service}:{}", &root[..12])
}

/// `buildah` and `podman` start commands with a container runtime. Where there is none, a change of the root folder does.
fn has_no_runtime(search_path: &OsStr) -> bool {
    !["crun", "runc"]
        .iter()
        .any(|program| find_executable(program, search_path).is_some())
}

/// What a tool has said.
#[derive(Debug, Default)]
struct Said {
    lines: std::collections::VecDeque<String>,
    step: String,
}

impl Said {
    /// Keeps a line. Gives the step that it begins, if it begins one.
    fn hear(&mut self, line: &str) -> Option<String> {
        if line.trim().is_empty() {
            return None;
        }
        if self.lines.len() == REPEATED_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line.trim_end().to_owned());
        let step = step_in(line)?;
        step.clone_into(&mut self.step);
        Some(step.to_owned())
    }

    fn failed_step(&self) -> String {
        // BuildKit works at several steps at once, and says in the end which one failed: ` > [2/3] RUN make:`.
        let named = self.lines.iter().rev().find_map(|line| line.strip_prefix(" > ["));
        let step = match named {
            Some(rest) => format!("[{}", rest.trim_end_matches(':')),
            None => self.step.clone(),
        };
        match step.is_empty() {
            true => step,
            false => format!(" at {step}"),
        }
    }

    fn last_lines(&self) -> String {
        self.lines
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// The step that a line announces: `STEP 1/3: FROM a` (also `[1/2] STEP …`), `Step 1/3 : FROM a`, `#5 [2/3] RUN b`.
fn step_in(line: &str) -> Option<&str> {
    let line = line.trim();
    let is_counted = |text: &str| text.starts_with(|letter: char| letter.is_ascii_digit());
    if let Some((number, rest)) = line.strip_prefix('#').and_then(|rest| rest.split_once(' ')) {
        let (place, _) = rest.strip_prefix('[')?.split_once(']')?;
        let is_step = number.bytes().all(|byte| byte.is_ascii_digit()) && place.contains('/');
        return is_step.then_some(rest);
    }
    let bare = match line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((_, rest)) => rest,
        None => line,
    };
    let count = bare
        .strip_prefix("STEP ")
        .or_else(|| bare.strip_prefix("Step "))?;
    is_counted(count).then_some(line)
}

#[cfg(test)]
mod tests;
