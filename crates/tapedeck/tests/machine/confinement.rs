//! What a task sees of this machine, and what it cannot do to it.

use crate::stage::{Stage, WAIT};

/// What a script writes until it says `done`.
fn output(script: &str) -> Option<Vec<String>> {
    let stage = Stage::ready()?;
    stage.deploy(&[stage.worker(&format!("{script}; echo done; {WAIT}"))]);
    stage.wait_for_lines("done", 1);
    let mut lines = stage.lines();
    lines.retain(|line| line != "done");
    Some(lines)
}

#[test]
fn privileges_are_dropped_and_calls_filtered() {
    let script = "grep -E '^(NoNewPrivs|Seccomp|CapEff|CapBnd|CapAmb):' /proc/self/status | tr -d '\\t '";
    let Some(lines) = output(script) else { return };
    let expected = [
        "CapEff:00000000a00425fb",
        "CapBnd:00000000a00425fb",
        "CapAmb:0000000000000000",
        "NoNewPrivs:1",
        "Seccomp:2",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn the_machine_is_out_of_sight() {
    // No processes of others, masked files empty, masked folders too, no disks, no folders of the machine.
    let script = "echo pid $$; ls -d /proc/[0-9]* | wc -l; head -c 1 /proc/kcore | wc -c; ls /sys/firmware | wc -l; \
                  ls /dev | grep -cE '^(vd|sd|nvme|loop|mem|kmsg)'; ls / | grep -cE '^(home|work|lib64)$'; \
                  grep -c 'TAPEDECK_HOME' /proc/*/environ | grep -vc ':0$'";
    let Some(lines) = output(script) else { return };
    assert_eq!(lines[0], "pid 1");
    assert!(
        lines[1].parse::<u32>().unwrap() <= 4,
        "it sees processes of others: {lines:?}"
    );
    assert_eq!(lines[2..], ["0", "0", "0", "0", "0"]);
}

#[test]
fn the_machine_cannot_be_changed() {
    let script = "for try in 'mount -t tmpfs none /tmp' 'mknod /tmp/disk b 254 0' 'hostname other' 'unshare -U true' \
                  'date -s 2000-01-01' 'ip link set eth0 down'; do $try >/dev/null 2>&1 && echo \"$try: allowed\"; done; \
                  (echo 1 > /proc/sys/kernel/panic) 2>/dev/null && echo 'panic: allowed'; \
                  (echo c > /proc/sysrq-trigger) 2>/dev/null && echo 'sysrq: allowed'; \
                  mkdir /sys/fs/cgroup/x 2>/dev/null && echo 'cgroup: allowed'; \
                  touch /own && echo own files: allowed";
    let Some(lines) = output(script) else { return };
    assert_eq!(lines, ["own files: allowed"]);
}
