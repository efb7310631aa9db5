//! Engines with different homes do not know of each other.

use tapedeck_testkit::Leaks;

use crate::stage::{PROJECT, Stage, WAIT, all_pids, home, is_alive};

#[test]
fn two_engines_do_not_disturb_each_other() {
    let (Some(first_home), Some(second_home)) = (home(), home()) else {
        return;
    };
    let leaks = Leaks::before(&first_home);
    let (first, second) = (Stage::of(first_home), Stage::of(second_home));
    let script = format!("trap 'exit 0' TERM; {WAIT}");
    let in_first = first.deploy(&[first.worker(&script).count(2)]);
    let in_second = second.deploy(&[second.worker(&script).count(2)]);
    let (names, others) = (first.home.names(), second.home.names());
    assert_ne!(
        (&names.bridge, &names.table, &names.cgroup),
        (&others.bridge, &others.table, &others.cgroup)
    );
    let status = |stage: &Stage| stage.client().engine_status().unwrap();
    assert_ne!(status(&first).subnet, status(&second).subnet);

    first.home.must(&["delete", PROJECT[0], PROJECT[1], "--yes"]);
    assert!(all_pids(&in_first).values().all(|pid| !is_alive(*pid)));
    assert_eq!(second.steady(), in_second);
    first.home.must(&["engine", "stop", "--tasks"]);
    leaks.check();
    assert_eq!(second.steady(), in_second);
    assert!(all_pids(&in_second).values().all(|pid| is_alive(*pid)));

    // The network of the second still works: its tasks reach their gateway.
    let gateway = format!("{} is up", others.bridge);
    let script = format!(
        "ping -c 1 -W 5 $(ip route | sed -n 's/default via \\([^ ]*\\).*/\\1/p') >/dev/null; echo '{gateway}'; {WAIT}"
    );
    second.deploy(&[second.worker(&script)]);
    second.wait_for_lines(&gateway, 1);
}
