//! Something in a project that a service could run.

use std::cmp::Reverse;

use serde::Serialize;

use super::path::{depth, extension, join, last};

/// A programming language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    TypeScript,
    JavaScript,
    Python,
    Go,
    Java,
    Ruby,
    Php,
    CSharp,
}

impl Language {
    /// The language of a file, by its extension.
    pub(crate) fn of_file(path: &str) -> Option<Self> {
        match extension(path) {
            "ts" | "mts" | "cts" | "tsx" => Some(Self::TypeScript),
            "js" | "mjs" | "cjs" | "jsx" => Some(Self::JavaScript),
            "py" => Some(Self::Python),
            "go" => Some(Self::Go),
            "java" => Some(Self::Java),
            "rb" => Some(Self::Ruby),
            "php" => Some(Self::Php),
            "cs" => Some(Self::CSharp),
            _ => None,
        }
    }

    /// Its name.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::TypeScript => "TypeScript",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
            Self::Go => "Go",
            Self::Java => "Java",
            Self::Ruby => "Ruby",
            Self::Php => "PHP",
            Self::CSharp => "C#",
        }
    }
}

/// How a web server calls an app in Python.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interface {
    Asgi,
    Wsgi,
}

impl Interface {
    /// The value of `runAppAs`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Asgi => "ASGI",
            Self::Wsgi => "WSGI",
        }
    }
}

/// A callable of a Python file that a web server runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct App {
    /// Its variable.
    pub(crate) variable: String,
    /// How it is called.
    pub(crate) interface: Interface,
}

/// How the image comes about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Packaging {
    /// From an entry file.
    Buildpack {
        file: String,
        language: Language,
        app: Option<App>,
    },
    /// By a Dockerfile, which is relative to the context.
    Dockerfile { context: String, dockerfile: String },
}

impl Packaging {
    /// The value of `packaging.type`.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Buildpack { .. } => "stacktape-image-buildpack",
            Self::Dockerfile { .. } => "custom-dockerfile",
        }
    }

    /// The language of the entry file; a Dockerfile hides it.
    pub(crate) fn language(&self) -> Option<Language> {
        match self {
            Self::Buildpack { language, .. } => Some(*language),
            Self::Dockerfile { .. } => None,
        }
    }

    /// What to give to `--entryfilePath` for it: `src/main.ts`, `main.py:app`, `docker/Dockerfile`.
    pub(crate) fn path(&self) -> String {
        match self {
            Self::Buildpack {
                file, app: Some(app), ..
            } => format!("{file}:{}", app.variable),
            Self::Buildpack { file, .. } => file.clone(),
            Self::Dockerfile { context, dockerfile } => join(context, dockerfile),
        }
    }

    /// What it is, for people: `Python`, `a Dockerfile`.
    pub(crate) fn label(&self) -> &'static str {
        self.language().map_or("a Dockerfile", Language::label)
    }
}

/// How plain it is that a candidate is what the project runs; the plainest first. The numbers order those of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// The project says how it is started.
    Started(usize),
    /// The project says that it is its main file.
    Named(usize),
    /// It has a name that entry files have.
    Usual(usize),
    /// What is in it can be started.
    Startable(usize),
    /// A Dockerfile, which says nothing about what it runs.
    Dockerfile,
}

/// Something that a service could run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// How its image comes about.
    pub(crate) packaging: Packaging,
    /// The folder of the package that it belongs to.
    pub(crate) folder: String,
    /// How plain it is.
    pub(crate) strength: Strength,
    /// Why it is one, such as "named by `main` of package.json".
    pub(crate) why: String,
    /// The name that the project has for it.
    pub(crate) name: Option<String>,
}

impl Candidate {
    /// A candidate of a language.
    pub(super) fn of_file(file: String, language: Language, strength: Strength, why: String) -> Self {
        Self {
            packaging: Packaging::Buildpack {
                file,
                language,
                app: None,
            },
            folder: String::new(),
            strength,
            why,
            name: None,
        }
    }

    /// In words: `src/main.ts (TypeScript, named by …)`.
    pub(crate) fn shown(&self) -> String {
        format!(
            "{} ({}, {})",
            self.packaging.path(),
            self.packaging.label(),
            self.why
        )
    }

    /// The best come first by this: code before Dockerfiles, the project itself before packages in it.
    pub(super) fn order(&self) -> impl Ord + use<> {
        let path = self.packaging.path();
        (
            self.strength == Strength::Dockerfile,
            !self.folder.is_empty(),
            self.strength,
            depth(&path),
            // Of two Dockerfiles side by side, the one with no more to its name.
            Reverse(last(&path) == "Dockerfile"),
            path,
        )
    }
}
