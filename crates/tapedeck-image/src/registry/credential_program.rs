//! Asking a program that keeps credentials: `docker-credential-<name> get`, as Docker does it.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::credentials::{Login, Proof};

/// What Docker calls its own registry towards such programs.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// The user of credentials that are an identity token.
const TOKEN_USER: &str = "<token>";

/// What such programs say, with a failure, when they know nothing.
const UNKNOWN: &str = "credentials not found";

/// Most letters of a complaint that are repeated.
const LONGEST: usize = 200;

/// How long a program may take: some ask a person.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks whether it has ended.
const LOOK: Duration = Duration::from_millis(2);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: String,
}

/// What the program knows for a registry; none when it knows nothing.
///
/// # Errors
/// Why it could not be asked, in words that hold no credentials.
pub(super) fn ask(name: &str, registry: &str, search_path: &OsStr) -> Result<Option<Login>, String> {
    let program = format!("docker-credential-{name}");
    // A name with a slash would be a path, and start whatever is there.
    let path = (!name.contains('/'))
        .then(|| find(&program, search_path))
        .flatten();
    let Some(path) = path else {
        return Err(format!(
            "`{program}`, which Docker's config.json names for it, is not in PATH"
        ));
    };
    let server = if registry == "docker.io" {
        DOCKER_HUB
    } else {
        registry
    };
    let output =
        run(&path, server, search_path).map_err(|error| format!("`{program}` cannot be run: {error}"))?;
    if !output.status.success() {
        let said = said(&output);
        return match said.contains(UNKNOWN) {
            true => Ok(None),
            false => Err(format!("`{program} get` ended with {}: {said}", output.status)),
        };
    }
    // Nothing of an answer is ever quoted.
    let answer: Answer = serde_json::from_slice(&output.stdout)
        .map_err(|_| format!("the answer of `{program} get` is not understood"))?;
    Ok(match (answer.username.as_str(), answer.secret.as_str()) {
        (_, "") => None,
        (TOKEN_USER, _) => Some(Login(Proof::Identity(answer.secret))),
        _ => Some(Login::password(answer.username, answer.secret)),
    })
}

fn run(program: &PathBuf, server: &str, search_path: &OsStr) -> io::Result<Output> {
    let mut child = Command::new(program)
        .arg("get")
        .env("PATH", search_path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // One that does not read is judged by its answer.
        let _ = input.write_all(server.as_bytes());
    }
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait()?.is_none() {
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            let seconds = PATIENCE.as_secs();
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("it did not end within {seconds} seconds"),
            ));
        }
        thread::sleep(LOOK);
    }
    // An answer is far smaller than what a pipe holds.
    child.wait_with_output()
}

/// The first line of what a failed program said.
fn said(output: &Output) -> String {
    let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    let line = text
        .iter()
        .flat_map(|text| text.lines())
        .map(str::trim)
        .find(|line| !line.is_empty());
    line.unwrap_or("it said nothing").chars().take(LONGEST).collect()
}

fn find(program: &str, search_path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(search_path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}
