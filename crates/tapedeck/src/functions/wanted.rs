//! What the config says of a function, as far as it decides how its code is packaged and whether it can be run here.

use serde_json::Value;
use tapedeck_image::base::NodeVersion;
use tapedeck_model::{
    GoConfig, JavaScriptConfig, LanguageConfig, ModuleFormat, PythonConfig, PythonPackageManager, Resource,
    ResourceName, StacktapeImageBuildpack,
};

use crate::exit::Failure;

/// A function.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// What runs it; none where that is nothing that is packaged for.
    pub(super) family: Option<Family>,
    /// What it is for, in words, where that is so.
    what: String,
    /// Whether it has layers.
    has_layers: bool,
    pub(super) origin: Origin,
    /// The version of the language that the config asks for.
    version: Option<String>,
}

/// What runs functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Node,
    Python,
    /// Programs that ask for events themselves.
    Provided,
}

/// Where code comes from.
#[derive(Debug)]
pub(super) enum Origin {
    Source {
        packaging: Box<StacktapeImageBuildpack>,
        is_handler_named: bool,
    },
    /// A zip, a folder or a file that is there already.
    Given { path: String },
}

/// The versions of languages that functions are run by; none where that is what the config asks for.
#[derive(Debug, Default)]
pub(crate) struct Versions {
    /// The major version of Node.
    pub(super) node: Option<u16>,
    /// The version of Python.
    pub(super) python: Option<String>,
}

impl Versions {
    /// Those of this machine, with that of Python where it is known.
    pub(crate) fn here(python: Option<String>) -> Self {
        Self {
            node: Some(node()),
            python,
        }
    }

    /// Those of an emulator that runs elsewhere, of which nothing is known.
    pub(crate) fn unknown() -> Self {
        Self::here(None)
    }

    /// Those of a runtime of Lambda's.
    pub(crate) fn of_runtime(runtime: &str) -> Self {
        let version = version_of_runtime(runtime);
        match family_of_runtime(runtime) {
            Some(Family::Node) => Self {
                node: version.and_then(|version| version.parse().ok()),
                python: None,
            },
            Some(Family::Python) => Self {
                node: None,
                python: version,
            },
            _ => Self::default(),
        }
    }

    /// The packaging with the versions that are here: packages and syntax are those of what runs them.
    pub(super) fn settle(&self, mut packaging: StacktapeImageBuildpack) -> StacktapeImageBuildpack {
        match &mut packaging.language {
            LanguageConfig::Javascript(settings) => {
                settings.node_version = self.node.or(settings.node_version)
            }
            LanguageConfig::Python(settings) => {
                let asked = settings.python_version.take();
                settings.python_version = self.python.clone().or(asked);
            }
            _ => {}
        }
        packaging
    }
}

/// The major version of Node.
fn node() -> u16 {
    match NodeVersion::LTS {
        NodeVersion::Major(major) | NodeVersion::Exact(major, _, _) => major,
    }
}

impl Wanted {
    /// What is said of a function that is to be run on this machine.
    ///
    /// # Errors
    /// When it cannot be run here, with a way out.
    pub(crate) fn here(function: &Resource) -> Result<Self, Failure> {
        let name = &function.name;
        let wanted = Self::of(function);
        if wanted.has_layers {
            return Err(Failure::usage(format!(
                "function {name} has `layers`, which are in an account of AWS and not on this machine"
            ))
            .help("package what they have with the function; nothing was changed"));
        }
        match wanted.family {
            Some(_) => Ok(wanted),
            None => Err(wanted.refused(name, "cannot be run on this machine")),
        }
    }

    /// What is said of a function.
    pub(crate) fn of(function: &Resource) -> Self {
        let properties = serde_json::to_value(&function.properties).unwrap_or_default();
        let layers = properties.get("layers").and_then(Value::as_array);
        let has_layers = layers.is_some_and(|layers| !layers.is_empty());
        let settings = Settings(&properties);
        let runtime = settings.text("/runtime");
        let (family, origin, version) = match settings.text("/packaging/type").as_deref() {
            Some("custom-artifact") => {
                let path = settings.text("/packaging/properties/packagePath");
                let family = family_of_runtime(runtime.as_deref().unwrap_or_default());
                (
                    family,
                    Origin::Given {
                        path: path.unwrap_or_default(),
                    },
                    None,
                )
            }
            _ => settings.source(),
        };
        let asked = runtime.as_deref().and_then(version_of_runtime).or(version);
        Self {
            family,
            what: runtime.unwrap_or_else(|| settings.extension()),
            has_layers,
            origin,
            version: asked,
        }
    }

    /// The failure of a function for which nothing is packaged.
    pub(super) fn refused(&self, name: &ResourceName, how: &str) -> Failure {
        Failure::usage(format!(
            "function {name} {how}: only functions for Node, Python and `provided` runtimes (Go) are, and it is one for {}",
            self.what
        ))
        .help("leave it out here, or write it in JavaScript, TypeScript, Python or Go; nothing was changed")
    }

