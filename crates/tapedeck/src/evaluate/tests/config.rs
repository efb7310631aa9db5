//! Every form that a config may have.

use expect_test::expect;

use super::Project;

const CONFIG: &str = r#"({ projectName, stage, region, command, cliArgs, user }) => ({
    resources: { [projectName]: { stage, region, command, cliArgs, user } } })"#;
const EXPECTED: &str = r#"{"resources":{"shop":{"cliArgs":{"stage":"dev"},"command":"deploy","region":"local","stage":"dev","user":{"name":"ann"}}}}"#;

#[test]
fn a_function_in_javascript() {
    for (file, text) in [
        ("a.mjs", format!("export default {CONFIG};")),
        ("b.mjs", format!("export const getConfig = {CONFIG};")),
        ("c.cjs", format!("module.exports = {CONFIG};")),
        ("d.cjs", format!("exports.default = {CONFIG};")),
        ("e.cjs", format!("exports.getConfig = {CONFIG};")),
        ("f.js", format!("module.exports = {{ getConfig: {CONFIG} }};")),
        (
            "g.mjs",
            format!("export default async (input) => ({CONFIG})(input);"),
        ),
        (
            "h.mjs",
            format!("export default await Promise.resolve({CONFIG});"),
        ),
    ] {
        assert_eq!(
            Project::with_node_alone(&[(file, &text)]).config(file),
            EXPECTED,
            "{file}"
        );
    }
}

#[test]
fn an_object_in_javascript_keeps_its_order() {
    let text = "module.exports = { variables: { b: 1, a: undefined }, resources: {}, at: new Date(0) };";
    let evaluated = Project::with_node_alone(&[("stacktape.js", text)])
        .evaluate("stacktape.js")
        .unwrap();
    expect![[r#"
        {
          "variables": {
            "b": 1
          },
          "resources": {},
          "at": "1970-01-01T00:00:00.000Z"
        }"#]]
    .assert_eq(&evaluated.json);
}

#[test]
fn javascript_says_what_it_was_made_of() {
    let project = Project::with_node_alone(&[
        (
            "stacktape.mjs",
            "import { b } from './lib/b.mjs';\nimport lodash from 'lodash';\nexport default { resources: b, n: lodash };",
        ),
        (
            "lib/b.mjs",
            "import { createRequire } from 'node:module';\nexport const b = createRequire(import.meta.url)('./c');",
        ),
        ("lib/c.js", "module.exports = require(\"./d.json\");"),
        ("lib/d.json", "{}"),
        ("lib/other.js", ""),
        ("node_modules/lodash/package.json", r#"{ "main": "main.js" }"#),
        ("node_modules/lodash/main.js", "module.exports = 7;"),
    ]);
    let evaluated = project.evaluate("stacktape.mjs").unwrap();
    assert!(evaluated.json.contains("\"n\": 7"), "{}", evaluated.json);
    let expected = ["lib/b.mjs", "stacktape.mjs"].map(|path| project.path(path));
    assert_eq!(evaluated.inputs, expected);

    let project = Project::with_node_alone(&[
        (
            "stacktape.js",
            "module.exports = { resources: require('./lib/c') };",
        ),
        ("lib/c.js", "module.exports = require(\"./d.json\");"),
        ("lib/d.json", "{}"),
    ]);
    let expected = ["lib/c.js", "lib/d.json", "stacktape.js"].map(|path| project.path(path));
    assert_eq!(project.evaluate("stacktape.js").unwrap().inputs, expected);
}

#[test]
fn typescript_with_imports_aliases_and_packages() {
    let project = Project::with(&[
        (
            "stacktape.ts",
            r"import { readFileSync } from 'node:fs';
              import { join } from 'node:path';
              import { fileURLToPath } from 'node:url';
              import { names } from '@lib/names';
              import answer from 'answer';
              import old from './old.cjs';
              enum Size { small = 256 }
              const text: string = await Promise.resolve('awaited');
              export default ({ stage }: { stage: string }) => ({
                resources: { [names[0]!]: { memory: Size.small satisfies number } },
                variables: {
                  stage, text, answer, old,
                  here: readFileSync(join(__dirname, 'data.txt'), 'utf8'),
                  url: fileURLToPath(new URL('data.txt', import.meta.url)) === join(import.meta.dirname, 'data.txt'),
                },
              });",
        ),
        ("lib/names.ts", "export const names: string[] = ['worker'];"),
        (
            "old.cjs",
            "const name = 'answer'; module.exports = [require('node:path').sep, require(name)];",
        ),
        ("data.txt", "read"),
        (
            "tsconfig.json",
            r#"{ "compilerOptions": { "paths": { "@lib/*": ["./lib/*"] } } }"#,
        ),
        ("node_modules/answer/package.json", r#"{ "main": "main.js" }"#),
        ("node_modules/answer/main.js", "module.exports = 42;"),
    ]);
    let before = project.files();
    expect![[r#"{"resources":{"worker":{"memory":256}},"variables":{"answer":42,"here":"read","old":["/",42],"stage":"dev","text":"awaited","url":true}}"#]]
        .assert_eq(&project.config("stacktape.ts"));
    let inputs = project.evaluate("stacktape.ts").unwrap().inputs;
    assert_eq!(
        inputs,
        ["lib/names.ts", "old.cjs", "stacktape.ts"].map(|path| project.path(path))
    );
    assert_eq!(project.files(), before, "nothing is left in the project");
}

#[test]
fn typescript_in_commonjs() {
    let project = Project::with(&[("stacktape.cts", &format!("module.exports = {CONFIG};"))]);
    assert_eq!(project.config("stacktape.cts"), EXPECTED);
}

#[test]
fn javascript_that_imports_typescript_is_bundled() {
    let project = Project::with(&[
        (
            "a.mjs",
            "import { name } from './name.ts';\nexport default { resources: { [name]: 1 } };",
        ),
        (
            "b.js",
            "module.exports = { resources: { [require('./name').name]: 1 } };",
        ),
        // Both module systems in one file.
        (
            "c.js",
            "import { name } from './name';\nmodule.exports = { resources: { [name]: 1 } };",
        ),
        ("name.ts", "export const name: string = 'worker' as string;"),
    ]);
    for file in ["a.mjs", "b.js", "c.js"] {
        assert_eq!(project.config(file), r#"{"resources":{"worker":1}}"#, "{file}");
    }
}
