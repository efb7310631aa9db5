//! `tapedeck dev`: each save runs, what does not matter does nothing, and nothing is left at the end.

use fs_err as fs;
use rustix::process::Signal;
use tapedeck_api::{Client, ClientError, StackStatus};
use tapedeck_model::StackName;
use tapedeck_testkit::{DEADLINE, Leaks, eventually};

use crate::session::Session;
use crate::source::Project;
use crate::stage::{all_pids, is_alive};

/// Says what is in another file, on both streams, and how it ends.
const MAIN: &str = "import { word } from './word';\n\
                    process.on('SIGTERM', () => { console.log('goodbye'); process.exit(0); });\n\
                    console.log(`hello ${word} ${process.env.WHO ?? ''}`.trim());\n\
                    console.error('ready');\n\
                    setInterval(() => {}, 1000);\n";

/// A project whose service says `hello one`.
fn project() -> Option<Project> {
    let project = Project::ready()?;
    project.write("src/main.ts", MAIN);
    say(&project, "one");
    Some(project)
}

fn say(project: &Project, word: &str) {
    project.write("src/word.ts", &format!("export const word = '{word}';\n"));
}

fn name() -> StackName {
    StackName::new("app-watch").unwrap()
}

fn stack(project: &Project) -> Option<StackStatus> {
    let mut client = Client::connect(&project.home.files().socket()).ok()?;
    client.describe_stack(&name()).ok()
}

fn revision(project: &Project) -> u64 {
    stack(project).unwrap().services[0].revision.0
}

/// Waits until there is no such stack any more; the engine is still there.
fn await_end_of_stack(project: &Project) {
    eventually("the end of the stack", DEADLINE, || {
        let described = project.home.client().describe_stack(&name());
        matches!(described, Err(ClientError::Refused(_))).then_some(())
    });
}

#[test]
fn a_save_runs_and_ctrl_c_leaves_nothing_behind() {
    let Some(project) = project() else { return };
    let nothing = Leaks::before(&project.home);
    let mut session = Session::start(&project, &[]);
    session.await_line("worker | hello one", 1);
    session.await_line("worker ! ready", 1);
    session.await_word("started → packaged ");
    session.await_word(" (revision 1)");
    let first = all_pids(&stack(&project).unwrap());
    assert_eq!(first.len(), 1, "one task, although the config asks for two");

    say(&project, "two");
    session.await_line("worker | hello two", 1);
    session.await_word("changed src/word.ts → packaged ");
    session.await_word(" (revision 2)");
    let lines = session.stdout();
    let at = |line: &str| lines.find(line).unwrap();
    assert!(
        at("goodbye") < at("hello two"),
        "the old one has ended before the new one starts: {lines}"
    );
    assert!(first.values().all(|pid| !is_alive(*pid)));

    // As editors save: a new file that takes the place of the old one.
    project.write("src/word.ts.new", "export const word = 'three';\n");
    fs::rename(project.path("src/word.ts.new"), project.path("src/word.ts")).unwrap();
    session.await_line("worker | hello three", 1);

    let ended = session.end();
    assert_eq!(ended.stdout.matches("goodbye").count(), 3, "{ended:?}");
    assert!(ended.stderr.contains("stack app-watch is gone"), "{ended:?}");
    nothing.check();
    assert!(!project.home.files().stack_logs(&name()).exists());
}

#[test]
fn side_containers_run_beside_and_a_save_of_theirs_runs_too() {
    let Some(project) = project() else { return };
    project.write("src/migrate.ts", "console.log('migrated');\n");
    let agent = |word: &str| {
        let ends = "process.on('SIGTERM', () => { console.log('agent ends'); process.exit(0); });";
        let main = format!("{ends}\nconsole.log('agent {word}');\nsetInterval(() => {{}}, 1000);\n");
        project.write("src/agent.ts", &main);
    };
    agent("one");
    let side = |name: &str, kind: &str| {
        format!(
            "        - name: {name}\n          containerType: {kind}\n          packaging:\n            type: \
             stacktape-image-buildpack\n            properties:\n              entryfilePath: src/{name}.ts\n"
        )
    };
    let sides = side("migrate", "run-on-init") + &side("agent", "always-running");
    project.configure(&format!("      sideContainers:\n{sides}"));
    let nothing = Leaks::before(&project.home);
    let mut session = Session::start(&project, &[]);
    session.await_line("worker/migrate | migrated", 1);
    session.await_line("worker/agent | agent one", 1);
    session.await_line("worker | hello one", 1);
    let lines = session.stdout();
    assert!(
        lines.find("migrated").unwrap() < lines.find("hello one").unwrap(),
        "what runs on init comes first: {lines}"
    );

    agent("two");
    session.await_line("worker/agent | agent two", 1);
    session.await_line("worker | hello one", 2);
    session.await_line("worker/migrate | migrated", 2);
    assert_eq!(revision(&project), 2, "{}", session.stderr());
    let ended = session.end();
    assert_eq!(ended.stdout.matches("agent ends").count(), 2, "{ended:?}");
    assert_eq!(ended.stdout.matches("goodbye").count(), 2, "{ended:?}");
    nothing.check();
}

