//! Stacktape's short names of options.

use std::ffi::OsString;

/// Stacktape's short names of several letters, which the usual rules for short options would take apart.
const STACKTAPE_ALIASES: [(&str, &str); 16] = [
    ("-prj", "--projectName"),
    ("-cp", "--configPath"),
    ("-cwd", "--currentWorkingDirectory"),
    ("-rn", "--resourceName"),
    ("-ta", "--taskArn"),
    ("-cmd", "--command"),
    ("-st", "--startTime"),
    ("-rw", "--raw"),
    ("-lim", "--limit"),
    ("-nc", "--noCache"),
    ("-aco", "--autoConfirmOperation"),
    ("-secn", "--secretName"),
    ("-secv", "--secretValue"),
    ("-secf", "--secretFile"),
    ("-scn", "--scriptName"),
    ("-aror", "--assumeRoleOfResource"),
];

/// Replaces Stacktape's short names of several letters by the long ones. What comes after `--` is not for us.
pub(crate) fn with_long_names(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut is_ours = true;
    arguments
        .map(|argument| {
            is_ours &= argument != "--";
            let Some(text) = argument.to_str().filter(|_| is_ours) else {
                return argument;
            };
            let (name, value) = match text.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (text, None),
            };
            match (STACKTAPE_ALIASES.iter().find(|(short, _)| *short == name), value) {
                (Some((_, long)), Some(value)) => OsString::from(format!("{long}={value}")),
                (Some((_, long)), None) => OsString::from(long),
                (None, _) => argument,
            }
        })
        .collect()
}
