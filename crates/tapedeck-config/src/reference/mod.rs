//! The reference of the config language as Markdown, made from the tables.
//!
//! One page for the file, one for each type of resource, one for the directives. Tables of keys are in `page`.

mod page;

use tapedeck_model::naming::upper_snake_case;

use crate::directive::{BUILTINS, Builtin, Phase};
use crate::example::{self, Example};
use crate::schema::{Catalogue, Connectable, Parameter, RESOURCE, ROOT, ResourceType, When};
use crate::words;
use page::{Page, cell};

/// The page of the file: its sections, and the types of resources with links to their pages.
#[must_use]
pub fn reference_markdown(catalogue: &Catalogue) -> String {
    let mut page = Page::default();
    page.text(
        "# Config reference\n\nEvery key of a config file. What the properties of a resource are depends on its \
         [type](#types-of-resources). [Directives](directives.md) may stand where a value belongs; what is said about \
         mistakes is in [rules](rules.md). Editors complete and check a file with the [JSON Schema](stacktape.schema.json), \
         which `tapedeck schema` prints; `tapedeck explain` tells what is here in a terminal.\n",
    );
    page.section("The file", "", &ROOT);
    page.section("A resource", "resources.<name>", &RESOURCE);
    page.text(&types(catalogue));
    page.finish()
}

fn types(catalogue: &Catalogue) -> String {
    let (here, missing): (Vec<&ResourceType>, Vec<&ResourceType>) =
        catalogue.types.iter().partition(|kind| kind.properties.is_some());
    let rows: String = here
        .iter()
        .map(|kind| {
            let support = words::support(kind.support).map(|support| words::sentence(&support));
            let doc = [Some(kind.doc.to_string()), support]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>();
            format!(
                "| [`{0}`](resources/{0}.md) | {1} |\n",
                kind.name,
                cell(&doc.join(" "))
            )
        })
        .collect();
    let names: Vec<&str> = missing.iter().map(|kind| kind.name).collect();
    let missing = if names.is_empty() {
        String::new()
    } else {
        format!("\nNot supported yet: {}.\n", words::listed(&names))
    };
    format!("## Types of resources\n\n| type | what it is |\n|---|---|\n{rows}{missing}")
}

/// The page of a type of resource: its keys, an example, and what others can ask of it.
#[must_use]
pub fn resource_markdown(kind: &ResourceType) -> String {
    let mut page = Page::default();
    page.text(&format!("# `{}`\n\n{}\n", kind.name, words::sentence(kind.doc)));
    if let Some(support) = words::support(kind.support) {
        page.text(&format!("{}\n", words::sentence(&support)));
    }
    if let Some(object) = kind.properties {
        let example = Example::of_resource(kind, example::of_properties(object));
        page.text(&format!("```yaml\n{}```\n", example.render()));
        page.section("Properties", "", object);
    }
    page.text(&connecting(kind));
    page.text("[All keys of the file](../config.md)\n");
    page.finish()
}

/// What `$ResourceParam` can ask of a resource, and what connecting to one does.
fn connecting(kind: &ResourceType) -> String {
    let mut text = "## Parameters and connecting\n\n".to_string();
    match kind.connectable {
        Connectable::Yes => text.push_str(
            "`connectTo` gives whoever names a resource of this type the permissions to use it, and these parameters as \
             variables of the environment.\n",
        ),
        Connectable::No(advice) => text.push_str(&format!("`connectTo` cannot name it: {advice}.\n")),
    }
    if kind.parameters.is_empty() {
        text.push_str("\n`$ResourceParam` can ask nothing of it.\n");
        return text;
    }
    text.push_str("\n| parameter | variable | type | what it is |\n|---|---|---|---|\n");
    text.extend(kind.parameters.iter().map(parameter));
    text
}

fn parameter(one: &Parameter) -> String {
    let condition = match one.when {
        When::Always => String::new(),
        When::If(_, condition) => format!(", {condition}"),
    };
    let secret = if one.is_secret { "; a secret" } else { "" };
    format!(
        "| `{}` | `STP_<NAME>_{}` | {} | {} |\n",
        one.name,
        upper_snake_case(one.name),
        words::value_type(one.value),
        cell(&format!("{}{condition}{secret}", one.doc))
    )
}

/// The page of directives.
#[must_use]
pub fn directives_markdown() -> String {
    let table = |phase: Phase| {
        let rows = BUILTINS.iter().filter(|one| one.phase == phase).map(directive);
        format!(
            "| call | gives | example |\n|---|---|---|\n{}",
            rows.collect::<String>()
        )
    };
    format!(
        "# Directives\n\nA text that is a call such as `$Stage()` stands for the value that it gives. The whole text is \
         the call; to put a value into a text, use `$Format()`. A path may follow a call that gives a mapping or list: \
         `$File('settings.yml').mailer.port`.\n\n\
         ## Known when the file is read\n\nThey may stand anywhere.\n\n{}\n\
         ## Known when the stack is deployed\n\nThey may stand where the reference of a key allows it, and not as \
         arguments of those above.\n\n{}\n\
         Directives of the project's own are functions in a file: see [`directives`](config.md#directives).\n",
        table(Phase::Early),
        table(Phase::Late)
    )
}

fn directive(one: &Builtin) -> String {
    let mut arguments: Vec<String> = one
        .parameters
        .iter()
        .map(|parameter| {
            if parameter.is_required {
                parameter.name.to_string()
            } else {
                format!("[{}]", parameter.name)
            }
        })
        .collect();
    if one.is_variadic {
        arguments.push("…".to_string());
    }
    format!(
        "| `${}({})` | {} | `{}` |\n",
        one.name,
        arguments.join(", "),
        cell(one.doc),
        one.example
    )
}
