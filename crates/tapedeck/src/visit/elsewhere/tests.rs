//! What a shell in a container marks in what a program writes.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::wrapping::{Manner, Reader, Written, typed, wrapped};

const WORD: &str = "0123456789abcdef";

fn bytes(text: &str) -> Written {
    Written::Bytes(text.as_bytes().to_vec())
}

/// Everything that is written, in one piece where it was in several.
fn read(pieces: &[&[u8]]) -> Vec<Written> {
    let mut reader = Reader::new(WORD);
    let mut all: Vec<Written> = Vec::new();
    let written: Vec<Written> = pieces.iter().flat_map(|piece| reader.take(piece)).collect();
    for one in written.into_iter().chain([Written::Bytes(reader.rest())]) {
        match (all.last_mut(), one) {
            (Some(Written::Bytes(last)), Written::Bytes(more)) => last.extend(more),
            (_, Written::Bytes(none)) if none.is_empty() => {}
            (_, one) => all.push(one),
        }
    }
    all
}

#[test]
fn marks_are_found_however_they_are_cut() {
    let text = format!("\x1e{WORD}:reads\x1eout\x1eput\n\x1e{WORD}:7\x1e");
    let expected = vec![Written::Reads, bytes("out\x1eput\n"), Written::Ended(7)];
    assert_eq!(read(&[text.as_bytes()]), expected);
    for cut in 0..text.len() {
        let (one, other) = text.as_bytes().split_at(cut);
        assert_eq!(read(&[one, other]), expected, "{cut}");
    }
    let single: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
    assert_eq!(read(&single), expected);
}

#[test]
fn what_only_looks_like_a_mark_is_shown() {
    let other = "\x1e0123456789abcdeX:7\x1e";
    assert_eq!(read(&[other.as_bytes()]), [bytes(other)]);
    let long = format!("\x1e{WORD}:far too long\x1e");
    assert_eq!(read(&[long.as_bytes()]), [bytes(&long)]);
    let begun = format!("done\x1e{WORD}:");
    assert_eq!(read(&[begun.as_bytes()]), [bytes(&begun)]);
}

/// What a wrapped program writes by a real shell.
fn run(arguments: &[&str], manner: Manner<'_>, input: &[u8]) -> Vec<Written> {
    let arguments: Vec<String> = arguments.iter().map(|one| (*one).to_owned()).collect();
    let wrapped = wrapped(&arguments, manner, WORD);
    let mut child = Command::new(&wrapped[0])
        .args(&wrapped[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(&typed(input));
    let output = child.wait_with_output().unwrap();
    read(&[&output.stdout])
}

#[test]
fn a_shell_tells_with_which_code_a_program_ended() {
    let script = "echo \"$1\"; echo to stderr >&2; exit 7";
    let program = ["sh", "-c", script, "sh", "it's $HOME"];
    let expected = [bytes("it's $HOME\nto stderr\n"), Written::Ended(7)];
    assert_eq!(run(&program, Manner::NoInput, b""), expected);
    assert_eq!(
        run(&["no-such-program-here"], Manner::NoInput, b"").last(),
        Some(&Written::Ended(127))
    );
    assert_eq!(
        run(&["sh", "-c", "kill -9 $$"], Manner::NoInput, b"").last(),
        Some(&Written::Ended(137))
    );
    let told = run(
        &["sh", "-c", "echo $TERM"],
        Manner::Terminal("xterm-256color"),
        b"",
    );
    assert_eq!(told, [bytes("xterm-256color\n"), Written::Ended(0)]);
}

#[test]
fn what_is_piped_arrives_as_it_is() {
    let all: Vec<u8> = (0..=u8::MAX).cycle().take(10_000).collect();
    let written = run(&["cat"], Manner::Pipes, &all);
    assert_eq!(written, [Written::Reads, Written::Bytes(all), Written::Ended(0)]);
    assert_eq!(run(&["cat"], Manner::NoInput, b"nothing"), [Written::Ended(0)]);
    // Whoever ends before its input does is not waited for.
    assert_eq!(
        run(&["true"], Manner::Pipes, b"unread").last(),
        Some(&Written::Ended(0))
    );
}
