//! Installing, and what of it reaches the image.

use std::os::unix::fs::MetadataExt;

use fs_err as fs;
use tapedeck_build::{LayerName, Outcome};
use tapedeck_image::Platform;

use crate::project::{Project, find, image, no_programs, rebuilt, run, text};

/// `is-odd` needs `is-number`; `ms` is for development.
const MANIFEST: &str = r#"{ "name": "p", "type": "module",
    "dependencies": { "is-odd": "3.0.1" }, "devDependencies": { "ms": "2.1.3" } }"#;
const SOURCE: &str = "import isOdd from 'is-odd';\nconsole.log(isOdd(3));\n";

#[test]
fn production_dependencies_get_a_layer_of_their_own() {
    let mut project = Project::with(&[("package.json", MANIFEST), ("src/main.ts", SOURCE)]);
    let first = project.build().unwrap();
    assert_eq!(rebuilt(&first), [LayerName::Dependencies, LayerName::Application]);
    let made = image(&first);
    assert_eq!(run(&made), "true\n");
    assert!(find(&made, "app/node_modules/is-odd/package.json").is_some());
    assert!(find(&made, "app/node_modules/is-number/package.json").is_some());
    if rustix::process::geteuid().is_root() {
        for path in [
            "app/node_modules",
            "app/node_modules/is-odd",
            "app/node_modules/is-odd/package.json",
        ] {
            assert_eq!(
                fs::metadata(find(&made, path).unwrap()).unwrap().uid(),
                65_532,
                "{path}"
            );
        }
    }
    assert_eq!(find(&made, "app/node_modules/ms"), None, "development only");
    assert!(
        !text(&made, "app/index.js").contains("is-number"),
        "not in the bundle"
    );
    assert!(project.path("package-lock.json").is_file());

    project.search_path = no_programs();
    assert_eq!(project.build().unwrap().outcome, Outcome::Unchanged);
    assert_eq!(project.told.0, [] as [String; 0]);

    // The bundler is started by its path, so an edit needs nothing from the search path either.
    project.write("src/main.ts", &SOURCE.replace('3', "4"));
    let second = project.build().unwrap();
    assert_eq!(rebuilt(&second), [LayerName::Application]);
    assert_eq!(run(&image(&second)), "false\n");
}

#[test]
fn a_touched_lock_file_installs_nothing() {
    let mut project = Project::with(&[("package.json", MANIFEST), ("src/main.ts", SOURCE)]);
    let first = project.build().unwrap();
    let lock = fs::read(project.path("package-lock.json")).unwrap();
    fs::write(project.path("package-lock.json"), lock).unwrap();
    project.write("src/main.ts", "console.log('changed');\n");
    project.search_path = no_programs();
    let second = project.build().unwrap();
    assert_eq!(rebuilt(&second), [LayerName::Application]);
    assert_ne!(second.image, first.image);
}

#[test]
fn a_changed_dependency_is_installed_and_changes_its_layer() {
    let mut project = Project::with(&[("package.json", MANIFEST), ("src/main.ts", SOURCE)]);
    project.build().unwrap();
    fs::remove_file(project.path("package-lock.json")).unwrap();
    project.write("package.json", &MANIFEST.replace("3.0.1", "3.0.0"));
    let second = project.build().unwrap();
    assert!(
        project.told.0.iter().any(|step| step.contains("npm install")),
        "{:?}",
        project.told
    );
    assert!(rebuilt(&second).contains(&LayerName::Dependencies));
    assert!(text(&image(&second), "app/node_modules/is-odd/package.json").contains("\"3.0.0\""));
}

#[test]
fn what_is_missing_is_installed_as_the_lock_file_says() {
    let mut project = Project::with(&[("package.json", MANIFEST), ("src/main.ts", SOURCE)]);
    let first = project.build().unwrap();
    fs::remove_dir_all(project.path("node_modules")).unwrap();
    project.settle();
    let second = project.build().unwrap();
    assert!(
        project.told.0.iter().any(|step| step.contains("npm ci")),
        "{:?}",
        project.told
    );
    assert_eq!((second.outcome, second.image), (Outcome::Unchanged, first.image));
}

#[test]
fn an_imported_development_dependency_is_bundled() {
    let source = "import ms from 'ms';\nimport isOdd from 'is-odd';\nconsole.log(ms('2 days'), isOdd(1));\n";
    let mut project = Project::with(&[("package.json", MANIFEST), ("src/main.ts", source)]);
    let made = image(&project.build().unwrap());
    assert_eq!(find(&made, "app/node_modules/ms"), None);
    assert_eq!(run(&made), "172800000 true\n");
}

