//! MariaDB.

use std::process::Output;

use tapedeck_local::stand_in::Kind;

use crate::stage::{Run, Stage, refused, said};

fn mysql(run: &Run, stage: &Stage, password: &str, sql: &str) -> Output {
    let command = "mariadb --no-defaults --ssl -N -B -h 127.0.0.1 -u master orders -e";
    let mut command: Vec<&str> = command.split(' ').collect();
    command.push(sql);
    run.client_with(stage, &[("MYSQL_PWD", password)], &command)
}

#[test]
fn what_was_committed_outlives_a_kill_and_a_password_can_change() {
    let Some(mut stage) = Stage::ready(Kind::MariaDb) else {
        return;
    };
    let password = "a b'c\\d\"$e`f";
    stage.set("MYSQL_USER", "master");
    stage.set("MYSQL_PASSWORD", password);
    stage.set("MYSQL_DATABASE", "orders");
    let interrupted = stage.start_only();
    std::thread::sleep(std::time::Duration::from_millis(600));
    interrupted.kill();
    let first = stage.start();
    eprintln!("first start {:?}, {} MiB", first.took, first.memory());
    said(mysql(
        &first,
        &stage,
        password,
        "CREATE TABLE things (id int, name text)",
    ));
    said(mysql(
        &first,
        &stage,
        password,
        "INSERT INTO things VALUES (1, 'ä')",
    ));
    let version = said(mysql(&first, &stage, password, "SELECT version()"));
    assert_eq!(version.split('-').next().unwrap(), stage.stand_in.version);
    let cipher = said(mysql(&first, &stage, password, "SHOW STATUS LIKE 'Ssl_cipher'"));
    assert!(cipher.contains("TLS"), "{cipher}");
    let wrong = refused(mysql(&first, &stage, "wrong", "SELECT 1"));
    assert!(wrong.contains("Access denied"), "{wrong}");
    first.kill();

    stage.set("MYSQL_PASSWORD", "another");
    let second = stage.start();
    eprintln!("start after a kill {:?}", second.took);
    assert_eq!(
        said(mysql(&second, &stage, "another", "SELECT name FROM things")),
        "ä"
    );
    refused(mysql(&second, &stage, password, "SELECT 1"));
    assert!(!second.output().contains("another"), "{}", second.output());
    eprintln!("stop {:?}", second.stop(&stage));
}
