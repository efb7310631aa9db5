//! What people are told when their code does not work.

use expect_test::{Expect, expect};

use super::{Project, told};
use crate::evaluate::{EvaluateError, Place};
use crate::exit::ExitKind;

fn check(error: &EvaluateError, expected: &Expect) {
    expected.assert_eq(&told(error));
}

#[test]
fn a_thrown_error_has_its_place_in_the_source() {
    let project = Project::with(&[
        (
            "stacktape.ts",
            "import { size } from './lib/size';\n\nexport default () => ({ resources: size({} as any) });",
        ),
        (
            "lib/size.ts",
            "interface Named { name?: { length: number } }\n\nexport const size = (of: Named) => {\n  return of.name!.length;\n};",
        ),
        (
            "plain.mjs",
            "\nexport default () => {\n  throw new RangeError('too far', { cause: new Error('the road ends') });\n};",
        ),
        ("text.cjs", "module.exports = () => { throw 'a text'; };"),
        ("early.cjs", "null.x;"),
        (
            "late.mjs",
            "export default () => new Promise(() => setTimeout(() => { throw new Error('late'); }));",
        ),
    ]);
    let error = project.config_error("stacktape.ts");
    let place = Place {
        file: "lib/size.ts".into(),
        line: 4,
        column: Some(19),
    };
    assert_eq!(error.place(), Some(&place));
    check(
        &error,
        &expect![
            "stacktape.ts failed at lib/size.ts:4:19: TypeError: Cannot read properties of undefined (reading 'length')"
        ],
    );
    check(
        &project.error("plain.mjs"),
        &expect!["plain.mjs failed at plain.mjs:3:9: RangeError: too far: the road ends"],
    );
    check(&project.error("text.cjs"), &expect!["text.cjs failed: a text"]);
    check(
        &project.error("early.cjs:x"),
        &expect![
            "`x` of early.cjs failed at early.cjs:1:6: TypeError: Cannot read properties of null (reading 'x')"
        ],
    );
    check(
        &project.error("late.mjs"),
        &expect!["late.mjs failed at late.mjs:1:65: late"],
    );
    assert_eq!(error.kind(), ExitKind::Usage);
}

