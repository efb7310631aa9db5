//! What tasks write is stored, however much it is, whatever it looks like, and whoever is slow.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fs_err as fs;
use rustix::process::Signal;
use tapedeck_model::TaskId;
use tapedeck_runtime::log::{Line, MAX_PIECE, Reader};
use tapedeck_testkit::{DEADLINE, eventually, kill};

use crate::disk::Disk;
use crate::stage::{Stage, WAIT, all_pids, pids, stack};

/// Where the logs of the service `worker` are.
fn folder(stage: &Stage) -> PathBuf {
    let worker = tapedeck_model::ResourceName::new("worker").unwrap();
    stage.home.files().service_logs(&stack(), &worker)
}

/// The lines of each task, in order, as they are stored.
fn stored(stage: &Stage) -> BTreeMap<String, Vec<Line>> {
    let logs = fs::read_dir(folder(stage)).unwrap().flatten();
    let lines = logs.map(|log| {
        let lines = Reader::open(&log.path()).read_available().unwrap();
        (log.file_name().to_string_lossy().into_owned(), lines)
    });
    lines.collect()
}

fn texts(lines: &[Line]) -> Vec<String> {
    let texts = lines
        .iter()
        .map(|line| String::from_utf8_lossy(&line.text).into_owned());
    texts.collect()
}

/// Ten containers with a thousand lines of 200 bytes each second, for three seconds.
#[test]
fn t71_ten_containers_with_10000_lines_a_second_lose_none() {
    let Some(stage) = Stage::ready() else { return };
    let (rounds, lines) = (30, 100);
    let pad = "x".repeat(192);
    let script = format!(
        "round=0; while [ $round -lt {rounds} ]; do \
         awk -v first=$((round * {lines})) \
         'BEGIN {{ for (i = first; i < first + {lines}; i++) printf \"%06d {pad}\\n\", i }}'; \
         round=$((round + 1)); sleep 0.1; done; echo end; {WAIT}"
    );
    stage.deploy(&[stage.worker(&script).count(10)]);
    stage.wait_for_lines("end", 10);
    let logs = stored(&stage);
    assert_eq!(logs.len(), 10);
    let expected: Vec<String> = (0..rounds * lines)
        .map(|line| format!("{line:06} {pad}"))
        .collect();
    assert_eq!(expected[0].len() + 1, 200);
    for (task, lines) in logs {
        let (end, lines) = lines.split_last().unwrap();
        assert_eq!(end.text, b"end");
        assert!(texts(lines) == expected, "task {task} has lost or mixed lines");
    }
}

/// The sink is a shim that has stopped: the pipe fills, and the task waits in its `write`.
#[test]
fn t72_blocking_a_task_waits_for_its_shim_and_loses_nothing() {
    let Some(stage) = Stage::ready() else { return };
    let count = 500_000;
    let script = format!("trap 'seq {count}; : > /done; echo end' USR1; echo ready; {WAIT}");
    stage.deploy(&[stage.worker(&script)]);
    stage.wait_for_lines("ready", 1);
    let (task, pid) = pids(&stage.now()).pop_first().unwrap();
    let shim = shim_of(&stage, &task);
    kill(shim, Signal::STOP);
    kill(pid, Signal::USR1);
    eventually("a full pipe", DEADLINE, || is_full(pid).then_some(()));
    let done = PathBuf::from(format!("/proc/{pid}/root/done"));
    assert!(!done.exists(), "it waits");
    assert_eq!(stage.lines(), ["ready"]);
    kill(shim, Signal::CONT);
    stage.wait_for_lines("end", 1);
    let lines = stage.lines();
    assert_eq!(lines.len(), count + 2);
    let numbers = lines[1..=count].iter().map(|line| line.parse::<usize>().unwrap());
    assert!(numbers.eq(1..=count));
}

