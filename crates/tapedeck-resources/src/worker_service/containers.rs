//! The containers of a task: their names, what they wait for, their health checks and volumes.

use std::collections::{HashMap, HashSet};

use tapedeck_config::parse::Mapping;
use tapedeck_config::{Declared, Scope};
use tapedeck_diagnostic::{Allowed, Span, Spanned};
use tapedeck_model::MAIN_CONTAINER;
use tapedeck_model::naming::pascal_case;

/// What is known of a container, for judging what waits for it.
struct Known<'a> {
    name: &'a str,
    at: Span,
    is_essential: bool,
    has_health_check: bool,
    waits_for: Vec<&'a str>,
}

/// The containers of a task.
struct Containers<'a> {
    known: Vec<Known<'a>>,
    /// Where each name is in it; of several with one name, the first.
    places: HashMap<&'a str, usize>,
    /// Whether the names of all could be read.
    is_whole: bool,
}

impl<'a> Containers<'a> {
    fn new(known: Vec<Known<'a>>, containers: usize) -> Self {
        let names = known.iter().enumerate().rev();
        Self {
            places: names.map(|(place, one)| (one.name, place)).collect(),
            is_whole: known.len() == containers,
            known,
        }
    }

    fn find(&self, name: &str) -> Option<&Known<'a>> {
        self.known.get(*self.places.get(name)?)
    }
}

/// Judges the containers of a service.
pub(crate) fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    container(one.properties, scope);
    let sides: Vec<&Mapping> = one
        .properties
        .list("sideContainers")
        .iter()
        .filter_map(|item| item.value.as_mapping())
        .collect();
    names(&sides, Some(MAIN_CONTAINER), scope);
    let containers = Containers::new(known(one, &sides), 1 + sides.len());
    for side in &sides {
        essential(side, scope);
        container(side, scope);
        dependencies(side, &containers, scope);
    }
    cycles(&containers.known, scope);
}

/// Judges the containers of a workload, none of which is the main one.
pub(crate) fn check_equals(containers: &[&Mapping], scope: &mut Scope<'_>) {
    names(containers, None, scope);
    let is_essential = |container: &Mapping| !container.has("essential") || container.flag("essential");
    let known: Vec<Known<'_>> = containers
        .iter()
        .filter_map(|container| of_container(container, is_essential(container)))
        .collect();
    let all = Containers::new(known, containers.len());
    for one in containers {
        container(one, scope);
        dependencies(one, &all, scope);
    }
    cycles(&all.known, scope);
}

/// What holds for every container.
pub(crate) fn container(properties: &Mapping, scope: &mut Scope<'_>) {
    health_check(properties, scope);
    volumes(properties, scope);
    secrets(properties, scope);
    if let Some(packaging) = properties.mapping("packaging") {
        crate::shared::packaging::check(packaging, scope);
    }
}

/// The endings of the logical ids of log groups, one for each container that keeps its output.
pub(super) fn log_groups(properties: &Mapping) -> Vec<String> {
    let keeps = |container: &Mapping| {
        !container
            .mapping("logging")
            .is_some_and(|logging| logging.flag("disabled"))
    };
    let has_main = properties.has("packaging");
    let main = (has_main && keeps(properties)).then(|| format!("{}LogGroup", pascal_case(MAIN_CONTAINER)));
    let others = ["sideContainers", "containers"].map(|key| properties.list(key));
    let others = others
        .into_iter()
        .flatten()
        .filter_map(|item| item.value.as_mapping())
        .filter(|container| keeps(container))
        .filter_map(|container| Some(format!("{}LogGroup", pascal_case(container.text("name")?))));
    main.into_iter().chain(others).collect()
}

