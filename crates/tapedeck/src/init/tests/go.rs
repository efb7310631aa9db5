//! Go.

use expect_test::expect;

use super::check;

const MAIN: &str = "package main\n\nfunc main() {}\n";

#[test]
fn the_program_of_a_module_is_named_after_it() {
    check(
        &[
            ("go.mod", "module example.com/acme/mail-worker/v2\n\ngo 1.24\n"),
            ("main.go", MAIN),
        ],
        expect![[r#"
            mail-worker: main.go (Go, with `func main`)
        "#]],
    );
    check(
        &[("main.go", MAIN)],
        expect![[r#"
        -: main.go (Go, with `func main`)
    "#]],
    );
}

#[test]
fn programs_below_cmd_are_named_after_their_folders() {
    check(
        &[
            ("go.mod", "module acme\n"),
            ("cmd/mailer/main.go", MAIN),
            ("cmd/printer/run.go", MAIN),
            ("cmd/printer/flags.go", "package main\n"),
            ("internal/queue/queue.go", "package queue\n\nfunc main() {}\n"),
            ("tools/gen/main.go", MAIN),
        ],
        expect![[r#"
            mailer: cmd/mailer/main.go (Go, with `func main`)
            printer: cmd/printer/run.go (Go, with `func main`)
            gen: tools/gen/main.go (Go, with `func main`)
        "#]],
    );
}

#[test]
fn what_is_no_program_is_left_out() {
    check(
        &[
            ("go.mod", "module acme\n"),
            ("library.go", "package acme\n"),
            ("main_test.go", MAIN),
            ("gen.go", "//go:build ignore\n\npackage main\n\nfunc main() {}\n"),
            (
                "cmd/none/main.go",
                "package main // nothing\n\nfunc helper() {}\n",
            ),
        ],
        expect![[""]],
    );
}

#[test]
fn main_go_stands_for_its_folder() {
    check(
        &[
            ("go.mod", "module acme\n"),
            ("a.go", "package main // the program\n\nfunc main() {}\n"),
            ("main.go", MAIN),
        ],
        expect![[r#"
            acme: main.go (Go, with `func main`)
        "#]],
    );
}
