//! Parts of the language by their paths.

use super::tables::CATALOGUE;
use crate::explain::{ExplainError, Explained, Part, explain, render};

#[test]
fn a_type_tells_its_keys_and_parameters() {
    let text = render(&found("queue"));
    let expected = "\
queue: a type of resource

Messages that wait.

support     this machine cannot run it yet: queues are not made here yet
connecting  connectTo gives permission to use it, and its parameters as environment variables

keys:
  size     whole number, 1 or more; required without letters; how many messages it holds (without effect on this \
machine: it holds all of them)
  letters  list, each item a letter; what it holds at first
  length   boolean; older name (deprecated: use size instead)
  colour   anything; its colour (not supported yet)

parameters:
  arn          text; STP_<NAME>_ARN; its ARN
  deadLetters  number; STP_<NAME>_DEAD_LETTERS; letters that nobody took (with letters) (secret)

example:
  resources:
    myQueue:
      type: queue
      properties:
        size: 3
";
    assert_eq!(text, expected);
}

#[test]
fn a_key_is_found_by_several_paths() {
    let whole = "queue.letters.properties.paper.words";
    for path in [
        whole,
        "queue.properties.letters.properties.words",
        "resources.queue.letters.words",
        "queue.letters[].paper.words",
        "queue.letters.0.words",
        "words",
        "letters.words",
    ] {
        assert_eq!(found(path).path, whole, "{path}");
    }
    let example = found(whole).example.expect("keys have examples");
    let expected = "\
resources:
  myQueue:
    type: queue
    properties:
      letters:
        - type: paper
          properties:
            words:
              - myWords
";
    assert_eq!(example, expected);
}

#[test]
fn a_key_tells_what_the_table_says() {
    let size = found("queue.size");
    assert_eq!(size.kind, Part::Key);
    assert_eq!(size.value.as_deref(), Some("whole number, 1 or more"));
    assert_eq!(size.default.as_deref(), Some("3"));
    assert_eq!(size.required.as_deref(), Some("required without `letters`"));
    let kinds = found("queue.letters.type").allowed;
    let shown: Vec<(&str, &str)> = kinds
        .iter()
        .map(|one| (one.name.as_str(), one.doc.as_str()))
        .collect();
    assert_eq!(shown, [("paper", ""), ("stone", "not supported yet")]);
}

#[test]
fn parameters_directives_and_rules_are_parts_too() {
    let parameter = found("queue.deadLetters");
    assert_eq!(parameter.kind, Part::Parameter);
    assert_eq!(
        parameter.example.as_deref(),
        Some("$ResourceParam('myName', 'deadLetters')\n")
    );
    for path in ["$Stage", "$Stage()"] {
        assert_eq!(found(path).kind, Part::Directive, "{path}");
    }
    assert_eq!(found("unknown-key").value.as_deref(), Some("error"));
    let all = found("");
    let titles: Vec<&str> = all.lists.iter().map(|list| list.title.as_str()).collect();
    assert_eq!(titles, ["types of resources", "directives", "rules"]);
}

#[test]
fn names_of_the_users_own_are_passed_over() {
    assert_eq!(found("scripts.migrate.type").path, "scripts.type");
    assert_eq!(
        found("cloudformationResources.topic").path,
        "cloudformationResources"
    );
}

#[test]
fn what_there_is_not_names_what_is_near() {
    let error = explain(&CATALOGUE, "queue.lettrs").expect_err("there is no such key");
    assert_eq!(error.to_string(), "`queue` has no `lettrs`");
    assert_eq!(
        error.help(),
        "did you mean `letters`? there is size, letters, length, colour, arn, deadLetters"
    );
    let error = explain(&CATALOGUE, "queu").expect_err("there is no such type");
    assert!(matches!(&error, ExplainError::Unknown { nearest: Some(nearest), .. } if nearest == "queue"));
    let error = explain(&CATALOGUE, "wrds").expect_err("there is no such key");
    assert!(
        error
            .help()
            .starts_with("did you mean `words`? there is projectName, "),
        "{}",
        error.help()
    );
    let error = explain(&CATALOGUE, "$Stag").expect_err("there is no such directive");
    assert!(
        error
            .help()
            .starts_with("did you mean `$Stage`? there is $Stage, "),
        "{}",
        error.help()
    );
    let error = explain(&CATALOGUE, "queue.size.more").expect_err("a number holds nothing");
    assert_eq!(error.help(), "there is nothing in it");
}

fn found(path: &str) -> Explained {
    explain(&CATALOGUE, path).unwrap_or_else(|error| panic!("{path}: {error}; {}", error.help()))
}
