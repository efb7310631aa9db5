//! The text of the config, with comments for who changes it next. Pure.

use std::fmt::Write;

use tapedeck_model::ProjectName;

use super::candidate::Packaging;
use super::decide::Draft;

/// The config as YAML. `project` is the name that the project has, given or not.
pub(crate) fn yaml(draft: &Draft, project: &ProjectName) -> String {
    let mut out = String::from(
        "# What runs, and how. `tapedeck validate` checks this file, `tapedeck deploy` makes it so.\n\n",
    );
    let _ = match &draft.project {
        Some(project) => writeln!(out, "projectName: {}\n", yaml_text(project.as_str())),
        None => writeln!(
            out,
            "# The project has the name of this folder, unless it is given here:\n# projectName: {}\n",
            yaml_text(project.as_str())
        ),
    };
    let _ = write!(
        out,
        "resources:
  {name}:
    # Runs continuously; nothing reaches it from outside.
    type: worker-service
    properties:
{packaging}
      # What each instance gets: virtual CPUs, and memory in MiB.
      resources:
        cpu: {cpu}
        memory: {memory}

{scaling}
      # Variables that the program finds in its environment:
      # environment:
      #   - name: LOG_LEVEL
      #     value: info
",
        name = yaml_text(draft.service.as_str()),
        packaging = yaml_packaging(&draft.packaging),
        cpu = vcpu(draft),
        memory = draft.memory.mebibytes(),
        scaling = yaml_scaling(draft.instances),
    );
    out
}

fn yaml_packaging(packaging: &Packaging) -> String {
    let kind = packaging.kind();
    let mut out = match packaging {
        Packaging::Buildpack { .. } => {
            "      # The image is made of the entry file and what it needs.\n".to_string()
        }
        Packaging::Dockerfile { .. } => {
            "      # The image is made by the Dockerfile, which sees the folder `buildContextPath`.\n"
                .to_string()
        }
    };
    let _ = write!(
        out,
        "      packaging:\n        type: {kind}\n        properties:\n"
    );
    for (key, value) in packaging_properties(packaging) {
        let _ = writeln!(out, "          {key}: {}", yaml_text(&value));
    }
    if let Some(interface) = interface_word(packaging) {
        let _ = writeln!(
            out,
            "          languageSpecificConfig:\n            # A web server runs the app that is named behind the colon.\n            \
             runAppAs: {interface}"
        );
    }
    out
}

fn yaml_scaling(instances: u32) -> String {
    if instances == 1 {
        return "      # One instance runs. To have more:
      # scaling:
      #   minInstances: 2
      #   maxInstances: 2
"
        .to_string();
    }
    format!(
        "      # How many instances run. A deploy replaces them one by one.
      scaling:
        minInstances: {instances}
        maxInstances: {instances}
"
    )
}

/// The config as TypeScript. `project` is the name that the project has, given or not.
pub(crate) fn typescript(draft: &Draft, project: &ProjectName) -> String {
    let mut out = String::from(
        "// What runs, and how. `tapedeck validate` checks this file, `tapedeck deploy` makes it so.
import { defineConfig } from 'stacktape';

export default defineConfig(() => ({
",
    );
    let _ = match &draft.project {
        Some(project) => writeln!(out, "  projectName: {},", typescript_text(project.as_str())),
        None => writeln!(
            out,
            "  // The project has the name of this folder, unless it is given here:\n  // projectName: {},",
            typescript_text(project.as_str())
        ),
    };
    let _ = write!(
        out,
        "  resources: {{
    {name}: {{
      // Runs continuously; nothing reaches it from outside.
      type: 'worker-service',
      properties: {{
{packaging}
        // What each instance gets: virtual CPUs, and memory in MiB.
        resources: {{ cpu: {cpu}, memory: {memory} }},

{scaling}
        // Variables that the program finds in its environment:
        // environment: [{{ name: 'LOG_LEVEL', value: 'info' }}],
      }},
    }},
  }},
}}));
",
        name = typescript_key(draft.service.as_str()),
        packaging = typescript_packaging(&draft.packaging),
        cpu = vcpu(draft),
        memory = draft.memory.mebibytes(),
        scaling = typescript_scaling(draft.instances),
    );
    out
}

