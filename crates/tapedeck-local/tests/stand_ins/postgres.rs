//! PostgreSQL.

use std::process::{Command, Output};
use std::time::Duration;

use tapedeck_local::stand_in::Kind;
use tapedeck_testkit::{DEADLINE, eventually};

use crate::stage::{Run, Stage, refused, said};

fn stage() -> Option<Stage> {
    let mut stage = Stage::ready(Kind::Postgres)?;
    stage.set("POSTGRES_USER", "o'brien \"x\"");
    stage.set("POSTGRES_PASSWORD", "a b'c\\d\"$e");
    stage.set("POSTGRES_DB", "or'ders");
    Some(stage)
}

fn psql(run: &Run, stage: &Stage, password: &str, sql: &str) -> Output {
    psql_command(run, stage, password, sql).output().unwrap()
}

fn psql_command(run: &Run, stage: &Stage, password: &str, sql: &str) -> Command {
    let connection = "host=127.0.0.1 user='o\\'brien \"x\"' dbname='or\\'ders' sslmode=require";
    let psql = "exec /usr/lib/postgresql/*/bin/psql -XAtq -v ON_ERROR_STOP=1 \"$@\"";
    let command = ["sh", "-c", psql, "psql", connection, "-c", sql];
    run.command(stage, &[("PGPASSWORD", password)], &command)
}

#[test]
fn what_was_committed_outlives_a_kill_and_a_password_can_change() {
    let Some(mut stage) = stage() else { return };
    let password = "a b'c\\d\"$e";
    let first = stage.start();
    eprintln!("first start {:?}, {} MiB", first.took, first.memory());
    said(psql(
        &first,
        &stage,
        password,
        "CREATE TABLE things (id int, name text)",
    ));
    said(psql(
        &first,
        &stage,
        password,
        "INSERT INTO things VALUES (1, 'ä'), (2, 'B'), (3, 'a')",
    ));
    let version = said(psql(&first, &stage, password, "SHOW server_version"));
    assert_eq!(version.split(' ').next().unwrap(), stage.stand_in.version);
    assert_eq!(said(psql(&first, &stage, password, "SHOW fsync")), "on");
    let settings =
        "SELECT current_setting('max_connections'), ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    assert_eq!(said(psql(&first, &stage, password, settings)), "100|t");
    let ordered = "SELECT string_agg(name, '' ORDER BY name) FROM things";
    assert_eq!(said(psql(&first, &stage, password, ordered)), "aäB");
    let wrong = refused(psql(&first, &stage, "wrong", "SELECT 1"));
    assert!(wrong.contains("password authentication failed"), "{wrong}");
    first.kill();

    stage.set("POSTGRES_PASSWORD", "another");
    let second = stage.start();
    eprintln!("start after a kill {:?}", second.took);
    assert_eq!(
        said(psql(&second, &stage, "another", "SELECT count(*) FROM things")),
        "3"
    );
    refused(psql(&second, &stage, password, "SELECT 1"));
    said(psql(
        &second,
        &stage,
        "another",
        "CREATE EXTENSION pg_stat_statements",
    ));
    assert!(!second.output().contains("another"), "{}", second.output());
    // A client that stays does not hold up the end.
    let mut sleeper = psql_command(&second, &stage, "another", "SELECT pg_sleep(600)")
        .spawn()
        .unwrap();
    let busy = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'";
    eventually("a busy client", DEADLINE, || {
        (said(psql(&second, &stage, "another", busy)) == "1").then_some(())
    });
    let took = second.stop(&stage);
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert!(!sleeper.wait().unwrap().success());
}

#[test]
fn a_first_start_that_was_killed_leaves_nothing_half() {
    let Some(stage) = stage() else { return };
    for milliseconds in [100, 900] {
        let run = stage.start_only();
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        run.kill();
    }
    let run = stage.start();
    assert_eq!(said(psql(&run, &stage, "a b'c\\d\"$e", "SELECT 1")), "1");
    let took = run.stop(&stage);
    eprintln!("stop {took:?}");
}

#[test]
fn of_two_with_the_same_data_the_second_waits() {
    let Some(stage) = stage() else { return };
    let password = "a b'c\\d\"$e";
    let first = stage.start();
    let second = stage.start_only();
    eventually("a word that it waits", DEADLINE, || {
        second.output().contains("waiting").then_some(())
    });
    said(psql(&first, &stage, password, "CREATE TABLE things (id int)"));
    first.kill();
    eventually("its turn", DEADLINE, || {
        let count = psql(&second, &stage, password, "SELECT count(*) FROM things");
        count.status.success().then_some(())
    });
}
