//! Python.

use expect_test::expect;

use super::check;

#[test]
fn files_of_the_usual_names_are_found() {
    check(
        &[
            ("requirements.txt", "requests"),
            ("main.py", "print('hello')"),
            ("src/worker.py", ""),
            ("helpers.py", ""),
            ("test_main.py", "app = FastAPI()"),
        ],
        expect![[r#"
            -: main.py (Python, by its usual name)
            -: src/worker.py (Python, by its usual name)
        "#]],
    );
    check(
        &[("worker.py", "")],
        expect![[r#"
        -: worker.py (Python, by its usual name)
    "#]],
    );
}

#[test]
fn apps_of_web_frameworks_are_recognised() {
    check(
        &[
            (
                "pyproject.toml",
                "[project]\nname = \"shop-api\"\nversion = \"1\"\n",
            ),
            (
                "main.py",
                "from fastapi import FastAPI\n\napp = FastAPI(title=\"shop\")\n",
            ),
            (
                "admin/web.py",
                "import flask\nserver: flask.Flask = flask.Flask(__name__)\n",
            ),
        ],
        expect![[r#"
            shop-api: main.py:app (Python, with an ASGI app)
            shop-api: admin/web.py:server (Python, with a WSGI app)
        "#]],
    );
    check(
        &[
            ("manage.py", "import django"),
            ("shop/asgi.py", "application = get_asgi_application()"),
            ("shop/wsgi.py", "application = get_wsgi_application()"),
        ],
        expect![[r#"
            -: shop/asgi.py:application (Python, with an ASGI app)
            -: shop/wsgi.py:application (Python, with a WSGI app)
        "#]],
    );
}

#[test]
fn what_only_looks_like_an_app_is_none() {
    check(
        &[(
            "main.py",
            "# app = FastAPI()\n    app = FastAPI()\nif app == Flask(x): pass\nx['a'] = Flask(n)\nFlask(a=1)\nprint('= Flask(')\n",
        )],
        expect![[r#"
            -: main.py (Python, by its usual name)
        "#]],
    );
}

#[test]
fn scripts_of_a_project_lead_to_their_files() {
    check(
        &[
            (
                "pyproject.toml",
                "[project]\nname = \"mail-worker\"\n\n[project.scripts]\n# what to start\nmail = \"mail.run:main\"\n\
                 \"print\" = 'printer.cli:main'\nnone = \"other:main\"\nwrong = 5\n\n[tool.other]\nx = \"mail.x:main\"\n",
            ),
            ("src/mail/__init__.py", ""),
            ("src/mail/run.py", ""),
            ("src/mail/x.py", ""),
            ("printer/__main__.py", ""),
            ("printer/cli.py", ""),
        ],
        expect![[r#"
            mail-worker: src/mail/run.py (Python, named by script `mail` of pyproject.toml)
            mail-worker: printer/__main__.py (Python, named by script `print` of pyproject.toml)
        "#]],
    );
    check(
        &[
            (
                "pyproject.toml",
                "[tool.poetry]\nname = 'old'\n[tool.poetry.scripts]\nold = \"old:run\"\n",
            ),
            ("old/__init__.py", ""),
        ],
        expect![[r#"
            old: old/__init__.py (Python, named by script `old` of pyproject.toml)
        "#]],
    );
}

#[test]
fn packages_that_can_be_run_are_found() {
    check(
        &[
            ("mail/__main__.py", ""),
            ("src/printer/__main__.py", ""),
            ("mail/inner/deep/__main__.py", ""),
            ("__main__.py", ""),
        ],
        expect![[r#"
            -: mail/__main__.py (Python, a package that can be run)
            -: src/printer/__main__.py (Python, a package that can be run)
        "#]],
    );
}

#[test]
fn projects_in_a_repository_have_names_of_their_own() {
    check(
        &[
            ("services/mailer/pyproject.toml", "[project]\nname = \"post\"\n"),
            ("services/mailer/main.py", ""),
            ("services/printer/requirements.txt", ""),
            ("services/printer/main.py", "app = Flask(__name__)\n"),
        ],
        expect![[r#"
            post: services/mailer/main.py (Python, by its usual name)
            printer: services/printer/main.py:app (Python, with a WSGI app)
        "#]],
    );
}
