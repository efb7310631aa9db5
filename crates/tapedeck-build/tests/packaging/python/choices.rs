//! Which Python and which folder a project gets.

use super::project::{offline, run, settings};
use crate::project::{Project, find, image};

const PRINT: &str = "import sys\n\nprint(sys.path[1:2])\n";

#[test]
fn the_nearest_folder_with_a_manifest_becomes_the_root() {
    let mut project = offline(
        "services/api/bin/main.py",
        &[
            ("pyproject.toml", "[tool.ruff]\n"),
            ("requirements.txt", ""),
            ("services/api/requirements-prod.txt", "# nothing\n"),
            ("services/api/requirements-dev.txt", "pytest\n"),
            ("services/api/bin/main.py", PRINT),
            ("services/other/secret.py", ""),
        ],
    );
    let built = project.build().unwrap();
    assert_eq!(run(&built), "['/app']\n");
    assert!(find(&image(&built), "app/bin/main.py").is_some());
    assert_eq!(find(&image(&built), "app/services"), None);
    // A config file that names a file of the folder above takes that.
    settings(&mut project).package_manager_file = Some("requirements.txt".to_owned());
    let built = project.build().unwrap();
    assert!(find(&image(&built), "app/services/other/secret.py").is_some());
}

#[test]
fn the_version_is_taken_from_whoever_says_it_first() {
    let mut project = offline("main.py", &[("main.py", PRINT)]);
    let version = project.build().unwrap().runtime.unwrap().version;
    let mut numbers = version.split('.');
    let line = format!("{}.{}", numbers.next().unwrap(), numbers.next().unwrap());
    let asked_by = |project: &mut Project, file: &str, text: &str| {
        project.write(file, text);
        let runtime = project.build().unwrap().runtime.unwrap();
        assert_eq!(runtime.version, version);
        runtime.asked_by
    };
    let manifest = "[project]\nname = 'a'\nversion = '1'\nrequires-python = '>=3.8'\n";
    assert_eq!(
        asked_by(&mut project, "pyproject.toml", manifest),
        "requires-python of pyproject.toml"
    );
    assert_eq!(
        asked_by(&mut project, ".tool-versions", &format!("python {line}.1\n")),
        ".tool-versions"
    );
    assert_eq!(
        asked_by(&mut project, ".python-version", &line),
        ".python-version"
    );
    settings(&mut project).python_version = Some(line.clone());
    assert_eq!(
        asked_by(&mut project, ".python-version", "3.1"),
        "languageSpecificConfig.pythonVersion"
    );
}
