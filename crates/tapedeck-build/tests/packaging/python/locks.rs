//! The files of every package manager, each installed for real.

use tapedeck_build::{Built, LayerName};
use tapedeck_image::Platform;
use tapedeck_model::PythonServer;

use super::project::{HUMANIZE, MAIN, NAMES, REQUIREMENTS, project, run, settings, usual, uv, within};
use crate::project::{Project, find, image, rebuilt};

const EXPECTED: &str = "app 12,345\n";

/// A package that only people who work on the project need.
const FOR_WORK: &str = "iniconfig";

fn has_package(built: &Built, name: &str) -> bool {
    let image = image(built);
    (8..20).any(|minor| {
        find(
            &image,
            &format!("opt/venv/lib/python3.{minor}/site-packages/{name}"),
        )
        .is_some()
    })
}

fn with(manifest: (&str, &str), lock: (&str, &str)) -> Option<Project> {
    project("app/main.py", &[MAIN, NAMES, manifest, lock])
}

#[test]
fn poetry() {
    let manifest = "[tool.poetry]\nname = 'shop'\nversion = '1'\npackage-mode = false\n\n[tool.poetry.dependencies]\n\
                    python = '>=3.9,<4.0'\nhumanize = '4.13.0'\n";
    let lock = "[[package]]\nname = 'humanize'\nversion = '4.13.0'\noptional = false\npython-versions = '>=3.9'\n\
                groups = ['main']\nfiles = [\n    {file = 'humanize-4.13.0-py3-none-any.whl', hash = \
                'sha256:b810820b31891813b1673e8fec7f1ed3312061eab2f26e3fa192c393d11ed25f'},\n]\n\n[[package]]\n\
                name = 'iniconfig'\nversion = '2.0.0'\noptional = false\npython-versions = '>=3.7'\ngroups = ['dev']\n\
                files = []\n\n[metadata]\nlock-version = '2.1'\n";
    let Some(mut project) = with(("pyproject.toml", manifest), ("poetry.lock", lock)) else {
        return;
    };
    let built = project.build().unwrap();
    assert_eq!(run(&built), EXPECTED);
    assert!(!has_package(&built, FOR_WORK));
    assert_eq!(find(&image(&built), "app/poetry.lock"), None);
    assert_eq!(built.runtime.unwrap().asked_by, "python of pyproject.toml");
    project.write("pyproject.toml", &format!("{manifest}orjson = '*'\n"));
    assert_eq!(
        project.error(),
        "poetry.lock has no `orjson`, which pyproject.toml asks for: run `poetry lock` again"
    );
}

#[test]
fn pipenv() {
    let lock = r#"{
        "_meta": { "sources": [{ "name": "pypi", "url": "https://pypi.example/simple", "verify_ssl": true }] },
        "default": { "humanize": { "hashes": ["sha256:b810820b31891813b1673e8fec7f1ed3312061eab2f26e3fa192c393d11ed25f"],
                     "markers": "python_version >= '3.9'", "version": "==4.13.0" } },
        "develop": { "iniconfig": { "version": "==2.0.0" } }
    }"#;
    let Some(mut project) = with(
        ("Pipfile", "[packages]\nhumanize = '*'\n"),
        ("Pipfile.lock", lock),
    ) else {
        return;
    };
    let built = project.build().unwrap();
    assert_eq!(run(&built), EXPECTED);
    assert!(!has_package(&built, FOR_WORK));
    project.write("Pipfile.lock", "{");
    let error = project.error();
    assert!(error.contains("Pipfile.lock as a lock of Pipenv"), "{error}");
}

const UV_MANIFEST: &str = "[project]\nname = 'shop'\nversion = '1'\nrequires-python = '>=3.9'\n\
                           dependencies = ['humanize==4.13.0']\n\n[project.optional-dependencies]\nmore = ['six']\n\n\
                           [dependency-groups]\ndev = ['iniconfig==2.0.0']\n";

#[test]
fn uv_with_groups_and_a_workspace() {
    // Fetches uv.
    let Some(mut first) = usual() else { return };
    first.build().unwrap();
    let mut project = project("app/main.py", &[MAIN, NAMES, ("pyproject.toml", UV_MANIFEST)]).unwrap();
    uv(&project, &["lock", "--quiet"]);
    let built = project.build().unwrap();
    assert_eq!(run(&built), EXPECTED);
    assert!(!has_package(&built, FOR_WORK) && !has_package(&built, "six.py"));
    settings(&mut project).uv_with_groups = vec!["dev".to_owned()];
    settings(&mut project).uv_optional_dependencies = vec!["more".to_owned()];
    let built = project.build().unwrap();
    assert!(has_package(&built, FOR_WORK) && has_package(&built, "six.py"));
    settings(&mut project).uv_with_groups = vec!["nobody".to_owned()];
    let error = project.error();
    assert!(error.contains("uv.lock") && error.contains("`nobody`"), "{error}");

    // A member of a workspace runs with another one, whose source is in the image, too.
    settings(&mut project).uv_with_groups.clear();
    settings(&mut project).uv_optional_dependencies.clear();
    let workspace = format!("{UV_MANIFEST}[tool.uv.workspace]\nmembers = ['parts/*']\n");
    project.write("pyproject.toml", &workspace);
    let library = "[project]\nname = 'lib'\nversion = '1'\nrequires-python = '>=3.9'\n\n[build-system]\n\
                   requires = ['hatchling']\nbuild-backend = 'hatchling.build'\n";
    project.write("parts/lib/pyproject.toml", library);
    project.write("parts/lib/src/lib/__init__.py", "NAME = 'lib'\n");
    let service = "[project]\nname = 'service'\nversion = '1'\nrequires-python = '>=3.9'\ndependencies = ['lib', \
                   'six==1.16.0']\n\n[tool.uv.sources]\nlib = { workspace = true }\n";
    project.write("parts/service/pyproject.toml", service);
    project.write(
        "parts/service/main.py",
        "import lib, six\n\nprint(lib.NAME, six.__version__)\n",
    );
    uv(&project, &["lock", "--quiet"]);
    project.packaging.entryfile_path = "parts/service/main.py".to_owned();
    let built = project.build().unwrap();
    assert_eq!(run(&built), "lib 1.16.0\n");
    assert!(!has_package(&built, "humanize"));
}

