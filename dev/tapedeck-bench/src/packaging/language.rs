//! What is different about each language: its example, what changes in it, its Dockerfiles and tools.

use std::path::Path;
use std::process::Command;

use fs_err as fs;
use tapedeck_image::base::{NodeVersion, PythonVersion, Runtime};
use tapedeck_model::{GoConfig, JavaConfig, JavaScriptConfig, LanguageConfig, PythonConfig};

use crate::command::output_of;

/// A language.
pub(super) struct Language {
    pub(super) name: &'static str,
    /// Its example below `examples`.
    pub(super) example: &'static str,
    /// The service of the example.
    pub(super) service: &'static str,
    pub(super) entry: &'static str,
    /// A text of the entry file, and what stands in its place in a round; `ROUND` is its number.
    pub(super) line: (&'static str, &'static str),
    /// The program that makes the application outside of docker.
    pub(super) maker: &'static str,
    /// Whether the maker alone is compared, too.
    pub(super) is_compared_alone: bool,
    /// What the whole command and packaging in a running process may take after one changed line, in milliseconds.
    pub(super) goals: [Option<f64>; 2],
    /// Versions of the dependency that changes.
    pub(super) versions: &'static [&'static str],
    pub(super) dockerfiles: Dockerfiles,
    kind: Kind,
}

/// How docker makes images of it. `LANGUAGE-base` and `LANGUAGE-tools` are local images.
pub(super) struct Dockerfiles {
    /// An image with all dependencies, for the next.
    pub(super) dependencies: &'static str,
    /// Copies `out`, which was made outside, onto it.
    pub(super) outside: &'static str,
    /// Makes everything.
    pub(super) inside: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    TypeScript,
    Python,
    Java,
    Go,
}

