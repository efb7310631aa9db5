//! Runs the Markdown specs: each `##` section has one `yaml` or `json` block and what loading it gives.
//!
//! What surrounds the file stands in further blocks: `file NAME` is a file beside it, and each line of `surroundings`
//! one of `region: NAME`, `deploy`, `profile: NAME`, `option NAME: VALUE`, `variable NAME: VALUE`,
//! `secret NAME[: KEY, KEY]`, `function PATH[:HANDLER]: JSON`,
//! `vpc ID: ADDRESSES, PUBLIC SUBNETS, PRIVATE SUBNETS`, `missing: PATH`, `folder: PATH`.
//!
//! A ```` ```diagnostics ```` block is the rendered findings, a ```` ```model ```` block the stack as JSON; a section
//! without the former expects no findings, one without the latter no stack unless nothing is said of it.
//! `UPDATE_SPECS=1 cargo test -p tapedeck-resources` writes what came out into the blocks that are there.

use std::path::PathBuf;

use tapedeck_config::{PathState, VpcState};
use tapedeck_diagnostic::render_text;
use tapedeck_model::Region;

use super::Stage;

/// A fenced block: its language, its text, and where the text lies in the file.
pub(super) struct Block {
    pub(super) language: String,
    pub(super) text: String,
    range: std::ops::Range<usize>,
}

/// What a section is about and what stands in it.
pub(super) struct Section {
    pub(super) title: String,
    pub(super) blocks: Vec<Block>,
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the specs are files, and a variable asks to rewrite them"
)]
fn the_specs_hold() {
    let update = std::env::var("UPDATE_SPECS").is_ok();
    let paths = spec_files();
    let (mut cases, mut failures) = (0, Vec::new());
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().to_string();
        let mut updated = text.clone();
        // From the end, so that the places before stay right.
        for section in sections(&text).iter().rev() {
            cases += 1;
            judge(&name, section, &mut updated, &mut failures);
        }
        if update && updated != text {
            std::fs::write(&path, updated).unwrap();
        }
    }
    assert!(failures.is_empty() || update, "{}", failures.join("\n"));
    assert!(cases >= 100, "only {cases} cases were found");
}

/// The Markdown files, by name.
#[expect(clippy::disallowed_methods, reason = "the specs are files")]
pub(super) fn spec_files() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("specs");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    paths.sort();
    paths
}

fn judge(file: &str, section: &Section, updated: &mut String, failures: &mut Vec<String>) {
    let title = format!("{file}, {}", section.title);
    let input = section
        .blocks
        .iter()
        .find(|block| matches!(block.language.as_str(), "yaml" | "json"));
    let input = input.unwrap_or_else(|| panic!("{title} has no yaml or json block"));
    let loaded = stage(section).load(&input.text);
    let (stack, diagnostics) = (loaded.stack, loaded.diagnostics);
    assert_eq!(
        stack.is_some(),
        !diagnostics.has_errors(),
        "{title}: a stack or errors, never both or none"
    );
    let model = stack.map(|stack| format!("{}\n", serde_json::to_string_pretty(&stack).unwrap()));
    let findings = render_text(&diagnostics, &loaded.sources);
    let has_findings = section.blocks.iter().any(|block| block.language == "diagnostics");
    if !has_findings && !findings.is_empty() {
        failures.push(format!(
            "== {title}: findings that the spec does not have\n{findings}"
        ));
    }
    for block in section.blocks.iter().rev() {
        let actual = match block.language.as_str() {
            "diagnostics" => findings.clone(),
            "model" => model.clone().unwrap_or_else(|| "no stack\n".to_string()),
            _ => continue,
        };
        if actual != block.text {
            failures.push(format!(
                "== {title}\n-- expected\n{}-- actual\n{actual}",
                block.text
            ));
            updated.replace_range(block.range.clone(), &actual);
        }
    }
}

/// The surroundings that a section asks for.
pub(super) fn stage(section: &Section) -> Stage {
    let mut stage = Stage::default();
    for block in &section.blocks {
        if let Some(name) = block.language.strip_prefix("file ") {
            stage.files.insert(name.to_string(), block.text.clone());
        }
        if block.language == "surroundings" {
            block.text.lines().for_each(|line| surround(&mut stage, line));
        }
    }
    stage
}

fn surround(stage: &mut Stage, line: &str) {
    let (key, value) = line.split_once(": ").unwrap_or((line, ""));
    let (kind, name) = key.split_once(' ').unwrap_or((key, ""));
    let (name, value) = (name.to_string(), value.to_string());
    match kind {
        "region" => stage.options.region = Region::new(value).unwrap(),
        "deploy" => stage.options.is_deployment = true,
        "profile" => stage.options.profile = Some(value),
        "option" => drop(stage.options.command_line.insert(name, value)),
        "variable" => drop(stage.environment.insert(name, value)),
        "secret" => {
            let keys: Vec<String> = value.split(", ").map(str::to_string).collect();
            stage.secrets.insert(name, (!value.is_empty()).then_some(keys));
        }
        "vpc" => {
            let parts: Vec<&str> = value.split(", ").collect();
            let state = VpcState {
                cidr_block: parts[0].to_string(),
                public_subnets: parts[1].parse().unwrap(),
                private_subnets: parts[2].parse().unwrap(),
            };
            stage.vpcs.insert(name, state);
        }
        "function" => drop(stage.functions.insert(name, value)),
        "missing" => drop(stage.paths.insert(value, PathState::Missing)),
        "folder" => drop(stage.paths.insert(value, PathState::Folder)),
        other => panic!("`{other}` says nothing about the surroundings"),
    }
}

pub(super) fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut open: Option<(String, usize)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        match (&open, line.trim_end()) {
            (Some((language, start)), "```") => {
                let block = Block {
                    language: language.clone(),
                    text: text[*start..at].to_string(),
                    range: *start..at,
                };
                sections
                    .last_mut()
                    .expect("blocks stand under a heading")
                    .blocks
                    .push(block);
                open = None;
            }
            (None, fence) if fence.starts_with("```") => open = Some((fence[3..].to_string(), end)),
            (None, heading) if heading.starts_with("## ") => {
                sections.push(Section {
                    title: heading[3..].to_string(),
                    blocks: Vec::new(),
                });
            }
            _ => {}
        }
        at = end;
    }
    sections
}
