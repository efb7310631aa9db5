//! From source to running tasks, with `tapedeck deploy`.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use fs_err as fs;
use tapedeck_api::StackStatus;
use tapedeck_local::stand_in::Kind;
use tapedeck_model::{JavaScriptConfig, LanguageConfig, TaskState};
use tapedeck_testkit::{DEADLINE, Finished, Home, eventually, missing};
use tempfile::TempDir;

use crate::disk::Disk;
use crate::seed::{SEED, Seed, buildpack, plant};
use crate::stage::{PROJECT, all_pids, home_with};

/// Says hello, then waits.
const MAIN: &str = "const who: string = process.env.WHO ?? 'nobody';\n\
                    console.log(`hello ${who}`);\n\
                    process.on('SIGTERM', () => { console.log('goodbye'); process.exit(0); });\n\
                    setInterval(() => {}, 1000);\n";

/// A project on disk, and a home that has the base image already.
pub(crate) struct Project {
    pub(crate) home: Home,
    pub(crate) folder: TempDir,
}

impl Project {
    /// None, and a word on standard error, when this machine lacks something.
    pub(crate) fn ready() -> Option<Self> {
        let project = Self::bare(home_with(&["node", "npm"])?);
        plant_base(&project);
        Some(project)
    }

    /// One of these files beside an emulator of AWS, with its packages. None, and a word, when that cannot be had.
    pub(crate) fn connected(files: &[(&str, &str)]) -> Option<Self> {
        if let Some(missing) = missing(&["python3"]) {
            eprintln!("SKIPPED: this test needs {missing}");
            return None;
        }
        if let Err(error) = Seed::take(SEED).stand_in(Kind::Aws) {
            eprintln!("SKIPPED: this test needs an index of Python packages: {error}");
            return None;
        }
        let project = Self::ready()?;
        for (path, text) in files {
            project.write(path, text);
        }
        let installed = Command::new("npm")
            .args(["install", "--silent", "--no-audit", "--no-fund"])
            .current_dir(project.folder.path())
            .status();
        if !installed.is_ok_and(|status| status.success()) {
            eprintln!("SKIPPED: this test needs a registry of npm");
            return None;
        }
        Some(project)
    }