pub(super) const LANGUAGES: [Language; 4] = [
    Language {
        name: "TypeScript",
        example: "heartbeat",
        service: "heartbeat",
        entry: "src/main.ts",
        line: (
            "const settings =",
            "process.env.BENCH_ROUND = 'ROUND';\nconst settings =",
        ),
        maker: "esbuild",
        is_compared_alone: false,
        goals: [Some(25.0), Some(8.0)],
        versions: &["2.0.0", "2.1.1", "2.1.2", "2.1.3"],
        dockerfiles: Dockerfiles {
            dependencies: concat!(
                "FROM typescript-tools AS build\nUSER root\nWORKDIR /app\nCOPY package.json package-lock.json ./\n",
                "RUN node /tools/npm/bin/npm-cli.js ci --omit=dev --offline --no-audit --no-fund --cache /cache\n",
                "FROM typescript-base\nWORKDIR /app\nCOPY --from=build /app ./\nCMD [\"node\", \"index.js\"]\n",
            ),
            outside: "FROM typescript-dependencies\nCOPY . /app/\n",
            inside: concat!(
                "FROM typescript-tools AS modules\nUSER root\nWORKDIR /app\nCOPY package.json package-lock.json ./\n",
                "RUN node /tools/npm/bin/npm-cli.js ci --omit=dev --offline --no-audit --no-fund --cache /cache\n",
                "FROM typescript-tools AS build\nUSER root\nWORKDIR /app\nCOPY package.json package-lock.json ./\n",
                "RUN node /tools/npm/bin/npm-cli.js ci --offline --no-audit --no-fund --cache /cache\nCOPY . .\n",
                "RUN node node_modules/typescript/bin/tsc --noEmit && /tools/esbuild src/main.ts --bundle --platform=node ",
                "--format=esm --packages=external --sourcemap --outfile=index.js\n",
                "FROM typescript-base\nWORKDIR /app\nCOPY --from=modules /app/node_modules node_modules\n",
                "COPY --from=build /app/package.json /app/index.js /app/index.js.map ./\nCMD [\"node\", \"index.js\"]\n",
            ),
        },
        kind: Kind::TypeScript,
    },
    Language {
        name: "Python",
        example: "python-worker",
        service: "worker",
        entry: "worker/main.py",
        line: ("stopped = threading", "ROUND = 'ROUND'\nstopped = threading"),
        maker: "`cp`",
        is_compared_alone: false,
        goals: [None, None],
        versions: &["3.7", "3.8", "3.9", "3.10"],
        dockerfiles: Dockerfiles {
            dependencies: concat!(
                "FROM python-tools\nUSER root\nWORKDIR /app\nCOPY requirements.txt ./\n",
                "RUN python3 -m pip install --no-cache-dir --break-system-packages --no-index --find-links /cache ",
                "-r requirements.txt\nCMD [\"python3\", \"-u\", \"-m\", \"worker.main\"]\n",
            ),
            outside: "FROM python-dependencies\nCOPY . /app/\n",
            inside: concat!(
                "FROM python-tools\nUSER root\nWORKDIR /app\nCOPY requirements.txt ./\n",
                "RUN python3 -m pip install --no-cache-dir --break-system-packages --no-index --find-links /cache ",
                "-r requirements.txt\nCOPY . .\nCMD [\"python3\", \"-u\", \"-m\", \"worker.main\"]\n",
            ),
        },
        kind: Kind::Python,
    },
    Language {
        name: "Java",
        example: "java-worker",
        service: "javaWorker",
        entry: "src/main/java/com/acme/Worker.java",
        line: ("{} beat {}", "{} beat {} ROUND"),
        maker: "Maven",
        is_compared_alone: true,
        goals: [None, None],
        versions: &["2.0.13", "2.0.14", "2.0.15", "2.0.17"],
        dockerfiles: Dockerfiles {
            dependencies: concat!(
                "FROM java-tools AS build\nUSER root\nENV JAVA_HOME=/tools/jdk\nWORKDIR /source\nCOPY pom.xml ./\n",
                "RUN /tools/maven/bin/mvn -o -q -Dmaven.repo.local=/cache dependency:copy-dependencies ",
                "-DincludeScope=runtime -DoutputDirectory=/libraries\n",
                "FROM java-base\nWORKDIR /app\nCOPY --from=build /libraries libraries\n",
                "CMD [\"java\", \"-cp\", \"classes:libraries/*\", \"com.acme.Worker\"]\n",
            ),
            outside: "FROM java-dependencies\nCOPY . /app/\n",
            inside: concat!(
                "FROM java-tools AS build\nUSER root\nENV JAVA_HOME=/tools/jdk\nWORKDIR /source\nCOPY pom.xml ./\n",
                "RUN /tools/maven/bin/mvn -o -q -Dmaven.repo.local=/cache dependency:copy-dependencies ",
                "-DincludeScope=runtime -DoutputDirectory=/libraries\nCOPY src src\n",
                "RUN /tools/maven/bin/mvn -o -q -Dmaven.repo.local=/cache compile\n",
                "FROM java-base\nWORKDIR /app\nCOPY --from=build /libraries libraries\n",
                "COPY --from=build /source/target/classes classes\n",
                "CMD [\"java\", \"-cp\", \"classes:libraries/*\", \"com.acme.Worker\"]\n",
            ),
        },
        kind: Kind::Java,
    },
    Language {
        name: "Go",
        example: "go-worker",
        service: "worker",
        entry: "cmd/worker/main.go",
        line: ("\"finishing\"", "\"finishing ROUND\""),
        maker: "`go build`",
        is_compared_alone: true,
        goals: [None, None],
        versions: &["v1.3.1", "v1.4.0", "v1.5.0", "v1.6.0"],
        dockerfiles: Dockerfiles {
            dependencies: "FROM go-base\nENTRYPOINT [\"/worker\"]\n",
            outside: "FROM go-dependencies\nCOPY worker /worker\n",
            inside: concat!(
                "FROM go-tools AS build\nUSER root\nWORKDIR /source\nENV GOPROXY=off GOFLAGS=-mod=mod GOTOOLCHAIN=local ",
                "GOMODCACHE=/cache GOCACHE=/compiled HOME=/root CGO_ENABLED=0\nCOPY go.* ./\n",
                "RUN /tools/go/bin/go mod download\nCOPY . .\n",
                "RUN --mount=type=cache,target=/compiled /tools/go/bin/go build -trimpath -ldflags=\"-s -w\" -o /worker ",
                "./cmd/worker\nFROM go-base\nCOPY --from=build /worker /worker\nENTRYPOINT [\"/worker\"]\n",
            ),
        },
        kind: Kind::Go,
    },
];

impl Language {
    /// As in the names of docker's images.
    pub(super) fn tag(&self) -> String {
        self.name.to_lowercase()
    }

    /// Whether the design has goals for it.
    pub(super) fn has_goals(&self) -> bool {
        self.goals.iter().any(Option::is_some)
    }

