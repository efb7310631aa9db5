//! Files that somebody names.

use super::super::candidate::{App, Interface, Language, Packaging};
use super::super::detect::{Unusable, named};
use super::project;

fn language_of(path: &str) -> Option<Language> {
    named(path, "", &project(&[])).unwrap().packaging.language()
}

#[test]
fn the_extension_tells_the_language() {
    for (path, language) in [
        ("a.ts", Language::TypeScript),
        ("a/b.test.mts", Language::TypeScript),
        ("a.cjs", Language::JavaScript),
        ("a.py", Language::Python),
        ("a.go", Language::Go),
        ("A.java", Language::Java),
        ("a.rb", Language::Ruby),
        ("a.php", Language::Php),
        ("A.cs", Language::CSharp),
    ] {
        assert_eq!(language_of(path), Some(language), "{path}");
    }
    assert_eq!(language_of("docker/worker.Dockerfile"), None);
    for path in ["main.rs", "Makefile", ".ts", "ts"] {
        let refused = named(path, "", &project(&[])).unwrap_err();
        assert_eq!(refused, Unusable::UnknownLanguage(path.to_string()));
    }
}

#[test]
fn a_file_is_named_after_its_package() {
    let seen = project(&[
        ("apps/mailer/package.json", r#"{ "name": "@shop/mailer" }"#),
        ("go.mod", "module example.com/post"),
    ]);
    let name = |path| named(path, "", &seen).unwrap().name;
    assert_eq!(name("apps/mailer/src/jobs/daily.ts").as_deref(), Some("mailer"));
    assert_eq!(name("cmd/sort/main.go").as_deref(), Some("sort"));
    assert_eq!(name("main.go").as_deref(), Some("post"));
    assert_eq!(name("loose.ts"), None);
}

#[test]
fn an_app_has_an_interface() {
    let text = "api = FastAPI()\nadmin = Flask(__name__)\n";
    let app = |given| named(given, text, &project(&[])).map(|found| found.packaging);
    let expected = |variable: &str, interface| Packaging::Buildpack {
        file: "main.py".to_string(),
        language: Language::Python,
        app: Some(App {
            variable: variable.to_string(),
            interface,
        }),
    };
    assert_eq!(app("main.py:api"), Ok(expected("api", Interface::Asgi)));
    assert_eq!(app("main.py:admin"), Ok(expected("admin", Interface::Wsgi)));
    let message = app("main.py:other").unwrap_err().to_string();
    assert_eq!(
        message,
        "could not tell whether `other` of main.py is an ASGI or a WSGI app"
    );
    let message = app("main.ts:app").unwrap_err().to_string();
    assert_eq!(
        message,
        "`main.ts:app` names an app in TypeScript, and only Python has those"
    );
}