#[test]
fn what_cannot_be_packaged_is_told_and_what_runs_goes_on() {
    let Some(project) = project() else { return };
    let mut session = Session::start(&project, &[]);
    session.await_line("worker | hello one", 1);
    let before = all_pids(&stack(&project).unwrap());
    project.write("src/word.ts", "export const word =\n  (;\n");
    session.await_word("src/word.ts:2:3: Unexpected \";\"");
    session.await_word("not packaged after ");
    session.await_word("revision 1 keeps running, waiting for a change");
    assert_eq!(all_pids(&stack(&project).unwrap()), before);
    say(&project, "mended");
    session.await_line("worker | hello mended", 1);
    session.end();
}

#[test]
fn a_session_begins_with_what_cannot_be_packaged_yet() {
    let Some(project) = project() else { return };
    project.write("src/word.ts", "export const word = (;\n");
    let mut session = Session::start(&project, &[]);
    session.await_word("nothing runs yet, waiting for a change");
    say(&project, "at last");
    session.await_line("worker | hello at last", 1);
    session.end();
}

#[test]
fn files_that_do_not_matter_do_nothing_and_new_ones_that_do_count() {
    let Some(project) = project() else { return };
    let mut session = Session::start(&project, &[]);
    session.await_line("worker | hello one", 1);
    project.write("README.md", "# App\n");
    project.write("src/notes.txt", "nobody reads this\n");
    project.write("other/deep/file.ts", "export {};\n");
    // Found before word.ts, as bundlers have it.
    project.write("src/word.txt", "export const word = 'first';\n");
    fs::rename(project.path("src/word.txt"), project.path("src/word.tsx")).unwrap();
    session.await_line("worker | hello first", 1);
    assert_eq!(revision(&project), 2, "{}", session.stderr());
    fs::remove_file(project.path("src/word.tsx")).unwrap();
    session.await_line("worker | hello one", 2);
    assert_eq!(revision(&project), 3, "{}", session.stderr());
    let told = session.end().stderr;
    assert!(!told.contains("README") && !told.contains("notes.txt"), "{told}");
}

#[test]
fn edits_of_the_config_and_of_what_it_reads_are_taken() {
    let Some(project) = project() else { return };
    project.write("who.yml", "name: ada\n");
    let environment = "      environment:\n        - { name: WHO, value: \"$File('who.yml').name\" }\n";
    project.configure(environment);
    let mut session = Session::start(&project, &[]);
    session.await_line("worker | hello one ada", 1);
    project.write("who.yml", "name: grace\n");
    session.await_line("worker | hello one grace", 1);
    project.configure("      nonsense: true\n");
    session.await_word("`nonsense` is not a key");
    session.await_word("revision 2 keeps running, waiting for a change");
    project.configure("");
    session.await_line("worker | hello one", 1);
    let told = session.end().stderr;
    assert_eq!(told.matches("`nonsense` is not a key").count(), 1, "{told}");
}

#[test]
fn keys_restart_and_end_and_the_terminal_is_as_before() {
    let Some(project) = project() else { return };
    let mut session = Session::start_on_terminal(&project, &[]);
    session.await_word("r restarts, q or Ctrl-C ends");
    session.await_line("worker | hello one", 1);
    assert!(!session.terminal_is_as_usual());
    session.press("x\u{1b}[Ar");
    session.await_line("worker | hello one", 2);
    session.await_word("restarted → packaged ");
    assert_eq!(revision(&project), 2);
    session.press("q");
    let ended = session.finish();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(session.terminal_is_as_usual());
    assert!(project.home.engine().is_none(), "it was started for this session");
}

#[test]
fn every_way_to_end_it_restores_the_terminal_and_leaves_no_stack() {
    let Some(project) = project() else { return };
    project.home.must(&["engine", "start"]);
    for signal in [Signal::TERM, Signal::HUP] {
        let mut session = Session::start_on_terminal(&project, &[]);
        session.await_line("worker | hello one", 1);
        session.signal(signal);
        let ended = session.finish();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(session.terminal_is_as_usual());
        assert!(stack(&project).is_none());
    }
    let session = Session::start(&project, &[]);
    session.await_line("worker | hello one", 1);
    session.signal(Signal::KILL);
    await_end_of_stack(&project);
    assert!(project.home.engine().is_some(), "it was there before");
}