    pub(super) fn config(&self) -> LanguageConfig {
        match self.kind {
            Kind::TypeScript => LanguageConfig::Javascript(JavaScriptConfig::default()),
            Kind::Python => LanguageConfig::Python(PythonConfig::default()),
            Kind::Java => LanguageConfig::Java(JavaConfig::default()),
            Kind::Go => LanguageConfig::Go(GoConfig::default()),
        }
    }

    /// What its images run on.
    pub(super) fn runtime(&self) -> Runtime {
        match self.kind {
            Kind::TypeScript => Runtime::Node(NodeVersion::LTS),
            Kind::Python => Runtime::Python(PythonVersion::Distribution),
            Kind::Java => Runtime::Java(17),
            Kind::Go => Runtime::Static,
        }
    }

    /// What its tools run on.
    pub(super) fn runtime_of_tools(&self) -> Runtime {
        match self.kind {
            Kind::Go => Runtime::Python(PythonVersion::Distribution),
            _ => self.runtime(),
        }
    }

    /// Makes the application of a project with the machine's own tools, as what `outside` copies.
    pub(super) fn make(&self, project: &Path, out: &Path) -> anyhow::Result<()> {
        let mut command;
        match self.kind {
            Kind::TypeScript => {
                command = Command::new(project.join(".esbuild"));
                command.args([self.entry, "--bundle", "--platform=node", "--format=esm"]);
                command.args(["--packages=external", "--sourcemap", "--log-level=warning"]);
                command.arg(format!("--outfile={}", out.join("index.js").display()));
            }
            Kind::Python => {
                command = Command::new("cp");
                command.args(["-r", "worker"]).arg(out);
            }
            Kind::Java => {
                command = Command::new("mvn");
                command.args(["-o", "-q", "compile"]);
            }
            Kind::Go => {
                command = Command::new("go");
                command.args([
                    "build",
                    "-trimpath",
                    "-buildvcs=false",
                    "-ldflags=-s -w -buildid=",
                    "-o",
                ]);
                command
                    .arg(out.join("worker"))
                    .arg("./cmd/worker")
                    .env("CGO_ENABLED", "0");
            }
        }
        output_of(command.current_dir(project))?;
        if self.kind == Kind::Java {
            output_of(
                Command::new("cp")
                    .arg("-r")
                    .arg(project.join("target/classes"))
                    .arg(out),
            )?;
        }
        Ok(())
    }

    /// Has a project depend on a version of something, and the machine's caches know it.
    pub(super) fn depend(&self, project: &Path, version: &str, caches: &Path) -> anyhow::Result<()> {
        match self.kind {
            Kind::TypeScript => {
                let mut npm = Command::new("npm");
                npm.args([
                    "install",
                    "--package-lock-only",
                    "--save-exact",
                    "--no-audit",
                    "--no-fund",
                    "--cache",
                ]);
                output_of(npm.arg(caches).arg(format!("ms@{version}")).current_dir(project))?;
                for cache in [Some(caches), None] {
                    let mut install = Command::new("npm");
                    install.args(["ci", "--no-audit", "--no-fund"]);
                    install.args(
                        cache
                            .iter()
                            .flat_map(|folder| ["--cache".as_ref(), folder.as_os_str()]),
                    );
                    output_of(install.current_dir(project))?;
                }
                Ok(fs::remove_dir_all(project.join("node_modules"))?)
            }
            Kind::Python => {
                let folder = caches.join(version);
                let mut pip = Command::new(caches.with_file_name("python").join("bin/pip"));
                pip.args(["download", "-q", "--no-deps", "-d"]).arg(&folder);
                output_of(pip.arg(format!("idna=={version}")))?;
                let name = format!("idna-{version}-py3-none-any.whl");
                let sum = output_of(Command::new("sha256sum").arg(folder.join(&name)))?;
                fs::rename(folder.join(&name), caches.join(&name))?;
                fs::remove_dir(folder)?;
                let hash = sum.split(' ').next().unwrap_or_default();
                let path = project.join("requirements.txt");
                let text = fs::read_to_string(&path)?;
                Ok(fs::write(
                    path,
                    format!("{text}\nidna=={version} --hash=sha256:{hash}\n"),
                )?)
            }
            Kind::Java => {
                let path = project.join("pom.xml");
                let text = fs::read_to_string(&path)?.replace("2.0.16", version);
                fs::write(path, text)?;
                fill_maven(project, caches)
            }
            Kind::Go => {
                let mut get = Command::new("go");
                get.args(["get", &format!("github.com/google/uuid@{version}")])
                    .current_dir(project);
                output_of(&mut get)?;
                output_of(get.env("GOMODCACHE", caches).env("GOFLAGS", "-modcacherw"))?;
                let path = project.join(self.entry);
                let text = fs::read_to_string(&path)?;
                let import = "\t_ \"github.com/google/uuid\"\n\n\t\"example.com/go-worker/pulse\"";
                Ok(fs::write(
                    path,
                    text.replacen("\t\"example.com/go-worker/pulse\"", import, 1),
                )?)
            }
        }
    }

