//! What is made from code: reference pages, and the `clippy.toml` of each crate without I/O.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Context;
use serde_json::Value;
use tapedeck_resources::CATALOGUE;

use crate::conformance;
use crate::finding::Finding;
use crate::tidy::PURE;
use crate::tree::Tree;

/// What keeps a crate without I/O that way. One text, because clippy cannot include one file in another.
const WALL: &str = include_str!("wall.toml");

/// The folder of the pages of types of resources, in that of the reference.
const RESOURCES: &str = "resources";

const MARK: &str = "<!-- Made by `cargo xtask generate`. Do not edit. -->";

/// A file that is made from code.
struct Page {
    /// Path from the root of the repository.
    path: String,
    text: String,
}

/// Every page that can be made without the built binary.
fn pages(root: &Path) -> Vec<Page> {
    let reference = |name: &str, text: String| Page {
        path: format!("docs/reference/{name}.md"),
        text: format!("{MARK}\n\n{}\n", text.trim()),
    };
    let wall = |name: &&str| Page {
        path: format!("crates/{name}/clippy.toml"),
        text: WALL.to_string(),
    };
    let mut pages = vec![
        reference("config", tapedeck_config::reference_markdown(&CATALOGUE)),
        reference("directives", tapedeck_config::directives_markdown()),
        reference("rules", tapedeck_diagnostic::rules_markdown()),
        Page {
            path: "docs/reference/stacktape.schema.json".to_string(),
            text: lines(&tapedeck_config::schema::json_schema(&CATALOGUE)),
        },
    ];
    let types = CATALOGUE.types.iter().filter(|kind| kind.properties.is_some());
    pages.extend(types.map(|kind| {
        let name = format!("{RESOURCES}/{}", kind.name);
        reference(&name, tapedeck_config::resource_markdown(kind))
    }));
    // A tree that cannot be read is told by whoever reads it first.
    pages.extend(Tree::read(root).ok().map(|tree| Page {
        path: conformance::PAGE.to_owned(),
        text: format!("{MARK}\n\n{}", conformance::page(&tree)),
    }));
    let there = PURE.iter().filter(|name| root.join("crates").join(name).is_dir());
    pages.extend(there.map(wall));
    pages
}

/// A JSON Schema with a line for each definition: small, and a change shows where it is.
fn lines(schema: &Value) -> String {
    let members = |value: &Value, of_one: &dyn Fn(&str, &Value) -> String| {
        let members = value.as_object().into_iter().flatten();
        let lines: Vec<String> = members
            .map(|(name, value)| format!("{}: {}", Value::from(name.as_str()), of_one(name, value)))
            .collect();
        format!("{{\n{}\n}}", lines.join(",\n"))
    };
    let text = members(schema, &|name, value| match name {
        "definitions" => members(value, &|_, definition| definition.to_string()),
        _ => value.to_string(),
    });
    format!("{text}\n")
}

/// Writes every page.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn write(root: &Path) -> anyhow::Result<()> {
    for page in pages(root) {
        let path = root.join(page.path);
        fs_err::create_dir_all(path.parent().expect("every page is in a folder"))?;
        fs_err::write(path, page.text)?;
    }
    Ok(())
}

/// Pages that are not what the code says.
pub(crate) fn stale(root: &Path) -> Vec<Finding> {
    let pages = pages(root);
    let mut found = left_over(root, &pages);
    let stale = pages.into_iter().filter_map(|page| {
        let there = fs_err::read_to_string(root.join(&page.path)).unwrap_or_default();
        let line = first_difference(&there, &page.text)?;
        Some(Finding {
            file: page.path,
            line,
            rule: "stale",
            message: "the file is not what the code says".to_string(),
            help: "run `cargo xtask generate`".to_string(),
        })
    });
    found.extend(stale);
    found
}

/// Pages of types of resources that are there no more.
fn left_over(root: &Path, pages: &[Page]) -> Vec<Finding> {
    let folder = format!("docs/reference/{RESOURCES}");
    let there = fs_err::read_dir(root.join(&folder))
        .into_iter()
        .flatten()
        .flatten();
    let paths = there.map(|entry| format!("{folder}/{}", entry.file_name().to_string_lossy()));
    let unknown = paths.filter(|path| pages.iter().all(|page| page.path != *path));
    let told = unknown.map(|file| Finding {
        file,
        line: 1,
        rule: "stale",
        message: "the page is of a type of resource that there is not".to_string(),
        help: "remove it".to_string(),
    });
    told.collect()
}

/// The first line, counted from 1, in which two texts differ.
fn first_difference(left: &str, right: &str) -> Option<usize> {
    let same = left
        .lines()
        .zip(right.lines())
        .take_while(|(left, right)| left == right)
        .count();
    (left != right).then_some(same + 1)
}

/// What to do with a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Write it.
    Write,
    /// Fail when it is stale.
    Check,
}

/// Writes or checks the page of commands. It is made from what the binary says, by the test that has the binary.
///
/// # Errors
/// When cargo cannot be started.
pub(crate) fn commands_page(root: &Path, mode: Mode) -> anyhow::Result<ExitCode> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args([
        "test",
        "--quiet",
        "--package",
        "tapedeck",
        "--test",
        "cli",
        "reference::",
    ]);
    if mode == Mode::Write {
        cargo.env("UPDATE_EXPECT", "1");
    }
    let status = cargo
        .current_dir(root)
        .status()
        .context("could not run cargo test")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
