//! What the settings become, and which plans are refused.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tapedeck_model::{Nixpacks, NixpacksPhase};

use super::plan::{Plan, in_order, wishes};
use super::versions::{Asked, other_node, other_python};

fn texts(texts: &[&str]) -> Option<Vec<String>> {
    Some(texts.iter().map(ToString::to_string).collect())
}

fn settings() -> Nixpacks {
    Nixpacks {
        source_directory_path: ".".to_owned(),
        build_image: None,
        providers: None,
        start_cmd: None,
        start_run_image: None,
        start_only_include_files: None,
        phases: Vec::new(),
    }
}

fn phase(name: &str) -> NixpacksPhase {
    NixpacksPhase {
        name: name.to_owned(),
        ..NixpacksPhase::default()
    }
}

#[test]
fn settings_become_a_plan_in_the_words_of_nixpacks() {
    assert_eq!(wishes(&settings()), json!({}));
    let all = Nixpacks {
        build_image: Some("base:1".to_owned()),
        providers: texts(&["...", "python"]),
        start_cmd: Some("run".to_owned()),
        start_run_image: Some("slim:1".to_owned()),
        start_only_include_files: texts(&["out"]),
        phases: vec![NixpacksPhase {
            name: "setup".to_owned(),
            cmds: texts(&[]),
            nix_pkgs: texts(&["...", "jq"]),
            nix_libs: texts(&["zlib"]),
            nix_overlay: texts(&["https://overlay"]),
            nixpkgs_archive: Some("abc".to_owned()),
            apt_pkgs: texts(&["git"]),
            cache_directories: texts(&["/cache"]),
            only_include_files: texts(&["package.json"]),
        }],
        ..settings()
    };
    let setup = json!({
        "cmds": [], "nixPkgs": ["...", "jq"], "nixLibs": ["zlib"], "nixOverlays": ["https://overlay"],
        "nixpkgsArchive": "abc", "aptPkgs": ["git"], "cacheDirectories": ["/cache"], "onlyIncludeFiles": ["package.json"],
    });
    let expected = json!({
        "buildImage": "base:1", "providers": ["...", "python"], "phases": { "setup": setup },
        "start": { "cmd": "run", "runImage": "slim:1", "onlyIncludeFiles": ["out"] },
    });
    assert_eq!(wishes(&all), expected);
    let none = Nixpacks {
        providers: texts(&[]),
        ..settings()
    };
    assert_eq!(
        wishes(&none),
        json!({ "providers": [] }),
        "none is not the same as any"
    );
}

#[test]
fn phases_follow_one_another_as_they_are_listed() {
    let order = |names: &[&str], planned: &Value| {
        let phases = names.iter().map(|name| phase(name)).collect();
        let packaging = Nixpacks { phases, ..settings() };
        let plan: Plan = serde_json::from_value(json!({ "phases": planned })).unwrap();
        let ordered = in_order(wishes(&packaging), &plan, &packaging);
        let waits = names
            .iter()
            .map(|name| ordered["phases"][*name]["dependsOn"].clone());
        Value::Array(waits.collect())
    };
    let provided = json!({
        "setup": {}, "install": { "dependsOn": ["setup"] }, "build": { "dependsOn": ["install", "other"] },
    });
    let nothing = json!({ "setup": {}, "install": {}, "build": {} });
    let names = ["setup", "install", "build"];
    assert_eq!(order(&names, &nothing), json!([null, ["setup"], ["install"]]));
    assert_eq!(
        order(&names, &provided),
        json!([null, null, null]),
        "they wait already"
    );
    assert_eq!(
        order(&["prepare", "build", "after"], &provided),
        json!([null, ["install", "other", "prepare"], ["build"]])
    );
    assert_eq!(
        order(&["build", "x", "setup"], &provided),
        json!([null, ["build"], null]),
        "the build waits for the setup, so the setup cannot wait for it"
    );
    assert_eq!(order(&["x", "x"], &nothing), json!([null, null]));
}

fn plan(packages: &[&str], variables: &[(&str, &str)]) -> Plan {
    let mut plan: Plan =
        serde_json::from_value(json!({ "phases": { "setup": { "nixPkgs": packages } } })).unwrap();
    let variables = variables
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()));
    plan.variables = variables.collect::<BTreeMap<_, _>>();
    plan
}

fn in_files(files: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> + use<> {
    let owned = |(name, text): &(&str, &str)| (name.to_string(), text.to_string());
    let files: BTreeMap<String, String> = files.iter().map(owned).collect();
    move |name| files.get(name).cloned()
}

fn asked(place: &str, text: &str) -> Asked {
    Asked {
        place: place.to_owned(),
        text: text.to_owned(),
    }
}

#[test]
fn another_version_of_node_is_noticed() {
    let default = plan(&["nodejs_18", "npm-9_x"], &[]);
    let manifest = |range: &str| {
        let text = format!("{{\n  \"engines\": {{\n    \"node\": \"{range}\"\n  }}\n}}");
        in_files(&[("package.json", &text), (".nvmrc", "lts/krypton\n")])
    };
    assert_eq!(
        other_node(&default, manifest("26")),
        Some((asked("package.json:3", "26"), "nodejs_18"))
    );
    for met in ["*", "18", ">=18", "^18.4.0", "18 || 26", "what is this"] {
        assert_eq!(other_node(&default, manifest(met)), None, "{met}");
    }
    let by_file = in_files(&[(".nvmrc", "lts/krypton\n")]);
    assert_eq!(
        other_node(&default, by_file),
        Some((asked(".nvmrc", "lts/krypton"), "nodejs_18"))
    );
    let set = plan(&["nodejs_18"], &[("NIXPACKS_NODE_VERSION", "18")]);
    assert_eq!(other_node(&set, manifest("26")), None, "what is set goes first");
    let own = plan(&["nodejs_latest"], &[]);
    assert_eq!(other_node(&own, manifest("26")), None, "the user chose a package");
    assert_eq!(other_node(&default, in_files(&[])), None);
}

#[test]
fn another_version_of_python_is_noticed() {
    let default = plan(
        &["python3", "gcc"],
        &[("NIXPACKS_METADATA", "python,python-postgres")],
    );
    let refused = |files: &[(&str, &str)]| other_python(&default, in_files(files)).map(|(asked, _)| asked);
    assert_eq!(
        refused(&[(".python-version", "3.14\n")]),
        Some(asked(".python-version", "3.14"))
    );
    assert_eq!(
        refused(&[("runtime.txt", "python-3.15.0")]),
        Some(asked("runtime.txt", "python-3.15.0"))
    );
    assert_eq!(
        refused(&[("Pipfile", "[requires]\npython_version = \"3.14\"\n")]),
        Some(asked("Pipfile:2", "3.14"))
    );
    assert_eq!(
        refused(&[(".tool-versions", "nodejs 22.1\npython 3.14.1\n")]),
        Some(asked(".tool-versions:2", "3.14.1"))
    );
    assert_eq!(refused(&[(".python-version", "3")]), None);
    assert_eq!(refused(&[("pyproject.toml", "[project]\n")]), None);
    let found = plan(&["python312"], &[("NIXPACKS_METADATA", "python")]);
    assert_eq!(
        other_python(&found, in_files(&[(".python-version", "3.12")])),
        None
    );
    let other = plan(&["python3", "nodejs_22"], &[("NIXPACKS_METADATA", "node")]);
    assert_eq!(
        other_python(&other, in_files(&[(".python-version", "3.14")])),
        None
    );
}
