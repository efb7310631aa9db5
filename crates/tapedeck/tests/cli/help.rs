//! Help, versions and misspelt commands.

use expect_test::expect;

use crate::environment::Environment;

#[test]
fn without_a_command_the_help_is_talk() {
    let environment = Environment::new();
    let output = environment.command(&[]).output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty(), "nobody asked for data");
    assert!(String::from_utf8_lossy(&output.stderr).contains("Usage: tapedeck <COMMAND>"));
}

#[test]
fn the_version_is_data() {
    Environment::new().check(
        &["--version"],
        expect![[r#"
        exit code 0
        --- stdout ---
        tapedeck [VERSION]
    "#]],
    );
}

#[test]
fn misspelt_words_are_told() {
    let environment = Environment::new();
    environment.check(
        &["deplyo"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: unrecognized subcommand 'deplyo'

          tip: a similar subcommand exists: 'deploy'

        Usage: tapedeck <COMMAND>

        For more information, try '--help'.
    "#]],
    );
    environment.check(
        &["deploy", "--stge", "dev"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: unexpected argument '--stge' found

              tip: a similar argument exists: '--stage'
              tip: to pass '--stge' as a value, use '-- --stge'

            Usage: tapedeck deploy --stage <NAME> [-- <OPTIONS>...]

            For more information, try '--help'.
        "#]],
    );
    environment.check(
        &["deploy", "extra"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: unexpected argument 'extra' found

            Usage: tapedeck deploy [OPTIONS] [-- <OPTIONS>...]

            For more information, try '--help'.
        "#]],
    );
    environment.check(
        &["completions", "tcsh"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: invalid value 'tcsh' for '<SHELL>'
          [possible values: bash, zsh, fish]

          tip: a similar value exists: 'zsh'

        For more information, try '--help'.
    "#]],
    );
}
