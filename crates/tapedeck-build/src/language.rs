//! The languages whose source can be packaged: how each is told, what it runs on, and who packages it.

use std::path::Path;

use tapedeck_model::{ResourceName, StacktapeImageBuildpack};

use crate::base::RuntimeKind;
use crate::image::Assembly;
use crate::request::{Source, Workshop};
use crate::{BuildError, commands, go, java, javascript, python};

/// A language that can be packaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// JavaScript and TypeScript.
    JavaScript,
    /// Python.
    Python,
    /// Java.
    Java,
    /// Go.
    Go,
}

impl Language {
    /// Those that somebody packages, in the order that messages name them.
    const PACKAGED: [Self; 4] = [Self::JavaScript, Self::Python, Self::Java, Self::Go];

    /// The language of an entry file, told by its extension alone.
    #[must_use]
    pub fn of(entry: &Path) -> Option<Self> {
        let extension = entry.extension()?.to_str()?;
        Self::PACKAGED
            .into_iter()
            .find(|language| language.extensions().contains(&extension))
    }

    /// Extensions of its files, without the dot.
    #[must_use]
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::JavaScript => &["js", "ts", "jsx", "tsx", "mjs", "mts", "cjs", "cts"],
            Self::Python => &["py"],
            Self::Java => &["java"],
            Self::Go => &["go"],
        }
    }

    /// What its programs run on.
    #[must_use]
    pub fn base(self) -> RuntimeKind {
        match self {
            Self::JavaScript => RuntimeKind::Node,
            Self::Python => RuntimeKind::Python,
            Self::Java => RuntimeKind::Java,
            Self::Go => RuntimeKind::Static,
        }
    }

    /// Whether an entry file may be followed by the name of something in it, as in `main.py:app`.
    pub(crate) fn names_objects(self) -> bool {
        self == Self::Python
    }

    /// Makes everything that goes on top of the base.
    pub(crate) fn assemble(source: &Source<'_>, workshop: &mut Workshop<'_>) -> Result<Assembly, BuildError> {
        let assembly = match source.language {
            Self::JavaScript => javascript::assemble(source, workshop),
            Self::Python => python::assemble(source, workshop),
            Self::Java => java::assemble(source, workshop),
            Self::Go => go::assemble(source, workshop),
        }?;
        commands::insert(assembly, source, workshop)
    }

    /// The error when nobody packages the language of an entry file.
    pub(crate) fn unknown(service: &ResourceName, packaging: &StacktapeImageBuildpack) -> BuildError {
        let all: Vec<String> = Self::PACKAGED
            .iter()
            .flat_map(|language| language.extensions())
            .map(|extension| format!(".{extension}"))
            .collect();
        let (last, others) = all
            .split_last()
            .expect("there is at least one language with one extension");
        BuildError::UnknownLanguage {
            service: service.to_string(),
            entry: packaging.entryfile_path.clone(),
            known: format!("{} or {last}", others.join(", ")),
        }
    }
}
