//! What a function runs: where its code is, what runs it, what is called in it.

use serde_json::{Value, json};
use tapedeck_model::Data;

use super::Target;
use crate::SynthError;
use crate::assembly::Assembly;
use crate::deployment_bucket;
use crate::environment::DEFAULT_NODE;
use crate::template::NOT_YET_KNOWN;

/// What a tag says of code that is not packaged yet.
const NO_DIGEST_YET: &str = "not-yet-known";

/// Versions of languages that a function gets when it asks for none.
const DEFAULT_PYTHON: &str = "3.13";
const DEFAULT_JAVA: &str = "21";

/// `Code`, `Runtime`, `Handler` and the tags that tell which code it is.
pub(super) fn properties(function: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<Value, SynthError> {
    let (runtime, handler) = match function.text("packaging.type") {
        Some("custom-artifact") => (None, artifact_handler(function)),
        _ => buildpack(function)?,
    };
    let runtime = function.text("runtime").map(str::to_string).or(runtime);
    let Some(runtime) = runtime else {
        return Err(function.unsupported("its language without `runtime`; add `runtime`"));
    };
    let artifact = assembly.lookups.artifacts.get(function.name);
    let bucket = artifact.and_then(|artifact| artifact.bucket.clone());
    let code = json!({
        "S3Bucket": bucket.unwrap_or_else(|| deployment_bucket::name(assembly)),
        "S3Key": artifact.map_or(NOT_YET_KNOWN, |artifact| &artifact.key),
    });
    let digest = artifact.map_or(NO_DIGEST_YET, |artifact| &artifact.digest);
    let mut tags: Vec<(&str, &str)> = Vec::new();
    for tag in function.items("tags") {
        let text = |key: &str| tag.get(key).and_then(Data::as_text);
        tags.extend(text("name").zip(text("value")));
    }
    tags.push(("stp:code-digest", digest));
    Ok(json!({
        "Code": code,
        "Runtime": runtime,
        "Handler": handler,
        "Tags": assembly.tags_with(&tags),
    }))
}

/// The version of Node that code is bundled for, if that is how it comes about.
pub(super) fn node_of_buildpack(function: &Target<'_>) -> Option<Option<u16>> {
    if function.text("packaging.type") != Some("stacktape-lambda-buildpack") {
        return None;
    }
    if !is_javascript(entry_file(function)) {
        return None;
    }
    let asked = function
        .text("runtime")
        .and_then(|runtime| runtime.strip_prefix("nodejs")?.strip_suffix(".x")?.parse().ok());
    Some(asked.or_else(|| node_version(function)))
}

fn node_version(function: &Target<'_>) -> Option<u16> {
    let version = function.number("packaging.properties.languageSpecificConfig.nodeVersion")?;
    u16::try_from(version).ok()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    Javascript,
    Python,
    Java,
    Go,
    Other,
}

fn entry_file<'a>(function: &Target<'a>) -> &'a str {
    function
        .text("packaging.properties.entryfilePath")
        .unwrap_or_default()
}

/// Whether an entry file is bundled for Node.
pub(crate) fn is_javascript(entry_file: &str) -> bool {
    language(entry_file) == Language::Javascript
}

fn language(entry_file: &str) -> Language {
    let extension = entry_file.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension {
        "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" => Language::Javascript,
        "py" => Language::Python,
        "java" => Language::Java,
        "go" => Language::Go,
        _ => Language::Other,
    }
}

/// Runtime and handler of code that is packaged from an entry file.
fn buildpack(function: &Target<'_>) -> Result<(Option<String>, String), SynthError> {
    let asked = function.text("packaging.properties.handlerFunction");
    let version = |key: &str, default: &str| {
        let path = format!("packaging.properties.languageSpecificConfig.{key}");
        match function.get(&path) {
            Some(Data::Number(number)) => number.0.clone(),
            Some(Data::Text(text)) => text.clone(),
            _ => default.to_string(),
        }
    };
    let stem = || {
        let name = entry_file(function).rsplit('/').next().unwrap_or_default();
        name.split('.').next().unwrap_or_default()
    };
    Ok(match language(entry_file(function)) {
        Language::Javascript => {
            let node = node_version(function).unwrap_or(DEFAULT_NODE);
            // The bundle is one file of this name.
            (
                Some(format!("nodejs{node}.x")),
                format!("index.{}", asked.unwrap_or("default")),
            )
        }
        Language::Python => (
            Some(format!("python{}", version("pythonVersion", DEFAULT_PYTHON))),
            format!("{}.{}", stem(), asked.unwrap_or("handler")),
        ),
        // A program that asks Lambda for its events itself is always called so.
        Language::Go => (Some("provided.al2023".to_string()), "bootstrap".to_string()),
        Language::Java => match asked {
            Some(asked) => (
                Some(format!("java{}", version("javaVersion", DEFAULT_JAVA))),
                asked.to_string(),
            ),
            None => {
                let what = "Java without `handlerFunction`; add it, such as `com.example.App::handleRequest`";
                return Err(function.unsupported(what));
            }
        },
        Language::Other => match asked {
            Some(asked) => (None, asked.to_string()),
            None => {
                return Err(function
                    .unsupported("its language without `handlerFunction`; add it, as Lambda expects it"));
            }
        },
    })
}

/// `folder/index.js:handler` as Lambda writes it: without the extension.
fn artifact_handler(function: &Target<'_>) -> String {
    let written = function.text("packaging.properties.handler").unwrap_or_default();
    if written.contains("::") {
        return written.to_string();
    }
    let Some((file, called)) = written.split_once(':') else {
        return written.to_string();
    };
    let (folder, name) = match file.rfind('/') {
        Some(end) => file.split_at(end + 1),
        None => ("", file),
    };
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    format!("{folder}{stem}.{called}")
}