fn names(sides: &[&Mapping], main: Option<&str>, scope: &mut Scope<'_>) {
    let mut seen: HashMap<String, Spanned<String>> = HashMap::new();
    for side in sides {
        let Some(name) = side.spanned_text("name").filter(|name| !name.value.is_empty()) else {
            continue;
        };
        let starts_well = name
            .value
            .starts_with(|letter: char| letter.is_ascii_alphabetic());
        let fits = name.value.len() <= 255
            && name
                .value
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if main == Some(name.value.as_str()) {
            scope
                .diagnostics
                .reserved_name(&name, "a side container", "the main container has this name");
            continue;
        }
        // CloudFormation takes no logical id with a sign in it, which a digit at the start of a word leads to.
        if !starts_well || !fits || pascal_case(&name.value).contains('_') {
            let rule = "use letters, digits, `-` and `_`, and begin each word with a letter";
            scope
                .diagnostics
                .invalid_name(&name, "name of a container", rule, None);
            continue;
        }
        match seen.get(&pascal_case(&name.value)) {
            Some(first) if first.value == name.value => {
                scope.diagnostics.duplicate_name(&name, "container", first.span);
            }
            Some(first) => {
                let what = format!("the logical id …{}LogGroup", pascal_case(&name.value));
                scope.diagnostics.name_clash(&name, first, &what);
            }
            None => drop(seen.insert(pascal_case(&name.value), name)),
        }
    }
}

fn known<'a>(one: &'a Declared<'_>, sides: &[&'a Mapping]) -> Vec<Known<'a>> {
    // The main container waits for every side container but for those that wait for it.
    let main = Known {
        name: MAIN_CONTAINER,
        at: one.at,
        is_essential: true,
        has_health_check: one.properties.has("internalHealthCheck"),
        waits_for: sides
            .iter()
            .filter(|side| !waits(side).contains(&MAIN_CONTAINER))
            .filter_map(|side| side.text("name"))
            .collect(),
    };
    std::iter::once(main)
        .chain(
            sides
                .iter()
                .filter_map(|side| of_container(side, is_essential(side))),
        )
        .collect()
}

fn of_container(container: &Mapping, is_essential: bool) -> Option<Known<'_>> {
    let name = container.get("name")?;
    Some(Known {
        name: name.value.as_text()?,
        at: name.span,
        is_essential,
        has_health_check: container.has("internalHealthCheck"),
        waits_for: waits(container),
    })
}

fn waits(container: &Mapping) -> Vec<&str> {
    container
        .list("dependsOn")
        .iter()
        .filter_map(|item| item.value.as_mapping()?.text("containerName"))
        .collect()
}

/// Whether the end of a side container is the end of the task.
pub(super) fn is_essential(side: &Mapping) -> bool {
    match side.has("essential") {
        true => side.flag("essential"),
        false => side.text("containerType") == Some("always-running"),
    }
}

fn essential(side: &Mapping, scope: &mut Scope<'_>) {
    if let (Some("run-on-init"), true, Some(entry)) = (
        side.text("containerType"),
        side.flag("essential"),
        side.entry("essential"),
    ) {
        let name = side.text("name").unwrap_or_default();
        scope.diagnostics.conflicting_essential(entry.value.span, name);
    }
}

/// Source of what ECS refuses: its API reference, data type ContainerDependency.
fn dependencies(side: &Mapping, containers: &Containers<'_>, scope: &mut Scope<'_>) {
    for dependency in side
        .list("dependsOn")
        .iter()
        .filter_map(|item| item.value.as_mapping())
    {
        let Some(name) = dependency.spanned_text("containerName") else {
            continue;
        };
        let Some(target) = containers.find(&name.value) else {
            // It may be the one whose name has been told to be wrong.
            if containers.is_whole {
                let is_told = !scope.diagnostics.is_full();
                let known = containers.known.iter().take_while(|_| is_told);
                let mut names: Vec<&str> = known.map(|one| one.name).collect();
                names.dedup();
                scope.diagnostics.unknown_container(&name, &names);
            }
            continue;
        };
        let Some(condition) = dependency.spanned_text("condition") else {
            continue;
        };
        match condition.value.as_str() {
            "COMPLETE" | "SUCCESS" if target.is_essential => {
                let why = "it is essential, and its end is the end of the task";
                let help = "use START or HEALTHY, or set `essential: false` on it";
                scope
                    .diagnostics
                    .impossible_dependency(&condition, target.name, why, help);
            }
            "HEALTHY" if !target.has_health_check => {
                let why = "it has no `internalHealthCheck`";
                let help = "give it one, or use START";
                scope
                    .diagnostics
                    .impossible_dependency(&condition, target.name, why, help);
            }
            _ => {}
        }
    }
}

