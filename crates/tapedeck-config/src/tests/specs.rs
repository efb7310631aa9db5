//! Runs the Markdown specs: each `##` section has one `yaml` or `json` block and what loading it gives.
//!
//! A ```` ```diagnostics ```` block is the rendered findings, a ```` ```model ```` block the stack as JSON; a section
//! without the former expects no findings, one without the latter no stack unless nothing is said of it.
//! `UPDATE_SPECS=1 cargo test -p tapedeck-config` writes what came out into the blocks that are there.

use std::path::PathBuf;

use tapedeck_diagnostic::render_text;

use super::loaded;

/// A fenced block: its language, its text, and where the text lies in the file.
struct Block {
    language: String,
    text: String,
    range: std::ops::Range<usize>,
}

/// What a section is about and what stands in it.
struct Section {
    title: String,
    blocks: Vec<Block>,
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the specs are files, and a variable asks to rewrite them"
)]
fn the_specs_hold() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("specs");
    let update = std::env::var("UPDATE_SPECS").is_ok();
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
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

fn judge(file: &str, section: &Section, updated: &mut String, failures: &mut Vec<String>) {
    let title = format!("{file}, {}", section.title);
    let input = section
        .blocks
        .iter()
        .find(|block| matches!(block.language.as_str(), "yaml" | "json"));
    let input = input.unwrap_or_else(|| panic!("{title} has no yaml or json block"));
    let (stack, diagnostics, source) = loaded(&input.text);
    assert_eq!(
        stack.is_some(),
        !diagnostics.has_errors(),
        "{title}: a stack or errors, never both or none"
    );
    let model = stack.map(|stack| format!("{}\n", serde_json::to_string_pretty(&stack).unwrap()));
    let findings = render_text(&diagnostics, &source);
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

fn sections(text: &str) -> Vec<Section> {
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
