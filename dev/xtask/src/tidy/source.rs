//! Rules about Rust files: header, length, words that stand for unfinished or silenced code, names, direct file access.

use crate::finding::Finding;
use crate::tidy::crates::UNSAFE_CRATE;
use crate::tree::{File, Token, tokens};

/// More lines than this need a reason.
const MAX_LINES: usize = 500;

/// What the header of a longer file says.
const REASON_FOR_LENGTH: &str = "Long because";

/// Ends of type names that say nothing about what the type is.
const EMPTY_SUFFIXES: [&str; 5] = ["Manager", "Helper", "Util", "Utils", "Handler"];

/// Names that end so and are words of the trade: npm and its like are package managers.
const NAMES_OF_THE_TRADE: [&str; 1] = ["PackageManager"];

/// Types of `std::fs` that `fs_err` has none of its own for, or that only name an open file.
const PLAIN_TYPES: [&str; 5] = ["File", "Permissions", "Metadata", "FileType", "DirBuilder"];

/// Files that use `std::fs` itself, and why.
const DIRECT_FILE_ACCESS: [(&str, &str); 2] = [
    (
        "crates/tapedeck-runtime/src/container/program.rs",
        "words its errors as `exec` does, with the path",
    ),
    (
        "crates/tapedeck-build/src/javascript/toolchain.rs",
        "its caller adds the path",
    ),
];

/// Words of Rust code that are not to stand in it: tokens, message, help.
const BANNED: [(&[&str], &str, &str); 6] = [
    (
        &["todo", "!"],
        "unfinished code",
        "finish it, or refuse the case with an error",
    ),
    (
        &["unimplemented", "!"],
        "unfinished code",
        "finish it, or refuse the case with an error",
    ),
    (&["dbg", "!"], "a print for debugging", "take it out"),
    (
        &["#", "[", "ignore"],
        "a test that does not run",
        "make it run, or let it say loudly why it is skipped",
    ),
    (
        &["#", "[", "allow"],
        "a silenced lint",
        "use #[expect(…, reason = \"…\")]",
    ),
    (
        &["#", "!", "[", "allow"],
        "a silenced lint",
        "use #![expect(…, reason = \"…\")]",
    ),
];

/// Checks a Rust file.
pub(crate) fn check(file: &File) -> Vec<Finding> {
    let mut found = shape(file);
    if let Some(tokens) = tokens(&file.text) {
        found.extend(banned(file, &tokens));
        found.extend(names(file, &tokens));
        found.extend(direct_file_access(file, &tokens));
    }
    found
}

fn finding(file: &File, line: usize, rule: &'static str, message: impl Into<String>, help: &str) -> Finding {
    Finding {
        file: file.path.clone(),
        line,
        rule,
        message: message.into(),
        help: help.to_string(),
    }
}

/// Whether this belongs to a crate. Programs for measuring are compiled one by one and have no libraries to use.
fn in_crate(file: &File) -> bool {
    !file.path.starts_with("benches/")
}

/// A header, and no more lines than a person reads.
fn shape(file: &File) -> Vec<Finding> {
    let mut found = Vec::new();
    if !file.text.starts_with("//!") {
        let help = "begin with a line `//!` that says what lives here and what does not";
        found.push(finding(
            file,
            1,
            "header",
            "the file says nothing about itself",
            help,
        ));
    }
    let lines = file.text.lines().count();
    let header: Vec<&str> = file
        .text
        .lines()
        .take_while(|line| line.starts_with("//!"))
        .collect();
    if lines > MAX_LINES && !header.join(" ").contains(REASON_FOR_LENGTH) {
        let message = format!("{lines} lines, more than {MAX_LINES}");
        let help = format!("split it by topic, or say `{REASON_FOR_LENGTH} …` in its header");
        found.push(finding(file, MAX_LINES + 1, "length", message, &help));
    }
    found
}

/// Whether the tokens from here on begin with these.
fn begins(tokens: &[Token], words: &[&str]) -> bool {
    tokens.len() >= words.len() && tokens.iter().zip(words).all(|(token, word)| token.text == *word)
}

fn banned(file: &File, tokens: &[Token]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let rest = &tokens[index..];
        for (words, message, help) in BANNED {
            if begins(rest, words) {
                let message = format!("{message}: {}", words.concat());
                found.push(finding(file, token.line, "banned", message, help));
            }
        }
        if token.text == "unsafe"
            && in_crate(file)
            && !file.path.starts_with(&format!("crates/{UNSAFE_CRATE}/"))
        {
            let message = format!("unsafe code outside of {UNSAFE_CRATE}");
            let help = "use a safe function of rustix, or put it there behind a safe one of ours";
            found.push(finding(file, token.line, "unsafe", message, help));
        }
        if begins(rest, &["#", "[", "cfg", "(", "test", ")", "]", "mod"])
            && rest.get(9).is_some_and(|next| next.text == "{")
        {
            let help = "write `mod tests;` and put them into a sibling tests.rs";
            found.push(finding(
                file,
                token.line,
                "inline-tests",
                "tests in the file that they test",
                help,
            ));
        }
    }
    found
}

/// Types are named after what they are.
fn names(file: &File, tokens: &[Token]) -> Vec<Finding> {
    let declares = |word: &str| matches!(word, "struct" | "enum" | "trait" | "type" | "union");
    let names = tokens
        .windows(2)
        .filter(|pair| declares(&pair[0].text))
        .map(|pair| &pair[1]);
    let bad = names.filter(|name| {
        let ends = |ends: &[&str]| ends.iter().any(|end| name.text.ends_with(end));
        ends(&EMPTY_SUFFIXES) && !ends(&NAMES_OF_THE_TRADE)
    });
    let help = "name it after what it is or holds; free functions need no type";
    bad.map(|name| {
        let message = format!("the name `{}` does not say what the type is", name.text);
        finding(file, name.line, "empty-name", message, help)
    })
    .collect()
}

/// Errors of `std::fs` lack the path; those of `fs_err` have it. Tests may do as they like.
fn direct_file_access(file: &File, tokens: &[Token]) -> Vec<Finding> {
    if !in_crate(file) || file.is_test() || DIRECT_FILE_ACCESS.iter().any(|(path, _)| *path == file.path) {
        return Vec::new();
    }
    let imports_file = tokens
        .windows(8)
        .any(|part| begins(part, &["use", "std", ":", ":", "fs", ":", ":", "File"]));
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let rest = &tokens[index..];
        let path = ["std", ":", ":", "fs", ":", ":"];
        let plain = |at: usize| {
            rest.get(at)
                .is_some_and(|name| PLAIN_TYPES.contains(&name.text.as_str()))
        };
        let direct = begins(rest, &path[..4]) && !(begins(rest, &path) && plain(6) && !opens(&rest[6..]))
            || imports_file
                && opens(rest)
                && index
                    .checked_sub(1)
                    .is_none_or(|before| tokens[before].text != ":");
        if direct {
            let help = "use fs_err, whose errors name the path; exceptions are listed in dev/xtask/src/tidy/source.rs";
            found.push(finding(
                file,
                token.line,
                "file-access",
                "std::fs used directly",
                help,
            ));
        }
    }
    found
}

/// Whether this is `File::open`, `File::create` or the like.
fn opens(tokens: &[Token]) -> bool {
    begins(tokens, &["File", ":", ":"])
        && tokens
            .get(3)
            .is_some_and(|name| matches!(name.text.as_str(), "open" | "create" | "create_new" | "options"))
}
