//! How a program in Python is started.

use std::path::{Path, PathBuf};

use tapedeck_model::PythonServer;

use crate::python::pure::{Facts, config, has_relative_imports};

fn facts(entry: &str) -> Facts<'_> {
    Facts {
        entry: Path::new(entry),
        server: None,
        import_folders: &[],
        is_module: false,
        is_in_package: false,
        has_site: true,
        search_path: "/usr/bin:/bin",
    }
}

fn command(facts: &Facts<'_>) -> Vec<String> {
    config(facts).unwrap().entrypoint.unwrap()
}

#[test]
fn a_file_is_run_as_a_script() {
    let facts = facts("jobs/run.py");
    let config = config(&facts).unwrap();
    assert_eq!(config.entrypoint.unwrap(), ["python3", "/app/jobs/run.py"]);
    assert_eq!(config.env["PATH"], "/opt/venv/bin:/usr/bin:/bin");
    assert_eq!(config.env["PYTHONPATH"], "/app");
    assert_eq!(config.env["PYTHONDONTWRITEBYTECODE"], "1");
    assert!(!config.env.contains_key("PORT"));
}

#[test]
fn without_packages_the_python_of_the_base_is_used() {
    let mut facts = facts("main.py");
    facts.has_site = false;
    assert_eq!(command(&facts), ["python3", "/app/main.py"]);
    assert!(!config(&facts).unwrap().env.contains_key("PATH"));
}

#[test]
fn part_of_a_package_is_run_as_a_module() {
    let mut inner = facts("src/shop/jobs/run.py");
    let folders = [PathBuf::from("src")];
    (inner.is_module, inner.import_folders) = (true, &folders);
    assert_eq!(command(&inner), ["python3", "-m", "shop.jobs.run"]);
    assert_eq!(config(&inner).unwrap().env["PYTHONPATH"], "/app:/app/src");
    let mut main = facts("shop/__main__.py");
    main.is_module = true;
    assert_eq!(command(&main), ["python3", "-m", "shop"]);
    for (text, expected) in [
        ("from .a import b\n", true),
        ("import a\n    from .. import b\n", true),
        ("from a import b\n# from . import c\nfrom_ = '.x'\n", false),
    ] {
        assert_eq!(has_relative_imports(text), expected, "{text}");
    }
}

#[test]
fn servers_import_the_object_and_listen_at_the_port_they_are_given() {
    let mut asgi = facts("api/main.py");
    asgi.server = Some(("app", PythonServer::Asgi));
    let config = config(&asgi).unwrap();
    let command = config.entrypoint.unwrap();
    assert_eq!(command[..2], ["python3", "-c"]);
    assert!(command[2].contains("uvicorn.run('api.main:app', host='0.0.0.0', port=int(os.environ['PORT']))"));
    assert_eq!(config.env["PORT"], "8000");
    // The neighbours of an object that is in no package are found, too.
    assert_eq!(config.env["PYTHONPATH"], "/app:/app/api");
    let mut wsgi = facts("wsgi.py");
    wsgi.server = Some(("application", PythonServer::Wsgi));
    assert_eq!(
        self::command(&wsgi),
        ["python3", "-m", "gunicorn", "wsgi:application"]
    );
}

#[test]
fn a_folder_that_cannot_be_a_module_is_named() {
    let mut facts = facts("v1.2/main.py");
    facts.server = Some(("app", PythonServer::Asgi));
    let error = config(&facts).unwrap_err().to_string();
    assert!(
        error.starts_with("cannot run `app` of v1.2/main.py: the folder `v1.2` cannot be"),
        "{error}"
    );
}
