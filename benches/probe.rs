//! The program inside the containers that are measured: it tells the time. Compiled without dynamic libraries, so that
//! it is a root file system all by itself.
//!
//! `probe clock`: print the time, end. `probe beat`: print the time, wait for SIGTERM. `probe crash`: print the time,
//! wait a moment, print it again, end with 1. `probe busy N`: print the time, do nothing for N ms, print it again, then take
//! all of a processor that is to be had. `probe fail`: end with 1. `probe lines N`: print N numbered lines of 100 bytes, and on standard error
//! the time before and after.
//!
//! Outside of containers, `probe spend PROGRAM ARGUMENTS…`: run a program without input, and print the nanoseconds that
//! it took, the most memory in KiB that it or a process of its own held at once, and its exit code. In a process of its
//! own, as the kernel only tells the most of all children.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Bytes of a line, its end included.
const LINE: usize = 100;
/// How long `crash` lives: longer than any of the contestants needs to see that it has started.
const MOMENT: Duration = Duration::from_millis(300);
const SIGTERM: i32 = 15;

unsafe extern "C" {
    safe fn signal(number: i32, action: extern "C" fn(i32)) -> usize;
    safe fn _exit(code: i32) -> !;
    safe fn getrusage(who: i32, usage: &mut Usage) -> i32;
}

/// `struct rusage` of Linux.
#[repr(C)]
#[derive(Default)]
struct Usage {
    times: [i64; 4],
    most_memory: i64,
    others: [i64; 13],
}

const RUSAGE_CHILDREN: i32 = -1;

fn spend(program: &str, arguments: impl Iterator<Item = String>) {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let status = command.status().unwrap();
    let time = began.elapsed().as_nanos();
    let mut usage = Usage::default();
    getrusage(RUSAGE_CHILDREN, &mut usage);
    println!("{time} {} {}", usage.most_memory, status.code().unwrap_or(-1));
}

extern "C" fn end(_: i32) {
    _exit(0)
}

fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()
}

fn main() {
    let started = now();
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("clock") => println!("started {started}"),
        Some("beat") => {
            // Without an action of its own, PID 1 does not get the signal.
            signal(SIGTERM, end);
            println!("started {started}");
            loop {
                std::thread::sleep(Duration::from_secs(3600));
            }
        }
        Some("crash") => {
            println!("started {started}");
            std::thread::sleep(MOMENT);
            println!("ended {}", now());
            std::process::exit(1);
        }
        Some("busy") => {
            signal(SIGTERM, end);
            let moment = arguments.next().and_then(|word| word.parse().ok()).unwrap();
            println!("started {started}");
            std::thread::sleep(Duration::from_millis(moment));
            println!("busy {}", now());
            loop {
                std::hint::spin_loop();
            }
        }
        Some("fail") => std::process::exit(1),
        Some("spend") => spend(&arguments.next().unwrap(), arguments),
        Some("lines") => lines(arguments.next().and_then(|count| count.parse().ok()).unwrap()),
        _ => panic!("what?"),
    }
}

fn lines(count: usize) {
    // Opened anew, as standard output is buffered by lines.
    let mut output = std::fs::OpenOptions::new().write(true).open("/proc/self/fd/1").unwrap();
    let mut text = Vec::with_capacity(LINE * 640);
    let mut line = [b'0'; LINE];
    line[LINE - 1] = b'\n';
    eprintln!("begin {}", now());
    for _ in 0..count {
        text.extend_from_slice(&line);
        increment(&mut line[..LINE - 1]);
        if text.len() == text.capacity() {
            output.write_all(&text).unwrap();
            text.clear();
        }
    }
    output.write_all(&text).unwrap();
    eprintln!("end {}", now());
}

/// Adds one to a decimal number. Formatting each line anew would take as long as logging it.
fn increment(digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
}
