//! Projects of several languages, and of none.

use expect_test::expect;

use super::check;

#[test]
fn what_is_started_goes_before_what_has_a_usual_name() {
    check(
        &[
            ("package.json", r#"{ "scripts": { "start": "node worker.js" } }"#),
            ("worker.js", ""),
            ("main.py", ""),
            ("go.mod", "module acme"),
            ("tools/gen.go", "package main\n\nfunc main() {}\n"),
        ],
        expect![[r#"
            -: worker.js (JavaScript, named by `scripts.start` of package.json)
            -: main.py (Python, by its usual name)
            tools: tools/gen.go (Go, with `func main`)
        "#]],
    );
}

#[test]
fn tools_beside_a_project_are_not_its_program() {
    check(
        &[
            ("package.json", r#"{ "devDependencies": { "prettier": "3" } }"#),
            ("requirements.txt", ""),
            ("src/main.py", ""),
        ],
        expect![[r#"
            -: src/main.py (Python, by its usual name)
        "#]],
    );
}

#[test]
fn nothing_is_found_in_what_is_no_project() {
    check(&[], expect![[""]]);
    check(
        &[
            ("README.md", ""),
            ("Cargo.toml", ""),
            ("src/main.rs", ""),
            ("src/lib.py.txt", ""),
        ],
        expect![[""]],
    );
}
