//! Batches and how far they reach. Sending them is tested with the whole engine.

use std::collections::BTreeSet;
use std::path::Path;

use tapedeck_api::Home;
use tapedeck_model::{ResourceName, StackName, TaskId, Timestamp};
use tapedeck_runtime::log::{Options, Stream, Writer};

use super::source::{Batch, Sources};
use crate::fleet::ServiceKey;
use crate::log_group::LogGroup;

fn key() -> ServiceKey {
    ServiceKey {
        stack: StackName::new("demo-dev").unwrap(),
        name: ResourceName::new("mailer").unwrap(),
    }
}

fn main() -> LogGroup {
    LogGroup::of_main(&key())
}

fn id(number: u8) -> TaskId {
    TaskId::from_bytes([number; 16])
}

fn home(folder: &Path) -> Home {
    Home::at(&folder.join("home"))
}

/// Makes a task that runs, and returns its log.
fn start(home: &Home, number: u8) -> Writer {
    fs_err::create_dir_all(home.task(&id(number))).unwrap();
    let log = home.task_log(&key().stack, &key().name, &id(number));
    Writer::open(&log, Options::default()).unwrap()
}

fn write(log: &mut Writer, text: &str, second: u64) {
    log.append(Stream::Stdout, text.as_bytes(), second * 1_000_000_000);
    log.flush();
}

fn take(sources: &mut Sources, since: u64) -> Option<Batch> {
    let tasks = sources.tasks();
    sources.take(&tasks, Timestamp::from_millis(since * 1000))
}

fn lines(batch: &Batch) -> Vec<String> {
    let events = batch.streams.iter().flat_map(|(_, events)| events);
    events.map(|event| event.message.clone()).collect()
}

#[test]
fn a_batch_has_what_is_new_and_another_engine_goes_on_after_what_was_committed() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(folder.path());
    let (mut first, mut second) = (start(&home, 1), start(&home, 2));
    write(&mut first, "one\n\ntwo\nhal", 1);
    write(&mut second, "other\n", 2);
    let mut sources = Sources::new(&home, &main());
    let batch = take(&mut sources, 0).unwrap();
    assert_eq!(
        lines(&batch),
        ["one", "two", "other"],
        "blank lines are no events"
    );
    let (stream, events) = &batch.streams[0];
    assert_eq!(stream.group, "demo-dev/mailer");
    assert_eq!(stream.name, format!("ecs/mailer/{}", id(1)));
    assert_eq!(events[0].timestamp, 1000);
    assert_ne!(events[0].id, events[1].id);
    assert!(take(&mut sources, 0).is_none());

    let again = take(&mut Sources::new(&home, &main()), 0).unwrap();
    assert_eq!(lines(&again), lines(&batch), "nobody has acknowledged it");
    assert_eq!(again.streams, batch.streams, "with the same ids");
    sources.commit(&batch);
    write(&mut first, "f\n", 3);
    let mut next = Sources::new(&home, &main());
    assert_eq!(lines(&take(&mut next, 0).unwrap()), ["half"]);
}

#[test]
fn a_task_that_has_stopped_is_read_once_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(folder.path());
    let mut log = start(&home, 1);
    write(&mut log, "one\n", 1);
    let mut sources = Sources::new(&home, &main());
    let batch = take(&mut sources, 0).unwrap();
    sources.commit(&batch);
    write(&mut log, "last\n", 2);
    fs_err::remove_dir(home.task(&id(1))).unwrap();
    assert_eq!(sources.tasks(), BTreeSet::from([id(1)]));
    let batch = take(&mut sources, 0).unwrap();
    assert_eq!(lines(&batch), ["last"]);
    sources.commit(&batch);
    assert!(sources.tasks().is_empty());
    assert!(
        take(&mut Sources::new(&home, &main()), 0).is_none(),
        "the next engine knows"
    );
    sources.remove(&BTreeSet::from([id(1)]));
    assert!(!home.stack_logs(&key().stack).exists());
}

#[test]
fn lines_from_before_forwarding_was_asked_for_are_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(folder.path());
    let mut log = start(&home, 1);
    write(&mut log, "before\n", 10);
    write(&mut log, "after\n", 20);
    let mut sources = Sources::new(&home, &main());
    assert_eq!(lines(&take(&mut sources, 15).unwrap()), ["after"]);
}

#[test]
fn a_batch_has_no_more_than_a_mebibyte_and_everybody_has_a_turn() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(folder.path());
    let (mut loud, mut quiet) = (start(&home, 1), start(&home, 2));
    let line = format!("{}\n", "x".repeat(1000));
    write(&mut loud, &line.repeat(3000), 1);
    write(&mut quiet, "quiet\n", 1);
    let mut sources = Sources::new(&home, &main());
    let first = take(&mut sources, 0).unwrap();
    assert!(first.is_full);
    let count = lines(&first).len();
    assert!((1000..1050).contains(&count), "{count}");
    let second = take(&mut sources, 0).unwrap();
    assert_eq!(lines(&second)[0], "quiet", "the other one comes first now");
    let mut rest = lines(&second).len() - 1;
    while let Some(batch) = take(&mut sources, 0) {
        rest += lines(&batch).len();
    }
    assert_eq!(count + rest, 3000);
}

#[test]
fn a_side_container_has_a_group_of_its_own_and_leaves_that_of_the_main_one_alone() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(folder.path());
    let agent = LogGroup::of_side(&key(), "agent");
    let mut of_main = start(&home, 1);
    let mut of_agent = Writer::open(&agent.log(&home, &id(1)), Options::default()).unwrap();
    start(&home, 2);
    write(&mut of_main, "of main\n", 1);
    write(&mut of_agent, "of agent\n", 2);
    assert_eq!(LogGroup::with_logs(&key(), &home), [main(), agent.clone()]);

    let mut sources = Sources::new(&home, &agent);
    assert_eq!(
        sources.tasks(),
        BTreeSet::from([id(1)]),
        "the other task has none"
    );
    let batch = take(&mut sources, 0).unwrap();
    assert_eq!(lines(&batch), ["of agent"]);
    let (stream, _) = &batch.streams[0];
    assert_eq!(stream.group, "demo-dev/mailer/agent");
    assert_eq!(stream.name, format!("ecs/agent/{}", id(1)));
    sources.commit(&batch);

    let mut mains = Sources::new(&home, &main());
    let batch = take(&mut mains, 0).unwrap();
    assert_eq!(lines(&batch), ["of main"]);
    mains.remove(&BTreeSet::from([id(1), id(2)]));
    assert!(agent.log(&home, &id(1)).join("forwarded.json").exists());
    assert!(!home.task_log(&key().stack, &key().name, &id(2)).exists());
    sources.remove(&BTreeSet::from([id(1)]));
    assert!(!home.stack_logs(&key().stack).exists());
}