#[test]
fn requirements_without_versions_are_chosen_once() {
    let files = [
        MAIN,
        NAMES,
        ("requirements.txt", "-r base.txt\n-c limits.txt\n"),
        ("base.txt", "humanize>=4\n-e .\n"),
        ("limits.txt", "humanize<4.14\n"),
    ];
    let Some(mut project) = project("app/main.py", &files) else {
        return;
    };
    let built = project.build().unwrap();
    assert_eq!(run(&built), EXPECTED);
    assert!(has_package(&built, "humanize-4.13.0.dist-info"));
    assert!(
        project
            .told
            .0
            .iter()
            .any(|step| step.starts_with("choosing versions for requirements.txt"))
    );
    project.write("limits.txt", "humanize<4.13\n");
    let built = project.build().unwrap();
    assert!(!has_package(&built, "humanize-4.13.0.dist-info"));
}

#[test]
fn a_manifest_alone_is_enough_and_its_source_folder_is_imported_from() {
    let manifest = "[project]\nname = 'shop'\nversion = '1'\ndependencies = ['humanize==4.13.0']\n";
    let files = [
        ("src/app/main.py", MAIN.1),
        ("src/app/names.py", NAMES.1),
        ("pyproject.toml", manifest),
    ];
    let Some(mut project) = project("src/app/main.py", &files) else {
        return;
    };
    assert_eq!(run(&project.build().unwrap()), EXPECTED);
}

#[test]
fn packages_are_left_out_on_demand() {
    let Some(mut project) = usual() else { return };
    project.packaging.exclude_dependencies = vec!["Humanize".to_owned()];
    let built = project.build().unwrap();
    assert!(!rebuilt(&built).contains(&LayerName::Dependencies));
}

/// Asks an application whether it answers, through the server that runs it.
fn answers(built: &Built) -> String {
    let image = image(built);
    let root = super::project::unpacked(&image);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let mut command = within(root.path(), &image);
    // The folder for temporary files of a container.
    std::fs::create_dir_all(root.path().join("tmp")).unwrap();
    let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o1777);
    std::fs::set_permissions(root.path().join("tmp"), everybody).unwrap();
    let mut server = command.env("PORT", port.to_string()).spawn().unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let answer = loop {
        if let Ok(answer) = ask(port) {
            break answer;
        }
        assert!(std::time::Instant::now() < deadline && server.try_wait().unwrap().is_none());
        std::thread::yield_now();
    };
    let process = rustix::process::Pid::from_child(&server);
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    server.wait().unwrap();
    answer
}

fn ask(port: u16) -> std::io::Result<String> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn applications_are_run_by_a_server_of_their_kind() {
    let wsgi = "from words import WORD\n\n\ndef app(environ, start):\n    start('200 OK', [])\n    return [WORD.encode()]\n";
    let asgi = "from words import WORD\n\n\nasync def app(scope, receive, send):\n    if scope['type'] == 'lifespan':\n        \
                return\n    await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n    \
                await send({'type': 'http.response.body', 'body': WORD.encode()})\n";
    let files = [
        ("web/one.py", wsgi),
        ("web/two.py", asgi),
        ("web/words.py", "WORD = 'well'\n"),
    ];
    let Some(mut project) = project("web/one.py:app", &files) else {
        return;
    };
    settings(&mut project).run_app_as = Some(PythonServer::Wsgi);
    let answer = answers(&project.build().unwrap());
    assert!(answer.ends_with("well"), "{answer}");
    project.packaging.entryfile_path = "web/two.py:app".to_owned();
    settings(&mut project).run_app_as = Some(PythonServer::Asgi);
    project.write("requirements.txt", HUMANIZE);
    let built = project.build().unwrap();
    let answer = answers(&built);
    assert!(answer.ends_with("well"), "{answer}");
    assert!(has_package(&built, "humanize") && has_package(&built, "h11"));
}

#[test]
fn hashes_are_honoured() {
    let wrong = REQUIREMENTS.1.replace("b810", "0000");
    let Some(mut project) = project("app/main.py", &[MAIN, NAMES, ("requirements.txt", &wrong)]) else {
        return;
    };
    let error = project.error();
    assert!(
        error.starts_with("the index serves another humanize==4.13.0 than requirements.txt has the hash of"),
        "{error}"
    );
    project.write("requirements.txt", &format!("{HUMANIZE}click==8.1.8\n"));
    let error = project.error();
    assert!(
        error.contains("must have a hash") && error.contains("click"),
        "{error}"
    );
}

#[test]
fn a_package_without_a_wheel_is_named_with_the_ways_out() {
    let Some(mut project) = project(
        "app/main.py",
        &[MAIN, NAMES, ("requirements.txt", "docopt==0.6.2\n")],
    ) else {
        return;
    };
    project.platform = Platform::Arm64;
    let error = project.error();
    for part in [
        "cannot install docopt of requirements.txt for Python 3.",
        "on linux/arm64",
        "`custom-dockerfile`",
    ] {
        assert!(error.contains(part), "{error}");
    }
}
