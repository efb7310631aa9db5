//! Functions behind directives.

use serde_json::json;

use super::{Project, told};

#[test]
fn javascript_in_both_module_systems() {
    let project = Project::with(&[
        (
            "a.mjs",
            "export default (x, y) => [x, y];\nexport const later = async (x) => ({ x });\nexport const fixed = { a: [null] };",
        ),
        (
            "b.js",
            "module.exports = (x) => x + 'b';\nmodule.exports.named = () => 'named';",
        ),
        (
            "c.cjs",
            "exports.default = () => 'c';\nexports.other = function () { return false; };",
        ),
        ("d.mjs", "export default Promise.resolve(4);"),
    ]);
    let functions = [
        "a.mjs",
        "a.mjs:later",
        "a.mjs:fixed",
        "b.js",
        "b.js:named",
        "c.cjs",
        "c.cjs:other",
        "d.mjs",
    ];
    let results: Vec<_> = project.call(&functions).into_iter().map(Result::unwrap).collect();
    let expected = json!([["a", 1], { "x": "a" }, { "a": [null] }, "ab", "named", "c", false, 4]);
    assert_eq!(json!(results), expected);
}

#[test]
fn one_process_loads_a_file_once() {
    let count = "let calls = 0;\nexport default () => ++calls;\nexport const pid = () => process.pid;";
    let project = Project::with(&[("a.mjs", count), ("b.ts", count)]);
    let results: Vec<_> = project
        .call(&["a.mjs", "b.ts", "a.mjs:pid", "a.mjs", "b.ts:pid", "b.ts"])
        .into_iter()
        .map(|result| result.unwrap_or_else(|error| panic!("{}", told(&error))))
        .collect();
    assert_eq!(
        json!([results[0], results[1], results[3], results[5]]),
        json!([1, 1, 2, 2])
    );
    assert_eq!(results[2], results[4]);
}

#[test]
fn python_with_modules_of_its_own_and_coroutines() {
    let project = Project::with(&[
        (
            "code/a.py",
            "from names import name\nfixed = {'a': (1, None)}\ndef main(x, y):\n    return {name: [x, y, 1.5, True]}\n\
             async def later(x, _):\n    return x\n",
        ),
        ("code/names.py", "name = 'näme'\n"),
        (
            "b.py",
            "import os, sys\ndef main(*rest):\n    return [os.getcwd(), sys.argv, len(rest)]\n",
        ),
    ]);
    let before = project.files();
    assert_eq!(project.value("code/a.py"), json!({ "näme": ["a", 1, 1.5, true] }));
    assert_eq!(project.value("code/a.py:later"), json!("a"));
    assert_eq!(project.value("code/a.py:fixed"), json!({ "a": [1, null] }));
    assert_eq!(
        project.value("b.py"),
        json!([project.root(), [project.path("b.py")], 2])
    );
    assert_eq!(project.files(), before, "no compiled files are left");
}

#[test]
fn languages_and_failures_mix() {
    let project = Project::with(&[
        (
            "a.mjs",
            "export default () => { throw new Error('no'); };\nexport const b = () => 'b';",
        ),
        ("c.py", "def main(x, y):\n    return y\n"),
        ("d.ts", "let x: = 1;"),
        ("e.ts", "export default (x: string): string => x;"),
    ]);
    let results = project.call(&["d.ts", "c.py", "a.mjs", "gone.js", "e.ts", "a.mjs:b", "f.go"]);
    let seen: Vec<_> = results
        .into_iter()
        .map(|result| result.map_or_else(|error| json!(error.subject().to_string()), |value| json!([value])))
        .collect();
    assert_eq!(
        json!(seen),
        json!(["d.ts", [1], "a.mjs", "gone.js", ["a"], ["b"], "f.go"])
    );
}
