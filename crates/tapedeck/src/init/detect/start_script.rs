//! Which file a script of package.json starts.

use serde_json::{Map, Value};

/// Programs that run a file of JavaScript or TypeScript, or another script.
const PROGRAMS: [&str; 21] = [
    "babel-node",
    "bun",
    "deno",
    "jiti",
    "node",
    "nodejs",
    "nodemon",
    "npm",
    "pm2",
    "pm2-runtime",
    "pnpm",
    "swc-node",
    "ts-node",
    "ts-node-dev",
    "ts-node-esm",
    "ts-node-script",
    "tsnd",
    "tsx",
    "vite-node",
    "yarn",
    "forever",
];

/// Options of theirs whose value stands behind them as a word of its own.
const OPTIONS_WITH_VALUE: [&str; 15] = [
    "-C",
    "-P",
    "-r",
    "--conditions",
    "--env-file",
    "--env-file-if-exists",
    "--experimental-loader",
    "--import",
    "--loader",
    "--name",
    "--project",
    "--require",
    "--tsconfig",
    "--watch",
    "--watch-path",
];

/// Those of [`OPTIONS_WITH_VALUE`] that some programs use without a value.
const SOMETIMES_WITHOUT: &str = "--watch";

/// Commands of theirs that stand before the file.
const COMMANDS: [&str; 6] = ["exec", "run", "run-script", "start", "watch", "serve"];

/// Scripts that start scripts that start scripts.
const MOST_HOPS: usize = 5;

/// The file that a script starts, as it names it.
pub(super) fn started_file(scripts: &Map<String, Value>, script: &str) -> Option<String> {
    follow(scripts, script, MOST_HOPS)
}

fn follow(scripts: &Map<String, Value>, script: &str, hops: usize) -> Option<String> {
    let line = scripts.get(script)?.as_str()?;
    // What is started last stays: builds and migrations go before it, the reader of a log comes behind a pipe.
    let commands = line.split(['&', '|', ';']);
    commands
        .filter_map(|command| {
            let file = of_command(command)?;
            if scripts.contains_key(&file) {
                return follow(scripts, &file, hops.checked_sub(1)?);
            }
            Some(file)
        })
        .next_back()
}

/// The first word behind the program that is neither an option nor a command.
fn of_command(command: &str) -> Option<String> {
    let words: Vec<&str> = command
        .split_whitespace()
        .map(|word| word.trim_matches(['"', '\'', '\\']))
        .collect();
    // `nodemon --exec tsx src/main.ts`, `pnpm exec tsx …`: the innermost program runs the file.
    let program = words
        .iter()
        .rposition(|word| PROGRAMS.contains(&crate::init::path::last(word)))?;
    let mut rest = words[program + 1..].iter().peekable();
    while let Some(word) = rest.next() {
        if OPTIONS_WITH_VALUE.contains(word) {
            let without = *word == SOMETIMES_WITHOUT && words[program] != "nodemon";
            if !without {
                rest.next();
            }
        } else if !word.starts_with('-') && !COMMANDS.contains(word) {
            return Some((*word).to_string());
        }
    }
    None
}