/// Containers that wait for each other. One cycle is told, at its first container.
fn cycles(known: &[Known<'_>], scope: &mut Scope<'_>) {
    // A second one of a name has been told about, and is no cycle as well.
    let by_name: HashMap<&str, &Known<'_>> = known.iter().map(|one| (one.name, one)).collect();
    let mut done: HashSet<&str> = HashSet::new();
    for one in known {
        if let Some(cycle) = cycle_from(one.name, &by_name, &mut done) {
            let start = by_name.get(cycle[0]).map_or(one.at, |first| first.at);
            let links: Vec<&str> = cycle.iter().chain(cycle.first()).copied().collect();
            scope.diagnostics.dependency_cycle(start, &links);
            return;
        }
    }
}

/// A cycle that can be reached from a container, without those that were found to lead to none. Without recursion:
/// containers may stand in a very long row.
fn cycle_from<'a>(
    name: &'a str,
    known: &HashMap<&'a str, &Known<'a>>,
    done: &mut HashSet<&'a str>,
) -> Option<Vec<&'a str>> {
    let waits_for = |name: &str| known.get(name).map(|one| one.waits_for.iter());
    let mut chain = vec![name];
    let mut within = HashSet::from([name]);
    let mut open = vec![waits_for(name).unwrap_or_default()];
    while let Some(next) = open.last_mut().map(Iterator::next) {
        match next {
            Some(next) if done.contains(next) => {}
            Some(next) if within.contains(next) => {
                let start = chain.iter().position(|link| link == next)?;
                return Some(chain.split_off(start));
            }
            Some(next) => {
                chain.push(next);
                within.insert(next);
                open.push(waits_for(next).unwrap_or_default());
            }
            None => {
                open.pop();
                let name = chain.pop()?;
                within.remove(name);
                done.insert(name);
            }
        }
    }
    None
}

/// The first item says how the rest is run.
fn health_check(container: &Mapping, scope: &mut Scope<'_>) {
    let Some(check) = container.mapping("internalHealthCheck") else {
        return;
    };
    let Some(entry) = check.entry("healthCheckCommand") else {
        return;
    };
    let items = check.spanned_items("healthCheckCommand");
    let first = items.first().and_then(|item| Some((item, item.value.as_text()?)));
    let help = "use ['CMD-SHELL', 'a line for the shell'] or ['CMD', 'program', 'argument']";
    match (first, items.len()) {
        (_, 0) => scope
            .diagnostics
            .empty_section(entry.key.span, "`healthCheckCommand`", &[]),
        (Some((item, text)), _) if text != "CMD" && text != "CMD-SHELL" => {
            let value = Spanned::new(text.to_string(), item.span);
            let subject = "the first item of `healthCheckCommand`";
            scope
                .diagnostics
                .invalid_value(&value, subject, Allowed::Advice(help));
        }
        (Some((item, text)), 1) => {
            let value = Spanned::new(text.to_string(), item.span);
            let subject = "all of `healthCheckCommand`";
            scope
                .diagnostics
                .invalid_value(&value, subject, Allowed::Advice(help));
        }
        _ => {}
    }
}

/// No two volumes are in the same place.
fn volumes(container: &Mapping, scope: &mut Scope<'_>) {
    let mut seen: HashMap<String, Span> = HashMap::new();
    let mounts = container.list("volumeMounts").iter();
    for mount in mounts.filter_map(|item| item.value.as_mapping()?.mapping("properties")) {
        let Some(path) = mount.spanned_text("mountPath") else {
            continue;
        };
        let place = path.value.trim_end_matches('/').to_string();
        match seen.get(&place) {
            Some(first) => scope.diagnostics.volume_clash(&path, *first),
            None => drop(seen.insert(place, path.span)),
        }
    }
}

/// Keys and passwords for forwarding logs do not belong into the file.
pub(crate) fn secrets(container: &Mapping, scope: &mut Scope<'_>) {
    let forwarding = container
        .mapping("logging")
        .and_then(|logging| logging.mapping("logForwarding"))
        .and_then(|forwarding| forwarding.mapping("properties"));
    for key in ["accessKey", "apiKey"] {
        let written = forwarding.and_then(|properties| properties.spanned_text(key));
        if let Some(written) = written {
            scope
                .diagnostics
                .plaintext_secret(written.span, &format!("`{key}`"));
        }
    }
}
