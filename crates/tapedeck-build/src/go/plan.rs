//! How to compile: a pure function of what was seen.

use std::ffi::OsString;

use tapedeck_image::Platform;

use super::GoError;
use super::module::{Module, ModuleFile, program_name};
use super::version::GoVersion;
use crate::request::Source;

/// What was seen.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) module: Module,
    /// The Go of this machine. None: it is of no release, and trusted.
    pub(crate) host: Option<GoVersion>,
    /// Its version as it says it.
    pub(crate) host_text: String,
}

/// What to do.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The package as a path from the module, such as `./cmd/worker`.
    pub(crate) package: String,
    /// Name of the program.
    pub(crate) name: String,
    /// Variables for Go, so that equal source makes an equal program on every machine.
    pub(crate) environment: Vec<(&'static str, OsString)>,
    /// Who asked for the version of Go.
    pub(crate) asked_by: String,
}

/// Decides.
pub(crate) fn plan(facts: &Facts, source: &Source<'_>, platform: Platform) -> Result<Plan, GoError> {
    let module = &facts.module;
    let asked_by = require_version(facts, source)?;
    let entry = source.entry();
    let folder = entry.parent().unwrap_or(&module.root);
    let package = folder.strip_prefix(&module.root).unwrap_or(folder);
    let workspace = module
        .workspace
        .as_ref()
        .map_or("off".into(), |(path, _)| path.clone().into_os_string());
    // Without `-mod` Go changes no go.mod either, and says what to do where it would have to. Some flag there has to
    // be, so that none is taken from elsewhere.
    let flags = if module.is_vendored {
        "-mod=vendor"
    } else {
        "-trimpath"
    };
    Ok(Plan {
        package: format!("./{}", package.display()),
        name: program_name(&module.file.path, package),
        environment: vec![
            ("GOOS", "linux".into()),
            ("GOARCH", platform.as_str().into()),
            ("GOAMD64", "v1".into()),
            ("GOARM64", "v8.0".into()),
            ("GOEXPERIMENT", "".into()),
            ("CGO_ENABLED", "0".into()),
            ("GOTOOLCHAIN", "local".into()),
            ("GOFLAGS", flags.into()),
            ("GOWORK", workspace),
        ],
        asked_by,
    })
}

/// Refuses a Go that is older than the config, `go.work` or `go.mod` wants. Gives who wants the most.
fn require_version(facts: &Facts, source: &Source<'_>) -> Result<String, GoError> {
    let module = &facts.module;
    let mut wishes: Vec<(String, String)> = Vec::new();
    if let Some(written) = source
        .packaging
        .go()
        .and_then(|settings| settings.go_version.clone())
    {
        if GoVersion::parse(&written).is_none() {
            return Err(GoError::Version { written });
        }
        wishes.push((written, "languageSpecificConfig.goVersion".to_owned()));
    }
    let mut read = |path: String, file: &ModuleFile| {
        let versions = [&file.toolchain, &file.go].into_iter().flatten();
        wishes.extend(versions.map(|version| (version.trim_start_matches("go").to_owned(), path.clone())));
    };
    read(
        source.relative(&module.root.join("go.mod")).display().to_string(),
        &module.file,
    );
    if let Some((path, file)) = &module.workspace {
        read(source.relative(path).display().to_string(), file);
    }
    // Words such as `toolchain default` ask for nothing.
    let most = wishes
        .into_iter()
        .filter_map(|(text, asked_by)| Some((GoVersion::parse(&text)?, text, asked_by)))
        .rev()
        .max_by_key(|(version, _, _)| *version);
    match most {
        Some((version, wanted, asked_by)) if facts.host.is_some_and(|host| host < version) => {
            Err(GoError::TooOld {
                found: facts.host_text.clone(),
                wanted,
                asked_by,
            })
        }
        Some((_, _, asked_by)) => Ok(asked_by),
        None => Ok("default".to_owned()),
    }
}
