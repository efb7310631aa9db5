//! `container:session`: a shell in a container on a terminal of ours.

use fs_err as fs;
use rustix::process::Signal;
use tapedeck_image::ConfigChange;
use tapedeck_testkit::{DEADLINE, Leaks, eventually, kill};

use crate::screen::Screen;
use crate::stage::{PROJECT, Stage, WAIT, stack};

fn start(stage: &Stage, arguments: &[&str]) -> Screen {
    Screen::start(stage.home.command(&[arguments, &PROJECT].concat()))
}

#[test]
fn a_session_is_a_shell_on_a_terminal_of_the_container() {
    let Some(stage) = Stage::ready() else { return };
    let leaks = Leaks::before(&stage.home);
    stage.deploy(&[stage.worker(WAIT)]);
    let mut screen = start(&stage, &["container:session"]);
    screen.press("stty size; tty; echo $TERM $((40 + 2))\r");
    screen.await_text("33 101\r\n/dev/pts/0\r\nvt102 42\r\n");
    screen.try_shell();
    stage.client().delete_stack(stack()).unwrap();
    stage.home.must(&["engine", "stop", "--tasks"]);
    leaks.check();
}

#[test]
fn a_terminal_belongs_to_the_user_of_the_container() {
    let Some(stage) = Stage::ready() else { return };
    let change = ConfigChange {
        entrypoint: Some(["/bin/sh", "-c", WAIT].map(str::to_owned).to_vec()),
        user: Some("1234:2345".to_owned()),
        ..ConfigChange::default()
    };
    stage.deploy(&[Stage::running_image("worker", stage.image(&change))]);
    let program = [
        "container:exec",
        "-t",
        "--command",
        "echo opened > /dev/tty; stat -c %u:%g $(tty); exit 6",
    ];
    let mut screen = start(&stage, &program);
    screen.await_text("opened\r\n1234:5\r\n");
    assert_eq!(screen.finish(), Some(6));
    assert!(screen.is_as_usual());
    let missing = ["container:session", "--command", "exec no-such-program"];
    let mut screen = start(&stage, &missing);
    assert_eq!(screen.finish(), Some(127));
    let blind = stage.home.run(&[&["container:session"][..], &PROJECT].concat());
    assert_eq!(blind.code, Some(2), "{blind:?}");
    assert!(
        blind.stderr.contains("standard input is no terminal"),
        "{blind:?}"
    );
}

#[test]
fn a_session_ends_with_its_terminal() {
    let Some(stage) = Stage::ready() else { return };
    stage.deploy(&[stage.worker(WAIT)]);
    let shells = || {
        let groups: Vec<_> = stage.home.names().processes();
        let found = groups.iter().filter(|process| process.command.contains("4321"));
        found.count()
    };
    for signal in [Signal::KILL, Signal::HUP] {
        let mut screen = start(&stage, &["container:session"]);
        screen.press("sh -c 'trap \"\" HUP; echo rea''dy; sleep 4321; sleep 4321'\r");
        screen.await_text("ready\r\n");
        eventually("its programs", DEADLINE, || (shells() > 0).then_some(()));
        kill(screen.child.id(), signal);
        let code = screen.finish();
        if signal == Signal::HUP {
            assert_eq!(code, Some(129));
            assert!(screen.is_as_usual(), "the terminal is as before");
        }
        eventually("the end of its programs", DEADLINE, || {
            (shells() == 0).then_some(())
        });
    }
    let pts = fs::read_dir("/dev/pts").unwrap().count();
    assert!(pts > 0, "this machine's own are left alone");
}
