//! The life of a project: first build, nothing changed, an edit.

use std::collections::BTreeSet;
use std::path::PathBuf;

use fs_err as fs;
use tapedeck_build::{LayerName, Outcome};
use tapedeck_model::ModuleFormat;

use crate::project::{Project, find, image, no_programs, rebuilt, run, text};

const PLAIN: &str = r#"{ "name": "plain", "version": "1.2.3" }"#;

#[test]
fn an_unchanged_project_is_recognised_without_any_program() {
    let mut project = Project::with(&[
        ("package.json", PLAIN),
        (
            "src/main.ts",
            "import { name } from './name';\nconsole.log(`hello ${name}`);\n",
        ),
        ("src/name.ts", "export const name: string = 'world';\n"),
    ]);
    let first = project.build().unwrap();
    assert_eq!(rebuilt(&first), [LayerName::Application]);
    assert_eq!(run(&image(&first)), "hello world\n");
    assert_eq!(
        first.source_files,
        [project.path("src/main.ts"), project.path("src/name.ts")]
    );

    project.search_path = no_programs();
    let again = project.build().unwrap();
    assert_eq!(
        (&again.outcome, &again.image),
        (&Outcome::Unchanged, &first.image)
    );
    assert_eq!(project.told.0, [] as [String; 0]);
    assert_eq!((again.size, &again.runtime), (first.size, &first.runtime));

    // Touched, not changed.
    let source = fs::read(project.path("src/name.ts")).unwrap();
    fs::write(project.path("src/name.ts"), source).unwrap();
    project.settle();
    assert_eq!(project.build().unwrap().outcome, Outcome::Unchanged);
    assert_eq!(project.told.0, [] as [String; 0]);
}

#[test]
fn an_edit_changes_one_layer_and_says_why() {
    let mut project = Project::with(&[("package.json", PLAIN), ("src/main.ts", "console.log('one');\n")]);
    let first = project.build().unwrap();
    project.write("src/main.ts", "console.log('two');\n");
    let second = project.build().unwrap();
    let Outcome::Rebuilt { layers } = &second.outcome else {
        panic!("{:?}", second.outcome)
    };
    let said: Vec<String> = layers.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["application: checksum changed because src/main.ts"]);
    let layers = |built| image(built).layers.into_iter().collect::<BTreeSet<PathBuf>>();
    assert_eq!(layers(&first).difference(&layers(&second)).count(), 1);
    assert_eq!(run(&image(&second)), "two\n");

    project.write("src/main.ts", "console.log('one');\n");
    assert_eq!(
        project.build().unwrap().image,
        first.image,
        "equal source, equal image"
    );
}

#[test]
fn a_new_file_that_would_be_found_first_is_noticed() {
    let mut project = Project::with(&[
        ("package.json", PLAIN),
        (
            "src/main.ts",
            "import { which } from './which';\nconsole.log(which);\n",
        ),
        ("src/which/index.ts", "export const which = 'folder';\n"),
    ]);
    assert_eq!(run(&image(&project.build().unwrap())), "folder\n");
    project.write("src/which.ts", "export const which = 'file';\n");
    assert_eq!(run(&image(&project.build().unwrap())), "file\n");
}

#[test]
fn a_file_that_plays_no_role_makes_no_new_image() {
    let mut project = Project::with(&[("package.json", PLAIN), ("src/main.ts", "console.log(1);\n")]);
    let first = project.build().unwrap();
    project.write("src/notes.txt", "nobody imports this");
    let second = project.build().unwrap();
    assert_eq!((second.outcome, second.image), (Outcome::Unchanged, first.image));
}

#[test]
fn settings_in_extended_tsconfig_files_count() {
    let mut project = Project::with(&[
        ("package.json", PLAIN),
        ("tsconfig.json", "{ // ours\n \"extends\": \"./config/base\", }"),
        (
            "config/base.json",
            r#"{ "compilerOptions": { "paths": { "@which": ["../src/one.ts"] } } }"#,
        ),
        (
            "src/main.ts",
            "import { which } from '@which';\nconsole.log(which);\n",
        ),
        ("src/one.ts", "export const which = 'one';\n"),
        ("src/two.ts", "export const which = 'two';\n"),
    ]);
    assert_eq!(run(&image(&project.build().unwrap())), "one\n");
    project.write(
        "config/base.json",
        r#"{ "compilerOptions": { "paths": { "@which": ["../src/two.ts"] } } }"#,
    );
    assert_eq!(run(&image(&project.build().unwrap())), "two\n");
}

