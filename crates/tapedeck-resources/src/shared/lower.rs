//! What containers of every kind of service have, to the model.

use tapedeck_config::parse::{Mapping, Value};
use tapedeck_config::schema::entry_extension;
use tapedeck_config::{complete, late_text};
use tapedeck_diagnostic::Spanned;
use tapedeck_model::{
    Container, CustomDockerfile, EnvironmentVariable, ExternalBuildpack, GoConfig, HealthCheck, JavaConfig,
    JavaScriptConfig, LanguageConfig, Late, LogForwarding, Logging, ModuleFormat, Nixpacks, NixpacksPhase,
    Packaging, PrebuiltImage, PythonConfig, PythonPackageManager, PythonServer, StacktapeImageBuildpack,
    StopTimeout, VolumeMount,
};

use super::languages::{GO, JAVA, JAVASCRIPT, LANGUAGES, PYTHON};

/// A container of checked properties.
pub(crate) fn container(properties: &Mapping) -> Option<Container> {
    Some(Container {
        packaging: packaging(properties.mapping("packaging")?)?,
        environment: match properties.get("environment") {
            Some(environment) => self::environment(environment)?,
            None => Vec::new(),
        },
        logging: logging(properties.mapping("logging"))?,
        health_check: match properties.mapping("internalHealthCheck") {
            Some(check) => Some(health_check(check)?),
            None => None,
        },
        stop_timeout: match properties.has("stopTimeout") {
            true => StopTimeout::from_secs(properties.integer("stopTimeout")?).ok()?,
            false => StopTimeout::default(),
        },
        volume_mounts: properties
            .list("volumeMounts")
            .iter()
            .filter_map(|item| item.value.as_mapping())
            .map(volume_mount)
            .collect::<Option<_>>()?,
    })
}

/// The environment in the order of the file, from either of its forms. Numbers and booleans stay as written.
fn environment(environment: &Spanned<Value>) -> Option<Vec<EnvironmentVariable>> {
    let variable = |name: &str, value: &Spanned<Value>| {
        Some(EnvironmentVariable {
            name: name.to_string(),
            value: late_text(&value.value)?,
        })
    };
    match &environment.value {
        Value::List(items) => items
            .iter()
            .map(|item| {
                let item = item.value.as_mapping()?;
                variable(item.text("name")?, item.get("value")?)
            })
            .collect(),
        Value::Mapping(mapping) => mapping
            .entries
            .iter()
            .map(|entry| variable(&entry.key.value, &entry.value))
            .collect(),
        _ => None,
    }
}

/// `logging`.
pub(crate) fn logging(logging: Option<&Mapping>) -> Option<Logging> {
    let mut lowered = Logging::default();
    let Some(logging) = logging else {
        return Some(lowered);
    };
    lowered.disabled = logging.flag("disabled");
    if logging.has("retentionDays") {
        lowered.retention_days = logging.integer("retentionDays")?;
    }
    if let Some(forwarding) = logging.mapping("logForwarding") {
        lowered.forwarding = Some(self::forwarding(forwarding)?);
    }
    Some(lowered)
}

fn forwarding(forwarding: &Mapping) -> Option<LogForwarding> {
    let properties = forwarding.mapping("properties")?;
    let optional = |key: &str| properties.get(key).and_then(|value| late_text(&value.value));
    let url = |default: &str| optional("endpointUrl").unwrap_or_else(|| Late::Known(default.to_string()));
    Some(match forwarding.text("type")? {
        "highlight" => LogForwarding::Highlight {
            project_id: optional("projectId")?,
            endpoint_url: url("https://pub.highlight.io/v1/logs/firehose"),
        },
        "datadog" => LogForwarding::Datadog {
            api_key: optional("apiKey")?,
            endpoint_url: url("https://aws-kinesis-http-intake.logs.datadoghq.com/v1/input"),
        },
        _ => LogForwarding::HttpEndpoint {
            endpoint_url: optional("endpointUrl")?,
            access_key: optional("accessKey"),
            parameters: match properties.mapping("parameters") {
                Some(parameters) => parameters
                    .entries
                    .iter()
                    .map(|entry| Some((entry.key.value.clone(), late_text(&entry.value.value)?)))
                    .collect::<Option<_>>()?,
                None => Vec::new(),
            },
            gzip_encoding_enabled: properties.flag("gzipEncodingEnabled"),
            retry_duration: properties.integer("retryDuration").unwrap_or(300),
        },
    })
}

