//! Lists of packages, in the files of every package manager.

use std::path::Path;

use crate::python::PythonError;
use crate::python::pure::{
    Attempt, PipfileLock, PoetryLock, Requirements, explain, for_image, index_settings, record,
};

fn lines(list: &Requirements) -> Vec<String> {
    list.to_text().lines().map(str::to_owned).collect()
}

#[test]
fn a_list_of_requirements_is_read_as_pip_reads_it() {
    let list = Requirements::parse(
        "# ours\n--extra-index-url https://example.com/simple\nFoo_Bar.baz[x]==1.0 ; python_version < '4'  # why\n\
         six==1.16.0 \\\n    --hash=sha256:bb \\\n    --hash=sha256:aa\n-e .\n./lib\n\
         git+https://example.com/a/b@v1#egg=Some_Egg\nthing @ https://example.com/thing-1-py3-none-any.whl\n",
    );
    let names: Vec<&str> = list
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    assert_eq!(names, ["foo-bar-baz", "six", "some-egg", "thing"]);
    assert_eq!(list.folders, [".", "./lib"]);
    assert_eq!(
        lines(&list),
        [
            "--extra-index-url https://example.com/simple",
            "Foo_Bar.baz[x]==1.0 ; python_version < '4'",
            "git+https://example.com/a/b@v1#egg=Some_Egg",
            "six==1.16.0 --hash=sha256:aa --hash=sha256:bb",
            "thing @ https://example.com/thing-1-py3-none-any.whl",
        ]
    );
    assert!(list.has_hashes() && !list.has_all_hashes());
}

#[test]
fn a_lock_of_pipenv_gives_what_runs_and_nothing_else() {
    let lock: PipfileLock = serde_json::from_str(
        r#"{
            "_meta": { "sources": [
                { "name": "pypi", "url": "https://pypi.example/simple" },
                { "name": "ours", "url": "https://example.com/simple" }
            ] },
            "default": {
                "humanize": { "hashes": ["sha256:aa"], "markers": "python_version >= '3.9'", "version": "==4.13.0" },
                "tool": { "git": "https://example.com/tool", "ref": "abc" },
                "mine": { "path": "./mine", "editable": true }
            },
            "develop": { "pytest": { "version": "==8.0.0" } }
        }"#,
    )
    .unwrap();
    let list = lock.requirements();
    assert_eq!(
        lines(&list),
        [
            "--extra-index-url https://example.com/simple",
            "humanize==4.13.0 ; python_version >= '3.9' --hash=sha256:aa",
            "tool @ git+https://example.com/tool@abc",
        ]
    );
    assert_eq!(list.folders, ["./mine"]);
}

const MANIFEST: &str = "[tool.poetry.dependencies]\npython = '^3.9'\nApp-Lib = '^1'\n\
                        old = { version = '1', python = '<3.10' }\nspare = { version = '1', optional = true }\n\
                        server = { version = '1', extras = ['fast'], markers = \"sys_platform == 'linux'\" }\n";

fn poetry(lock: &str, line: (u16, u16)) -> Result<Vec<String>, String> {
    let lock: PoetryLock = toml::from_str(lock).unwrap();
    let list = lock.requirements(&toml::from_str(MANIFEST).unwrap(), line)?;
    Ok(lines(&list))
}

#[test]
fn a_lock_of_poetry_2_says_itself_what_runs() {
    let lock = "[[package]]\nname = 'App_Lib'\nversion = '1.2'\noptional = false\ngroups = ['main', 'dev']\n\
                markers = { main = \"python_version < '4'\", dev = 'os_name' }\nfiles = [\n\
                {file = 'a.whl', hash = 'sha256:aa'},\n]\n\
                [[package]]\nname = 'pytest'\nversion = '8'\noptional = false\ngroups = ['dev']\nfiles = []\n\
                [[package]]\nname = 'spare'\nversion = '1'\noptional = true\ngroups = ['main']\nfiles = []\n";
    assert_eq!(
        poetry(lock, (3, 11)).unwrap(),
        ["app-lib==1.2 ; python_version < '4' --hash=sha256:aa"]
    );
}

