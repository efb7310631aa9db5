//! Rules about crates: which may depend on which, what those without I/O may use, names, lints.

use std::process::Command;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::finding::Finding;
use crate::tree::Tree;

/// The crates of the product, top to bottom. Arrows only ever point down.
const ORDER: [&str; 14] = [
    "tapedeck",
    "tapedeck-engine",
    "tapedeck-local",
    "tapedeck-cloud",
    "tapedeck-runtime",
    "tapedeck-build",
    "tapedeck-image",
    "tapedeck-api",
    "tapedeck-plan",
    "tapedeck-synth",
    "tapedeck-resources",
    "tapedeck-config",
    "tapedeck-model",
    "tapedeck-diagnostic",
];

/// The crates of [`ORDER`] that have no I/O, no clock and no environment.
pub(crate) const PURE: &[&str] = ORDER.split_at(8).1;

/// What a pure crate may use beside crates of ours: libraries that compute and touch nothing.
const PURE_LIBRARIES: [&str; 7] = [
    "regex",
    "saphyr-parser",
    "serde",
    "serde_json",
    "sha3",
    "strsim",
    "thiserror",
];

/// The only crate that may hold `unsafe`. A lint table cannot be inherited in part, so it has its own.
pub(crate) const UNSAFE_CRATE: &str = "tapedeck-runtime";

/// A crate of the workspace.
#[derive(Debug)]
pub(crate) struct Crate {
    /// Its name.
    pub(crate) name: String,
    /// Its folder, from the root of the repository.
    pub(crate) folder: String,
    /// What its code depends on, tests aside.
    pub(crate) dependencies: Vec<String>,
}

/// The crates of the workspace, as cargo sees them.
///
/// # Errors
/// When `cargo metadata` fails or says something unexpected.
pub(crate) fn of_workspace(tree: &Tree) -> anyhow::Result<Vec<Crate>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(&tree.root)
        .output()
        .context("could not run cargo metadata")?;
    if !output.status.success() {
        bail!(
            "cargo metadata failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata gave no JSON")?;
    let packages = metadata["packages"]
        .as_array()
        .context("cargo metadata names no packages")?;
    packages.iter().map(|package| of_package(package, tree)).collect()
}

fn of_package(package: &Value, tree: &Tree) -> anyhow::Result<Crate> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let manifest = text(&package["manifest_path"]);
    let folder = manifest
        .strip_prefix(&format!("{}/", tree.root.display()))
        .and_then(|path| path.strip_suffix("/Cargo.toml"))
        .with_context(|| format!("{manifest} is outside of the repository"))?;
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    Ok(Crate {
        name: text(&package["name"]),
        folder: folder.to_string(),
        dependencies: dependencies
            .filter(|dependency| dependency["kind"] != "dev")
            .map(|dependency| text(&dependency["name"]))
            .collect(),
    })
}

/// Checks every crate.
pub(crate) fn check(tree: &Tree, crates: &[Crate]) -> Vec<Finding> {
    let of_one = |one| {
        let mut found = place(tree, one, crates);
        found.extend(edges(tree, one));
        found.extend(lints(tree, one));
        found
    };
    crates.iter().flat_map(of_one).collect()
}

/// A finding about the line of a manifest that begins with a word.
fn finding(tree: &Tree, one: &Crate, word: &str, rule: &'static str, message: String, help: &str) -> Finding {
    let file = format!("{}/Cargo.toml", one.folder);
    let line = tree.file(&file).map_or(1, |manifest| {
        manifest.line_where(|line| {
            line.strip_prefix(word)
                .is_some_and(|rest| rest.starts_with(['.', ' ', '=', ']']))
        })
    });
    Finding {
        file,
        line,
        rule,
        message,
        help: help.to_string(),
    }
}

fn is_dev(one: &Crate) -> bool {
    one.folder.starts_with("dev/")
}

/// A crate is where its name says.
fn place(tree: &Tree, one: &Crate, crates: &[Crate]) -> Vec<Finding> {
    let mut found = Vec::new();
    let folder = one.folder.rsplit('/').next().unwrap_or_default();
    if folder != one.name {
        let message = format!("the crate {} is in a folder named {folder}", one.name);
        found.push(finding(
            tree,
            one,
            "name",
            "crate-name",
            message,
            "give both the same name",
        ));
    }
    if !is_dev(one) && !ORDER.contains(&one.name.as_str()) {
        let message = format!("the crate {} has no place in the order of crates", one.name);
        let help = "add it to ORDER in dev/xtask/src/tidy/crates.rs, above all that it uses";
        found.push(finding(tree, one, "name", "crate-order", message, help));
    }
    let in_dev = |name: &String| crates.iter().any(|other| other.name == *name && is_dev(other));
    for name in one
        .dependencies
        .iter()
        .filter(|name| !is_dev(one) && in_dev(name))
    {
        let message = format!("{} depends on {name}, which is for tests and chores", one.name);
        found.push(finding(
            tree,
            one,
            name,
            "crate-edge",
            message,
            "make it a dev-dependency",
        ));
    }
    found
}

/// A crate depends on those below it only; one without I/O only on others without.
fn edges(tree: &Tree, one: &Crate) -> Vec<Finding> {
    let level = |name: &str| ORDER.iter().position(|other| *other == name);
    let Some(own) = level(&one.name) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for name in &one.dependencies {
        match level(name) {
            Some(other) if other <= own => {
                let message = format!("{} depends on {name}, which is above it", one.name);
                let help = "move what both need into a crate below; the upper one may declare a trait, the binary joins them";
                found.push(finding(tree, one, name, "crate-edge", message, help));
            }
            None if PURE.contains(&one.name.as_str()) && !PURE_LIBRARIES.contains(&name.as_str()) => {
                let message = format!("{}, which must not do I/O, depends on {name}", one.name);
                let help = "pass what it gives as an argument; or, if it touches nothing, add it to PURE_LIBRARIES in \
                            dev/xtask/src/tidy/crates.rs";
                found.push(finding(tree, one, name, "pure-crate", message, help));
            }
            _ => {}
        }
    }
    found
}

/// Every crate has the lints of the workspace.
fn lints(tree: &Tree, one: &Crate) -> Vec<Finding> {
    let Some(manifest) = tree.file(&format!("{}/Cargo.toml", one.folder)) else {
        return Vec::new();
    };
    if one.name == UNSAFE_CRATE {
        let root = tree.file("Cargo.toml").map_or("", |root| &root.text);
        let missing = workspace_lints(root).filter(|lint| {
            !lint.starts_with("unsafe_code") && !manifest.text.lines().any(|line| line == *lint)
        });
        let told = missing.map(|lint| {
            let message = format!("{} lacks a lint of the workspace: {lint}", one.name);
            finding(
                tree,
                one,
                "[lints",
                "lints",
                message,
                "copy the line from the Cargo.toml at the root",
            )
        });
        return told.collect();
    }
    if manifest.text.contains("[lints]\nworkspace = true\n") {
        return Vec::new();
    }
    let message = format!("{} does not have the lints of the workspace", one.name);
    vec![finding(
        tree,
        one,
        "[lints",
        "lints",
        message,
        "add a section [lints] with workspace = true",
    )]
}

/// The lines `lint = "level"` of the tables `[workspace.lints.…]`.
fn workspace_lints(manifest: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    manifest.lines().filter(move |line| {
        if line.starts_with('[') {
            inside = line.starts_with("[workspace.lints.");
            return false;
        }
        inside && !line.is_empty()
    })
}