fn health_check(check: &Mapping) -> Option<HealthCheck> {
    let seconds = |key: &str, default: u16| match check.has(key) {
        true => check.integer(key),
        false => Some(default),
    };
    Some(HealthCheck {
        command: check.texts("healthCheckCommand"),
        interval_seconds: seconds("intervalSeconds", 30)?,
        timeout_seconds: seconds("timeoutSeconds", 5)?,
        retries: seconds("retries", 3)?,
        start_period_seconds: seconds("startPeriodSeconds", 0)?,
    })
}

fn volume_mount(mount: &Mapping) -> Option<VolumeMount> {
    let properties = mount.mapping("properties")?;
    Some(VolumeMount {
        efs_filesystem_name: properties.text("efsFilesystemName")?.to_string(),
        mount_path: properties.text("mountPath")?.to_string(),
        root_directory: properties.text("rootDirectory").unwrap_or("/").to_string(),
    })
}

fn packaging(packaging: &Mapping) -> Option<Packaging> {
    let properties = packaging.mapping("properties")?;
    let text = |key: &str| properties.text(key).map(str::to_string);
    let late = |key: &str| properties.get(key).and_then(|value| late_text(&value.value));
    Some(match packaging.text("type")? {
        "custom-dockerfile" => Packaging::CustomDockerfile(CustomDockerfile {
            build_context_path: text("buildContextPath")?,
            dockerfile_path: text("dockerfilePath").unwrap_or_else(|| "Dockerfile".to_string()),
            build_args: properties
                .list("buildArgs")
                .iter()
                .filter_map(|item| item.value.as_mapping())
                .map(|item| {
                    Some((
                        item.text("argName")?.to_string(),
                        item.scalar("value")?.to_string(),
                    ))
                })
                .collect::<Option<_>>()?,
            target: text("target"),
            command: properties.texts("command"),
            entry_point: properties.texts("entryPoint"),
        }),
        "prebuilt-image" => Packaging::PrebuiltImage(PrebuiltImage {
            image: late("image")?,
            repository_credentials_secret_arn: late("repositoryCredentialsSecretArn"),
            command: properties.texts("command"),
            entry_point: properties.texts("entryPoint"),
        }),
        "nixpacks" => Packaging::Nixpacks(nixpacks(properties)?),
        "external-buildpack" => Packaging::ExternalBuildpack(ExternalBuildpack {
            source_directory_path: text("sourceDirectoryPath")?,
            builder: text("builder").unwrap_or_else(|| "paketobuildpacks/builder-jammy-base".to_string()),
            buildpacks: properties.texts("buildpacks"),
            command: properties.texts("command"),
        }),
        _ => Packaging::StacktapeImageBuildpack(buildpack(properties)?),
    })
}

fn nixpacks(properties: &Mapping) -> Option<Nixpacks> {
    let text = |key: &str| properties.text(key).map(str::to_string);
    Some(Nixpacks {
        source_directory_path: text("sourceDirectoryPath")?,
        build_image: text("buildImage"),
        providers: texts_if_there(properties, "providers"),
        start_cmd: text("startCmd"),
        start_run_image: text("startRunImage"),
        start_only_include_files: texts_if_there(properties, "startOnlyIncludeFiles"),
        phases: properties
            .list("phases")
            .iter()
            .filter_map(|item| item.value.as_mapping())
            .map(nixpacks_phase)
            .collect::<Option<_>>()?,
    })
}

