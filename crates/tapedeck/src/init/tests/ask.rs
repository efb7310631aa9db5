//! The questions.

use std::cell::RefCell;

use expect_test::{Expect, expect};

use super::super::ask::{Dialogue, NoAnswer, candidate, rest};
use super::super::candidate::Candidate;
use super::super::decide::{Draft, Wishes};
use super::super::detect::{candidates, named};
use super::project;

/// All that was said in a dialogue whose answers are these, and what came of it.
fn dialogue<T>(answers: &str, run: impl FnOnce(&mut Dialogue<'_>) -> T) -> (T, String) {
    let told = RefCell::new(String::new());
    let tell = |text: &str| told.borrow_mut().push_str(&format!("{text}\n"));
    let mut dialogue = Dialogue {
        answers: &mut answers.as_bytes(),
        tell: &tell,
    };
    let outcome = run(&mut dialogue);
    (outcome, told.into_inner())
}

fn found() -> Vec<Candidate> {
    candidates(&project(&[
        ("package.json", r#"{ "name": "mailer" }"#),
        ("src/main.ts", ""),
        ("worker.js", ""),
    ]))
}

fn chosen(answers: &str, found: &[Candidate], expected: Expect) -> Result<String, NoAnswer> {
    let by_path = |path: &str| named(path, "", &project(&[])).map_err(|error| error.to_string());
    let (outcome, told) = dialogue(answers, |dialogue| candidate(dialogue, found, &by_path));
    expected.assert_eq(&told);
    outcome.map(|candidate| candidate.packaging.path())
}

fn drafted(answers: &str, wishes: &Wishes, expected: Expect) -> Result<Draft, NoAnswer> {
    let found = found();
    let (outcome, told) = dialogue(answers, |dialogue| rest(dialogue, wishes, &found[0], "folder"));
    expected.assert_eq(&told);
    outcome
}

#[test]
fn an_empty_line_takes_the_best() {
    let path = chosen(
        "\n",
        &found(),
        expect![[r#"
            Found:
              1  src/main.ts (TypeScript, by its usual name)
              2  worker.js (JavaScript, by its usual name)
            Entry file of the service: a number or a path [1]
        "#]],
    );
    assert_eq!(path.as_deref(), Ok("src/main.ts"));
}

#[test]
fn a_number_or_a_path_takes_another() {
    let path = chosen(
        "2\n",
        &found(),
        expect![[r#"
            Found:
              1  src/main.ts (TypeScript, by its usual name)
              2  worker.js (JavaScript, by its usual name)
            Entry file of the service: a number or a path [1]
        "#]],
    );
    assert_eq!(path.as_deref(), Ok("worker.js"));
    let path = chosen(
        "3\nnone.rs\njobs/a.ts\n",
        &found(),
        expect![[r#"
            Found:
              1  src/main.ts (TypeScript, by its usual name)
              2  worker.js (JavaScript, by its usual name)
            Entry file of the service: a number or a path [1]
              `3` is not one of 1 to 2
            Entry file of the service: a number or a path [1]
              `none.rs` is in no language that Stacktape packages
            Entry file of the service: a number or a path [1]
        "#]],
    );
    assert_eq!(path.as_deref(), Ok("jobs/a.ts"));
}

#[test]
fn a_path_is_asked_for_when_nothing_was_found() {
    let path = chosen(
        "\na.ts\n",
        &[],
        expect![[r#"
            Entry file of the service, such as src/main.ts
            Entry file of the service, such as src/main.ts
        "#]],
    );
    assert_eq!(path.as_deref(), Ok("a.ts"));
}

#[test]
fn only_so_many_are_listed() {
    let files: Vec<String> = (0..12).map(|number| format!("p{number}/package.json")).collect();
    let mains: Vec<String> = (0..12).map(|number| format!("p{number}/main.ts")).collect();
    let all: Vec<(&str, &str)> = files
        .iter()
        .chain(&mains)
        .map(|path| (path.as_str(), "{}"))
        .collect();
    let (_, told) = dialogue("\n", |dialogue| {
        candidate(dialogue, &candidates(&project(&all)), &|_| Err(String::new()))
    });
    assert_eq!(told.lines().count(), 11, "{told}");
}

#[test]
fn what_is_not_answered_is_what_suits_most() {
    let draft = drafted(
        "\n\n\n\n",
        &Wishes::default(),
        expect![[r#"
        Name of the service [mailer]
        Virtual CPUs of each instance [0.25]
        Memory of each instance, in MiB [512]
        Instances [1]
    "#]],
    )
    .unwrap();
    assert_eq!(draft.service.as_str(), "mailer");
    assert_eq!(
        (draft.cpu.millis(), draft.memory.mebibytes(), draft.instances),
        (250, 512, 1)
    );
}

#[test]
fn wrong_answers_are_told_and_asked_for_again() {
    let answers = "my mailer\nmyMailer\n3\nmuch\n2\n2.5\n0\n\n0\nmany\n3\n";
    let draft = drafted(
        answers,
        &Wishes::default(),
        expect![[r#"
        Name of the service [mailer]
          `my mailer` is not a valid resource name: use 1 to 64 letters and digits
        Name of the service [mailer]
        Virtual CPUs of each instance [0.25]
          3 is not a valid cpu: use 0.25, 0.5, 1, 2, 4, 8 or 16
        Virtual CPUs of each instance [0.25]
          `much` is not a number
        Virtual CPUs of each instance [0.25]
        Memory of each instance, in MiB [4096]
          `2.5` is not a number
        Memory of each instance, in MiB [4096]
          0 is not a valid memory: use 4 to 33554432 MiB
        Memory of each instance, in MiB [4096]
        Instances [1]
          `0` is not a number of instances: use 1 to 5000
        Instances [1]
          `many` is not a number
        Instances [1]
    "#]],
    )
    .unwrap();
    assert_eq!(draft.service.as_str(), "myMailer");
    assert_eq!(
        (draft.cpu.millis(), draft.memory.mebibytes(), draft.instances),
        (2000, 4096, 3)
    );
}

#[test]
fn what_flags_say_is_not_asked() {
    let wishes = Wishes {
        service: Some("poster".parse().unwrap()),
        instances: Some(4),
        ..Wishes::default()
    };
    let draft = drafted(
        "0.5\n2048\n",
        &wishes,
        expect![[r#"
        Virtual CPUs of each instance [0.25]
        Memory of each instance, in MiB [1024]
    "#]],
    )
    .unwrap();
    assert_eq!(draft.service.as_str(), "poster");
    assert_eq!(
        (draft.cpu.millis(), draft.memory.mebibytes(), draft.instances),
        (500, 2048, 4)
    );
}

#[test]
fn the_end_of_the_answers_is_none() {
    assert_eq!(
        chosen(
            "",
            &found(),
            expect![[r#"
                Found:
                  1  src/main.ts (TypeScript, by its usual name)
                  2  worker.js (JavaScript, by its usual name)
                Entry file of the service: a number or a path [1]
            "#]]
        ),
        Err(NoAnswer)
    );
    assert_eq!(
        drafted(
            "name\n",
            &Wishes::default(),
            expect![[r#"
            Name of the service [mailer]
            Virtual CPUs of each instance [0.25]
        "#]]
        ),
        Err(NoAnswer)
    );
}
