//! What every command needs of its surroundings.

use std::process::Command;

use expect_test::expect;
use fs_err as fs;

use crate::environment::{Environment, GOOD};

#[test]
fn the_state_folder_is_an_absolute_path() {
    let environment = Environment::with_config(GOOD);
    environment.check_command(
        environment
            .command(&["info:stacks"])
            .env("TAPEDECK_HOME", "state"),
        expect![[r#"
            exit code 2
            --- stderr ---
            error: TAPEDECK_HOME is `state`, which is not an absolute path
            help: give the whole path of a folder, or leave it unset for /var/lib/tapedeck
        "#]],
    );
    environment.check_command(
        environment.command(&["info:stacks"]).env("TAPEDECK_HOME", ""),
        expect![[r#"
            exit code 2
            --- stderr ---
            error: TAPEDECK_HOME is ``, which is not an absolute path
            help: give the whole path of a folder, or leave it unset for /var/lib/tapedeck
        "#]],
    );
}

#[test]
fn the_state_folder_has_room_for_the_path_of_a_socket() {
    let environment = Environment::with_config(GOOD);
    let long = format!("/{}", "long".repeat(25));
    environment.check_command(
        environment.command(&["info:stacks"]).env("TAPEDECK_HOME", long),
        expect![[r#"
            exit code 2
            --- stderr ---
            error: TAPEDECK_HOME is `/longlonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglong`, which is too long by 14 bytes: the engine's socket is in it, and the path of a socket has room for few
            help: give the whole path of a folder, or leave it unset for /var/lib/tapedeck
        "#]],
    );
}

#[test]
fn a_working_folder_that_is_gone_is_told() {
    let environment = Environment::new();
    let gone = environment.home().with_file_name("gone");
    fs::create_dir(&gone).expect("a folder can be made");
    // The folder goes away between the start of the shell and that of the program.
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "rmdir \"$PWD\" && exec \"$0\" validate"])
        .arg(environment.command(&[]).get_program())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .current_dir(&gone);
    environment.check_command(
        &mut shell,
        expect![[r#"
            exit code 2
            --- stderr ---
            error: could not tell the working directory: No such file or directory (os error 2)
            help: start in a folder that exists
        "#]],
    );
}