    /// Puts what the example needs without any change into a folder that an image gets as `/cache`.
    pub(super) fn fill(&self, project: &Path, caches: &Path) -> anyhow::Result<()> {
        match self.kind {
            Kind::TypeScript => {
                let mut npm = Command::new("npm");
                npm.args(["ci", "--no-audit", "--no-fund", "--cache"]).arg(caches);
                output_of(npm.current_dir(project)).map(drop)
            }
            Kind::Python => {
                let environment = caches.with_file_name("python");
                output_of(
                    Command::new("/usr/bin/python3")
                        .args(["-m", "venv"])
                        .arg(&environment),
                )?;
                let mut pip = Command::new(environment.join("bin/pip"));
                pip.args(["download", "-q", "-r", "requirements.txt", "-d"])
                    .arg(caches);
                output_of(pip.current_dir(project)).map(drop)
            }
            Kind::Java => fill_maven(project, caches),
            Kind::Go => Ok(()),
        }
    }

    /// Puts the tools themselves into the folder that an image gets as `/tools`.
    pub(super) fn tools(&self, project: &Path, caches: &Path, root: &Path) -> anyhow::Result<()> {
        let tools = root.join("tools");
        fs::create_dir_all(&tools)?;
        let copy = |from: &Path, to: &Path| {
            output_of(Command::new("cp").args(["-a", "-L"]).arg(from).arg(to)).map(drop)
        };
        match self.kind {
            Kind::TypeScript => {
                let modules = output_of(Command::new("npm").args(["root", "--global"]))?;
                copy(&Path::new(&modules).join("npm"), &tools.join("npm"))?;
                copy(&project.join(".esbuild"), &tools.join("esbuild"))
            }
            Kind::Python => {
                let packages = caches.with_file_name("python").join("lib");
                let mut find = Command::new("find");
                let found = output_of(find.arg(packages).args(["-path", "*/site-packages/pip"]))?;
                copy(Path::new(&found), &root.join("usr/lib/python3/dist-packages/pip"))
            }
            Kind::Java => {
                let top = |program: &str| -> anyhow::Result<_> {
                    let path = output_of(
                        Command::new("sh").args(["-c", &format!("realpath $(command -v {program})")]),
                    )?;
                    Ok(Path::new(&path)
                        .ancestors()
                        .nth(2)
                        .unwrap_or(Path::new("/"))
                        .to_owned())
                };
                // Of the sources that come apart, a link may lead nowhere.
                let jdk = top("javac")?;
                fs::create_dir(tools.join("jdk"))?;
                for part in ["bin", "conf", "lib", "release"] {
                    let copied = copy(&jdk.join(part), &tools.join("jdk").join(part));
                    copied.or_else(|error| if part == "lib" { Ok(()) } else { Err(error) })?;
                }
                copy(&top("mvn")?, &tools.join("maven"))
            }
            Kind::Go => {
                let root = output_of(Command::new("go").args(["env", "GOROOT"]))?;
                copy(Path::new(&root), &tools.join("go"))
            }
        }
    }
}

/// Runs what the Dockerfile runs, so that Maven has all of it, in both repositories. Where something came from would
/// keep Maven from taking it in another place.
fn fill_maven(project: &Path, caches: &Path) -> anyhow::Result<()> {
    let repository = format!("-Dmaven.repo.local={}", caches.display());
    for repository in [repository.as_str(), "-Dnothing"] {
        let mut maven = Command::new("mvn");
        maven.args([
            "-q",
            repository,
            "dependency:copy-dependencies",
            "-DincludeScope=runtime",
        ]);
        maven.args(["-DoutputDirectory=target/libraries", "compile"]);
        output_of(maven.current_dir(project))?;
    }
    let mut find = Command::new("find");
    output_of(
        find.arg(caches)
            .args(["-name", "_remote.repositories", "-delete"]),
    )?;
    Ok(fs::remove_dir_all(project.join("target"))?)
}