#[test]
fn an_older_lock_of_poetry_is_followed_from_the_manifest() {
    let package = |name: &str, more: &str| {
        format!("[[package]]\nname = '{name}'\nversion = '1'\noptional = false\nfiles = []\n{more}\n")
    };
    let lock = [
        package("app-lib", "[package.dependencies]\nDeep = { version = '*', markers = \"python_version < '4'\" }"),
        package("deep", "[package.dependencies]\napp-lib = '*'\nshared = '*'"),
        package("shared", ""),
        package("old", ""),
        package("spare", ""),
        package("pytest", ""),
        package(
            "server",
            "[package.dependencies]\nshared = '*'\nquick = { version = '*', optional = true, markers = \"extra == 'fast'\" }\n\
             other = { version = '*', optional = true }\n[package.extras]\nfast = ['quick (>=1)']",
        ),
        package("quick", ""),
    ]
    .concat();
    assert_eq!(
        poetry(&lock, (3, 11)).unwrap(),
        [
            "app-lib==1",
            "deep==1 ; (python_version < '4')",
            "quick==1 ; (sys_platform == 'linux')",
            "server==1 ; (sys_platform == 'linux')",
            "shared==1 ; (python_version < '4') or (sys_platform == 'linux')",
        ]
    );
    assert!(poetry(&lock, (3, 9)).unwrap().contains(&"old==1".to_owned()));
    let lock = lock.replace("name = 'quick'", "name = 'slow'");
    assert_eq!(poetry(&lock, (3, 11)), Err("quick".to_owned()));
}

#[test]
fn nothing_of_this_machine_is_in_scripts_and_records() {
    let script = |text: &str| String::from_utf8(for_image(text.into())).unwrap();
    let expected = "#!/opt/venv/bin/python3\nimport sys\n";
    assert_eq!(script("#!/usr/local/bin/python3.11\nimport sys\n"), expected);
    assert_eq!(
        script("#!/bin/sh\n'''exec' '/a/very/long path/python' \"$0\" \"$@\"\n' '''\nimport sys\n"),
        expected
    );
    assert_eq!(script("#!/bin/bash\nls\n"), "#!/bin/bash\nls\n");
    assert_eq!(
        record(
            "x/b.py,sha256=b,1\nbin/x,sha256=c,2\nx-1.dist-info/INSTALLER,sha256=d,2\nx/a.py,sha256=a,1\n"
        ),
        "../../../bin/x,,\nx/a.py,sha256=a,1\nx/b.py,sha256=b,1\n"
    );
}

#[test]
fn settings_of_pip_are_read_from_its_files() {
    let text = "[global]\n# ours\nindex-url = https://a.example/simple?x=1\nextra_index_url =\n    https://b.example\n    \
                https://c.example\n[list]\nindex-url = https://no.example\n[install]\ncert: /etc/ca.pem\n";
    let settings = index_settings(text);
    assert_eq!(settings["index-url"], "https://a.example/simple?x=1");
    assert_eq!(settings["extra-index-url"], "https://b.example https://c.example");
    assert_eq!(settings["cert"], "/etc/ca.pem");
}

#[test]
fn what_the_installer_says_becomes_an_error_with_a_way_out() {
    let attempt = Attempt {
        file: Path::new("requirements.txt"),
        python: "3.11",
        platform: "arm64",
    };
    let error = explain(
        "error: No solution found when resolving dependencies\n  cause: Because docopt==0.6.2 has no usable wheels and \
         you require docopt==0.6.2, we can conclude that your requirements are unsatisfiable.\n\nhint: Wheels are \
         required for `docopt` because building from source is disabled for all packages (i.e., with `--no-build`)",
        attempt,
    );
    let text = error.to_string();
    assert!(
        text.starts_with(
            "cannot install docopt of requirements.txt for Python 3.11 on linux/arm64: it has no wheel"
        ),
        "{text}"
    );
    assert!(text.contains("`custom-dockerfile`"), "{text}");
    let error = explain(
        "error: Failed to download `six==1`\n  cause: Hash mismatch for `six==1`\n",
        attempt,
    );
    assert!(
        matches!(&error, PythonError::HashMismatch { package, .. } if package == "six==1"),
        "{error}"
    );
    let error = explain("error: Failed to fetch: http://a/\n  cause: dns error", attempt);
    assert!(matches!(error, PythonError::Unreachable { .. }) && error.is_of_surroundings());
    let error = explain("error: because there is no version of six==99", attempt);
    assert!(matches!(error, PythonError::Install { .. }) && !error.is_of_surroundings());
}
