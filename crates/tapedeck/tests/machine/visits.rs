//! `container:exec`: what a program is that runs in a container of somebody else, and how it ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Stdio};

use fs_err as fs;
use rustix::process::Signal;
use tapedeck_image::ConfigChange;
use tapedeck_model::ContainerCondition;
use tapedeck_testkit::{DEADLINE, Finished, Leaks, eventually, kill};

use crate::secrets::set;
use crate::stage::{PROJECT, STACK, Stage, WAIT, all_pids, is_alive, pids, stack, wait_for_end};

/// The command line for a program in the service `worker`.
fn line<'a>(options: &[&'a str], program: &[&'a str]) -> Vec<&'a str> {
    let fixed = ["container:exec", PROJECT[0], PROJECT[1]];
    [&fixed, options, &["--"], program].concat()
}

fn exec(stage: &Stage, program: &[&str]) -> Finished {
    stage.home.run(&line(&[], program))
}

/// What a script writes in the container, when all goes well.
fn output(stage: &Stage, script: &str) -> String {
    stage.home.must(&line(&[], &["sh", "-c", script]))
}

/// A program that goes on, and has written its first line.
fn begin(stage: &Stage, script: &str) -> (Child, String) {
    let mut child = stage
        .home
        .command(&line(&[], &["sh", "-c", script]))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    let mut reader = BufReader::with_capacity(1, child.stdout.take().unwrap());
    reader.read_line(&mut first).unwrap();
    child.stdout = Some(reader.into_inner());
    (child, first.trim().to_owned())
}

fn finish(child: Child) -> Finished {
    let output = child.wait_with_output().unwrap();
    Finished {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Processes of the stack's tasks on this machine with that word on their command line.
fn running(stage: &Stage, word: &str) -> usize {
    let processes = stage.home.names().processes();
    let inside = |process: &&tapedeck_testkit::Process| {
        let group = format!("{}/", stage.home.names().cgroup);
        process.cgroups.iter().any(|one| one.starts_with(&group)) && process.command.contains(word)
    };
    processes.iter().filter(inside).count()
}

#[test]
fn streams_and_exit_codes_are_those_of_the_program() {
    let Some(stage) = Stage::ready() else { return };
    let leaks = Leaks::before(&stage.home);
    stage.deploy(&[stage.worker(WAIT)]);
    let finished = exec(&stage, &["sh", "-c", "echo out; echo err >&2; exit 7"]);
    assert_eq!(finished.code, Some(7), "{finished:?}");
    assert_eq!((&*finished.stdout, &*finished.stderr), ("out\n", "err\n"));
    assert_eq!(exec(&stage, &["true"]).code, Some(0));
    assert_eq!(exec(&stage, &["sh", "-c", "kill -TERM $$"]).code, Some(143));
    assert_eq!(exec(&stage, &["sh", "-c", "kill -9 $$"]).code, Some(137));
    let shell = [
        "container:exec",
        PROJECT[0],
        PROJECT[1],
        "--command",
        "echo $0 $((40 + 2)); exit 3",
    ];
    let finished = stage.home.run(&shell);
    assert_eq!((finished.code, &*finished.stdout), (Some(3), "sh 42\n"));

    let missing = exec(&stage, &["no-such-program"]);
    assert_eq!((missing.code, &*missing.stdout), (Some(127), ""));
    assert!(
        missing
            .stderr
            .contains("exec: \"no-such-program\": executable file not found in $PATH"),
        "{missing:?}"
    );
    let refused = exec(&stage, &["/tmp"]);
    assert_eq!(refused.code, Some(126), "{refused:?}");
    assert!(refused.stderr.contains("is a directory"), "{refused:?}");

    let json = stage.home.must(&line(
        &["--json"],
        &["sh", "-c", "echo a; echo b >&2; echo c; exit 9"],
    ));
    let (task, _) = pids(&stage.now()).pop_first().unwrap();
    let expected = format!(
        r#"{{"container":"service-container","containerEnded":false,"exitCode":9,"output":"a\nb\nc\n","task":"{task}"}}"#
    );
    assert_eq!(json.trim(), expected);
    stage.client().delete_stack(stack()).unwrap();
    stage.home.must(&["engine", "stop", "--tasks"]);
    leaks.check();
}

#[test]
fn what_is_piped_in_comes_out_whole() {
    let Some(stage) = Stage::ready() else { return };
    stage.deploy(&[stage.worker(WAIT)]);
    let mut bytes = vec![0; 10 << 20];
    fs::File::open("/dev/urandom")
        .unwrap()
        .read_exact(&mut bytes)
        .unwrap();
    let mut child = stage
        .home
        .command(&line(&[], &["cat"]))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let sent = bytes.clone();
    let writer = std::thread::spawn(move || stdin.write_all(&sent));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    assert!(output.stdout == bytes, "{} bytes came back", output.stdout.len());
    // Without anything on standard input it has ended there, too.
    assert_eq!(output_of_empty(&stage), "0\n");
    // Nobody reads any more: the program notices, as it would here.
    let (mut child, first) = begin(&stage, "echo first; yes");
    assert_eq!(first, "first");
    drop(child.stdout.take());
    let code = child.wait().unwrap().code();
    assert_eq!(code, Some(141));
}

fn output_of_empty(stage: &Stage) -> String {
    stage.home.must(&line(&[], &["wc", "-c"]))
}

/// What is the same of every process of a container.
const SAME: &str = "show() { for ns in cgroup ipc mnt net pid user uts; do readlink /proc/$1/ns/$ns; done; \
    grep -E '^(Uid|Gid|Groups|Umask|Cap|NoNewPrivs|Seccomp|Speculation)' /proc/$1/status; cat /proc/$1/limits; \
    cat /proc/$1/oom_score_adj; readlink /proc/$1/cwd /proc/$1/root; \
    sed -E 's,/visit-[0-9]+$,/,' /proc/$1/cgroup; }; show $1 2>&1";

#[test]
fn a_program_is_confined_as_the_container_is() {
    let Some(stage) = Stage::ready() else { return };
    let entrypoint = ["/bin/sh", "-c", WAIT].map(str::to_owned).to_vec();
    let change = ConfigChange {
        entrypoint: Some(entrypoint.clone()),
        user: Some("1234:2345".to_owned()),
        working_dir: Some("/tmp".to_owned()),
        ..ConfigChange::default()
    };
    let unprivileged = Stage::running_image("other", stage.image(&change));
    stage.deploy(&[stage.worker(WAIT), unprivileged]);
    for service in ["worker", "other"] {
        let of = |pid: &str| {
            let command = line(&["--resourceName", service], &["sh", "-c", SAME, "sh", pid]);
            stage.home.must(&command)
        };
        let (own, main) = (of("self"), of("1"));
        assert_eq!(own, main, "{service}");
        for wanted in [
            "NoNewPrivs:\t1",
            "Seccomp:\t2",
            "CapAmb:\t0000000000000000",
            "Umask:\t0022",
        ] {
            assert!(own.contains(wanted), "{service}: {own}");
        }
        assert!(!own.contains("denied") && own.contains("mnt:["), "{own}");
    }
    let identity = stage.home.must(&line(
        &["--resourceName", "other"],
        &["sh", "-c", "id -u; id -g; pwd"],
    ));
    assert_eq!(identity, "1234\n2345\n/tmp\n");
    let refused = exec(&stage, &["unshare", "-U", "true"]);
    assert_ne!(refused.code, Some(0), "{refused:?}");
    // It may write to its own streams by their names, as whoever it runs as.
    let named = line(
        &["--resourceName", "other"],
        &["sh", "-c", "echo named > /dev/stderr"],
    );
    assert_eq!(stage.home.run(&named).stderr, "named\n");
}

#[test]
fn no_folder_of_this_machine_is_a_way_out() {
    let Some(stage) = Stage::ready() else { return };
    let change = ConfigChange {
        entrypoint: Some(["/bin/sh", "-c", WAIT].map(str::to_owned).to_vec()),
        working_dir: Some("/work-here".to_owned()),
        ..ConfigChange::default()
    };
    stage.deploy(&[Stage::running_image("worker", stage.image(&change))]);
    let (_, pid) = pids(&stage.now()).pop_first().unwrap();
    let folder = format!("/proc/{pid}/root/work-here");
    fs::remove_dir(&folder).unwrap();
    // What a process on its way into the container has open, a container could lead it back to.
    for number in 3..20 {
        std::os::unix::fs::symlink(format!("/proc/self/fd/{number}"), &folder).unwrap();
        let finished = exec(
            &stage,
            &[
                "ls",
                "../../../../../../../proc/1/root/etc/hostname",
                "/proc/self/cwd/..",
            ],
        );
        assert!(
            finished.code != Some(0) || finished.stdout.contains("bin"),
            "{number}: {finished:?}"
        );
        let told = exec(&stage, &["readlink", "/proc/self/cwd"]);
        assert!(
            told.code == Some(126) || told.stdout == "/\n",
            "{number}: {told:?}"
        );
        fs::remove_file(&folder).unwrap();
    }
}

#[test]
fn its_environment_is_the_container_s_with_secrets_and_nothing_else() {
    let Some(stage) = Stage::ready() else { return };
    set(&stage.home, "token", "hush-hush");
    let worker = stage
        .worker(WAIT)
        .variable("PLAIN", "a b\nc")
        .secret("TOKEN", &["x-", "$token"]);
    stage.deploy(&[worker]);
    let of = |process: &str| {
        let environment = exec(&stage, &["cat", &format!("/proc/{process}/environ")]);
        environment.stdout.replace('\0', "\n")
    };
    let (own, of_main) = (of("self"), of("1"));
    assert_eq!(own, of_main);
    assert!(
        own.contains("TOKEN=x-hush-hush\n") && own.contains("HOME=/"),
        "{own}"
    );
    assert!(!own.contains("TAPEDECK_HOME"), "{own}");
}

#[test]
fn its_memory_is_the_container_s() {
    let Some(stage) = Stage::ready() else { return };
    stage.deploy(&[stage.worker(WAIT).memory(64)]);
    let before = all_pids(&stage.steady());
    let finished = exec(&stage, &["sh", "-c", "text=x; while :; do text=$text$text; done"]);
    assert_eq!(finished.code, Some(137), "{finished:?}");
    assert!(finished.stderr.contains("wanted more memory"), "{finished:?}");
    assert_eq!(all_pids(&stage.steady()), before, "the container goes on");
}

#[test]
fn a_program_ends_with_whoever_waits_for_it() {
    let Some(stage) = Stage::ready() else { return };
    let leaks = Leaks::before(&stage.home);
    stage.deploy(&[stage.worker(WAIT)]);
    let before = all_pids(&stage.steady());
    // One that takes the hint, and one that does not, with what it has started.
    for trap in ["trap 'exit 0' HUP", "trap '' HUP TERM INT"] {
        let script = format!("{trap}; setsid sleep 4321 & echo ready; while :; do sleep 4321; done");
        let (mut child, first) = begin(&stage, &script);
        assert_eq!(first, "ready");
        eventually("its processes", DEADLINE, || {
            (running(&stage, "4321") >= 3).then_some(())
        });
        kill(child.id(), Signal::KILL);
        child.wait().unwrap();
        eventually("their end", DEADLINE, || {
            (running(&stage, "4321") == 0).then_some(())
        });
    }
    // What it leaves running ends with it, too.
    assert_eq!(
        output(&stage, "setsid sleep 4321 >/dev/null 2>&1 & echo done"),
        "done\n"
    );
    assert_eq!(running(&stage, "4321"), 0);
    assert_eq!(all_pids(&stage.steady()), before, "the container goes on");
    let groups = stage.home.names().cgroups();
    let visits = groups.iter().flat_map(fs::read_dir).flatten().flatten();
    let names = visits.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let left: Vec<String> = names.filter(|name| name.starts_with("visit-")).collect();
    assert!(left.is_empty(), "{left:?}");
    stage.client().delete_stack(stack()).unwrap();
    stage.home.must(&["engine", "stop", "--tasks"]);
    leaks.check();
}

#[test]
fn signals_reach_the_program() {
    let Some(stage) = Stage::ready() else { return };
    stage.deploy(&[stage.worker(WAIT)]);
    for (signal, code) in [(Signal::INT, 5), (Signal::TERM, 6), (Signal::USR1, 7)] {
        let script = format!("trap 'exit 5' INT; trap 'exit 6' TERM; trap 'exit 7' USR1; echo ready; {WAIT}");
        let (child, _) = begin(&stage, &script);
        kill(child.id(), signal);
        assert_eq!(finish(child).code, Some(code));
    }
    let (child, _) = begin(&stage, "echo ready; exec sleep 4321");
    kill(child.id(), Signal::TERM);
    assert_eq!(finish(child).code, Some(143));
}

#[test]
fn a_program_goes_on_without_the_engine() {
    let Some(stage) = Stage::ready() else { return };
    stage.deploy(&[stage.worker(WAIT)]);
    let (mut child, first) = begin(&stage, "echo ready; read line; echo got $line; exit 4");
    assert_eq!(first, "ready");
    stage.home.kill_engine();
    child.stdin.take().unwrap().write_all(b"it\n").unwrap();
    let finished = finish(child);
    assert_eq!(
        (finished.code, &*finished.stdout),
        (Some(4), "got it\n"),
        "{finished:?}"
    );
    let refused = exec(&stage, &["true"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("engine start"), "{refused:?}");
    stage.home.must(&["engine", "start"]);
    assert_eq!(exec(&stage, &["true"]).code, Some(0));
}

#[test]
fn the_end_of_the_container_is_told() {
    let Some(stage) = Stage::ready() else { return };
    let stops = [
        // By itself.
        "kill", // By order, which takes the time that the container is given.
        "delete",
    ];
    for stop in stops {
        stage.deploy(&[stage.worker(&format!("trap '' TERM; {WAIT}"))]);
        let service = stage.worker_when("a task that runs", |service| {
            pids(service).values().any(|pid| is_alive(*pid))
        });
        let (task, pid) = pids(&service).pop_last().unwrap();
        let (child, _) = begin(&stage, "trap '' TERM; echo ready; while :; do sleep 1; done");
        match stop {
            "kill" => {
                kill(pid, Signal::KILL);
                wait_for_end(pid);
            }
            _ => drop(stage.client().delete_stack(stack()).unwrap()),
        }
        let finished = finish(child);
        assert_eq!(finished.code, Some(137), "{stop}: {finished:?}");
        let told = format!("container service-container of task {} has ended", task.short());
        assert!(finished.stderr.contains(&told), "{stop}: {finished:?}");
    }
    eventually("its end", DEADLINE, || {
        stage.client().describe_stack(&stack()).is_err().then_some(())
    });
    let gone = exec(&stage, &["true"]);
    assert_eq!(gone.code, Some(1));
    assert!(gone.stderr.contains("no stack named `app-dev`"), "{gone:?}");
}

#[test]
fn a_killed_shim_is_told() {
    let Some(stage) = Stage::ready() else { return };
    stage.deploy(&[stage.worker(WAIT)]);
    let (child, _) = begin(&stage, "echo ready; sleep 4321");
    // Its shim has told so by now.
    assert_eq!(exec(&stage, &["true"]).code, Some(0));
    let shims = stage.home.names().shims();
    assert_eq!(shims.len(), 1);
    kill(shims[0].pid, Signal::KILL);
    let finished = finish(child);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("the connection to task"), "{finished:?}");
    eventually("the end of its program", DEADLINE, || {
        (running(&stage, "4321") == 0).then_some(())
    });
}

#[test]
fn the_container_is_chosen() {
    let Some(stage) = Stage::ready() else { return };
    let mut side = stage.side("agent", WAIT);
    side.environment.insert("WHO".to_owned(), "agent".to_owned());
    let worker = stage
        .worker(WAIT)
        .side(side, ContainerCondition::Start)
        .variable("WHO", "main")
        .count(2);
    stage.deploy(&[worker, stage.named("other", WAIT)]);
    let who = |options: &[&str]| stage.home.run(&line(options, &["sh", "-c", "echo $WHO"]));
    let of_worker = |options: &[&str]| who(&[&["--resourceName", "worker"], options].concat());
    let several = of_worker(&[]);
    assert_eq!(
        (several.code, &*several.stdout),
        (Some(0), "main\n"),
        "{several:?}"
    );
    assert!(
        several
            .stderr
            .contains("one of 2 that run; --taskArn chooses another"),
        "{several:?}"
    );
    assert_eq!(of_worker(&["--container", "agent"]).stdout, "agent\n");

    let (task, pid) = pids(&stage.now()).pop_last().unwrap();
    let arn = format!("arn:aws:ecs:local:000000000000:task/app-dev/{task}");
    for named in [&task.as_str()[..6], task.as_str(), &arn] {
        let options = ["--resourceName", "worker", "-ta", named];
        let finished = stage.home.run(&line(&options, &["readlink", "/proc/1/ns/pid"]));
        let expected = fs::read_link(format!("/proc/{pid}/ns/pid")).unwrap();
        assert_eq!(finished.stdout.trim(), expected.to_string_lossy(), "{finished:?}");
        assert_eq!(finished.stderr, "", "there was no choice");
    }
    let refusals: [(&[&str], &str, &str); 4] = [
        (
            &[],
            "stack app-dev has several services",
            "name one with --resourceName: other, worker",
        ),
        (
            &["--resourceName", "workr"],
            "has no service `workr`",
            "did you mean `worker`?",
        ),
        (
            &["--resourceName", "other", "--container", "agent"],
            "has no container `agent`",
            "it has: service-container",
        ),
        (
            &["--resourceName", "worker", "--taskArn", "zzz"],
            "has no task `zzz`",
            "these run: ",
        ),
    ];
    for (options, problem, help) in refusals {
        let refused = who(options);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(
            refused.stderr.contains(problem) && refused.stderr.contains(help),
            "{refused:?}"
        );
    }
    // Nothing that runs.
    stage.deploy(&[stage.worker(WAIT).count(0)]);
    let refused = exec(&stage, &["true"]);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("no task of service worker runs"),
        "{refused:?}"
    );
    assert!(STACK.starts_with("app") && !is_alive(pid), "it was stopped");
}
