//! Files that the config file adds.

use tapedeck_build::LayerName;

use crate::project::{Project, find, image, rebuilt, text};

fn project() -> Project {
    let mut project = Project::with(&[
        ("package.json", "{}"),
        ("src/main.ts", "console.log(1);\n"),
        ("assets/a.txt", "a"),
        ("assets/deep/b.txt", "b"),
        ("assets/deep/c.md", "c"),
        ("other/a.txt", "not meant"),
    ]);
    project.packaging.include_files = vec!["assets/**/*.txt".to_owned()];
    project
}

#[test]
fn globs_add_files_beside_the_program() {
    let mut project = project();
    project.packaging.exclude_files = vec!["assets/deep/b*".to_owned()];
    let made = image(&project.build().unwrap());
    assert_eq!(text(&made, "app/assets/a.txt"), "a");
    for absent in ["app/assets/deep/b.txt", "app/assets/deep/c.md", "app/other/a.txt"] {
        assert_eq!(find(&made, absent), None, "{absent}");
    }
}

#[test]
fn a_folder_means_everything_in_it() {
    let mut project = project();
    project.packaging.include_files = vec!["./assets/deep".to_owned()];
    let made = image(&project.build().unwrap());
    assert_eq!(text(&made, "app/assets/deep/c.md"), "c");
    assert_eq!(find(&made, "app/assets/a.txt"), None);
}

#[test]
fn only_their_layer_changes_with_them() {
    let mut project = project();
    assert_eq!(
        rebuilt(&project.build().unwrap()),
        [LayerName::IncludedFiles, LayerName::Application]
    );
    project.write("assets/a.txt", "changed");
    assert_eq!(rebuilt(&project.build().unwrap()), [LayerName::IncludedFiles]);
    project.write("assets/new.txt", "new");
    let built = project.build().unwrap();
    assert_eq!(rebuilt(&built), [LayerName::IncludedFiles]);
    assert_eq!(text(&image(&built), "app/assets/new.txt"), "new");
}

#[test]
fn a_glob_that_finds_nothing_or_leaves_the_folder_is_refused() {
    let mut project = project();
    project.packaging.include_files = vec!["assetz/*".to_owned()];
    assert!(
        project
            .error()
            .starts_with("`assetz/*` in includeFiles matches no file")
    );
    project.packaging.include_files = vec!["../x".to_owned()];
    assert!(project.error().contains("stay inside it"));
}
