//! The pure part of scripts.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use tapedeck_model::{
    Hook, Moment, ProjectName, Region, Script, ScriptKind, ScriptStep, Stack, StackSettings, StageName,
};

use super::plan::{self, Occasion, Program};
use super::{Access, Told};

fn script(name: &str, steps: &[ScriptStep]) -> Script {
    Script {
        name: name.to_string(),
        kind: ScriptKind::LocalScript,
        steps: steps.to_vec(),
        cwd: ".".to_string(),
        pipe_stdio: true,
        connect_to: Vec::new(),
        environment: Vec::new(),
        assume_role_of_resource: None,
    }
}

fn hook(moment: Moment, script: &str, skip_on_ci: bool, skip_on_local: bool) -> Hook {
    Hook {
        moment,
        script_name: script.to_string(),
        skip_on_ci,
        skip_on_local,
    }
}

fn stack(hooks: Vec<Hook>, scripts: Vec<Script>) -> Stack {
    Stack {
        project: ProjectName::new("shop").unwrap(),
        stage: StageName::new("dev").unwrap(),
        region: Region::local(),
        services: Vec::new(),
        resources: Vec::new(),
        cloudformation_resources: Vec::new(),
        settings: StackSettings {
            hooks,
            scripts,
            ..StackSettings::of_silence()
        },
    }
}

fn line(text: &str) -> ScriptStep {
    ScriptStep::Command(text.to_string())
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs
        .iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

#[test]
fn hooks_run_in_order_and_are_left_out_by_what_ci_says() {
    let hooks = vec![
        hook(Moment::BeforeDeploy, "b", false, false),
        hook(Moment::AfterDeploy, "c", false, false),
        hook(Moment::BeforeDeploy, "a", true, false),
        hook(Moment::BeforeDeploy, "c", false, true),
        hook(Moment::BeforeDeploy, "b", true, true),
    ];
    let scripts = ["a", "b", "c"].map(|name| script(name, &[line("true")])).to_vec();
    let stack = stack(hooks, scripts);
    let check = |moment, ci, expected: &[(&str, bool)]| {
        let turns = plan::turns(&stack.settings, moment, ci);
        let turns: Vec<(&str, bool)> = turns
            .iter()
            .map(|turn| (turn.script.name.as_str(), turn.left_out.is_none()))
            .collect();
        assert_eq!(turns, expected, "{moment:?} {ci:?}");
    };
    let local = [("b", true), ("a", true), ("c", false), ("b", false)];
    for ci in [None, Some(""), Some("0"), Some("False")] {
        check(Moment::BeforeDeploy, ci, &local);
    }
    for ci in ["true", "1", "woodpecker"] {
        let on_ci = [("b", true), ("a", false), ("c", true), ("b", false)];
        check(Moment::BeforeDeploy, Some(ci), &on_ci);
    }
    check(Moment::AfterDeploy, None, &[("c", true)]);
    check(Moment::BeforeDev, None, &[]);
}

#[test]
fn a_file_is_run_by_what_its_extension_says() {
    let folder = Path::new("/shop");
    let check = |path: &str, expected: Program| {
        assert_eq!(
            plan::program(&ScriptStep::File(path.to_string()), folder),
            expected
        );
    };
    check("a/b.ts", Program::Bundled("/shop/a/b.ts".into()));
    check("a.tsx", Program::Bundled("/shop/a.tsx".into()));
    check("a.mjs", Program::Node("/shop/a.mjs".into()));
    check("a.py", Program::Python("/shop/a.py".into()));
    check("a.sh", Program::Shell("/shop/a.sh".into()));
    let command = plan::program(&line("npm test"), folder);
    assert_eq!(command, Program::Line("npm test".to_string()));
}

#[test]
fn the_last_that_sets_a_variable_counts_and_what_would_mislead_is_hidden() {
    let stack = stack(Vec::new(), Vec::new());
    let inherited = [
        ("PATH", "/bin"),
        ("STP_STAGE", "stale"),
        ("STP_HOOK_TYPE", "stale"),
        ("AWS_PROFILE", "mine"),
        ("A", "inherited"),
        ("B", "inherited"),
    ];
    let told = Told {
        variables: BTreeMap::from(
            [("A", "told"), ("B", "told")].map(|(a, b)| (a.to_string(), b.to_string())),
        ),
        hidden: vec!["AWS_PROFILE"],
    };
    let occasion = |moment| Occasion {
        command: "deploy",
        moment,
    };
    let reasons = plan::reasons(&stack, occasion(None));
    let own = [("B".to_string(), "own".to_string())];
    let environment = plan::environment(&pairs(&inherited), reasons, told, &own);
    let expected = [
        ("A", "told"),
        ("B", "own"),
        ("PATH", "/bin"),
        ("STP_COMMAND", "deploy"),
        ("STP_PROJECT_NAME", "shop"),
        ("STP_REGION", "local"),
        ("STP_STACK_NAME", "shop-dev"),
        ("STP_STAGE", "dev"),
    ];
    assert_eq!(environment.into_iter().collect::<Vec<_>>(), pairs(&expected));
    let reasons = plan::reasons(&stack, occasion(Some(Moment::AfterDeploy)));
    assert_eq!(reasons["STP_HOOK_TYPE"], "afterDeploy");
    assert_eq!(reasons["STP_HOOK_TRIGGER"], "deploy");
}

#[test]
fn lines_are_told_by_their_place_and_never_shown() {
    let several = script(
        "seed",
        &[line("echo hush"), ScriptStep::File("seed.py".to_string())],
    );
    assert_eq!(plan::label(&several, 0), "script seed, step 1 of 2");
    assert_eq!(plan::label(&several, 1), "script seed, seed.py");
    assert_eq!(plan::label(&script("one", &[line("echo hush")]), 0), "script one");
}

#[test]
fn values_of_the_command_line_are_not_shown_when_they_are_wrong() {
    let read = plan::assignment("A=b=c").unwrap();
    assert_eq!(read, ("A".to_string(), "b=c".to_string()));
    for wrong in ["hush", "=hush", "A=hu\0sh"] {
        let failure = plan::assignment(wrong).unwrap_err();
        assert!(!format!("{failure:?}").contains("hush"), "{failure:?}");
    }
}

#[test]
fn what_a_script_is_told_is_not_shown() {
    let told = Told {
        variables: BTreeMap::from([("A".to_string(), "hush".to_string())]),
        hidden: Vec::new(),
    };
    let shown = format!("{told:?}");
    assert!(shown.contains('A') && !shown.contains("hush"), "{shown}");
}

#[test]
fn a_script_calls_whom_the_command_calls_and_as_whom_unless_it_acts_as_somebody_else() {
    let access = Access {
        profile: Some("team".to_string()),
        endpoint_url: Some("http://127.0.0.1:4566".to_string()),
    };
    let mut as_itself = Told::default();
    as_itself.of_region("eu-west-1", &access, false);
    assert_eq!(as_itself.variables["AWS_PROFILE"], "team");
    assert_eq!(as_itself.variables["AWS_REGION"], "eu-west-1");
    assert_eq!(as_itself.variables["AWS_ENDPOINT_URL"], "http://127.0.0.1:4566");
    assert!(as_itself.hidden.contains(&"AWS_ACCESS_KEY_ID"));
    let mut acting = Told::default();
    acting.of_region("eu-west-1", &access, true);
    assert_eq!(acting.variables.get("AWS_PROFILE"), None);
    assert_eq!(acting.hidden, Vec::<&str>::new());
    let name = super::session_name("seed data/ä");
    assert_eq!(name, "script-seed-data--");
}
