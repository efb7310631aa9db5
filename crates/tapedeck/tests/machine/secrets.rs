//! What is secret stays so on this machine.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use fs_err as fs;
use tapedeck_api::ServiceStatus;
use tapedeck_model::{StopCode, TaskState};
use tapedeck_testkit::{Finished, Home};

use crate::stage::{End, STACK, Stage, WAIT, end, home_with};

/// Permissions of a file.
fn mode(path: impl AsRef<std::path::Path>) -> u32 {
    fs::metadata(path.as_ref()).unwrap().permissions().mode() & 0o7777
}

/// Sets a secret as people do: through a pipe.
pub(crate) fn set(home: &Home, name: &str, value: &str) {
    let mut command = home.command(&["secret:set", name, "--forceUpdate"]);
    command.stdin(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(value.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn only_the_owner_may_look_into_the_home() {
    let Some(home) = home_with(&["setpriv"]) else {
        return;
    };
    let stage = Stage::of(home);
    stage.deploy(&[stage.worker(WAIT).variable("PASSWORD", "another")]);
    let files = stage.home.files();
    assert_eq!(mode(files.socket()), 0o600);
    for folder in [files.state(), files.run(), &files.tasks(), &files.images()] {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    set(&stage.home, "token", "hush");
    assert_eq!(mode(files.secrets()), 0o700);
    for file in fs::read_dir(files.secrets()).unwrap().flatten() {
        assert_eq!(mode(file.path()), 0o600, "{}", file.path().display());
    }
    let nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
    for path in [
        files.database(),
        files.state().to_path_buf(),
        files.tasks(),
        files.secrets(),
    ] {
        let tried = Command::new("setpriv")
            .args(nobody)
            .arg("ls")
            .arg(&path)
            .output()
            .unwrap();
        assert!(!tried.status.success(), "others may look at {}", path.display());
    }
    let outer = [&["setpriv"][..], &nobody].concat();
    for words in [
        &["secret:list"][..],
        &["secret:get", "token"],
        &["secret:delete", "token", "--yes"],
    ] {
        let refused = Finished::of(stage.home.command_under(&outer, words));
        assert_eq!(
            (refused.code, refused.stdout.as_str()),
            (Some(3), ""),
            "{refused:?}"
        );
        assert!(refused.stderr.contains("run this with sudo"), "{refused:?}");
    }
}

/// Makes sure that a value is in the memory of tasks alone; `files` says which files may hold it. Each test needs a value
/// of its own: others run beside it.
fn check_that_it_is_hidden(stage: &Stage, value: &str, files: &dyn Fn(&str) -> bool) {
    // Empty file systems from before there was a secret: of many gigabytes, almost all of them holes.
    let found = Command::new("grep")
        .args(["-rlaF", "--exclude=*.ext4", value])
        .arg(stage.home.path())
        .output()
        .unwrap();
    for path in String::from_utf8(found.stdout).unwrap().lines() {
        assert!(files(path), "{path} holds the value of a variable");
        assert_eq!(mode(path) & 0o077, 0, "{path} is for others, too");
    }
    for task in fs::read_dir(stage.home.files().tasks()).unwrap().flatten() {
        let definition = fs::read_to_string(task.path().join("task.json")).unwrap();
        assert!(definition.contains("\"environment\":[]"), "{definition}");
    }
    for process in tapedeck_testkit::processes() {
        assert!(!process.command.contains(value), "{process:?}");
        let variable = process
            .environment
            .iter()
            .any(|variable| variable.contains(value));
        let container = process
            .cgroups
            .iter()
            .any(|path| path.starts_with(&stage.home.names().cgroup));
        assert!(!variable || container, "{process:?}");
    }
    for words in [&["info:stack", "--stackName", STACK][..], &["secret:list"]] {
        for form in [&[][..], &["--json"]] {
            let told = stage.home.must(&[words, form].concat());
            assert!(!told.contains(value), "{told}");
        }
    }
}

#[test]
fn values_of_variables_are_in_no_file_for_others_and_no_process_list() {
    const SECRET: &str = "pa55word-of-the-test";
    let Some(stage) = Stage::ready() else { return };
    stage.deploy(&[stage
        .worker(&format!("echo \"it has ${{#PASSWORD}} letters\"; {WAIT}"))
        .variable("PASSWORD", SECRET)]);
    stage.wait_for_lines(&format!("it has {} letters", SECRET.len()), 1);
    check_that_it_is_hidden(&stage, SECRET, &|path| path.contains("/engine.db"));
}

#[test]
fn secrets_reach_the_task_and_no_file_at_all() {
    const SECRET: &str = "s3cret-of-the-test";
    let Some(stage) = Stage::ready() else { return };
    let json = format!("{{\"user\": \"ada\", \"login\": {{\"password\": \"{SECRET}\"}}, \"port\": 5432}}");
    set(&stage.home, "shop/db", &json);
    set(&stage.home, "token", SECRET);
    // Taken apart, so that the log does not hold the value either.
    let script = format!(
        "echo \"token ${{TOKEN%%-*}} ${{#TOKEN}}\"; rest=${{URL#*-}}; echo \"url ${{URL%%-*}} $rest\"; \
         echo \"plain $PLAIN\"; {WAIT}"
    );
    stage.deploy(&[stage
        .worker(&script)
        .variable("PLAIN", "as it stands")
        .variable("TOKEN", "a secret of the same name wins")
        .secret("TOKEN", &["$token"])
        .secret(
            "URL",
            &[
                "pg://",
                "$shop/db.user",
                ":",
                "$shop/db.login.password",
                "@db:",
                "$shop/db.port",
            ],
        )]);
    stage.wait_for_lines(&format!("token s3cret {}", SECRET.len()), 1);
    stage.wait_for_lines("url pg://ada:s3cret of-the-test@db:5432", 1);
    stage.wait_for_lines("plain as it stands", 1);
    check_that_it_is_hidden(&stage, SECRET, &|_| false);
}

/// How the last task ended that never ran.
fn failed_start(service: &ServiceStatus) -> Option<End> {
    let ends = service.tasks.iter().filter_map(end);
    ends.filter(|end| end.code == StopCode::TaskFailedToStart)
        .max_by_key(|end| end.at)
}

#[test]
fn a_task_without_its_secret_says_which_and_starts_once_it_is_there() {
    const SECRET: &str = "k3y-of-the-test";
    let Some(stage) = Stage::ready() else { return };
    set(&stage.home, "db", &format!("{{\"password\": \"{SECRET}\"}}"));
    let worker = stage
        .worker(&format!("echo \"it has ${{#TOKEN}} letters\"; {WAIT}"))
        .secret("TOKEN", &["$token"])
        .secret("PASSWORD", &["$db.pasword"]);
    stage.apply(&[worker]);
    let service = stage.worker_when("a failed start", |service| failed_start(service).is_some());
    assert_eq!(
        failed_start(&service).unwrap().reason,
        "ResourceInitializationError: unable to pull secrets or registry auth: `db` has no key `pasword`: it has \
         `password` (for PASSWORD); name a key that it has, or set a value that has it with `tapedeck secret:set \
         --secretName db --forceUpdate`; there is no secret `token` (for TOKEN); set it with `tapedeck secret:set \
         --secretName token`"
    );
    check_that_it_is_hidden(&stage, SECRET, &|_| false);
    set(&stage.home, "token", "hush");
    set(&stage.home, "db", &format!("{{\"pasword\": \"{SECRET}\"}}"));
    let service = stage.worker_when("a running task", |service| service.steady);
    assert_eq!(service.revision.0, 1);
    stage.wait_for_lines("it has 4 letters", 1);
}

#[test]
fn another_value_makes_no_new_revision_and_is_what_later_tasks_get() {
    let Some(stage) = Stage::ready() else { return };
    set(&stage.home, "token", "four");
    let worker = stage
        .worker(&format!("echo \"it has ${{#TOKEN}} letters\"; {WAIT}"))
        .secret("TOKEN", &["$token"]);
    let before = stage.deploy(std::slice::from_ref(&worker)).services.remove(0);
    set(&stage.home, "token", "and seven");
    let after = stage.deploy(&[worker]).services.remove(0);
    assert_eq!((after.revision, &after.tasks), (before.revision, &before.tasks));

    // The engine forgets its memory, and asks anew for what it wrote down by name.
    stage.home.must(&["engine", "stop", "--tasks"]);
    stage.home.must(&["engine", "start"]);
    let service = stage.worker_when("a new task", |service| {
        let running = |task: &tapedeck_model::Task| matches!(task.state, TaskState::Running { .. });
        service.tasks.iter().any(running)
    });
    assert_eq!(service.revision, before.revision);
    stage.wait_for_lines("it has 4 letters", 1);
    stage.wait_for_lines("it has 9 letters", 1);
}

#[test]
fn the_engine_keeps_nothing_of_who_started_it() {
    let Some(home) = home_with(&[]) else { return };
    let mut command = home.command(&["engine", "start"]);
    command.env("PASSWORD", "of-the-caller");
    assert_eq!(Finished::of(command).code, Some(0));
    let engine = home.engine().unwrap();
    let environment = fs::read_to_string(format!("/proc/{engine}/environ")).unwrap();
    assert!(!environment.contains("of-the-caller"), "{environment}");
    assert_eq!(
        fs::read_link(format!("/proc/{engine}/cwd")).unwrap().to_str(),
        Some("/")
    );
}