#[test]
fn mistakes_in_the_source_have_their_place() {
    let project = Project::with(&[
        ("syntax.ts", "let a = 1;\nlet b = (2;\n"),
        ("plain.mjs", "let a = 1;\nlet b = (2;\n"),
        (
            "import.ts",
            "import zod from 'zodd';\nimport './lib/gone';\nzod();",
        ),
        ("plain-import.mjs", "import zod from 'zodd';\nzod();"),
    ]);
    check(
        &project.config_error("syntax.ts"),
        &expect![[r#"could not read syntax.ts: syntax.ts:2:11: Expected ")" but found ";""#]],
    );
    check(
        &project.config_error("plain.mjs"),
        &expect![[r#"could not read plain.mjs: plain.mjs:2:11: Expected ")" but found ";""#]],
    );
    check(
        &project.config_error("import.ts"),
        &expect![[r#"
            could not read import.ts
            import.ts:1:17: Could not resolve "zodd"
            import.ts:2:8: Could not resolve "./lib/gone"
            help: if `zodd` is a package, install it: `npm install --save-dev zodd`"#]],
    );
    check(
        &project.config_error("plain-import.mjs"),
        &expect![[r#"
            could not read plain-import.mjs: plain-import.mjs:1:17: Could not resolve "zodd"
            help: if `zodd` is a package, install it: `npm install --save-dev zodd`"#]],
    );
}

#[test]
fn without_a_bundler_there_is_what_node_says() {
    let mut project =
        Project::with_node_alone(&[("plain.mjs", "let b = (2;\n"), ("a.ts", "export default 1")]);
    let cache = tempfile::tempdir().unwrap();
    project.cache = cache.path().to_owned();
    check(
        &project.config_error("plain.mjs"),
        &expect!["could not load plain.mjs: SyntaxError: Unexpected token ';'"],
    );
    let error = project.config_error("a.ts");
    check(&error, &expect!["could not make one program of a.ts"]);
    assert_eq!(error.kind(), ExitKind::Environment);
}

#[test]
fn a_result_that_is_no_json_is_told_with_its_path() {
    let project = Project::with(&[(
        "a.mjs",
        "const own = { list: [] }; own.list.push({ own });\n\
         export const nothing = () => {};\n\
         export const code = () => ({ 'a b': [1, { run() {} }] });\n\
         export const big = () => ({ cpu: 1n });\n\
         export const circle = () => own;\n\
         export const hole = () => [1, undefined];\n\
         export const map = () => ({ a: new Map() });\n\
         export const not = () => ({ a: 0 / 0 });\n\
         export const later = () => ({ a: Promise.resolve(1) });\n\
         export const deep = () => { let v = 1; for (let i = 0; i < 200; i++) v = [v]; return v; };\n\
         export const large = () => 'x'.repeat(9 << 20);\n\
         export const bomb = () => { let v = ['x']; for (let i = 0; i < 60; i++) v = [v, v]; return v; };\n\
         export const getter = () => ({ get a() { throw new Error('not now'); } });",
    )]);
    let names = [
        "nothing", "code", "big", "circle", "hole", "map", "not", "later", "deep", "large", "bomb", "getter",
    ];
    let calls: Vec<String> = names.iter().map(|name| format!("a.mjs:{name}")).collect();
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    let errors: Vec<String> = project
        .call(&calls)
        .into_iter()
        .map(|result| told(&result.unwrap_err()))
        .collect();
    expect![[r#"
        the result of `nothing` of a.mjs cannot be used: it is undefined
        the result of `code` of a.mjs cannot be used: `["a b"][1].run` is a function
        help: a config is data: call the function, or leave it out
        the result of `big` of a.mjs cannot be used: `cpu` is a BigInt: give it as a number or a string
        the result of `circle` of a.mjs cannot be used: `list[0].own` is circular: it is a part of itself
        the result of `hole` of a.mjs cannot be used: `[1]` is undefined
        the result of `map` of a.mjs cannot be used: `a` is of type Map, which JSON cannot express
        the result of `not` of a.mjs cannot be used: `a` is NaN, which JSON cannot express
        the result of `later` of a.mjs cannot be used: `a` is a promise: `await` it
        the result of `deep` of a.mjs cannot be used: `[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][…` is nested more than 100 levels deep
        the result of `large` of a.mjs has more than 8 MiB
        help: name large files in the config instead of reading them into it
        the result of `bomb` of a.mjs has more than 8 MiB
        help: name large files in the config instead of reading them into it
        `getter` of a.mjs failed at a.mjs:13:48: not now"#]].assert_eq(&errors.join("\n"));
}

#[test]
fn a_config_that_is_no_object_is_told() {
    let project = Project::with(&[
        ("list.mjs", "export default [];"),
        ("none.mjs", "export default () => undefined;"),
        ("empty.cjs", ""),
        (
            "function.mjs",
            "export default { resources: {}, transforms: { a: (x) => x } };",
        ),
        ("missing.mjs", "export const config = {}, other = 1;"),
    ]);
    check(
        &project.config_error("list.mjs"),
        &expect!["the result of list.mjs cannot be used: it is an array, not an object"],
    );
    check(
        &project.config_error("none.mjs"),
        &expect!["the result of none.mjs cannot be used: it is of type undefined, not an object"],
    );
    check(
        &project.config_error("empty.cjs"),
        &expect![[r#"
            the result of empty.cjs cannot be used: it is an empty object
            help: export a config; `defineConfig` makes none of an async function: await at the top of the file instead"#]],
    );
    check(
        &project.config_error("function.mjs"),
        &expect![[r#"
        the result of function.mjs cannot be used: `transforms.a` is a function
        help: a config is data: call the function, or leave it out"#]],
    );
    check(
        &project.config_error("missing.mjs"),
        &expect![[r#"
        missing.mjs exports no config: neither by default nor as `getConfig`
        help: the file exports `config`, `other`"#]],
    );
}

#[test]
fn a_missing_function_lists_those_there_are() {
    let project = Project::with(&[
        ("a.mjs", "export default 1;\nexport const one = 1, two = 2;"),
        ("b.mjs", "export const one = 1;"),
        ("c.mjs", ""),
        ("d.py", "import os\nfrom os.path import join\ndef one(): pass\n"),
    ]);
    check(
        &project.error("a.mjs:three"),
        &expect![[r#"
        a.mjs exports no `three`
        help: the file exports `default`, `one`, `two`"#]],
    );
    check(
        &project.error("b.mjs"),
        &expect![[r#"
        b.mjs exports no function by default
        help: the file exports `one`"#]],
    );
    check(
        &project.error("c.mjs:x"),
        &expect![[r#"
        c.mjs exports no `x`
        help: the file exports nothing"#]],
    );
    check(
        &project.error("d.py"),
        &expect![[r#"
        d.py exports no `main`
        help: the file exports `one`"#]],
    );
    check(
        &project.error("d.py:two"),
        &expect![[r#"
        d.py exports no `two`
        help: the file exports `one`"#]],
    );
}

#[test]
fn python_failures() {
    let project = Project::with(&[
        (
            "a.py",
            "def inner(x):\n    return x['b']\ndef main(x, y):\n    return inner({})\n",
        ),
        ("b.py", "def main(x, y)\n    return 1\n"),
        ("c.py", "import nowhere\n"),
        ("d.py", "import sys\ndef main(x, y):\n    sys.exit(3)\n"),
        ("e.py", "def main(x, y):\n    return {'a': [1, {2, 3}]}\n"),
        ("f.py", "def main(x, y):\n    return {'a': {1: 2}}\n"),
        ("g.py", "def main(x, y):\n    return 'x' * (9 << 20)\n"),
        ("h.py", "def main(x, y):\n    return [2 ** 70]\n"),
        ("i.py", "def main(x):\n    return x\n"),
    ]);
    let files: Vec<String> = ["a", "b", "c", "d", "e", "f", "g", "h", "i"]
        .map(|name| format!("{name}.py"))
        .to_vec();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let errors: Vec<String> = project
        .call(&files)
        .into_iter()
        .map(|result| told(&result.unwrap_err()))
        .collect();
    expect![[r#"
        a.py failed at a.py:2:12: KeyError: 'b'
        b.py failed at b.py:1:15: SyntaxError: expected ':'
        c.py failed at c.py:1:1: ModuleNotFoundError: No module named 'nowhere'
        d.py failed at d.py:3:5: SystemExit: 3
        the result of e.py cannot be used: `a[1]` is of type set, which JSON cannot express
        the result of f.py cannot be used: `a` has the key 1, which is not a string
        the result of g.py has more than 8 MiB
        help: name large files in the config instead of reading them into it
        the result of h.py cannot be used: `[0]` is a number of more than 64 bits: give it as a string
        i.py failed: TypeError: main() takes 1 positional argument but 2 were given"#]]
    .assert_eq(&errors.join("\n"));
}

#[test]
fn what_is_not_there_is_named() {
    let mut project = Project::with(&[("a.js", ""), ("b.py", ""), ("c.go", ""), ("stacktape.py", "")]);
    check(
        &project.error("gone.ts:x"),
        &expect![[r#"
        there is no file gone.ts
        help: paths start at the folder of the config"#]],
    );
    check(
        &project.error("c.go"),
        &expect![
            "could not run c.go: code has to end in .js, .mjs, .cjs, .ts, .mts, .cts, .jsx, .tsx or .py"
        ],
    );
    check(
        &project.config_error("stacktape.py"),
        &expect![
            "could not run stacktape.py: code has to end in .js, .mjs, .cjs, .ts, .mts, .cts, .jsx or .tsx"
        ],
    );
    project.search_path = "/nowhere".into();
    for (file, expected) in [
        (
            "a.js",
            expect![[r#"
        could not run a.js: there is no `node` in PATH
        help: install `node`, on Debian with `apt install nodejs`"#]],
        ),
        (
            "b.py",
            expect![[r#"
        could not run b.py: there is no `python3` in PATH
        help: install `python3`, on Debian with `apt install python3`"#]],
        ),
    ] {
        let error = project.error(file);
        check(&error, &expected);
        assert_eq!(error.kind().code(), 3);
    }
}