    /// The same in a home that has nothing yet.
    fn bare(home: Home) -> Self {
        let folder = tempfile::Builder::new().prefix("td-source-").tempdir().unwrap();
        let project = Self { home, folder };
        // Keeps the search for a package.json inside.
        fs::create_dir(project.path(".git")).unwrap();
        project.write("package.json", r#"{ "name": "app", "type": "module" }"#);
        project.write("src/main.ts", MAIN);
        project.configure("");
        project
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes the config, with more properties of the service.
    pub(crate) fn configure(&self, more: &str) {
        self.write(
            "stacktape.yml",
            &format!(
                "resources:\n  worker:\n    type: worker-service\n    properties:\n      packaging:\n        \
                 type: stacktape-image-buildpack\n        properties:\n          entryfilePath: src/main.ts\n      \
                 resources:\n        cpu: 0.25\n        memory: 512\n      scaling:\n        minInstances: 2\n        \
                 maxInstances: 2\n{more}"
            ),
        );
    }

    fn deploy(&self) -> Finished {
        self.deploy_with(&[])
    }

    fn deploy_with(&self, arguments: &[&str]) -> Finished {
        let mut command = self
            .home
            .command(&[&["deploy", PROJECT[0], PROJECT[1]], arguments].concat());
        command.current_dir(self.folder.path());
        Finished::of(command)
    }

    pub(crate) fn must_deploy(&self) -> Finished {
        let deployed = self.deploy();
        assert_eq!(deployed.code, Some(0), "{deployed:?}");
        deployed
    }

    pub(crate) fn stack(&self) -> StackStatus {
        self.home.client().describe_stack(&crate::stage::stack()).unwrap()
    }

    fn lines(&self) -> Vec<String> {
        let text = self.home.must(&["logs", PROJECT[0], PROJECT[1], "--raw"]);
        text.lines().map(str::to_owned).collect()
    }
}

/// Links the base image and the tools of packaging into a home.
fn plant_base(project: &Project) {
    let packaging = buildpack(
        "src/main.ts",
        LanguageConfig::Javascript(JavaScriptConfig::default()),
    );
    plant(&project.home, project.folder.path(), packaging).unwrap();
}

#[test]
fn source_becomes_running_tasks() {
    let Some(project) = Project::ready() else { return };
    project.configure("      environment:\n        - name: WHO\n          value: world\n");
    let first = project.must_deploy();
    assert!(first.stderr.contains("stack app-dev is deployed"), "{first:?}");
    assert!(first.stdout.contains("worker  steady  2/2 running"), "{first:?}");
    let before = project.stack();
    eventually("both to say hello", DEADLINE, || {
        (project
            .lines()
            .iter()
            .filter(|line| *line == "hello world")
            .count()
            == 2)
            .then_some(())
    });

    let second = project.must_deploy();
    assert!(second.stderr.contains("nothing has changed"), "{second:?}");
    assert_eq!(project.stack(), before);
    // Comments and the order of keys are no change.
    let config = fs::read_to_string(project.path("stacktape.yml")).unwrap();
    project.write("stacktape.yml", &format!("# a comment\n{config}\n"));
    project.must_deploy();
    assert_eq!(project.stack(), before);

    project.write("src/main.ts", &MAIN.replace("hello", "good morning"));
    let third = project.must_deploy();
    assert!(
        third.stderr.contains("src/main.ts"),
        "it names what changed: {third:?}"
    );
    let after = project.stack();
    assert_eq!(after.services[0].revision.0, 2);
    assert!(
        all_pids(&after)
            .keys()
            .all(|task| !all_pids(&before).contains_key(task))
    );
    let lines = project.lines();
    assert_eq!(
        lines.iter().filter(|line| *line == "goodbye").count(),
        2,
        "{lines:?}"
    );
    eventually("both to say it", DEADLINE, || {
        (project
            .lines()
            .iter()
            .filter(|line| *line == "good morning world")
            .count()
            == 2)
            .then_some(())
    });
    let layers = || {
        fs::read_dir(project.home.files().images().join("layers"))
            .unwrap()
            .count()
    };
    let with_app = layers();
    project.home.must(&["delete", PROJECT[0], PROJECT[1], "--yes"]);
    eventually("images that nobody uses to go", DEADLINE, || {
        (layers() < with_app).then_some(())
    });
}

#[test]
fn directives_and_secrets_reach_the_process_and_secrets_nothing_else() {
    let Some(project) = Project::ready() else {
        return;
    };
    project.write("greetings.yml", "who: $Format('{}-people', $Stage())\n");
    let environment = "      environment:
        - { name: WHO, value: \"$File('greetings.yml').who\" }
        - { name: URL, value: \"$CfFormat('pg://{}:{}@db', 'ada', $Secret('db.password'))\" }
";
    project.configure(environment);
    project.write(
        "src/main.ts",
        &MAIN.replace("hello ${who}", "hello ${who} ${process.env.URL!.length}"),
    );
    let refused = project.deploy();
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(
        refused
            .stderr
            .contains("error[missing-secret]: there is no secret `db`"),
        "{refused:?}"
    );

    project.write("db.json", r#"{"password": "correct-horse-battery"}"#);
    let file = project.path("db.json").display().to_string();
    project.home.must(&["secret:set", "db", "--secretFile", &file]);
    let deployed = project.must_deploy();
    let wanted = format!("hello dev-people {}", "pg://ada:correct-horse-battery@db".len());
    eventually("both to have the value", DEADLINE, || {
        (project.lines().iter().filter(|line| **line == wanted).count() == 2).then_some(())
    });
    let shown = project
        .home
        .must(&["info:stack", PROJECT[0], PROJECT[1], "--json"]);
    for text in [&shown, &deployed.stdout, &deployed.stderr] {
        assert!(!text.contains("correct-horse"), "{text}");
    }
    let found = Command::new("grep")
        .args(["--recursive", "--text", "--files-with-matches", "correct-horse"])
        .arg(project.home.path())
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&found.stdout),
        "",
        "no file holds the value"
    );
}

#[test]
fn a_version_that_does_not_stay_up_fails_the_deploy_and_leaves_the_one_before() {
    let Some(project) = Project::ready() else { return };
    project.must_deploy();
    let before = project.stack();
    project.write(
        "src/main.ts",
        "console.log('about to fail');\nthrow new Error('no database');\n",
    );
    let failed = project.deploy();
    assert_eq!(failed.code, Some(1), "{failed:?}");
    for part in [
        "service worker does not stay up: ",
        " failed tasks of revision 2, and it is rolled back to revision 1",
        "Essential container in task exited (exit code 1)",
        "Error: no database",
        "src/main.ts:2",
        "help: mend it and deploy again; 2 tasks of revision 1 keep running",
    ] {
        assert!(
            failed.stderr.contains(part),
            "`{part}` is missing: {}",
            failed.stderr
        );
    }
    // One that started slowly enough to be trusted for a moment may have cost a task of the version before; that one has
    // been replaced by its like then.
    let stack = eventually("two tasks of the version before", DEADLINE, || {
        let stack = project.stack();
        let old = stack.services[0].tasks.iter().filter(|task| task.revision.0 == 1);
        (old.filter(|task| matches!(task.state, TaskState::Running { .. }))
            .count()
            == 2)
            .then_some(stack)
    });
    assert!(
        all_pids(&stack)
            .iter()
            .any(|(task, pid)| all_pids(&before).get(task) == Some(pid))
    );

    project.write("src/main.ts", &MAIN.replace("hello", "mended"));
    project.must_deploy();
    let after = project.stack();
    assert!(after.services[0].revision.0 > 2);
    assert_eq!(after.services[0].running_count, 2);

    // The same goes for going back to what ran before.
    project.write("src/main.ts", "process.exit(0);\n");
    assert_eq!(project.deploy().code, Some(1));
    project.write("src/main.ts", &MAIN.replace("hello", "mended"));
    project.must_deploy();
    assert_eq!(project.stack().services[0].running_count, 2);
}

#[test]
fn rollback_runs_the_image_of_before_without_packaging_it_again() {
    let Some(project) = Project::ready() else { return };
    let image = || project.stack().services[0].image.clone();
    project.must_deploy();
    let first = image();
    project.write("src/main.ts", &MAIN.replace("hello", "changed"));
    let detached = project.deploy_with(&["--detach", "--json"]);
    assert_eq!(detached.code, Some(0), "{detached:?}");
    assert!(
        detached.stdout.contains("\"detached\":true"),
        "{}",
        detached.stdout
    );
    eventually("the engine to finish alone", DEADLINE, || {
        let stack = project.stack();
        (stack.is_steady() && stack.services[0].revision.0 == 2).then_some(())
    });
    let second = image();
    assert_ne!(first, second);
    // In a folder without a config, and without what it was made of.
    for expected in [&first, &second] {
        project.home.must(&["rollback", PROJECT[0], PROJECT[1]]);
        assert_eq!(image(), *expected);
        assert_eq!(project.stack().services[0].running_count, 2);
    }
}

#[test]
fn source_that_cannot_be_packaged_changes_nothing() {
    let Some(project) = Project::ready() else { return };
    project.must_deploy();
    let before = project.stack();
    let fails = |code: i32, parts: &[&str]| {
        let failed = project.deploy();
        assert_eq!(failed.code, Some(code), "{failed:?}");
        assert!(
            parts.iter().all(|part| failed.stderr.contains(part)),
            "{parts:?}: {}",
            failed.stderr
        );
        assert_eq!(project.stack(), before);
    };
    project.write("src/main.ts", "let a = 1;\nlet b = (2;\n");
    fails(
        1,
        &[
            "1 error in the source",
            "src/main.ts:2:10: ",
            "what runs keeps running",
        ],
    );
    fs::remove_file(project.path("src/main.ts")).unwrap();
    fails(
        2,
        &[
            "stacktape.yml:8:26",
            "there is no file `src/main.ts`",
            "nothing was changed",
        ],
    );
    project.write("src/main.ts", MAIN);
    project.write(
        "package.json",
        r#"{ "name": "app", "dependencies": { "is-odd": "99.99.99" } }"#,
    );
    fails(
        1,
        &[
            "cannot install the dependencies",
            "is-odd@99.99.99",
            "what runs keeps running",
        ],
    );
    project.write("package.json", r#"{ "name": "app", "type": "module" }"#);
    project.configure("      nonsense: true\n      stopTimeout: 1\n");
    fails(
        2,
        &[
            "stacktape.yml:",
            "`nonsense`",
            "2 to 120",
            "2 mistakes; nothing was changed",
        ],
    );
    project.configure("");
    assert!(project.must_deploy().stderr.contains("nothing has changed"));
    assert_eq!(project.stack(), before);
}

#[test]
fn stages_of_one_project_run_side_by_side() {
    let Some(project) = Project::ready() else { return };
    project.must_deploy();
    let before = project.stack();
    let staging = project.deploy_with(&["--stage", "staging", "--json"]);
    assert_eq!(staging.code, Some(0), "{staging:?}");
    assert!(staging.stdout.contains("\"name\":\"app-staging\""), "{staging:?}");
    assert_eq!(staging.stdout.lines().count(), 1);
    let listed = project.home.must(&["info:stacks"]);
    assert!(
        listed.contains("app-dev ") && listed.contains("app-staging "),
        "{listed}"
    );
    project
        .home
        .must(&["delete", PROJECT[0], PROJECT[1], "--stage", "staging", "--yes"]);
    assert_eq!(project.stack(), before);
}

#[test]
fn two_deploys_at_once_both_succeed() {
    let Some(project) = Project::ready() else { return };
    let mut command = project
        .home
        .command(&["deploy", PROJECT[0], PROJECT[1], "--json"]);
    let spawned = command
        .current_dir(project.folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let second = project.deploy();
    let first = spawned.unwrap().wait_with_output().unwrap();
    assert_eq!(second.code, Some(0), "{second:?}");
    assert!(
        first.status.success(),
        "{}",
        String::from_utf8_lossy(&first.stderr)
    );
    assert_eq!(all_pids(&project.stack()).len(), 2);
    assert_eq!(project.stack().services[0].revision.0, 1);
}

#[test]
fn a_deploy_without_privileges_or_room_changes_nothing() {
    let Some(disk) = Disk::of(8) else { return };
    if home_with(&["node", "npm", "setpriv"]).is_none() {
        return;
    }
    let project = Project::bare(disk.home());
    fs::set_permissions(project.folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    fs::set_permissions(disk.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let nobody = [
        "setpriv",
        "--reuid",
        "65534",
        "--regid",
        "65534",
        "--clear-groups",
    ];
    let mut command = project
        .home
        .command_under(&nobody, &["deploy", PROJECT[0], PROJECT[1]]);
    command.current_dir(project.folder.path());
    let refused = Finished::of(command);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(
        refused.stderr.contains("could not deploy to region local"),
        "{refused:?}"
    );
    assert!(!project.home.path().exists());

    disk.fill();
    let full = project.deploy();
    assert!(matches!(full.code, Some(1 | 3)), "{full:?}");
    assert!(
        full.stderr.contains("full") || full.stderr.contains("No space left on device"),
        "{full:?}"
    );
    assert!(
        project.home.engine().is_none(),
        "the engine was started for nothing"
    );
}

#[test]
fn what_the_config_says_of_scaling_reaches_the_engine() {
    let Some(project) = Project::ready() else { return };
    project.configure("");
    let config = fs::read_to_string(project.path("stacktape.yml")).unwrap();
    let scaled = "minInstances: 1\n        maxInstances: 4\n        scalingPolicy:\n          keepAvgCpuUtilizationUnder: 50\n";
    let (before, _) = config.split_once("minInstances").unwrap();
    project.write("stacktape.yml", &format!("{before}{scaled}"));
    project.must_deploy();
    let service = project.stack().services.remove(0);
    let bounds = service.scaling.unwrap().bounds;
    assert_eq!((bounds.min_instances, bounds.max_instances), (1, 4));
    let targets = (
        bounds.keep_avg_cpu_utilization_under,
        bounds.keep_avg_memory_utilization_under,
    );
    assert_eq!(targets, (50, 80), "what is not given is 80");
    assert_eq!(service.desired_count, 1);
}