#[test]
fn bundled_commonjs_may_require_in_a_program_of_modules() {
    let mut project = Project::with(&[
        ("package.json", r#"{ "type": "module" }"#),
        ("src/old.cjs", "exports.separator = require('node:path').sep;\n"),
        (
            "src/main.ts",
            "import old from './old.cjs';\nconst require = 1;\nconsole.log(old.separator, require);\n",
        ),
    ]);
    assert_eq!(run(&image(&project.build().unwrap())), "/ 1\n");
}

#[test]
fn an_excluded_dependency_stays_out() {
    let source = "import('is-odd').catch(() => console.log('left out'));\n";
    let mut project = Project::with(&[("package.json", MANIFEST), ("src/main.ts", source)]);
    project.packaging.exclude_dependencies = vec!["is-odd".to_owned()];
    let made = image(&project.build().unwrap());
    assert_eq!(find(&made, "app/node_modules/is-odd"), None);
    assert_eq!(run(&made), "left out\n");
}

#[test]
fn packages_of_a_workspace_are_bundled_with_the_versions_they_need() {
    let mut project = Project::with(&[
        (
            "package.json",
            r#"{ "private": true, "workspaces": ["packages/*"], "devDependencies": { "is-number": "3.0.0" } }"#,
        ),
        (
            "packages/app/package.json",
            r#"{ "name": "app", "version": "1.0.0", "type": "module",
            "dependencies": { "lib": "1.0.0", "is-number": "6.0.0", "ms": "2.1.3" } }"#,
        ),
        (
            "packages/lib/package.json",
            r#"{ "name": "lib", "version": "1.0.0", "type": "module",
            "exports": { "./versions": "./src/versions.ts" }, "dependencies": { "is-number": "7.0.0" } }"#,
        ),
        (
            "packages/lib/src/versions.ts",
            "import data from 'is-number/package.json' with { type: 'json' };\n\
            export const version: string = data.version;\n",
        ),
        (
            "packages/app/src/main.ts",
            "import ms from 'ms';\nimport { version } from 'lib/versions';\n\
            import data from 'is-number/package.json' with { type: 'json' };\n\
            console.log(ms('1s'), version, data.version);\n",
        ),
    ]);
    project.packaging.entryfile_path = "packages/app/src/main.ts".to_owned();
    let built = project.build().unwrap();
    let made = image(&built);
    assert_eq!(run(&made), "1000 7.0.0 6.0.0\n");
    assert!(
        find(&made, "node_modules/ms/package.json").is_some(),
        "where the workspace has it"
    );
    assert!(
        built
            .source_files
            .contains(&project.path("packages/lib/src/versions.ts"))
    );
    project.write(
        "packages/lib/src/versions.ts",
        "export const version: string = 'edited';\n",
    );
    assert_eq!(run(&image(&project.build().unwrap())), "1000 edited 6.0.0\n");
}

#[test]
fn pnpm_is_used_where_it_was() {
    let manifest = MANIFEST.replace("\"name\"", "\"packageManager\": \"pnpm@9.15.9\", \"name\"");
    let mut project = Project::with(&[("package.json", &manifest), ("src/main.ts", SOURCE)]);
    let made = image(&project.build().unwrap());
    assert!(project.path("pnpm-lock.yaml").is_file());
    assert_eq!(find(&made, "app/node_modules/ms"), None, "{:?}", project.told);
    assert_eq!(run(&made), "true\n");
}

#[test]
fn a_workspace_of_pnpm_keeps_its_links() {
    let mut project = Project::with(&[
        (
            "package.json",
            r#"{ "private": true, "packageManager": "pnpm@9.15.9", "devDependencies": { "ms": "2.1.3" } }"#,
        ),
        ("pnpm-workspace.yaml", "packages:\n  - packages/*\n"),
        (
            "packages/app/package.json",
            r#"{ "name": "app", "version": "1.0.0", "type": "module",
                "dependencies": { "lib": "workspace:*", "is-odd": "3.0.1" } }"#,
        ),
        (
            "packages/lib/package.json",
            r#"{ "name": "lib", "version": "1.0.0", "main": "src/index.ts" }"#,
        ),
        (
            "packages/lib/src/index.ts",
            "export const word: string = 'linked';\n",
        ),
        (
            "packages/app/src/main.ts",
            "import isOdd from 'is-odd';\nimport { word } from 'lib';\nconsole.log(isOdd(1), word);\n",
        ),
    ]);
    project.packaging.entryfile_path = "packages/app/src/main.ts".to_owned();
    let made = image(&project.build().unwrap());
    assert_eq!(find(&made, "app/node_modules/lib"), None, "bundled");
    assert!(find(&made, "app/node_modules/is-odd").unwrap().is_symlink());
    assert!(
        project
            .told
            .0
            .iter()
            .any(|step| step.contains("the whole of node_modules")),
        "{:?}",
        project.told
    );
    assert_eq!(run(&made), "true linked\n");
}

#[test]
fn no_cache_makes_the_same_again() {
    let mut project = Project::with(&[("package.json", MANIFEST), ("src/main.ts", SOURCE)]);
    let first = project.build().unwrap();
    project.no_cache = true;
    let second = project.build().unwrap();
    assert_eq!(
        rebuilt(&second),
        [LayerName::Dependencies, LayerName::Application]
    );
    assert_eq!(second.image, first.image, "layers are reproducible");
}

#[test]
fn machine_code_for_another_processor_is_refused() {
    let mut project = Project::with(&[("package.json", MANIFEST), ("src/main.ts", SOURCE)]);
    let here = project.build().unwrap();
    project.platform = match Platform::host() {
        Platform::Amd64 => Platform::Arm64,
        Platform::Arm64 => Platform::Amd64,
    };
    let there = project.build().unwrap();
    assert_ne!(there.image, here.image);
    assert_eq!(rebuilt(&there), [], "the base is another one");
    let own = std::env::current_exe().unwrap();
    let native = project.path("node_modules/is-odd/native.node");
    fs::copy(own, &native).unwrap();
    project.no_cache = true;
    let error = project.error();
    assert!(
        error.starts_with(&format!("{} is machine code for another", native.display())),
        "{error}"
    );
    project.platform = Platform::host();
    project.build().unwrap();
}
