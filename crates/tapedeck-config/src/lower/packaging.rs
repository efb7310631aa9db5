//! `packaging` to the model.

use tapedeck_model::{JavaScriptConfig, ModuleFormat, Packaging, StacktapeImageBuildpack};

use super::{flag, integer, mapping, text, texts};
use crate::parse::Mapping;

/// How the image comes about. `None` for types that are not supported, which has been reported.
pub(super) fn lower(packaging: &Mapping) -> Option<Packaging> {
    let properties = mapping(packaging, "properties")?;
    match text(packaging, "type")? {
        "stacktape-image-buildpack" => Some(Packaging::StacktapeImageBuildpack(buildpack(properties)?)),
        _ => None,
    }
}

fn buildpack(properties: &Mapping) -> Option<StacktapeImageBuildpack> {
    Some(StacktapeImageBuildpack {
        entryfile_path: text(properties, "entryfilePath")?.to_string(),
        include_files: texts(properties, "includeFiles"),
        exclude_files: texts(properties, "excludeFiles"),
        exclude_dependencies: texts(properties, "excludeDependencies"),
        javascript: mapping(properties, "languageSpecificConfig")
            .map(javascript)
            .unwrap_or_default(),
    })
}

fn javascript(config: &Mapping) -> JavaScriptConfig {
    let version_text = text(config, "nodeVersion").and_then(|version| version.parse().ok());
    JavaScriptConfig {
        ts_config_path: text(config, "tsConfigPath").map(str::to_string),
        node_version: version_text.or_else(|| integer(config, "nodeVersion")),
        output_module_format: match text(config, "outputModuleFormat") {
            Some("cjs") => Some(ModuleFormat::Cjs),
            Some("esm") => Some(ModuleFormat::Esm),
            _ => None,
        },
        disable_source_maps: flag(config, "disableSourceMaps"),
    }
}
