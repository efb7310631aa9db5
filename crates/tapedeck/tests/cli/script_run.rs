//! `tapedeck script:run` without root and without an engine.

use std::process::{Command, Stdio};

use expect_test::expect;
use fs_err as fs;
use rustix::process::Signal;
use tapedeck_testkit::{DEADLINE, eventually, kill};

use crate::environment::{Environment, GOOD, is_installed};

/// A project with scripts.
fn project(scripts: &str) -> Environment {
    Environment::with_config(&format!("{GOOD}scripts:\n{scripts}"))
}

/// A script of these properties.
fn script(name: &str, properties: &str) -> String {
    format!("  {name}: {{ type: local-script, properties: {{ {properties} }} }}\n")
}

fn of_line(line: &str) -> Environment {
    project(&script("go", &format!("executeCommand: '{line}'")))
}

const GO: [&str; 3] = ["script:run", "--scriptName", "go"];

/// The process id that a script wrote into a file of the project.
fn pid_in(environment: &Environment, file: &str) -> u32 {
    eventually("a process id", DEADLINE, || {
        let text = fs::read_to_string(environment.path("project").join(file)).ok()?;
        text.strip_suffix('\n')?.parse().ok()
    })
}

fn is_gone(pid: u32) -> Option<()> {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    (status.is_empty() || status.contains(") Z ")).then_some(())
}

#[test]
fn it_gets_arguments_variables_and_a_folder_and_writes_where_we_do() {
    let environment = project(&script(
        "go",
        "executeCommand: 'echo $STP_COMMAND $STP_STACK_NAME $STP_REGION $A $B $C ${STP_HOOK_TYPE-none} \"$@\"; pwd; echo talk >&2', \
         cwd: src, environment: { A: 1.50, B: two }",
    ));
    let mut command =
        environment.command(&[&GO[..], &["--env", "B=own", "--env", "C=", "--", "x y", "--z"]].concat());
    command.env("STP_HOOK_TYPE", "stale");
    environment.check_command(
        &mut command,
        expect![[r#"
        exit code 0
        --- stdout ---
        script:run shop-dev local 1.50 own none x y --z
        [TEMP]/project/src
        --- stderr ---
        talk
    "#]],
    );
}

#[test]
fn its_exit_code_is_told() {
    let environment = of_line("echo data; echo talk >&2; exit 7");
    let told = environment.outcome(&mut environment.command(&GO));
    assert!(told.starts_with("exit code 1\n--- stdout ---\ndata\n"), "{told}");
    assert!(
        told.contains("error: script go ended with exit code 7 after "),
        "{told}"
    );
    let output = environment
        .command(&[&GO[..], &["--json"]].concat())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&json["script"], &json["exitCode"]),
        (&"go".into(), &7.into()),
        "{json}"
    );
    assert!(json["durationMs"].is_u64(), "{json}");
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(talk.starts_with("data\ntalk\nerror: "), "{talk}");
}

#[test]
fn several_lines_run_up_to_the_first_that_fails() {
    let environment = project(&script(
        "go",
        "executeCommands: ['echo 1', 'echo 2; exit 3', 'echo 4']",
    ));
    let told = environment.outcome(&mut environment.command(&GO));
    assert!(
        told.starts_with("exit code 1\n--- stdout ---\n1\n2\n--- stderr ---\n"),
        "{told}"
    );
    assert!(
        told.contains("error: script go, step 2 of 3 ended with exit code 3 after"),
        "{told}"
    );
}

