//! Which actions CloudFormation takes for each type of resource.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// A type in each line, then for each service its actions: those of the handlers that create, read, update and delete it, less what belongs
/// to features that templates here do not have.
const HANDLERS: &str = include_str!("handlers.txt");

/// Actions of a service in each line, which are allowed for everything or not at all.
const UNSCOPED: &str = include_str!("unscoped.txt");

static BY_TYPE: LazyLock<BTreeMap<&str, Vec<String>>> = LazyLock::new(|| {
    let lines = HANDLERS.lines().filter_map(|line| line.split_once(' '));
    lines
        .map(|(kind, groups)| (kind, actions(groups).collect()))
        .collect()
});

static FOR_EVERYTHING: LazyLock<BTreeSet<String>> =
    LazyLock::new(|| UNSCOPED.lines().flat_map(actions).collect());

/// Beginnings of types that act in a role of their own: whoever deploys them needs nothing.
const PRIVATE: [&str; 2] = ["MongoDB::", "Upstash::"];

/// Types of what a function makes that the template names.
const BY_FUNCTION: [&str; 2] = ["Custom::", "AWS::CloudFormation::CustomResource"];

/// `sqs:CreateQueue,DeleteQueue sns:…`
fn actions(groups: &str) -> impl Iterator<Item = String> {
    let groups = groups.split(' ').filter_map(|group| group.split_once(':'));
    groups.flat_map(|(service, names)| names.split(',').map(move |name| format!("{service}:{name}")))
}

/// The actions for a type; none where it is not known.
pub(super) fn of(kind: &str) -> Option<Vec<String>> {
    if PRIVATE.iter().any(|private| kind.starts_with(private)) {
        return Some(Vec::new());
    }
    if BY_FUNCTION.iter().any(|custom| kind.starts_with(custom)) {
        return Some(vec!["lambda:InvokeFunction".to_owned()]);
    }
    BY_TYPE.get(kind).cloned()
}

/// Whether an action is allowed for everything or not at all.
pub(super) fn is_unscoped(action: &str) -> bool {
    action.contains('*') || FOR_EVERYTHING.contains(action)
}
