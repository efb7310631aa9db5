//! How images come about.

use serde::Serialize;

use crate::{Data, Late};

/// How an image comes about.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", content = "properties", rename_all = "kebab-case")]
pub enum Packaging {
    /// Zero-config packaging of source code.
    StacktapeImageBuildpack(StacktapeImageBuildpack),
    /// A Dockerfile of the user's.
    CustomDockerfile(CustomDockerfile),
    /// An image that is there already.
    PrebuiltImage(PrebuiltImage),
    /// Nixpacks.
    Nixpacks(Nixpacks),
    /// Cloud Native Buildpacks.
    ExternalBuildpack(ExternalBuildpack),
}

impl Packaging {
    /// Its type as the file names it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::StacktapeImageBuildpack(_) => "stacktape-image-buildpack",
            Self::CustomDockerfile(_) => "custom-dockerfile",
            Self::PrebuiltImage(_) => "prebuilt-image",
            Self::Nixpacks(_) => "nixpacks",
            Self::ExternalBuildpack(_) => "external-buildpack",
        }
    }
}

/// Properties of `stacktape-image-buildpack`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StacktapeImageBuildpack {
    /// The entry file, relative to the folder of the config file. Its extension names the language.
    pub entryfile_path: String,
    /// Globs of files to add under the same relative path.
    pub include_files: Vec<String>,
    /// Globs of files to leave out of `include_files`.
    pub exclude_files: Vec<String>,
    /// Packages to leave out of the image.
    pub exclude_dependencies: Vec<String>,
    /// Commands to run while the image is made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub custom_docker_build_commands: Vec<String>,
    /// Settings of the language of the entry file.
    pub language: LanguageConfig,
}

impl StacktapeImageBuildpack {
    /// The settings of JavaScript and TypeScript; none of another language.
    #[must_use]
    pub fn javascript(&self) -> Option<&JavaScriptConfig> {
        match &self.language {
            LanguageConfig::Javascript(settings) => Some(settings),
            _ => None,
        }
    }

    /// The settings of Python; none of another language.
    #[must_use]
    pub fn python(&self) -> Option<&PythonConfig> {
        match &self.language {
            LanguageConfig::Python(settings) => Some(settings),
            _ => None,
        }
    }

    /// The settings of Java; none of another language.
    #[must_use]
    pub fn java(&self) -> Option<&JavaConfig> {
        match &self.language {
            LanguageConfig::Java(settings) => Some(settings),
            _ => None,
        }
    }

    /// The settings of Go; none of another language.
    #[must_use]
    pub fn go(&self) -> Option<&GoConfig> {
        match &self.language {
            LanguageConfig::Go(settings) => Some(settings),
            _ => None,
        }
    }
}

/// `languageSpecificConfig`, by the language of the entry file.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum LanguageConfig {
    /// JavaScript and TypeScript.
    Javascript(JavaScriptConfig),
    /// Python.
    Python(PythonConfig),
    /// Go.
    Go(GoConfig),
    /// Java.
    Java(JavaConfig),
    /// Another language: its checked settings, as they were written.
    Other {
        /// The language, as [`crate::Packaging`]'s table names it.
        name: String,
        /// The settings.
        settings: Data,
    },
}

/// `languageSpecificConfig` of a JavaScript or TypeScript entry file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JavaScriptConfig {
    /// Path of a `tsconfig.json`, relative to the folder of the config file.
    pub ts_config_path: Option<String>,
    /// Major version of Node, such as 22. Unset: read from the project, else the current LTS line.
    pub node_version: Option<u16>,
    /// Module format of the bundle. Unset: what the project's `package.json` says.
    pub output_module_format: Option<ModuleFormat>,
    /// Leave source maps out.
    pub disable_source_maps: bool,
}

/// `languageSpecificConfig` of a Python entry file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PythonConfig {
    /// Version of Python, such as `3.12`. Unset: read from the project, else that of the base.
    pub python_version: Option<String>,
    /// Whose files say what is installed. Unset: whoever has some.
    pub package_manager: Option<PythonPackageManager>,
    /// The file that says what is installed, relative to the folder of the config file.
    pub package_manager_file: Option<String>,
    /// The kind of server that runs the object that is named after the entry file.
    pub run_app_as: Option<PythonServer>,
    /// Optional dependencies to install as well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uv_optional_dependencies: Vec<String>,
    /// Groups of dependencies to install as well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uv_with_groups: Vec<String>,
    /// Groups of dependencies to leave out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uv_without_groups: Vec<String>,
    /// Groups of dependencies to install and nothing else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uv_only_groups: Vec<String>,
}

