//! A project from its first build on.

use std::path::Path;

use fs_err as fs;
use tapedeck_build::{LayerName, Outcome};
use tapedeck_image::Platform;

use super::project::{MAIN, NAMES, REQUIREMENTS, offline, project, run, usual};
use crate::project::{Project, components, find, image, no_programs, rebuilt, text};

const CHANGED: [LayerName; 2] = [LayerName::Dependencies, LayerName::Application];

#[test]
fn a_program_runs_with_its_packages_and_without_rights() {
    let Some(mut project) = usual() else { return };
    let built = project.build().unwrap();
    assert_eq!(rebuilt(&built)[1..], CHANGED);
    assert_eq!(run(&built), "app 12,345\n");
    let runtime = built.runtime.clone().unwrap();
    assert_eq!(
        (runtime.name.as_str(), runtime.asked_by.as_str()),
        ("python", "default")
    );
    assert!(built.source_files.contains(&project.path("app/names.py")));
    let image = image(&built);
    assert_eq!(
        image.config.entrypoint,
        ["/usr/bin/tini", "--", "python3", "/app/app/main.py"]
    );
    assert_eq!(image.config.user, "65532:65532");
    assert_eq!(image.config.working_dir, Path::new("/app"));
    assert_eq!(image.config.env["PYTHONUNBUFFERED"], "1");
    assert_eq!(image.config.env["PYTHONPATH"], "/app");
}

#[test]
fn an_unchanged_project_is_recognised_without_any_program() {
    let Some(mut project) = usual() else { return };
    let first = project.build().unwrap();
    project.search_path = no_programs();
    let again = project.build().unwrap();
    assert_eq!(
        (&again.image, &again.outcome),
        (&first.image, &Outcome::Unchanged)
    );
    assert_eq!(project.told.0, [""; 0]);
}

#[test]
fn an_edit_makes_one_small_layer_without_any_program() {
    let Some(mut project) = usual() else { return };
    let first = project.build().unwrap();
    project.search_path = no_programs();
    project.write("app/names.py", "NAME = 'edited'\n");
    let built = project.build().unwrap();
    let Outcome::Rebuilt { layers } = &built.outcome else {
        panic!("{:?}", built.outcome);
    };
    let said: Vec<String> = layers.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["application: checksum changed because app/names.py"]);
    let (before, after) = (image(&first).layers, image(&built).layers);
    assert_eq!(before[1..], after[1..]);
    assert_eq!(run(&built), "edited 12,345\n");
}

#[test]
fn files_of_any_kind_count() {
    let mut project = offline(
        "main.py",
        &[
            ("main.py", "print(open('/app/text.sql').read())\n"),
            ("text.sql", "one"),
        ],
    );
    assert_eq!(run(&project.build().unwrap()), "one\n");
    project.write("text.sql", "two");
    assert_eq!(run(&project.build().unwrap()), "two\n");
    project.write("deep/new.html", "new");
    let built = project.build().unwrap();
    assert_eq!(text(&image(&built), "app/deep/new.html"), "new");
}

#[test]
fn changed_requirements_make_the_layer_of_packages_anew() {
    let Some(mut project) = usual() else { return };
    project.build().unwrap();
    let more = format!(
        "{}click==8.1.8 --hash=sha256:63c132bbbed01578a06712a2d1f497bb62d9c1c0d329b7903a866228027263b2\n",
        REQUIREMENTS.1
    );
    project.write("requirements.txt", &more);
    let built = project.build().unwrap();
    assert_eq!(rebuilt(&built), CHANGED);
    assert!(packages(&built, "click/__init__.py"));
}

fn packages(built: &tapedeck_build::Built, below: &str) -> bool {
    let image = image(built);
    let (major, minor) = line(&image.config.env["PYTHON_VERSION"]);
    find(
        &image,
        &format!("opt/venv/lib/python{major}.{minor}/site-packages/{below}"),
    )
    .is_some()
}