fn typescript_packaging(packaging: &Packaging) -> String {
    let mut out = match packaging {
        Packaging::Buildpack { .. } => {
            "        // The image is made of the entry file and what it needs.\n".to_string()
        }
        Packaging::Dockerfile { .. } => {
            "        // The image is made by the Dockerfile, which sees the folder `buildContextPath`.\n"
                .to_string()
        }
    };
    let _ = write!(
        out,
        "        packaging: {{\n          type: '{}',\n          properties: {{\n",
        packaging.kind()
    );
    for (key, value) in packaging_properties(packaging) {
        let _ = writeln!(out, "            {key}: {},", typescript_text(&value));
    }
    if let Some(interface) = interface_word(packaging) {
        let _ = writeln!(
            out,
            "            // A web server runs the app that is named behind the colon.\n            \
             languageSpecificConfig: {{ runAppAs: '{interface}' }},"
        );
    }
    out.push_str("          },\n        },\n");
    out
}

fn typescript_scaling(instances: u32) -> String {
    if instances == 1 {
        return "        // One instance runs. To have more:\n        // scaling: { minInstances: 2, maxInstances: 2 },\n"
            .to_string();
    }
    format!(
        "        // How many instances run. A deploy replaces them one by one.\n        \
         scaling: {{ minInstances: {instances}, maxInstances: {instances} }},\n"
    )
}

/// The keys of `packaging.properties` that have texts.
fn packaging_properties(packaging: &Packaging) -> Vec<(&'static str, String)> {
    match packaging {
        Packaging::Buildpack { .. } => vec![("entryfilePath", packaging.path())],
        Packaging::Dockerfile { context, dockerfile } => {
            let context = if context.is_empty() { "." } else { context };
            vec![
                ("buildContextPath", context.to_string()),
                ("dockerfilePath", dockerfile.clone()),
            ]
        }
    }
}

fn interface_word(packaging: &Packaging) -> Option<&'static str> {
    match packaging {
        Packaging::Buildpack { app, .. } => app.as_ref().map(|app| app.interface.word()),
        Packaging::Dockerfile { .. } => None,
    }
}

fn vcpu(draft: &Draft) -> f64 {
    f64::from(draft.cpu.millis()) / 1000.0
}

/// A text in YAML, between quotes where it could be taken for something else.
fn yaml_text(text: &str) -> String {
    const RESERVED: [&str; 10] = [
        "false", "n", "no", "null", "off", "on", "true", "y", "yes", "none",
    ];
    let mut letters = text.chars();
    let begins_well = match letters.next() {
        Some('.') => !letters.next().is_some_and(|letter| letter.is_ascii_digit()),
        Some(letter) => letter.is_ascii_alphabetic() || matches!(letter, '_' | '/'),
        None => false,
    };
    let is_plain = text
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || "._-/+@:".contains(letter));
    let is_reserved = RESERVED.contains(&text.to_ascii_lowercase().as_str());
    if begins_well && is_plain && !is_reserved && !text.ends_with(':') {
        return text.to_string();
    }
    serde_json::Value::from(text).to_string()
}

/// A text in TypeScript.
fn typescript_text(text: &str) -> String {
    if text
        .chars()
        .all(|letter| letter != '\'' && letter != '\\' && !letter.is_control())
    {
        return format!("'{text}'");
    }
    serde_json::Value::from(text).to_string()
}

/// A key in TypeScript.
fn typescript_key(name: &str) -> String {
    if name.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        name.to_string()
    } else {
        typescript_text(name)
    }
}