/// Whose files say what a Python project needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PythonPackageManager {
    /// uv, which reads everybody's files.
    Uv,
    /// pip.
    Pip,
    /// Poetry.
    Poetry,
    /// Pipenv.
    Pipenv,
}

/// How a server calls a Python application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum PythonServer {
    /// Request by request, such as Flask and Django.
    #[serde(rename = "WSGI")]
    Wsgi,
    /// Asynchronously, such as FastAPI and Starlette.
    #[serde(rename = "ASGI")]
    Asgi,
}

/// `languageSpecificConfig` of a Java entry file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JavaConfig {
    /// Major version of Java, such as 21. Unset: what the project says.
    pub java_version: Option<u16>,
    /// Whether Maven builds the project, and not Gradle. Unset: whoever its files belong to.
    pub use_maven: Option<bool>,
    /// Path of the build file of the entry file's module, relative to the folder of the config file.
    pub package_manager_file: Option<String>,
}

/// `languageSpecificConfig` of a Go entry file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GoConfig {
    /// The least version of Go, such as `1.24`. Unset: what `go.mod` says.
    pub go_version: Option<String>,
}

/// Module format of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModuleFormat {
    /// CommonJS.
    Cjs,
    /// ECMAScript modules.
    Esm,
}

/// Properties of `custom-dockerfile`. Paths are relative to the folder of the config file.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomDockerfile {
    /// The folder that the build sees.
    pub build_context_path: String,
    /// The Dockerfile, relative to that folder.
    pub dockerfile_path: String,
    /// Arguments of the build.
    pub build_args: Vec<(String, String)>,
    /// The stage of the Dockerfile to build; the last one when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Instead of the image's own command.
    pub command: Vec<String>,
    /// Instead of the image's own entry point.
    pub entry_point: Vec<String>,
}

/// Properties of `prebuilt-image`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrebuiltImage {
    /// The image, as `docker pull` names it.
    pub image: Late<String>,
    /// The secret with user name and password for its registry.
    pub repository_credentials_secret_arn: Option<Late<String>>,
    /// Instead of the image's own command.
    pub command: Vec<String>,
    /// Instead of the image's own entry point.
    pub entry_point: Vec<String>,
}

/// Properties of `nixpacks`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Nixpacks {
    /// The folder of the source.
    pub source_directory_path: String,
    /// The image to build in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_image: Option<String>,
    /// Languages to build for; what the sources are in where none are named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub providers: Option<Vec<String>>,
    /// The command that starts the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_cmd: Option<String>,
    /// The image to run in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_run_image: Option<String>,
    /// Files that alone are taken into that image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_only_include_files: Option<Vec<String>>,
    /// Phases of the build, changed or added.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<NixpacksPhase>,
}

/// A phase of a build by Nixpacks. What is left out is as Nixpacks plans it.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NixpacksPhase {
    /// Its name.
    pub name: String,
    /// Commands that are run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmds: Option<Vec<String>>,
    /// Packages of Nix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nix_pkgs: Option<Vec<String>>,
    /// Libraries of Nix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nix_libs: Option<Vec<String>>,
    /// Overlays of Nix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nix_overlay: Option<Vec<String>>,
    /// The archive of packages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nixpkgs_archive: Option<String>,
    /// Packages of Debian.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apt_pkgs: Option<Vec<String>>,
    /// Folders that are kept from build to build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_directories: Option<Vec<String>>,
    /// Files that alone are taken into the phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_include_files: Option<Vec<String>>,
}

/// Properties of `external-buildpack`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExternalBuildpack {
    /// The folder of the source.
    pub source_directory_path: String,
    /// The builder.
    pub builder: String,
    /// The buildpacks; those of the builder when there is none.
    pub buildpacks: Vec<String>,
    /// Instead of the image's own command.
    pub command: Vec<String>,
}
