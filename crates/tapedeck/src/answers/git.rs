//! What git knows of a folder, for `$GitInfo()`.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;
use tapedeck_config::Answer;

/// The facts as a JSON object. One that git cannot tell, such as the branch of a detached commit, is an empty text.
pub(super) fn facts(folder: &Path, search_path: &OsStr) -> Answer {
    let Some(git) = tapedeck_build::find_executable("git", search_path) else {
        return failed("the program `git` is not on this machine", "install git");
    };
    let ask = |arguments: &[&str]| -> Option<String> {
        let mut command = Command::new(&git);
        command
            .args(arguments)
            .current_dir(folder)
            .env("PATH", search_path);
        // Without it, git may rewrite its index while it looks at it.
        command.env("GIT_OPTIONAL_LOCKS", "0");
        command.stdin(Stdio::null()).stderr(Stdio::null());
        let output = command.output().ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
    };
    let Some(commit) = ask(&["rev-parse", "HEAD"]) else {
        let problem = format!("{} is in no git repository with a commit", folder.display());
        return failed(&problem, "run `git init` and commit, or take the directive out");
    };
    let changes = ask(&["status", "--porcelain"]).unwrap_or_default();
    let branch = ask(&["rev-parse", "--abbrev-ref", "HEAD"]).filter(|branch| branch != "HEAD");
    let facts = json!({
        "commit": commit,
        "branch": branch.unwrap_or_default(),
        "username": ask(&["config", "user.name"]).unwrap_or_default(),
        "gitUrl": ask(&["config", "--get", "remote.origin.url"]).unwrap_or_default(),
        "hasUncommitedChanges": !changes.is_empty(),
    });
    Answer::Json(facts.to_string())
}

fn failed(problem: &str, help: &str) -> Answer {
    Answer::Failed {
        problem: problem.to_string(),
        help: Some(help.to_string()),
    }
}
