//! What can go wrong while packaging Java.

use std::path::PathBuf;

use super::version::InvalidJavaVersion;
use crate::source_error::{Errors, SourceError};

/// A program in Java could not be made.
#[derive(Debug, thiserror::Error)]
pub enum JavaError {
    /// A version of Java that there is not.
    #[error(transparent)]
    Version(#[from] InvalidJavaVersion),
    /// The compiler of this machine does not say which it is.
    #[error(
        "cannot tell the version of the JDK in {}: it has no readable file `release`: set JAVA_HOME to the folder of a \
         JDK", home.display()
    )]
    UnknownJdk {
        /// Its folder.
        home: PathBuf,
    },
    /// The project wants a newer Java than this machine compiles for.
    #[error(
        "cannot compile with the JDK of this machine, {found}: {asked_by} asks for Java {wanted}: install a JDK of that \
         version or a newer one, and set JAVA_HOME if there are several"
    )]
    TooOld {
        /// The version that is there.
        found: String,
        /// The version that is wanted.
        wanted: u16,
        /// Who asks for it, such as `maven.compiler.release of pom.xml`.
        asked_by: String,
    },
    /// Maven and Gradle could both build the project.
    #[error(
        "cannot tell who builds `{service}`: {} has files of both Maven and Gradle: set languageSpecificConfig.useMaven \
         to true or false", folder.display()
    )]
    TwoTools {
        /// The service.
        service: String,
        /// The folder of the build files.
        folder: PathBuf,
    },
    /// `useMaven` asks for a tool that the project is not of.
    #[error(
        "languageSpecificConfig.useMaven is {use_maven}, but there is no {wanted} in {} or above it: add one, or leave \
         useMaven out", folder.display()
    )]
    OtherTool {
        /// What was set.
        use_maven: bool,
        /// The build file that there should be.
        wanted: &'static str,
        /// The folder of the entry file.
        folder: PathBuf,
    },
    /// `packageManagerFile` names something else.
    #[error(
        "languageSpecificConfig.packageManagerFile is `{written}`, which is no build file of Java: name a pom.xml, a \
         build.gradle or a build.gradle.kts"
    )]
    NoBuildFile {
        /// The path as written.
        written: String,
    },
    /// A `pom.xml`, or what Maven made of it, is no XML.
    #[error("cannot read {} as XML: correct it", path.display())]
    Pom {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: Box<roxmltree::Error>,
    },
    /// The source has errors.
    #[error("cannot compile {}: {}", entry.display(), Errors(errors))]
    Source {
        /// The entry file, relative to the folder of the config file.
        entry: PathBuf,
        /// At least one.
        errors: Vec<SourceError>,
    },
    /// Maven, Gradle or the compiler failed without an error in the source.
    #[error(
        "cannot build the project: `{command}` ended with {status} in {}: run it there by hand once it is corrected\n\
         {output}", folder.display()
    )]
    Failed {
        /// The command line.
        command: String,
        /// Where it ran.
        folder: PathBuf,
        /// How it ended.
        status: String,
        /// What it wrote of use.
        output: String,
    },
    /// The build tool did not say what it was asked for.
    #[error("`{command}` did not tell {what}: use a newer version of it")]
    Untold {
        /// The command line.
        command: String,
        /// What it should have told.
        what: &'static str,
    },
    /// The entry file was not compiled.
    #[error(
        "cannot package {}: the build made no class {class} of it: it has to lie below a source folder of its module as \
         its `package` line says, and hold a class of the file's name", entry.display()
    )]
    NotCompiled {
        /// The entry file.
        entry: PathBuf,
        /// The class that was looked for.
        class: String,
    },
    /// The class of the entry file cannot be started.
    #[error(
        "cannot package {}: the class {class} has no `public static void main(String[] args)`: name the file of a class \
         that has one as entryfilePath", entry.display()
    )]
    NoMain {
        /// The entry file.
        entry: PathBuf,
        /// Its class.
        class: String,
    },
    /// A class is for a newer Java than the image would have.
    #[error(
        "cannot run `{service}` on Java {base}, which {asked_by} asks for: {class} is compiled for Java {compiled}: compile \
         for Java {base}, such as by maven.compiler.release or options.release, or ask for Java {compiled}"
    )]
    TooNew {
        /// The service.
        service: String,
        /// The class.
        class: String,
        /// What it is for.
        compiled: u16,
        /// What the image would have.
        base: u16,
        /// Who asked for that.
        asked_by: String,
    },
}

impl JavaError {
    /// Whether something around the project is at fault.
    pub(crate) fn is_of_surroundings(&self) -> bool {
        matches!(self, Self::UnknownJdk { .. } | Self::TooOld { .. })
    }
}