/// The sink is a disk that is full: the task never waits, what is newest is dropped, and counted.
#[test]
fn t72_non_blocking_a_full_disk_never_stalls_a_task_and_dropped_lines_are_counted() {
    let Some(disk) = Disk::of(48) else { return };
    let stage = Stage::of(disk.home());
    let count = 200_000;
    // More than any pipe holds.
    let script = format!("trap 'seq {count}; : > /done' USR1; echo ready; {WAIT}");
    stage.deploy(&[stage.worker(&script)]);
    stage.wait_for_lines("ready", 1);
    let (_, pid) = pids(&stage.now()).pop_first().unwrap();
    disk.fill();
    kill(pid, Signal::USR1);
    let done = PathBuf::from(format!("/proc/{pid}/root/done"));
    eventually("the end of all that it had to write", DEADLINE, || {
        done.exists().then_some(())
    });
    assert_eq!(all_pids(&stage.steady()).len(), 1, "it runs on");
    disk.free();
    kill(pid, Signal::USR1);
    eventually("lines after the disk was full", DEADLINE, || {
        stage.lines().ends_with(&[count.to_string()]).then_some(())
    });
    let logs = stored(&stage);
    let lines = logs.values().next().unwrap();
    let dropped = lines.iter().filter(|line| line.marker).map(|line| {
        let text = String::from_utf8_lossy(&line.text).into_owned();
        let words: Vec<&str> = text.split(' ').collect();
        assert_eq!(words[0], "dropped", "{text}");
        assert!(text.contains("No space left on device"), "{text}");
        words[1].parse::<usize>().unwrap()
    });
    let dropped: usize = dropped.sum();
    let there = lines.iter().filter(|line| !line.marker).count();
    assert!(dropped > 0);
    assert_eq!(
        there + dropped,
        1 + 2 * count,
        "what is missing is what was counted"
    );
}

#[test]
fn t73_a_line_of_1048576_bytes_is_split_at_262118_and_joined_again() {
    let Some(stage) = Stage::ready() else { return };
    let script = "head -c 1048576 /dev/zero | tr '\\0' x; echo; echo; printf '\\377\\376\\n'; echo end; ";
    stage.deploy(&[stage.worker(&format!("{script}{WAIT}"))]);
    stage.wait_for_lines("end", 1);
    let long = "x".repeat(1_048_576);
    let json = stage.logs(&["--json"]);
    let lines: Vec<&str> = json.lines().collect();
    assert_eq!(lines.len(), 4);
    for (line, message) in lines.iter().zip([&long, "", "\u{fffd}\u{fffd}", "end"]) {
        let whole = line.contains(&format!("\"message\":\"{message}\""));
        assert!(whole, "one of {} bytes is not {message:.20}", line.len());
    }

    assert_eq!(MAX_PIECE, 262_118);
    let log = fs::read_dir(folder(&stage))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let records = records(&fs::read(log.join("00000000.log")).unwrap());
    let shape: Vec<(usize, u8)> = records.iter().map(|(flags, text)| (text.len(), *flags)).collect();
    let (partial, last) = (1, 0);
    assert_eq!(
        shape,
        [
            (262_118, partial),
            (262_118, partial),
            (262_118, partial),
            (262_118, partial),
            (104, last),
            (0, last),
            (2, last),
            (3, last),
        ]
    );
    assert_eq!(
        records[6].1,
        [0xff, 0xfe],
        "what is not UTF-8 is stored as it was written"
    );
}

/// Flags and text of each record of a segment, read as the format says: length, checksum, time, stream, flags, text.
fn records(segment: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut rest = segment.strip_prefix(b"tdlog\0\x01\x00").unwrap();
    let mut found = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        let checked = &after[4..4 + length];
        found.push((checked[9], checked[10..].to_vec()));
        rest = &after[4 + length..];
    }
    found
}

/// Process id of the shim of a task.
pub(crate) fn shim_of(stage: &Stage, task: &TaskId) -> u32 {
    let shims = stage.home.names().shims();
    let shim = shims.iter().find(|shim| shim.command.contains(task.as_str()));
    shim.expect("a task has a shim").pid
}

/// Whether the pipe that a process writes its standard output to can take no more.
pub(crate) fn is_full(pid: u32) -> bool {
    // A pipe of another process is opened anew, so it is closed again before anybody may wait for its end.
    let pipe = fs::File::open(format!("/proc/{pid}/fd/1")).unwrap();
    let waiting = rustix::io::ioctl_fionread(&pipe).unwrap();
    waiting + 4096 > rustix::pipe::fcntl_getpipe_size(&pipe).unwrap() as u64
}