#[test]
fn hidden_output_is_shown_when_it_fails() {
    let hidden =
        "pipeStdio: false, executeCommand: 'read line; echo got $line; seq 100000; echo end; exit $CODE'";
    let environment = project(&script("go", hidden));
    environment.check_command(
        environment
            .command_with_input(&[&GO[..], &["--env", "CODE=0"]].concat(), "typed\n")
            .env("X", ""),
        expect![[r#"
            exit code 0
        "#]],
    );
    let told = environment.outcome(&mut environment.command(&[&GO[..], &["--env", "CODE=5"]].concat()));
    assert!(
        told.contains("\n100000\nend\nerror: script go ended with exit code 5"),
        "{told}"
    );
    assert!(
        told.len() < 80_000 && !told.contains("\n17\n"),
        "more than the end is shown"
    );
}

#[test]
fn what_it_leaves_running_is_left_alone() {
    let environment = project(&script(
        "go",
        "pipeStdio: false, executeCommand: 'sleep 1000 & echo $! > pid'",
    ));
    environment.check(
        &GO,
        expect![[r#"
        exit code 0
    "#]],
    );
    let pid = pid_in(&environment, "pid");
    assert!(is_gone(pid).is_none(), "it was ended");
    kill(pid, Signal::KILL);
}

#[test]
fn files_are_run_by_the_programs_of_their_languages() {
    let environment = project(&script("go", "executeScripts: [a.sh, tools/b.py, tools/c.mjs]"));
    environment.write("project/a.sh", "echo shell $1\n");
    environment.write(
        "project/tools/b.py",
        "import sys, os\nprint('python', sys.argv[1], os.environ['STP_STAGE'], flush=True)\n",
    );
    environment.write("project/tools/c.mjs", "console.log('node', process.argv[2])\n");
    if !is_installed("python3") || !is_installed("node") {
        eprintln!("SKIPPED: this test needs python3 and node");
        return;
    }
    environment.check(
        &[&GO[..], &["--", "one"]].concat(),
        expect![[r#"
            exit code 0
            --- stdout ---
            shell one
            python one dev
            node one
        "#]],
    );
    let mut command = environment.command(&GO);
    command.env("PATH", environment.path("nowhere"));
    environment.check_command(
        &mut command,
        expect![[r#"
            exit code 3
            --- stderr ---
            error: script go, a.sh needs the program `sh`, which is not in PATH
            help: apt install dash
        "#]],
    );
}

#[test]
fn what_is_not_there_or_cannot_be_run_is_told() {
    let environment = project(&format!(
        "{}{}  far: {{ type: bastion-script, properties: {{ executeCommand: a }} }}\n",
        script("migrate", "executeCommand: a"),
        script("seed", "executeScripts: [seed.py]"),
    ));
    for name in ["migrat", "seed", "far"] {
        let told = environment.outcome(&mut environment.command(&["script:run", "--scriptName", name]));
        let expected = match name {
            "migrat" => {
                "error: there is no script `migrat`\n\
                         help: among the scripts of the config, did you mean `migrate`?\n"
            }
            "seed" => "error: script seed: there is no file [TEMP]/project/seed.py\n",
            _ => {
                "error: script far is a `bastion-script`, and there are no bastions yet\nhelp: make it a `local-script`"
            }
        };
        assert!(told.contains(expected), "{told}");
        let code = if name == "seed" { 1 } else { 2 };
        assert!(told.starts_with(&format!("exit code {code}\n")), "{told}");
    }
}

#[test]
fn what_is_not_deployed_cannot_be_told() {
    let text = "projectName: shop\nresources:\n  jobs: { type: sqs-queue }\nscripts:\n";
    let environment = Environment::with_config(&format!(
        "{text}{}",
        script("go", "executeCommand: touch ran, connectTo: [jobs]")
    ));
    environment.check(&GO, expect![[r#"
        exit code 1
        --- stderr ---
        error: script go cannot be told STP_JOBS_ARN
          because `JobsQueue.Arn` tells nothing here
        help: `tapedeck deploy` brings stack shop-dev to what the config says now; of what it is yet to make, nothing can be told before
    "#]]);
    let role = [&GO[..], &["--assumeRoleOfResource", "jobs"]].concat();
    environment.check(&role, expect![[r#"
        exit code 1
        --- stderr ---
        error: script go cannot act in the role of `jobs`: nothing here knows such a role
        help: name it as `assumeRoleOfResource` of the script in the config, and deploy; services have a role once something in the stack stands in AWS
    "#]]);
    assert!(!environment.path("project/ran").exists(), "it was run");
    assert!(
        !environment.home().exists(),
        "something was made in the state folder"
    );
}

#[test]
fn a_secret_reaches_its_environment_and_nothing_else() {
    let environment = project(&script(
        "go",
        "executeCommand: 'echo ${#TOKEN} ${#ALONE}; for one in /proc/[0-9]*/cmdline; do cat $one; echo; done > lines 2>/dev/null; exit 4', \
         environment: [{ name: TOKEN, value: \"$CfFormat('pre-{}', $Secret('api.token'))\" }, { name: ALONE, value: \"$Secret('api.token')\" }]",
    ));
    let secret = "nobody-else-has-this-value";
    let value = format!("{{\"token\":\"{secret}\"}}");
    environment.write("input", &value);
    let set = environment
        .command_with_input(&["secret:set", "api"], &value)
        .output()
        .unwrap();
    assert!(set.status.success(), "{set:?}");
    let told = environment.outcome(&mut environment.command(&GO));
    assert!(told.starts_with("exit code 1\n--- stdout ---\n30 26\n"), "{told}");
    assert!(!told.contains(secret), "{told}");
    let lines = fs::read(environment.path("project/lines")).expect("the script wrote them");
    let lines = String::from_utf8_lossy(&lines).replace('\0', " ");
    assert!(lines.contains("script:run"), "{lines}");
    assert!(!lines.contains(secret), "{lines}");
}

#[test]
fn a_value_on_the_command_line_that_is_none_is_refused() {
    let environment = of_line("touch ran");
    environment.check(
        &[&GO[..], &["--env", "hush"]].concat(),
        expect![[r#"
        exit code 2
        --- stderr ---
        error: what --env was given is not NAME=VALUE
        help: write `--env NAME=VALUE`, once for each variable
    "#]],
    );
    assert!(!environment.path("project/ran").exists());
}

#[test]
fn an_interruption_ends_all_of_it() {
    let environment = of_line("sleep 1000 & echo $! > inner; echo $$ > outer; wait");
    for signal in [Signal::HUP, Signal::INT, Signal::TERM] {
        if is_ignored(signal) {
            println!("SKIPPED: whoever runs this test ignores {signal:?}, and so does what it starts");
            continue;
        }
        let mut command = environment.command(&GO);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let running = command.spawn().unwrap();
        let pids = ["inner", "outer"].map(|file| pid_in(&environment, file));
        kill(running.id(), signal);
        let output = running.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("error: script go was interrupted after "), "{told}");
        for pid in pids {
            eventually("the end of the script", DEADLINE, || is_gone(pid));
        }
        for file in ["inner", "outer"] {
            fs::remove_file(environment.path("project").join(file)).unwrap();
        }
    }
}

/// Whether this process ignores a signal, which whatever it starts inherits.
fn is_ignored(signal: Signal) -> bool {
    let status = fs::read_to_string("/proc/self/status").expect("it is there");
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = u64::from_str_radix(mask.unwrap_or_default().trim(), 16).expect("it is a mask");
    mask & (1 << (signal.as_raw() - 1)) != 0
}

#[test]
fn one_that_does_not_end_is_killed_when_asked_twice() {
    let environment = of_line("trap \"\" INT TERM; echo $$ > outer; while :; do sleep 1000; done");
    let running = environment.command(&GO).stderr(Stdio::null()).spawn().unwrap();
    let pid = pid_in(&environment, "outer");
    let mut running = Some(running);
    eventually("the end", DEADLINE, || {
        let child = running.as_mut().unwrap();
        if let Some(status) = child.try_wait().unwrap() {
            assert_eq!(status.code(), Some(1));
            return Some(());
        }
        kill(child.id(), Signal::TERM);
        None
    });
    eventually("the end of the script", DEADLINE, || is_gone(pid));
}

#[test]
fn nothing_of_it_outlives_a_killed_command() {
    let environment = of_line("echo $$ > outer; exec sleep 1000");
    let mut running = environment.command(&GO).spawn().unwrap();
    let pid = pid_in(&environment, "outer");
    running.kill().unwrap();
    running.wait().unwrap();
    eventually("the end of the script", DEADLINE, || is_gone(pid));
}

/// What is typed on a terminal reaches the script, which is in the group that the terminal belongs to.
#[test]
fn on_a_terminal_it_can_be_typed_to() {
    if !is_installed("script") {
        println!("SKIPPED: there is no `script`, which gives the program a terminal");
        return;
    }
    let environment = of_line("read line; echo got $line > typed");
    environment.write("input", "hello\n");
    let program = format!("{} {}", env!("CARGO_BIN_EXE_tapedeck"), GO.join(" "));
    let mut command = Command::new("script");
    let status = command
        .args(["-qec", &program, "/dev/null"])
        .current_dir(environment.path("project"))
        .env("TAPEDECK_HOME", environment.home())
        .stdin(fs::File::open(environment.path("input")).unwrap().into_file())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let typed = fs::read_to_string(environment.path("project/typed")).unwrap();
    assert_eq!(typed.trim(), "got hello");
}
