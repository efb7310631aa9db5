//! What is forgotten, and that nothing is lost by it.

use std::os::unix::fs::FileExt as _;
use std::path::Path;

use fs_err as fs;

use super::{instructions, release_program};

#[test]
fn only_instructions_of_the_program_are_forgotten() {
    let program = Path::new("/opt/the programs/tapedeck");
    let cases = [
        (
            "5500-7700 r-xp 005a4000 fe:00 51      /opt/the programs/tapedeck",
            Some((0x5500, 0x7700)),
        ),
        (
            "5500-7700 r--p 005a4000 fe:00 51      /opt/the programs/tapedeck",
            None,
        ),
        (
            "5500-7700 rw-p 005a4000 fe:00 51      /opt/the programs/tapedeck",
            None,
        ),
        (
            "5500-7700 rwxp 005a4000 fe:00 51      /opt/the programs/tapedeck",
            None,
        ),
        (
            "5500-7700 r-xp 005a4000 fe:00 51      /else/opt/the programs/tapedeck",
            None,
        ),
        ("5500-7700 r-xp 005a4000 fe:00 51      /usr/lib/libc.so.6", None),
        ("5500-7700 r-xp 00000000 00:00 0       [vdso]", None),
        ("", None),
    ];
    for (line, expected) in cases {
        assert_eq!(instructions(line, program), expected, "{line}");
    }
}

#[test]
fn what_was_forgotten_takes_no_memory_and_comes_back() {
    let program = fs::read_link("/proc/self/exe").unwrap();
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let (start, end) = maps
        .lines()
        .find_map(|line| instructions(line, &program))
        .unwrap();
    let memory = fs::File::open("/proc/self/mem").unwrap();
    let mut before = vec![0; end - start];
    memory.file().read_exact_at(&mut before, start as u64).unwrap();

    let held = resident(start);
    release_program();
    let left = resident(start);
    assert!(left < held / 2, "{left} of {held} KiB are left");

    let mut after = vec![0; end - start];
    memory.file().read_exact_at(&mut after, start as u64).unwrap();
    assert!(before == after, "the instructions are not the same");
}

/// KiB of the mapping at this address that are in memory.
fn resident(start: usize) -> u64 {
    let text = fs::read_to_string("/proc/self/smaps").unwrap();
    let mapping = text
        .lines()
        .skip_while(|line| !line.starts_with(&format!("{start:x}-")));
    let held = mapping
        .skip(1)
        .find_map(|line| line.strip_prefix("Rss:"))
        .unwrap();
    held.trim().trim_end_matches(" kB").parse().unwrap()
}
