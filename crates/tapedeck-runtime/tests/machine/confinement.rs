//! What a task can see, and what it cannot do.

use std::time::Duration;

use fs_err as fs;
use tapedeck_runtime::log::Stream;

use crate::stage::{Stage, Task};

/// Runs a script to its end, which must be a good one.
fn output(stage: &Stage, script: &str) -> String {
    let mut task = stage.script(script);
    finished(&mut task)
}

fn finished(task: &mut Task) -> String {
    let exit = task.exit();
    assert_eq!(
        exit.exit_code,
        Some(0),
        "{exit:?} {:?}",
        task.lines(Stream::Stderr)
    );
    task.stdout()
}

#[test]
fn no_container_can_write_to_the_program_that_makes_it() {
    let Some(stage) = Stage::ready() else { return };
    let mut task = stage.script("exec sleep 1000");
    let pid = task.running();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
    let shim = std::fs::File::open(format!("/proc/{}/exe", parent.unwrap().trim())).unwrap();
    let flags = rustix::fs::fstatvfs(&shim).unwrap().f_flag;
    assert!(flags.contains(rustix::fs::StatVfsMountFlags::RDONLY), "{flags:?}");
    task.stop(Duration::ZERO);
    task.exit();
}

#[test]
fn privileges_are_those_of_a_docker_container() {
    let Some(stage) = Stage::ready() else { return };
    let status = output(
        &stage,
        "grep -E '^(NoNewPrivs|Seccomp|Cap...|Groups|SigBlk|SigIgn):' /proc/self/status | tr -d ' '",
    );
    // Docker's a80425fb without MKNOD, bit 27.
    let expected = [
        "Groups:",
        "SigBlk:0000000000000000",
        "SigIgn:0000000000000000",
        "CapInh:0000000000000000",
        "CapPrm:00000000a00425fb",
        "CapEff:00000000a00425fb",
        "CapBnd:00000000a00425fb",
        "CapAmb:0000000000000000",
        "NoNewPrivs:1",
        "Seccomp:2",
    ];
    assert_eq!(status.replace('\t', ""), expected.join("\n"));
}

#[test]
fn another_user_has_no_capabilities() {
    let Some(stage) = Stage::ready() else { return };
    let script = "id -u; id -g; id -G; grep CapEff /proc/self/status | tr -d '\\t'; echo $HOME; echo by path > /dev/stdout; touch /etc/x || echo refused";
    let mut definition = stage.definition(&["sh", "-c", script]);
    definition.process.uid = 1000;
    definition.process.gid = 1000;
    definition.process.additional_gids = vec![44];
    let mut task = stage.start(definition);
    let seen = finished(&mut task);
    assert_eq!(
        seen,
        "1000\n1000\n1000 44\nCapEff:0000000000000000\n/home/worker\nby path\nrefused"
    );
}

#[test]
fn what_is_the_machines_is_masked() {
    let Some(stage) = Stage::ready() else { return };
    let script = "head -c 1 /proc/kcore | wc -c; ls /sys/firmware; ls -d /proc/[0-9]* | wc -l; echo x > /proc/sys/kernel/hostname || echo read-only; \
                  mkdir /sys/x || echo read-only; ls /dev | grep -v core";
    let seen = output(&stage, script);
    let devices =
        "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero".replace(' ', "\n");
    let (start, listed) = seen.split_once("read-only\nread-only\n").expect(&seen);
    assert_eq!(listed, devices);
    let numbers: Vec<u32> = start.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(numbers[0], 0);
    assert!(numbers[1] <= 4, "it sees processes of others: {seen}");
    assert_eq!(numbers.len(), 2);
}

#[test]
fn dangerous_calls_are_refused() {
    let Some(stage) = Stage::ready() else { return };
    for command in [
        "mount -t tmpfs none /tmp",
        "umount /proc",
        "unshare -m true",
        "unshare -U true",
        "unshare -n true",
        "mknod /tmp/null c 1 3",
        "mknod /dev/disk b 254 0",
        "hostname other",
        "dmesg",
        "ip link set eth0 down",
        "date -s 2000-01-01",
    ] {
        let mut task = stage.script(command);
        let exit = task.exit();
        let complaint = task.lines(Stream::Stderr).join("\n").to_lowercase();
        let refused = complaint.contains("not permitted") || complaint.contains("permission denied");
        assert!(refused, "{command}: {exit:?} {complaint}");
    }
}

