//! An emulator with a Docker, and a project to deploy to it.

use std::path::Path;
use std::process::Command;

use fs_err as fs;
use serde_json::Value;
use tapedeck_model::{JavaScriptConfig, LanguageConfig};
use tapedeck_testkit::{Docker, Emulator, Finished, Home, missing, stable};
use tempfile::TempDir;

use crate::seed::{buildpack, plant};

/// The stack that tests deploy: project `shop`, stage `dev`.
pub(crate) const STACK: &str = "shop-dev";

/// A worker that says what it is told to say, and waits.
pub(crate) const WAITS: &str = "console.log('WORD'); setInterval(() => {}, 1000);";

/// A worker that says so, and fails.
pub(crate) const FAILS: &str = "console.log('WORD'); process.exit(3);";

/// See the module. What was started is stopped when it is dropped.
pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) docker: Docker,
    home: Home,
    folder: TempDir,
}

impl World {
    /// None, and a word on standard error, when this machine lacks something.
    pub(crate) fn ready() -> Option<Self> {
        if let Some(missing) = missing(&["node", "npm", "dockerd"]) {
            eprintln!("SKIPPED: this test needs {missing}");
            return None;
        }
        let docker = Docker::start()?;
        let emulator = Emulator::start_with(Path::new(env!("CARGO_TARGET_TMPDIR")), &docker)?;
        let world = Self {
            emulator,
            docker,
            home: Home::new(stable(Path::new(env!("CARGO_BIN_EXE_tapedeck")))),
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(world.folder.path().join(".git")).unwrap();
        world.write("package.json", r#"{ "name": "shop", "type": "module" }"#);
        world.configure("");
        world.code(WAITS, "hello");
        let packaging = buildpack(
            "src/main.js",
            LanguageConfig::Javascript(JavaScriptConfig::default()),
        );
        plant(&world.home, world.folder.path(), packaging).unwrap();
        Some(world)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.path().join(path)).unwrap()
    }

    /// What the worker does.
    pub(crate) fn code(&self, code: &str, word: &str) {
        self.write("src/main.js", &code.replace("WORD", word));
    }

    /// A config of a worker, a queue and a bucket, with more resources.
    pub(crate) fn configure(&self, more: &str) {
        let config = format!(
            "projectName: shop\nresources:\n  worker:\n    type: worker-service\n    properties:\n      packaging:\n        \
             type: stacktape-image-buildpack\n        properties: {{ entryfilePath: src/main.js }}\n      \
             resources: {{ cpu: 0.25, memory: 512 }}\n      connectTo: [jobs]\n  jobs: {{ type: sqs-queue }}\n  \
             photos: {{ type: bucket }}\n{more}"
        );
        self.write("stacktape.yml", &config);
    }

    /// A command in the folder of the project, as the root of the emulator. Not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_at(&self.emulator.endpoint(), arguments)
    }

    /// The same with another endpoint.
    pub(crate) fn command_at(&self, endpoint: &str, arguments: &[&str]) -> Command {
        let mut command = self.home.command(arguments);
        command
            .args(["--region", Emulator::REGION])
            .current_dir(self.folder.path())
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("AWS_ACCESS_KEY_ID", Emulator::ACCESS_KEY_ID)
            .env("AWS_SECRET_ACCESS_KEY", Emulator::SECRET_ACCESS_KEY)
            .env("PYTHON", self.emulator.python());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        Finished::of(self.command(arguments))
    }

    /// Runs it to its end, which must be a good one.
    pub(crate) fn must(&self, arguments: &[&str]) -> Finished {
        let finished = self.run(arguments);
        assert_eq!(finished.code, Some(0), "{arguments:?}: {finished:?}");
        finished
    }

    /// The data of a command with `--json`.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let finished = self.must(&[arguments, &["--json"]].concat());
        serde_json::from_str(&finished.stdout).unwrap()
    }

    /// The name of an image of the worker, in a repository of the emulator that no stack has.
    pub(crate) fn image(&self) -> String {
        let repository = serde_json::json!({ "repositoryName": "images" });
        let _ = self.aws("ecr", "create_repository", &repository);
        let endpoint = self.emulator.endpoint();
        let target = format!("{}/images:1", endpoint.trim_start_matches("http://"));
        let mut package =
            self.home
                .command(&["package", "--compression", "gzip", "--push", &target, "--json"]);
        package.current_dir(self.folder.path());
        let packaged = Finished::of(package);
        assert_eq!(packaged.code, Some(0), "{packaged:?}");
        let told: Value = serde_json::from_str(&packaged.stdout).unwrap();
        let image = told["pushed"]["image"].as_str().unwrap();
        image.replace(":1@", "@")
    }

    /// What AWS's own library answers to a call, as JSON.
    pub(crate) fn aws(&self, service: &str, action: &str, arguments: &Value) -> Value {
        const PROGRAM: &str = "
import botocore.session, json, sys
client = botocore.session.get_session().create_client(sys.argv[1])
answer = getattr(client, sys.argv[2])(**json.loads(sys.argv[3]))
print(json.dumps(answer, default=str))";
        let said = self
            .emulator
            .botocore(PROGRAM, &[service, action, &arguments.to_string()]);
        serde_json::from_str(&said).unwrap()
    }

    /// What CloudFormation says of the stack.
    pub(crate) fn stack(&self) -> Value {
        let answer = self.aws(
            "cloudformation",
            "describe_stacks",
            &serde_json::json!({ "StackName": STACK }),
        );
        answer["Stacks"][0].clone()
    }

    /// What ECS says of the worker.
    pub(crate) fn worker(&self) -> Value {
        let answer = self.aws(
            "ecs",
            "describe_services",
            &serde_json::json!({ "cluster": "shop-dev-worker-cluster", "services": ["shop-dev-WorkerService"] }),
        );
        answer["services"][0].clone()
    }
}
