//! Building again and again in one process gives what single builds give.

use tapedeck_build::Resident;

use crate::project::{Project, image, no_programs, run, tell};

const PLAIN: &str = r#"{ "name": "plain", "version": "1.2.3" }"#;

fn project() -> Project {
    Project::with(&[
        ("package.json", PLAIN),
        (
            "src/main.ts",
            "import { name } from './name';\nconsole.log(`hello ${name}`);\n",
        ),
        ("src/name.ts", "export const name: string = 'world';\n"),
    ])
}

#[test]
fn a_resident_build_makes_the_same_image() {
    let mut project = project();
    let resident = Resident::default();
    let mut images = Vec::new();
    for name in ["ada", "grace", "ada"] {
        project.write("src/name.ts", &format!("export const name = '{name}';\n"));
        let built = project.build_again(&resident).unwrap();
        assert_eq!(run(&image(&built)), format!("hello {name}\n"));
        images.push(built.image);
    }
    assert_eq!(images[0], images[2]);
    project.no_cache = true;
    assert_eq!(
        project.build().unwrap().image,
        images[2],
        "a single build makes it too"
    );
}

#[test]
fn mistakes_in_the_source_are_told_as_by_a_single_build() {
    let mut project = project();
    let resident = Resident::default();
    project.build_again(&resident).unwrap();
    project.write("src/name.ts", "export const name = (;\n");
    let told = tell(&project.build_again(&resident).unwrap_err());
    assert!(told.contains("src/name.ts:1:21: Unexpected \";\""), "{told}");
    assert_eq!(told, project.error());
    project.write("src/name.ts", "export const name = 'mended';\n");
    let built = project.build_again(&resident).unwrap();
    assert_eq!(run(&image(&built)), "hello mended\n");
}

#[test]
fn nothing_changed_starts_no_process() {
    let mut project = project();
    let first = project.build().unwrap();
    project.search_path = no_programs();
    let again = project.build_again(&Resident::default()).unwrap();
    assert_eq!(again.image, first.image);
    assert_eq!(project.told.0, [] as [String; 0]);
}
