//! What a config file defines, validated: the source side of the model, before anything is packaged.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Cpu, MemoryMb, ProjectName, ResourceName, StackName, StageName, StopTimeout};

/// One stage of a project as its config file defines it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    /// The project.
    pub project: ProjectName,
    /// The stage.
    pub stage: StageName,
    /// Its worker services, in the order of the file.
    pub services: Vec<WorkerService>,
}

impl Stack {
    /// The name it is deployed under.
    #[must_use]
    pub fn name(&self) -> StackName {
        StackName::of(&self.project, &self.stage)
    }
}

/// A resource of type `worker-service`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkerService {
    /// Its key under `resources`.
    pub name: ResourceName,
    /// How its image comes about.
    pub packaging: Packaging,
    /// CPU of each task, a hard limit.
    pub cpu: Cpu,
    /// Memory of each task, a hard limit.
    pub memory: MemoryMb,
    /// Environment of the container, in the order of the file.
    pub environment: Vec<EnvironmentVariable>,
    /// How many tasks run.
    pub scaling: Scaling,
    /// Time between SIGTERM and SIGKILL.
    pub stop_timeout: StopTimeout,
}

impl WorkerService {
    /// The environment as a map. A name given twice keeps its last value, as in a process's environment.
    #[must_use]
    pub fn environment_map(&self) -> BTreeMap<String, String> {
        self.environment
            .iter()
            .map(|variable| (variable.name.clone(), variable.value.clone()))
            .collect()
    }
}

/// One entry of `environment`. Numbers and booleans were made text, as written in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentVariable {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// How an image comes about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "properties", rename_all = "kebab-case")]
pub enum Packaging {
    /// Zero-config packaging of source code.
    StacktapeImageBuildpack(StacktapeImageBuildpack),
}

/// Properties of `stacktape-image-buildpack`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Settings of the JavaScript and TypeScript packager.
    pub javascript: JavaScriptConfig,
}

/// `languageSpecificConfig` of a JavaScript or TypeScript entry file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
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

/// Module format of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModuleFormat {
    /// CommonJS.
    Cjs,
    /// ECMAScript modules.
    Esm,
}

/// How many tasks run at the same time: 1 ≤ `min_instances` ≤ `max_instances`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scaling {
    /// The least number of tasks.
    pub min_instances: u32,
    /// The greatest number of tasks.
    pub max_instances: u32,
}

impl Default for Scaling {
    fn default() -> Self {
        Self {
            min_instances: 1,
            max_instances: 1,
        }
    }
}