    /// What to tell when another version runs it than the config asks for.
    pub(crate) fn runs_on_other(&self, here: &Versions) -> Option<String> {
        let asked = self.version.as_deref()?;
        let (language, found) = match self.family? {
            Family::Node => ("Node", here.node?.to_string()),
            Family::Python => ("Python", here.python.clone()?),
            Family::Provided => return None,
        };
        (asked != found).then(|| format!("{language} {found} runs it here in place of {language} {asked}"))
    }
}

/// The properties of a function.
struct Settings<'a>(&'a Value);

impl Settings<'_> {
    fn text(&self, path: &str) -> Option<String> {
        match self.0.pointer(path)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    fn code(&self, key: &str) -> Option<String> {
        self.text(&format!("/packaging/properties/{key}"))
    }

    fn codes(&self, key: &str) -> Vec<String> {
        let list = self.0.pointer(&format!("/packaging/properties/{key}"));
        let items = list.and_then(Value::as_array).into_iter().flatten();
        items
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect()
    }

    fn language(&self, key: &str) -> Option<String> {
        self.code(&format!("languageSpecificConfig/{key}"))
    }

    fn extension(&self) -> String {
        let entry = self.code("entryfilePath").unwrap_or_default();
        let ending = entry.rsplit_once('.').map_or("", |(_, ending)| ending);
        format!("`.{ending}`")
    }

    /// What a function is made of whose code is packaged from an entry file, and the version of the language that it asks for.
    fn source(&self) -> (Option<Family>, Origin, Option<String>) {
        let entry = self.code("entryfilePath").unwrap_or_default();
        let extension = entry.rsplit_once('.').map_or("", |(_, extension)| extension);
        let (family, language, version) = match extension {
            "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" => (
                Some(Family::Node),
                LanguageConfig::Javascript(self.javascript()),
                self.language("nodeVersion"),
            ),
            "py" => (
                Some(Family::Python),
                LanguageConfig::Python(self.python()),
                self.language("pythonVersion"),
            ),
            _ => (
                (extension == "go").then_some(Family::Provided),
                LanguageConfig::Go(GoConfig {
                    go_version: self.language("goVersion"),
                }),
                None,
            ),
        };
        let packaging = StacktapeImageBuildpack {
            entryfile_path: entry,
            include_files: self.codes("includeFiles"),
            exclude_files: self.codes("excludeFiles"),
            exclude_dependencies: self.codes("excludeDependencies"),
            custom_docker_build_commands: Vec::new(),
            language,
        };
        let origin = Origin::Source {
            packaging: Box::new(packaging),
            is_handler_named: self.code("handlerFunction").is_some(),
        };
        (family, origin, version)
    }

    fn javascript(&self) -> JavaScriptConfig {
        let disabled = "/packaging/properties/languageSpecificConfig/disableSourceMaps";
        JavaScriptConfig {
            ts_config_path: self.language("tsConfigPath"),
            node_version: None,
            output_module_format: self
                .language("outputModuleFormat")
                .map(|format| match format.as_str() {
                    "esm" => ModuleFormat::Esm,
                    _ => ModuleFormat::Cjs,
                }),
            disable_source_maps: self.0.pointer(disabled) == Some(&Value::Bool(true)),
        }
    }

    fn python(&self) -> PythonConfig {
        let groups = |key: &str| self.codes(&format!("languageSpecificConfig/{key}"));
        PythonConfig {
            python_version: self.language("pythonVersion"),
            package_manager: self.language("packageManager").map(|name| match name.as_str() {
                "pip" => PythonPackageManager::Pip,
                "poetry" => PythonPackageManager::Poetry,
                "pipenv" => PythonPackageManager::Pipenv,
                _ => PythonPackageManager::Uv,
            }),
            package_manager_file: self.language("packageManagerFile"),
            run_app_as: None,
            uv_optional_dependencies: groups("uvOptionalDependencies"),
            uv_with_groups: groups("uvWithGroups"),
            uv_without_groups: groups("uvWithoutGroups"),
            uv_only_groups: groups("uvOnlyGroups"),
        }
    }
}

fn family_of_runtime(runtime: &str) -> Option<Family> {
    let families = [
        ("nodejs", Family::Node),
        ("python", Family::Python),
        ("provided", Family::Provided),
    ];
    families
        .into_iter()
        .find(|(name, _)| runtime.starts_with(name))
        .map(|(_, family)| family)
}

/// `22` of `nodejs22.x`, `3.13` of `python3.13`.
fn version_of_runtime(runtime: &str) -> Option<String> {
    let node = runtime
        .strip_prefix("nodejs")
        .and_then(|rest| rest.strip_suffix(".x"));
    node.or_else(|| runtime.strip_prefix("python")).map(str::to_owned)
}

#[cfg(test)]
mod tests;