#[test]
fn device_files_of_an_image_do_not_work() {
    let Some(stage) = Stage::ready() else { return };
    let layer = stage.path().join("device");
    fs::create_dir_all(&layer).unwrap();
    let made = std::process::Command::new("mknod")
        .arg(layer.join("zero"))
        .args(["c", "1", "5"])
        .status()
        .unwrap();
    assert!(made.success());
    let mut definition = stage.definition(&["sh", "-c", "head -c 1 /zero || head -c 1 /dev/zero | wc -c"]);
    definition.layers.insert(0, layer);
    let mut task = stage.start(definition);
    assert_eq!(finished(&mut task), "1");
    assert!(
        task.lines(Stream::Stderr)
            .join("\n")
            .contains("Permission denied")
    );
}

#[test]
fn names_and_variables_are_those_of_the_task() {
    let Some(stage) = Stage::ready() else { return };
    let mut task = stage
        .script("hostname; pwd; cat /etc/hostname /etc/hosts /etc/resolv.conf; env | sort; umask; echo $$");
    let address = task.definition.network.address;
    let expected = format!(
        "ip-10-0-0-7\n/srv/app\nip-10-0-0-7\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n\
         {address}\tip-10-0-0-7\nnameserver 192.0.2.53\nCOLOUR=blue\nHOME=/root\nHOSTNAME=x\nPATH=/bin\nPWD=/srv/app\nSHLVL=1\n0022\n1"
    );
    let expected = expected.replace("HOSTNAME=x\n", "");
    assert_eq!(finished(&mut task), expected);
}

#[test]
fn the_files_of_a_task_are_like_those_of_the_image() {
    let Some(stage) = Stage::ready() else { return };
    let script = "stat -c '%a %u' /etc; stat -c '%a %u' /etc/hosts; ls /etc; echo more >> /etc/hosts; tail -n 1 /etc/hosts; stat -c %d / /etc/hosts /etc/passwd | uniq | wc -l";
    assert_eq!(
        output(&stage, script),
        "755 0\n644 0\nhostname\nhosts\npasswd\nresolv.conf\nmore\n1"
    );
}

#[test]
fn a_task_has_its_own_network() {
    let Some(stage) = Stage::ready() else { return };
    let mut task = stage.script("ls /sys/class/net; ip -o -4 addr show eth0 | awk '{ print $4 }'; cat /proc/sys/net/ipv4/ip_unprivileged_port_start");
    let address = task.definition.network.address;
    assert_eq!(finished(&mut task), format!("eth0\nlo\n{address}/32\n0"));
}

#[test]
fn layers_lie_on_top_of_each_other_and_are_not_written_to() {
    let Some(stage) = Stage::ready() else { return };
    let mut definition = stage.definition(&[
        "sh",
        "-c",
        "cat /data/*; rm /data/one; echo changed > /data/two; ls /data",
    ]);
    // More layers than their paths would fit into the options of a mount.
    for index in 0..100 {
        let layer = stage
            .path()
            .join(format!("a-layer-with-a-long-name,and:signs-{index}"));
        fs::create_dir_all(layer.join("data")).unwrap();
        fs::write(layer.join("data/one"), format!("one of {index}\n")).unwrap();
        fs::write(layer.join("data/two"), format!("two of {index}\n")).unwrap();
        definition.layers.insert(0, layer);
    }
    let top = definition.layers[0].clone();
    let mut task = stage.start(definition);
    assert_eq!(finished(&mut task), "one of 99\ntwo of 99\ntwo");
    assert_eq!(fs::read_to_string(top.join("data/two")).unwrap(), "two of 99\n");
    assert!(top.join("data/one").exists());
}
