//! What cannot be packaged, and what is said about it.

use tapedeck_build::BuildError;
use tapedeck_model::{PythonPackageManager, PythonServer};

use super::project::{MAIN, NAMES, REQUIREMENTS, offline, settings};
use crate::project::{no_programs, state, tell};

const NOTHING: (&str, &str) = ("main.py", "");

#[test]
fn a_python_that_there_is_not_is_named_with_what_there_is() {
    let mut project = offline("main.py", &[NOTHING]);
    settings(&mut project).python_version = Some("3.42".to_owned());
    let error = project.build().unwrap_err();
    assert!(error.is_of_surroundings());
    let text = tell(&error);
    assert!(
        text.starts_with(
            "cannot package `worker`: no base image with Python 3.42, which languageSpecificConfig.pythonVersion asks for"
        ),
        "{text}"
    );
    assert!(
        text.contains("only 3.") && text.contains("TAPEDECK_PYTHON_BASE"),
        "{text}"
    );
    settings(&mut project).python_version = None;
    project.write(
        "pyproject.toml",
        "[project]\nname = 'a'\nversion = '1'\nrequires-python = '>=3.40'\n",
    );
    let text = project.error();
    assert!(
        text.contains("Python >=3.40, which requires-python of pyproject.toml asks for")
            && text.contains("has no Python 3.40"),
        "{text}"
    );
    project.write(".python-version", "pypy3.10");
    let text = project.error();
    assert!(
        text.starts_with("cannot use `pypy3.10`, which .python-version gives"),
        "{text}"
    );
}

#[test]
fn manifests_that_lock_nothing_name_what_locks_them() {
    let mut project = offline("main.py", &[NOTHING, ("Pipfile", "[packages]\n")]);
    let error = project.error();
    assert!(error.starts_with("there is no Pipfile.lock beside "), "{error}");
    assert!(error.contains("run `pipenv lock` in that folder"), "{error}");
    project.write("pyproject.toml", "[tool.poetry]\nname = 'a'\n");
    let error = project.error();
    assert!(error.contains("run `poetry lock`"), "{error}");
    project.write("pyproject.toml", "[tool.poetry\n");
    let error = project.error();
    assert!(
        error.contains("pyproject.toml as TOML") && error.contains("line 1"),
        "{error}"
    );
}

#[test]
fn files_that_do_not_fit_the_settings_are_named() {
    let mut project = offline("main.py", &[NOTHING, ("other/notes.md", "")]);
    settings(&mut project).package_manager_file = Some("other/requirements.txt".to_owned());
    let error = project.error();
    assert!(
        error.starts_with("packageManagerFile is `other/requirements.txt`, but ")
            && error.contains("does not exist"),
        "{error}"
    );
    settings(&mut project).package_manager_file = Some("other/notes.md".to_owned());
    assert!(
        project
            .error()
            .starts_with("packageManagerFile is `other/notes.md`, which says nothing")
    );
    settings(&mut project).package_manager_file = None;
    settings(&mut project).package_manager = Some(PythonPackageManager::Poetry);
    let error = project.error();
    assert!(
        error.contains("packageManager is `poetry`, but there is no poetry.lock in "),
        "{error}"
    );
    settings(&mut project).package_manager = None;
    project.write("requirements-a.txt", "");
    project.write("requirements-b.txt", "");
    let error = project.error();
    assert!(
        error.contains("has requirements-a.txt, requirements-b.txt: name one of them in"),
        "{error}"
    );
    project.write("requirements.txt", "");
    settings(&mut project).uv_without_groups = vec!["dev".to_owned()];
    assert_eq!(
        project.error(),
        "languageSpecificConfig.uvWithoutGroups is for uv.lock and pyproject.toml, but the packages come from \
         requirements.txt"
    );
}

#[test]
fn an_object_in_a_folder_that_is_no_module_is_refused() {
    let mut project = offline("v1.2/main.py:app", &[("v1.2/main.py", "")]);
    settings(&mut project).run_app_as = Some(PythonServer::Asgi);
    project.packaging.exclude_dependencies = ["uvicorn", "click", "h11", "typing-extensions"]
        .map(str::to_owned)
        .to_vec();
    let error = project.error();
    assert!(
        error.contains("the folder `v1.2` cannot be part of the name of a module"),
        "{error}"
    );
}

#[test]
fn a_machine_without_pip_is_told_what_to_install() {
    let mut project = offline("app/main.py", &[MAIN, NAMES, REQUIREMENTS]);
    project.search_path = no_programs();
    project.no_cache = true;
    let cache = tempfile::tempdir_in(state("build")).unwrap();
    let error = project.build_in(cache.path()).unwrap_err();
    assert!(matches!(error, BuildError::MissingProgram { .. }) && error.is_of_surroundings());
    assert_eq!(
        error.to_string(),
        "`python3` is needed to install Python packages but is not in PATH: install it, on Debian with `apt install \
         python3-pip`"
    );
}