fn line(version: &str) -> (u16, u16) {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

#[test]
fn equal_projects_give_equal_images_wherever_they_lie() {
    let (Some(mut one), Some(mut other)) = (usual(), usual()) else {
        return;
    };
    let first = one.build().unwrap();
    other.no_cache = true;
    let second = other.build().unwrap();
    assert_eq!(second.image, first.image);
    assert!(
        other.told.0.iter().any(|step| step.starts_with("installing")),
        "{:?}",
        other.told
    );
}

#[test]
fn an_image_for_the_other_processor_has_native_parts_for_it() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/python-worker");
    let texts = ["requirements.txt", "worker/main.py", "worker/settings.py"]
        .map(|name| (name, fs::read_to_string(example.join(name)).unwrap()));
    let files: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let Some(mut project) = project("worker/main.py", &files) else {
        return;
    };
    let native = |project: &mut Project, platform: Platform| {
        project.platform = platform;
        let built = project.build().unwrap();
        let image = image(&built);
        let (major, minor) = line(&image.config.env["PYTHON_VERSION"]);
        let folder = format!("opt/venv/lib/python{major}.{minor}/site-packages/psutil");
        let library = fs::read_dir(find(&image, &folder).unwrap())
            .unwrap()
            .flatten()
            .map(|item| item.path())
            .find(|path| path.extension().is_some_and(|extension| extension == "so"))
            .unwrap();
        let bytes = fs::read(library).unwrap();
        // The machine of an ELF file.
        u16::from_le_bytes([bytes[18], bytes[19]])
    };
    assert_eq!(native(&mut project, Platform::Amd64), 62);
    assert_eq!(native(&mut project, Platform::Arm64), 183);
}

#[test]
fn scripts_of_packages_run_with_the_python_of_the_image() {
    let entry = "import subprocess\n\nprint(subprocess.run(['pygmentize', '-V'], capture_output=True, text=True).stdout)\n";
    let Some(mut project) = project(
        "main.py",
        &[("main.py", entry), ("requirements.txt", "pygments==2.19.2\n")],
    ) else {
        return;
    };
    let built = project.build().unwrap();
    assert!(components(&built).contains(&"pkg:pypi/pygments@2.19.2".to_owned()));
    assert!(
        run(&built).starts_with("Pygments version 2.19.2"),
        "{}",
        run(&built)
    );
    let script = text(&image(&built), "opt/venv/bin/pygmentize");
    assert!(script.starts_with("#!/opt/venv/bin/python3\n"), "{script}");
}

#[test]
fn included_files_lie_where_they_lie_in_the_project() {
    let Some(mut project) = project(
        "app/main.py",
        &[
            MAIN,
            NAMES,
            REQUIREMENTS,
            (".gitignore", "/made\n"),
            ("made/a.txt", "a"),
        ],
    ) else {
        return;
    };
    let built = project.build().unwrap();
    assert_eq!(find(&image(&built), "app/made/a.txt"), None);
    project.packaging.include_files = vec!["made/*.txt".to_owned()];
    let built = project.build().unwrap();
    assert_eq!(text(&image(&built), "app/made/a.txt"), "a");
}

#[test]
fn what_never_changes_is_compiled_once_and_without_a_trace_of_this_machine() {
    let Some(mut project) = usual() else { return };
    let built = project.build().unwrap();
    let image = image(&built);
    let (major, minor) = line(&image.config.env["PYTHON_VERSION"]);
    for path in [
        format!("usr/lib/python{major}.{minor}/asyncio/__pycache__/events.cpython-{major}{minor}.pyc"),
        format!(
            "opt/venv/lib/python{major}.{minor}/site-packages/humanize/__pycache__/time.cpython-{major}{minor}.pyc"
        ),
    ] {
        let bytes = fs::read(find(&image, &path).unwrap_or_else(|| panic!("{path}"))).unwrap();
        // Bit 0: known by the hash of its source; not bit 1: which is not compared.
        assert_eq!(bytes[4..8], [1, 0, 0, 0], "{path}");
        let within = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        let source = path.replace("__pycache__/", "");
        let source = source.split(".cpython").next().unwrap();
        assert!(within(&format!("/{source}.py")), "{path}");
        assert!(
            !within(project.path("").to_str().unwrap()) && !within("scratch"),
            "{path}"
        );
    }
}
