//! Which name the project gets when the command line and the folder have a say; the file's own is in the specs.

use tapedeck_config::LoadOptions;
use tapedeck_diagnostic::Rule;
use tapedeck_model::ProjectName;

use super::{Stage, options};

/// The name that a project gets, or the rules that were broken.
fn name(text: &str, flag: Option<&str>, folder: Option<&str>) -> Result<String, Vec<Rule>> {
    let options = LoadOptions {
        project_name: flag.map(|flag| ProjectName::new(flag).unwrap()),
        fallback_project_name: folder.map(str::to_string),
        ..options()
    };
    let stage = Stage {
        options,
        ..Stage::default()
    };
    let loaded = stage.load(text);
    let rules = loaded.diagnostics.iter().map(|one| one.rule).collect();
    loaded.stack.map(|stack| stack.project.to_string()).ok_or(rules)
}

#[test]
fn the_command_line_goes_before_the_file_and_the_file_before_the_folder() {
    let text = "projectName: from-file\nresources: {}\n";
    assert_eq!(
        name(text, Some("from-flag"), Some("folder")),
        Ok("from-flag".into())
    );
    assert_eq!(name(text, None, Some("folder")), Ok("from-file".into()));
    assert_eq!(name("resources: {}\n", None, Some("folder")), Ok("folder".into()));
}

#[test]
fn a_wrong_name_in_the_file_is_told_even_if_it_does_not_count() {
    assert_eq!(
        name("projectName: No Name\nresources: {}\n", Some("flag"), None),
        Err(vec![Rule::InvalidName])
    );
}

#[test]
fn a_folder_is_made_a_name() {
    let of_folder = |folder| name("resources: {}\n", None, Some(folder));
    assert_eq!(of_folder("My Project_2"), Ok("my-project-2".into()));
    assert_eq!(of_folder("--.hidden--"), Ok("hidden".into()));
    assert_eq!(of_folder("Übung"), Ok("bung".into()));
    assert_eq!(
        of_folder(&"long-name-".repeat(9)),
        Ok("long-name-long-name-long-name-long-name-long-nam".into())
    );
}

#[test]
fn a_folder_that_makes_no_name_asks_for_one() {
    for folder in [None, Some(""), Some("x"), Some("日本"), Some("/")] {
        assert_eq!(
            name("resources: {}\n", None, folder),
            Err(vec![Rule::MissingKey]),
            "{folder:?}"
        );
    }
}