#[test]
fn a_tsconfig_of_another_name_is_used_when_set() {
    let mut project = Project::with(&[
        ("package.json", PLAIN),
        (
            "tsconfig.worker.json",
            r#"{ "compilerOptions": { "paths": { "@which": ["./src/one.ts"] } } }"#,
        ),
        (
            "src/main.ts",
            "import { which } from '@which';\nconsole.log(which);\n",
        ),
        ("src/one.ts", "export const which = 'one';\n"),
    ]);
    project.javascript().ts_config_path = Some("tsconfig.worker.json".to_owned());
    assert_eq!(run(&image(&project.build().unwrap())), "one\n");
}

#[test]
fn both_module_formats_run() {
    let mut project = Project::with(&[
        ("package.json", r#"{ "type": "module" }"#),
        (
            "src/main.ts",
            "import { sep } from 'node:path';\nconsole.log(sep, typeof module);\n",
        ),
    ]);
    let esm = image(&project.build().unwrap());
    assert_eq!(text(&esm, "app/package.json"), r#"{"type":"module"}"#);
    assert_eq!(run(&esm), "/ undefined\n");
    project.javascript().output_module_format = Some(ModuleFormat::Cjs);
    let cjs = image(&project.build().unwrap());
    assert_eq!(text(&cjs, "app/package.json"), r#"{"type":"commonjs"}"#);
    assert_eq!(run(&cjs), "/ object\n");
}

#[test]
fn source_maps_name_the_source_and_nothing_of_this_machine() {
    let mut project = Project::with(&[
        ("package.json", PLAIN),
        (
            "src/main.ts",
            "interface Unused {}\n\n\nconsole.log(new Error('x').stack?.split('\\n')[1]?.trim());\n",
        ),
    ]);
    let mapped = image(&project.build().unwrap());
    assert!(
        run(&mapped).trim().ends_with("/app/src/main.ts:4:13)") || run(&mapped).contains("src/main.ts:4:13")
    );
    let map = text(&mapped, "app/index.js.map");
    assert!(map.contains(r#""sources":["src/main.ts"]"#), "{map}");
    assert_eq!(mapped.config.env["NODE_OPTIONS"], "--enable-source-maps");
    project.javascript().disable_source_maps = true;
    let bare = image(&project.build().unwrap());
    assert_eq!(find(&bare, "app/index.js.map"), None);
    assert_eq!(bare.config.env.get("NODE_OPTIONS"), None);
}

#[test]
fn the_image_starts_the_program_as_a_user_without_rights() {
    let mut project = Project::with(&[("package.json", PLAIN), ("src/main.ts", "console.log(1);\n")]);
    let built = project.build().unwrap();
    let image = image(&built);
    assert_eq!(
        image.config.entrypoint,
        ["/usr/bin/tini", "--", "node", "/app/index.js"]
    );
    assert_eq!(image.config.working_dir, PathBuf::from("/app"));
    assert_eq!(image.config.user, "65532:65532");
    assert_eq!(image.config.env["NODE_ENV"], "production");
    assert_eq!(
        text(&image, "app/package.json"),
        r#"{"name":"plain","type":"commonjs","version":"1.2.3"}"#
    );
    assert!(
        find(&image, "usr/bin/node")
            .or_else(|| find(&image, "usr/local/bin/node"))
            .is_some()
    );
    if rustix::process::geteuid().is_root() {
        use std::os::unix::fs::MetadataExt;
        for path in ["app", "app/index.js", "app/package.json"] {
            let facts = fs::metadata(find(&image, path).unwrap()).unwrap();
            assert_eq!((facts.uid(), facts.gid()), (65_532, 65_532), "{path}");
        }
    }
}
