//! Whether a plan takes the version of Node or Python that the source asks for. Where Nixpacks does not have it, it plans
//! with its default and says nothing.

use std::path::Path;

use super::error::NixpacksError;
use super::plan::Plan;
use crate::javascript::allows_node;
use crate::request::Subject;

/// A version that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// Such as `package.json:4`.
    pub(super) place: String,
    pub(super) text: String,
}

/// Refuses a plan with another version.
pub(super) fn check(plan: &Plan, source: &Path, subject: Subject<'_>) -> Result<(), NixpacksError> {
    let read = |name: &str| fs_err::read_to_string(source.join(name)).ok();
    let refused = |language, (asked, taken): (Asked, &str)| NixpacksError::OtherVersion {
        service: subject.service.to_string(),
        place: asked.place,
        language,
        asked: asked.text,
        taken: taken.to_owned(),
    };
    if let Some(other) = other_node(plan, read) {
        return Err(refused("Node", other));
    }
    if let Some(other) = other_python(plan, read) {
        return Err(refused("Python", other));
    }
    Ok(())
}

/// What is asked of Node, and the package that is not it.
pub(super) fn other_node(plan: &Plan, read: impl Fn(&str) -> Option<String>) -> Option<(Asked, &str)> {
    let (taken, major) = plan.packages().find_map(|package| {
        let rest = package
            .strip_prefix("nodejs_")
            .or_else(|| package.strip_prefix("nodejs-"))?;
        let major: u16 = rest.trim_end_matches("_x").parse().ok()?;
        Some((package, major))
    })?;
    let of_manifest = || {
        let text = read("package.json")?;
        let manifest: serde_json::Value = serde_json::from_str(&text).ok()?;
        let asked = manifest.get("engines")?.get("node")?.as_str()?.to_owned();
        Some(Asked {
            place: place("package.json", &text, "\"node\""),
            text: asked,
        })
    };
    let asked = variable(plan, "NIXPACKS_NODE_VERSION")
        .or_else(of_manifest)
        .or_else(|| whole(".nvmrc", &read))
        .or_else(|| whole(".node-version", &read))?;
    (allows_node(&asked.text, major) == Some(false)).then_some((asked, taken))
}

/// What is asked of Python, and the package that is not it.
pub(super) fn other_python(plan: &Plan, read: impl Fn(&str) -> Option<String>) -> Option<(Asked, &str)> {
    // Others, too, install it for their own purposes.
    plan.variables
        .get("NIXPACKS_METADATA")?
        .split(',')
        .find(|name| *name == "python")?;
    // A package of a version that was found is named after it: `python312`. The default is not.
    let taken = plan.packages().find(|package| *package == "python3")?;
    let line_of = |name: &str, text: &str, key: &str| {
        let line = text.lines().find(|line| line.trim_start().starts_with(key))?;
        let value = line
            .trim_start()
            .trim_start_matches(key)
            .trim_matches([' ', '=', '"', '\'']);
        Some(Asked {
            place: place(name, text, key),
            text: value.to_owned(),
        })
    };
    let of_pipfile = || {
        let text = read("Pipfile")?;
        line_of("Pipfile", &text, "python_version")
            .or_else(|| line_of("Pipfile", &text, "python_full_version"))
    };
    let of_tools = || line_of(".tool-versions", &read(".tool-versions")?, "python ");
    let asked = variable(plan, "NIXPACKS_PYTHON_VERSION")
        .or_else(|| whole(".python-version", &read))
        .or_else(|| whole("runtime.txt", &read))
        .or_else(of_pipfile)
        .or_else(of_tools)?;
    let number = asked
        .text
        .trim_start_matches(|letter: char| !letter.is_ascii_digit());
    let leaves_a_choice = matches!(number, "" | "3");
    (!leaves_a_choice).then_some((asked, taken))
}

fn variable(plan: &Plan, name: &str) -> Option<Asked> {
    Some(Asked {
        place: name.to_owned(),
        text: plan.variables.get(name)?.clone(),
    })
}

/// A file that holds nothing but a version.
fn whole(name: &str, read: &impl Fn(&str) -> Option<String>) -> Option<Asked> {
    Some(Asked {
        place: name.to_owned(),
        text: read(name)?.trim().to_owned(),
    })
}

/// A file with the line in which a text stands.
fn place(name: &str, text: &str, wanted: &str) -> String {
    match text.lines().position(|line| line.contains(wanted)) {
        Some(before) => format!("{name}:{}", before + 1),
        None => name.to_owned(),
    }
}
