//! What counts and where it shows.

use std::path::Path;

use super::*;

fn paths(texts: &[&str]) -> BTreeSet<PathBuf> {
    texts.iter().map(PathBuf::from).collect()
}

/// A project in `/p` with one source file, a folder of sources and one that is elsewhere.
fn scope() -> Scope {
    Scope {
        root: PathBuf::from("/p"),
        config: paths(&["/p/stacktape.yml", "/p/stacktape.ts"]),
        source: paths(&["/p/src/main.ts", "/p/src/deep/word.ts", "/shared/lib.ts"]),
        folders: paths(&["/p/src"]),
        is_wide: false,
    }
}

#[test]
fn only_what_was_looked_at_counts() {
    let scope = scope();
    let weigh = |path: &str, touch| scope.weigh(Path::new(path), touch);
    for (path, touch, expected) in [
        ("/p/src/main.ts", Touch::Contents, Weight::Source),
        ("/p/src/main.ts", Touch::Name, Weight::Source),
        ("/p/stacktape.yml", Touch::Contents, Weight::Config),
        ("/p/stacktape.ts", Touch::Name, Weight::Config),
        ("/shared/lib.ts", Touch::Contents, Weight::Source),
        // A name in a folder whose names count, and the same file written to.
        ("/p/src/notes.txt", Touch::Name, Weight::Source),
        ("/p/src/notes.txt", Touch::Contents, Weight::Nothing),
        // A folder that holds what counts comes or goes.
        ("/p/src", Touch::Name, Weight::Source),
        ("/p/src/deep", Touch::Name, Weight::Source),
        ("/p/src/deep", Touch::Contents, Weight::Nothing),
        ("/p", Touch::Name, Weight::Config),
        ("/p/README.md", Touch::Name, Weight::Nothing),
        ("/p/README.md", Touch::Contents, Weight::Nothing),
        ("/p/src/main.tsx.deep", Touch::Contents, Weight::Nothing),
        ("/shared/other.ts", Touch::Name, Weight::Nothing),
    ] {
        assert_eq!(weigh(path, touch), expected, "{path} {touch:?}");
    }
}

#[test]
fn where_nobody_knows_everything_counts_that_people_edit() {
    let scope = Scope {
        is_wide: true,
        ..scope()
    };
    for (path, expected) in [
        ("/p/README.md", Weight::Source),
        ("/p/other/new.ts", Weight::Source),
        ("/p/node_modules/a/index.js", Weight::Nothing),
        ("/p/.git/index", Weight::Nothing),
        ("/p/src/main.ts~", Weight::Nothing),
        ("/elsewhere/a.ts", Weight::Nothing),
    ] {
        assert_eq!(scope.weigh(Path::new(path), Touch::Contents), expected, "{path}");
    }
}

#[test]
fn folders_are_watched_up_to_the_root_and_missing_ones_from_above() {
    let there = ["/", "/p", "/p/src", "/shared"];
    let watched = scope().to_watch(&|path| there.contains(&path.to_str().unwrap()));
    assert_eq!(watched, paths(&["/p", "/p/src", "/shared"]));
}

#[test]
fn what_a_build_looked_at_is_sorted_by_what_counts_of_it() {
    let mut scope = Scope::default();
    scope.add(vec![
        Observed {
            path: "/p/src".into(),
            is_folder: true,
        },
        Observed {
            path: "/p/src/main.ts".into(),
            is_folder: false,
        },
    ]);
    assert_eq!(scope.folders, paths(&["/p/src"]));
    assert_eq!(scope.source, paths(&["/p/src/main.ts"]));
}
