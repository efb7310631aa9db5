//! `tapedeck completions`

use std::process::{Command, Stdio};

use crate::environment::{Environment, is_installed};

/// Scripts name every command, and a shell that is installed here can read its own.
#[test]
fn every_shell_gets_a_script_that_it_can_read() {
    let environment = Environment::new();
    for shell in ["bash", "zsh", "fish"] {
        let output = environment
            .command(&["completions", shell])
            .output()
            .expect("it starts");
        assert_eq!(output.status.code(), Some(0), "{shell}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{shell}");
        let script = String::from_utf8(output.stdout).expect("scripts are UTF-8");
        for word in ["validate", "deploy", "info:stacks", "resourceName", "completions"] {
            assert!(script.contains(word), "the script of {shell} lacks `{word}`");
        }
        if !is_installed(shell) {
            println!("SKIPPED: {shell} is not installed, so it cannot judge its script");
            continue;
        }
        environment.write("script", &script);
        let path = environment.home().with_file_name("script");
        let judged = Command::new(shell)
            .arg("-n")
            .arg(path)
            .stdin(Stdio::null())
            .output()
            .expect("it starts");
        assert!(
            judged.status.success(),
            "{shell}: {}",
            String::from_utf8_lossy(&judged.stderr)
        );
    }
}
