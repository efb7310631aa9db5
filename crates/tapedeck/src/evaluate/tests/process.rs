//! The process around the code: what it sees, what it prints, how it ends.

use std::time::Duration;

use expect_test::expect;
use rustix::process::{Pid, test_kill_process};
use serde_json::json;

use super::{Project, kept, told};
use crate::evaluate::EvaluateError;

#[test]
fn what_code_prints_is_kept_apart_from_the_result() {
    let mut project = Project::with(&[
        (
            "a.mjs",
            "import { execSync } from 'node:child_process';\nimport fs from 'node:fs';\n\
             export default () => { console.log('one'); fs.writeSync(1, 'two\\n'); console.error('three');\n\
               execSync('echo four', { stdio: 'inherit' }); return 'value'; };",
        ),
        (
            "b.py",
            "import os\ndef main(x, y):\n    print('five')\n    os.system('echo six')\n    return 'value'\n",
        ),
    ]);
    assert_eq!(project.value("a.mjs"), json!("value"));
    assert_eq!(project.value("b.py"), json!("value"));
    let printed = project.printed();
    let mut lines: Vec<&str> = printed.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["five", "four", "one", "six", "three", "two"]);
}

#[test]
fn the_environment_is_the_users_but_for_a_few() {
    let mut project = Project::with(&[
        (
            "a.mjs",
            "import fs from 'node:fs';\n\
             export default () => [process.env.OWN, process.env.TAPEDECK_HOME ?? null, process.env.NODE_OPTIONS ?? null,\n\
               fs.readFileSync(0, 'utf8'), process.argv.length, process.cwd(), typeof path, typeof globalThis.main,\n\
               typeof require, typeof crypto.subtle];",
        ),
        (
            "b.py",
            "import os, sys\ndef main(x, y):\n    return [os.environ['OWN'], 'TAPEDECK_HOME' in os.environ, sys.stdin.read()]\n",
        ),
    ]);
    for (name, value) in [
        ("OWN", "1"),
        ("TAPEDECK_HOME", "/x"),
        ("NODE_OPTIONS", "--require=./gone.js"),
    ] {
        project.environment.push((name.into(), value.into()));
    }
    let expected = json!([
        "1",
        null,
        null,
        "",
        2,
        project.root(),
        "undefined",
        "undefined",
        "undefined",
        "object"
    ]);
    assert_eq!(project.value("a.mjs"), expected);
    assert_eq!(project.value("b.py"), json!(["1", false, ""]));
}

#[test]
fn code_that_takes_too_long_is_stopped_with_what_it_started() {
    let mut project = Project::with(&[
        (
            "a.mjs",
            "import { spawn } from 'node:child_process';\nimport fs from 'node:fs';\n\
             export const quick = () => 'quick';\n\
             export default () => { fs.writeFileSync('pid', String(spawn('sleep', ['600']).pid)); for (;;); };",
        ),
        ("b.py", "import time\ndef main(x, y):\n    time.sleep(600)\n"),
    ]);
    project.time_limit = Duration::from_secs(4);
    let mut results = project.call(&["a.mjs:quick", "a.mjs", "a.mjs:quick"]);
    assert_eq!(*results[0].as_ref().unwrap(), json!("quick"));
    expect![[r#"
        a.mjs was stopped: it took longer than 4.0 s
        help: code that a config needs runs at every command: keep what takes long in a file or a script"#]]
    .assert_eq(&told(results[1].as_ref().unwrap_err()));
    expect!["`quick` of a.mjs was not run: a.mjs was to be run first and took too long or ended its process"]
        .assert_eq(&told(&results.remove(2).unwrap_err()));
    let pid = fs_err::read_to_string(project.path("pid"))
        .unwrap()
        .parse()
        .unwrap();
    tapedeck_testkit::eventually("the child to be gone", tapedeck_testkit::DEADLINE, || {
        test_kill_process(Pid::from_raw(pid).unwrap())
            .is_err()
            .then_some(())
    });
    project.time_limit = Duration::from_secs(1);
    assert!(matches!(project.error("b.py"), EvaluateError::TimedOut { .. }));
}

#[test]
fn what_code_leaves_running_does_not_hold_it_up() {
    let project = Project::with(&[
        (
            "a.mjs",
            "setInterval(() => {}, 1000);\nexport default () => 'done';",
        ),
        (
            "b.py",
            "import threading, time\ndef main(x, y):\n    threading.Thread(target=time.sleep, args=[600]).start()\n    return 'done'\n",
        ),
    ]);
    assert_eq!(project.value("a.mjs"), json!("done"));
    assert_eq!(project.value("b.py"), json!("done"));
}

#[test]
fn a_process_that_ends_early_gave_no_result() {
    let project = Project::with(&[
        ("exit.mjs", "export default () => process.exit(0);"),
        (
            "kill.mjs",
            "export default () => process.kill(process.pid, 'SIGKILL');",
        ),
        ("promise.mjs", "export default () => new Promise(() => {});"),
        ("await.mjs", "await new Promise(() => {});"),
        (
            "kill.py",
            "import os\ndef main(x, y):\n    os.kill(os.getpid(), 9)\n",
        ),
    ]);
    expect![[r#"
        exit.mjs gave no result: its process ended with exit status: 0
        help: return a value, and throw an error instead of ending the process"#]]
    .assert_eq(&told(&project.error("exit.mjs")));
    expect![[r#"
        kill.mjs gave no result: its process ended with signal: 9 (SIGKILL)
        help: return a value, and throw an error instead of ending the process"#]]
    .assert_eq(&told(&project.error("kill.mjs")));
    expect![[r#"
        promise.mjs gave no result: it waits for a promise that nothing will settle
        help: look for a promise without `resolve`"#]]
    .assert_eq(&told(&project.error("promise.mjs")));
    expect![[r#"
        await.mjs gave no result: it waits for a promise that nothing will settle
        help: look for a promise without `resolve`"#]]
    .assert_eq(&told(&project.error("await.mjs")));
    expect![[r#"
        kill.py gave no result: its process ended with signal: 9 (SIGKILL)
        help: return a value, and throw an error instead of ending the process"#]]
    .assert_eq(&told(&project.error("kill.py")));
}

#[test]
fn bundles_are_removed() {
    let project = Project::with(&[
        ("a.ts", "export default (): string => __filename;"),
        ("b.ts", "throw 1;"),
    ]);
    let own = project.path("a.ts");
    assert_eq!(project.value("a.ts"), json!(own));
    project.error("b.ts");
    let scratch = kept("cache").join("scratch");
    let holds_own = |folder: std::path::PathBuf| {
        let map = fs_err::read_to_string(folder.join("index.js.map")).unwrap_or_default();
        map.contains(own.parent().unwrap().to_str().unwrap())
    };
    let left = fs_err::read_dir(scratch)
        .unwrap()
        .filter(|entry| holds_own(entry.as_ref().unwrap().path()));
    assert_eq!(left.count(), 0);
}
