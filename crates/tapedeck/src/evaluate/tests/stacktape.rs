//! Configs written with the package `stacktape`.

use std::process::{Command, Stdio};
use std::sync::OnceLock;

use expect_test::expect;
use fs_err as fs;
use std::path::PathBuf;

use super::{Project, kept, told};

/// The version that these tests know.
const VERSION: &str = "3.7.0";

const WORKER: &str = r"
  const jobs = new SqsQueue({});
  const worker = new WorkerService({
    packaging: new StacktapeImageBuildpackPackaging({ entryfilePath: 'src/main.ts' }),
    resources: { cpu: 0.25, memory: 512 },
    connectTo: [jobs],
    environment: {
      SECRET: $Secret('key'), STAGE: `in-${$Stage()}`, ARN: jobs.arn, OTHER: $ResourceParam('jobs', 'arn'), NONE: undefined,
    },
    overrides: { EcsService: { DesiredCount: 3 } },
  });";
const NAMES: &str = "defineConfig, SqsQueue, WorkerService, StacktapeImageBuildpackPackaging, $Secret, $Stage, $ResourceParam";

/// A project with the package.
fn with_package(files: &[(&str, &str)]) -> Project {
    static MODULES: OnceLock<PathBuf> = OnceLock::new();
    let modules = MODULES.get_or_init(|| {
        let folder = kept(&format!("stacktape-{VERSION}"));
        let modules = folder.join("node_modules");
        if !modules.join(".package-lock.json").is_file() {
            fs::write(folder.join("package.json"), "{}").unwrap();
            let installed = Command::new("npm")
                .args([
                    "install",
                    "--ignore-scripts",
                    "--no-audit",
                    "--no-fund",
                    "--silent",
                ])
                .arg(format!("stacktape@{VERSION}"))
                .current_dir(&folder)
                .stdin(Stdio::null())
                .status();
            assert!(installed.unwrap().success(), "npm could not install the package");
        }
        modules
    });
    let project = Project::with(files);
    std::os::unix::fs::symlink(modules, project.path("node_modules")).unwrap();
    project
}

#[test]
fn classes_become_plain_objects() {
    let names = NAMES.replace("defineConfig, ", "");
    let config = format!(
        "({{ stage }}) => {{ {WORKER}\n return {{ resources: {{ jobs, worker }}, variables: {{ stage }} }}; }}"
    );
    let project = with_package(&[
        (
            "a.ts",
            &format!("import {{ {NAMES} }} from 'stacktape';\nexport default defineConfig({config});"),
        ),
        (
            "b.mjs",
            &format!("import {{ {NAMES} }} from 'stacktape';\nexport default defineConfig(async {config});"),
        ),
        (
            "c.cjs",
            &format!("const {{ {NAMES} }} = require('stacktape');\nmodule.exports = defineConfig({config});"),
        ),
        (
            "d.ts",
            &format!("import {{ {names} }} from 'stacktape';\nexport const getConfig = {config};"),
        ),
        (
            "e.cjs",
            &format!("const {{ {names} }} = require('stacktape');\nmodule.exports = {config};"),
        ),
    ]);
    let config = project.evaluate("a.ts").unwrap();
    expect![[r#"
        {
          "resources": {
            "jobs": {
              "type": "sqs-queue",
              "properties": {}
            },
            "worker": {
              "type": "worker-service",
              "properties": {
                "packaging": {
                  "type": "stacktape-image-buildpack",
                  "properties": {
                    "entryfilePath": "src/main.ts"
                  }
                },
                "resources": {
                  "cpu": 0.25,
                  "memory": 512
                },
                "connectTo": [
                  "jobs"
                ],
                "environment": [
                  {
                    "name": "SECRET",
                    "value": "$Secret('key')"
                  },
                  {
                    "name": "STAGE",
                    "value": "$Format('in-{}', $Stage())"
                  },
                  {
                    "name": "ARN",
                    "value": "$ResourceParam('jobs', 'arn')"
                  },
                  {
                    "name": "OTHER",
                    "value": "$ResourceParam('jobs','arn')"
                  },
                  {
                    "name": "NONE"
                  }
                ]
              },
              "overrides": {
                "EcsService": {
                  "DesiredCount": 3
                }
              }
            }
          },
          "variables": {
            "stage": "dev"
          }
        }"#]]
    .assert_eq(&config.json);
    assert_eq!(config.inputs, [project.path("a.ts")]);
    for file in ["b.mjs", "c.cjs", "d.ts", "e.cjs"] {
        assert_eq!(project.evaluate(file).unwrap().json, config.json, "{file}");
    }
}

#[test]
fn mistakes_have_their_place_in_the_config() {
    let project = with_package(&[
        (
            "name.ts",
            "import { defineConfig, SqsQueue } from 'stacktape';\n\nexport default defineConfig(() => ({\n  resources: { a: { name: `${new SqsQueue({}).arn}` } } }));",
        ),
        (
            "class.ts",
            "import { defineConfig, Sqs } from 'stacktape';\nexport default defineConfig(() => ({ resources: { a: new Sqs() } }));",
        ),
        (
            "transforms.ts",
            "import { defineConfig, SqsQueue } from 'stacktape';\nexport default defineConfig(() => ({ resources: { a: new SqsQueue({ transforms: { Queue: (x) => x } }) } }));",
        ),
        (
            "async.cjs",
            "const { defineConfig } = require('stacktape');\nmodule.exports = defineConfig(async () => ({ resources: {} }));",
        ),
    ]);
    expect!["name.ts failed at name.ts:4:47: Resource name not set. Make sure to add the resource to the resources object in your config. The resource name is automatically derived from the object key."].assert_eq(&told(&project.config_error("name.ts")));
    expect![
        "class.ts failed at class.ts:2:58: the installed version of the package `stacktape` has no `Sqs`"
    ]
    .assert_eq(&told(&project.config_error("class.ts")));
    expect![[r#"
        the result of transforms.ts cannot be used: `resources.a.transforms.Queue` is a function
        help: a config is data: call the function, or leave it out"#]]
    .assert_eq(&told(&project.config_error("transforms.ts")));
    expect![[r#"
        the result of async.cjs cannot be used: it is an empty object
        help: export a config; `defineConfig` makes none of an async function: await at the top of the file instead"#]].assert_eq(&told(&project.config_error("async.cjs")));
}

#[test]
fn without_the_package_define_config_works_and_the_rest_says_what_is_missing() {
    let project = Project::with(&[
        (
            "a.ts",
            "import { defineConfig, type StacktapeConfig } from 'stacktape';\nexport default defineConfig(({ stage }): StacktapeConfig => ({ resources: { [stage]: 1 } }));",
        ),
        (
            "b.mjs",
            "import { defineConfig } from 'stacktape';\nexport default defineConfig(async () => ({ resources: {} }));",
        ),
        (
            "c.ts",
            "import { defineConfig, WorkerService } from 'stacktape';\n\nexport default defineConfig(() => ({ resources: { a: new WorkerService({}) } }));",
        ),
    ]);
    assert_eq!(project.config("a.ts"), r#"{"resources":{"dev":1}}"#);
    assert_eq!(project.config("b.mjs"), r#"{"resources":{}}"#);
    expect!["c.ts failed at c.ts:3:58: `WorkerService` is of the package `stacktape`, which is not installed: run `npm install --save-dev stacktape`"].assert_eq(&told(&project.config_error("c.ts")));
}
