//! What is said in the end.

use std::path::Path;

use expect_test::expect;

use super::super::detect::candidates;
use super::super::told::{also_found, next, types_missing};
use super::project;

#[test]
fn many_other_candidates_are_counted() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|name| format!("{name}/main.ts"));
    let manifests = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|name| format!("{name}/package.json"));
    let files: Vec<(&str, &str)> = names
        .iter()
        .chain(&manifests)
        .map(|path| (path.as_str(), "{}"))
        .collect();
    let found = candidates(&project(&files));
    expect!["also found: b/main.ts, c/main.ts, d/main.ts, e/main.ts, f/main.ts and 2 more (--entryfilePath takes another one; each service has an entry of its own under `resources`)"].assert_eq(&also_found(&found[0], &found).unwrap());
    assert_eq!(also_found(&found[0], &found[..1]), None);
}

#[test]
fn commands_for_another_folder_can_be_pasted() {
    expect![[r#"
        next:
          tapedeck validate --currentWorkingDirectory 'it'\''s mine'  say everything that is wrong with the config
          tapedeck deploy --currentWorkingDirectory 'it'\''s mine'    package the service and make it run"#]].assert_eq(&next(Some(Path::new("it's mine"))));
}

#[test]
fn types_are_offered_where_they_are_missing() {
    let with = r#"{ "devDependencies": { "stacktape": "^3" } }"#;
    assert_eq!(types_missing(&project(&[("package.json", with)])), None);
    assert!(types_missing(&project(&[])).is_some());
}