fn nixpacks_phase(phase: &Mapping) -> Option<NixpacksPhase> {
    let texts = |key: &str| texts_if_there(phase, key);
    Some(NixpacksPhase {
        name: phase.text("name")?.to_string(),
        cmds: texts("cmds"),
        nix_pkgs: texts("nixPkgs"),
        nix_libs: texts("nixLibs"),
        nix_overlay: texts("nixOverlay"),
        nixpkgs_archive: phase.text("nixpkgsArchive").map(str::to_string),
        apt_pkgs: texts("aptPkgs"),
        cache_directories: texts("cacheDirectories"),
        only_include_files: texts("onlyIncludeFiles"),
    })
}

/// An empty list says something else than none.
fn texts_if_there(properties: &Mapping, key: &str) -> Option<Vec<String>> {
    properties.has(key).then(|| properties.texts(key))
}

fn buildpack(properties: &Mapping) -> Option<StacktapeImageBuildpack> {
    let entryfile_path = properties.text("entryfilePath")?;
    Some(StacktapeImageBuildpack {
        entryfile_path: entryfile_path.to_string(),
        include_files: properties.texts("includeFiles"),
        exclude_files: properties.texts("excludeFiles"),
        exclude_dependencies: properties.texts("excludeDependencies"),
        custom_docker_build_commands: properties.texts("customDockerBuildCommands"),
        language: language(entryfile_path, properties.mapping("languageSpecificConfig"))?,
    })
}

fn language(entryfile_path: &str, settings: Option<&Mapping>) -> Option<LanguageConfig> {
    let extension = entry_extension(entryfile_path);
    let none = Mapping::default();
    let settings = settings.unwrap_or(&none);
    if JAVASCRIPT.contains(&extension) {
        return Some(LanguageConfig::Javascript(JavaScriptConfig {
            ts_config_path: settings.text("tsConfigPath").map(str::to_string),
            node_version: match settings.scalar("nodeVersion") {
                Some(version) => Some(version.parse().ok()?),
                None => None,
            },
            output_module_format: match settings.text("outputModuleFormat") {
                Some("esm") => Some(ModuleFormat::Esm),
                Some(_) => Some(ModuleFormat::Cjs),
                None => None,
            },
            disable_source_maps: settings.flag("disableSourceMaps"),
        }));
    }
    if PYTHON.contains(&extension) {
        return Some(LanguageConfig::Python(python(settings)));
    }
    if GO.contains(&extension) {
        return Some(LanguageConfig::Go(GoConfig {
            go_version: settings.scalar("goVersion").map(str::to_string),
        }));
    }
    if JAVA.contains(&extension) {
        return Some(LanguageConfig::Java(java(settings)?));
    }
    let language = LANGUAGES
        .iter()
        .find(|language| language.extensions.contains(&extension))?;
    Some(LanguageConfig::Other {
        name: language.name.to_string(),
        settings: complete(settings, &tapedeck_config::schema::OBJECT),
    })
}

fn python(settings: &Mapping) -> PythonConfig {
    PythonConfig {
        python_version: settings.scalar("pythonVersion").map(str::to_string),
        package_manager: settings.text("packageManager").map(|name| match name {
            "pip" => PythonPackageManager::Pip,
            "poetry" => PythonPackageManager::Poetry,
            "pipenv" => PythonPackageManager::Pipenv,
            _ => PythonPackageManager::Uv,
        }),
        package_manager_file: settings.text("packageManagerFile").map(str::to_string),
        run_app_as: settings.text("runAppAs").map(|kind| match kind {
            "ASGI" => PythonServer::Asgi,
            _ => PythonServer::Wsgi,
        }),
        uv_optional_dependencies: settings.texts("uvOptionalDependencies"),
        uv_with_groups: settings.texts("uvWithGroups"),
        uv_without_groups: settings.texts("uvWithoutGroups"),
        uv_only_groups: settings.texts("uvOnlyGroups"),
    }
}

fn java(settings: &Mapping) -> Option<JavaConfig> {
    Some(JavaConfig {
        java_version: match settings.scalar("javaVersion") {
            Some(version) => Some(version.parse().ok()?),
            None => None,
        },
        use_maven: settings.has("useMaven").then(|| settings.flag("useMaven")),
        package_manager_file: settings.text("packageManagerFile").map(str::to_string),
    })
}
