//! The sections beside `resources`: what relates their keys, and what they come to.

use std::collections::HashMap;

use tapedeck_diagnostic::{Diagnostics, Span, Spanned};
use tapedeck_model::{Data, Output, ReusedVpc, StackSettings, Tag, VpcSettings};

use super::{complete, late_text, scripts};
use crate::parse::{Mapping, Value};
use crate::schema::{Kind, Object, ROOT};

/// The most tags of one's own. Source: AWS takes 50, and some are ours.
const MOST_TAGS: usize = 45;

/// Judges what relates several keys of these sections.
pub(super) fn relations(root: &Mapping, diagnostics: &mut Diagnostics) {
    if let Some(stack) = root.mapping("stackConfig") {
        unique_names(stack.list("outputs"), "output", diagnostics);
        unique_names(stack.list("tags"), "tag", diagnostics);
        let tags = stack.list("tags");
        if let Some(first_too_many) = tags.get(MOST_TAGS) {
            diagnostics.too_many(first_too_many.span, "tags", tags.len(), MOST_TAGS);
        }
    }
}

fn unique_names(items: &[Spanned<Value>], kind: &str, diagnostics: &mut Diagnostics) {
    let mut seen: HashMap<String, Span> = HashMap::new();
    for item in items.iter().filter_map(|item| item.value.as_mapping()) {
        let Some(name) = item.spanned_text("name") else {
            continue;
        };
        match seen.get(&name.value) {
            Some(first) => diagnostics.duplicate_name(&name, kind, *first),
            None => drop(seen.insert(name.value.clone(), name.span)),
        }
    }
}

/// The settings of a checked file.
pub(super) fn lower(root: &Mapping) -> Option<StackSettings> {
    let empty = Mapping::default();
    let stack = root.mapping("stackConfig").unwrap_or(&empty);
    let saves = !stack.flag("disableStackInfoSaving");
    let folder = stack
        .text("stackInfoDirectory")
        .unwrap_or(StackSettings::STACK_INFO_DIRECTORY);
    Some(StackSettings {
        outputs: mappings(stack.list("outputs"))
            .map(output)
            .collect::<Option<_>>()?,
        tags: mappings(stack.list("tags")).map(tag).collect::<Option<_>>()?,
        vpc: vpc(stack.mapping("vpc"))?,
        stack_info_directory: saves.then(|| folder.to_string()),
        deployment: section(root, "deploymentConfig"),
        providers: section(root, "providerConfig"),
        hooks: scripts::hooks(root),
        scripts: scripts::lower(root)?,
    })
}

fn mappings(items: &[Spanned<Value>]) -> impl Iterator<Item = &Mapping> {
    items.iter().filter_map(|item| item.value.as_mapping())
}

fn output(output: &Mapping) -> Option<Output> {
    Some(Output {
        name: output.text("name")?.to_string(),
        value: late_text(&output.get("value")?.value)?,
        description: output.text("description").map(str::to_string),
        export: output.flag("export"),
    })
}

fn tag(tag: &Mapping) -> Option<Tag> {
    Some(Tag {
        name: tag.text("name")?.to_string(),
        value: tag.scalar("value")?.to_string(),
    })
}

fn vpc(vpc: Option<&Mapping>) -> Option<VpcSettings> {
    let mut settings = VpcSettings::default();
    let Some(vpc) = vpc else { return Some(settings) };
    if let Some(nat) = vpc.mapping("nat")
        && nat.has("availabilityZones")
    {
        settings.nat_availability_zones = nat.integer("availabilityZones")?;
    }
    if let Some(reuse) = vpc.mapping("reuseVpc") {
        settings.reuse = Some(match reuse.text("vpcId") {
            Some(id) => ReusedVpc::Id(id.to_string()),
            None => ReusedVpc::OfStack {
                project_name: reuse.text("projectName")?.to_string(),
                stage: reuse.text("stage")?.to_string(),
            },
        });
    }
    Some(settings)
}

/// A section of the root as data, defaults filled in.
fn section(root: &Mapping, name: &str) -> Option<Data> {
    let value = root.get(name)?;
    let object: Option<&'static Object> = match ROOT.key(name)?.kind {
        Kind::Object(object) => Some(object),
        _ => None,
    };
    match (value.value.as_mapping(), object) {
        (Some(mapping), Some(object)) => Some(complete(mapping, object)),
        _ => Some(value.value.to_data()),
    }
}