#[test]
fn a_task_that_does_not_stop_is_killed_when_asked_once_more() {
    let Some(project) = project() else { return };
    project.configure("      stopTimeout: 120\n");
    project.write(
        "src/main.ts",
        "process.on('SIGTERM', () => console.log('no'));\nconsole.log('stubborn');\nsetInterval(() => {}, 1000);\n",
    );
    let mut session = Session::start(&project, &[]);
    session.await_line("worker | stubborn", 1);
    session.signal(Signal::INT);
    session.await_line("worker | no", 1);
    session.signal(Signal::INT);
    let ended = session.finish();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("killing what does not stop"), "{ended:?}");
}

#[test]
fn a_task_that_ends_by_itself_is_told_and_waits_for_the_next_save() {
    let Some(project) = project() else { return };
    project.write("src/main.ts", "console.error('no database');\nprocess.exit(3);\n");
    let mut session = Session::start(&project, &[]);
    session.await_line("worker ! no database", 1);
    session.await_word("worker ended with exit code 3 after ");
    let told = stack(&project).unwrap();
    assert!(told.services[0].waiting[0].contains("not started again before there is another revision"));
    // The same once more, saved by somebody who has mended something else.
    project.write("src/main.ts", "console.error('no database');\nprocess.exit(3);\n");
    session.await_line("worker ! no database", 2);
    project.write("src/main.ts", MAIN);
    session.await_line("worker | hello one", 1);
    assert_eq!(revision(&project), 3);
    session.end();
}

#[test]
fn what_is_deployed_is_left_alone() {
    let Some(project) = project() else { return };
    project.must_deploy();
    let before = project.stack();
    let mut session = Session::start(&project, &[]);
    session.await_line("worker | hello one", 1);
    let listed = project.home.must(&["info:stacks"]);
    assert!(listed.contains("app-dev"), "{listed}");
    assert!(
        listed.contains("1/1 tasks running, until its `tapedeck dev` ends"),
        "{listed}"
    );
    let second = Session::start(&project, &[]).finish();
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(
        second.stderr.contains("belongs to a `tapedeck dev` that runs"),
        "{second:?}"
    );
    let over = Session::start(&project, &["--stage", "dev"]).finish();
    assert_eq!(over.code, Some(1), "{over:?}");
    assert!(over.stderr.contains("stack `app-dev` is deployed"), "{over:?}");
    let deployed = project
        .home
        .command(&["deploy", "--projectName", "app", "--stage", "watch"]);
    let mut deployed = deployed;
    deployed.current_dir(project.folder.path());
    let deployed = tapedeck_testkit::Finished::of(deployed);
    assert_eq!(deployed.code, Some(1), "{deployed:?}");
    session.end();
    assert_eq!(project.stack(), before);
    assert!(project.home.engine().is_some(), "others need it");
}

#[test]
fn it_survives_its_engine_and_without_both_the_next_engine_cleans_up() {
    let Some(project) = project() else { return };
    let session = Session::start(&project, &[]);
    session.await_line("worker | hello one", 1);
    let before = all_pids(&stack(&project).unwrap());
    project.home.kill_engine();
    session.await_word("connecting to another one");
    session.await_that("another engine", || stack(&project).is_some());
    assert_eq!(all_pids(&stack(&project).unwrap()), before, "the task runs on");
    say(&project, "two");
    session.await_line("worker | hello two", 1);

    let engine = project.home.engine().unwrap();
    session.signal(Signal::STOP);
    tapedeck_testkit::kill(engine, Signal::KILL);
    session.signal(Signal::KILL);
    project.home.must(&["engine", "start"]);
    await_end_of_stack(&project);
}

#[test]
fn programs_read_json_and_files_can_be_polled() {
    let Some(project) = project() else { return };
    let mut session = Session::start(&project, &["worker", "--json", "--poll"]);
    session.await_that("the first line", || session.stdout().contains("hello one"));
    say(&project, "two");
    session.await_that("the second line", || session.stdout().contains("hello two"));
    project.write("src/main.ts", "process.exit(7);\n");
    session.await_that("the exit", || session.stdout().contains("\"exited\""));
    project.write("src/main.ts", "(;\n");
    session.await_that("the failure", || session.stdout().contains("\"failed\""));
    let ended = session.end();
    let objects: Vec<serde_json::Value> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |event: &str| objects.iter().find(|object| object["event"] == event).unwrap();
    let second = objects
        .iter()
        .filter(|object| object["event"] == "running")
        .nth(1)
        .unwrap();
    assert_eq!(second["changed"], serde_json::json!(["src/word.ts"]));
    assert_eq!(second["revisions"], serde_json::json!({ "worker": 2 }));
    assert_eq!(of("output")["stream"], "stdout");
    assert_eq!(of("exited")["exitCode"], 7);
    assert!(
        of("failed")["error"].as_str().unwrap().contains("src/main.ts:1"),
        "{ended:?}"
    );
    assert_eq!(of("ended")["stack"], "app-watch");
}
