//! Functions beside services: their code goes to the bucket of the stack, and the next call runs it.

use std::path::Path;

use serde_json::{Value, json};
use tapedeck_testkit::Finished;

use crate::world::World;

const CONFIG: &str = "projectName: shop
resources:
  greet:
    type: function
    properties:
      packaging: { type: stacktape-lambda-buildpack, properties: { entryfilePath: src/greet.ts } }
  worker:
    type: worker-service
    properties:
      packaging: { type: stacktape-image-buildpack, properties: { entryfilePath: src/main.js } }
      resources: { cpu: 0.25, memory: 512 }
      connectTo: [greet]
";

#[test]
fn code_of_functions_is_brought_and_runs() {
    let Some(world) = World::ready() else { return };
    world.write("stacktape.yml", CONFIG);
    let says = |word: &str| {
        let code =
            format!("export default async (event: any): Promise<string> => `{word} ${{event.name}}`;\n");
        world.write("src/greet.ts", &code);
    };
    let said = || {
        const PROGRAM: &str = "
import botocore.session
client = botocore.session.get_session().create_client('lambda')
print(client.invoke(FunctionName='shop-dev-greet', Payload=b'{\"name\": \"Ada\"}')['Payload'].read().decode())";
        world.emulator.botocore(PROGRAM, &[]).trim().to_owned()
    };
    says("hello");
    world.must(&["deploy"]);
    assert_eq!(said(), "\"hello Ada\"");
    assert_eq!(world.json(&["deploy"])["unchanged"], true);
    says("good day");
    world.must(&["deploy"]);
    assert_eq!(said(), "\"good day Ada\"");
    assert_eq!(world.worker()["runningCount"], json!(1));
    world.must(&["delete", "--yes"]);
}

#[test]
fn what_is_packaged_is_what_a_deployment_brings() {
    let Some(world) = World::ready() else { return };
    world.write("stacktape.yml", CONFIG);
    world.write(
        "src/greet.ts",
        "export default async (): Promise<string> => 'hello';\n",
    );
    // Nobody is asked: nobody answers there, and nobody says as whom.
    let mut command = world.command_at("http://127.0.0.1:1", &["package", "--json"]);
    command
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY");
    let finished = Finished::of(command);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let packaged: Value = serde_json::from_str(&finished.stdout).unwrap();
    let (service, function) = (&packaged["services"][0], &packaged["functions"][0]);
    assert_eq!(
        (&service["name"], &service["platform"]),
        (&json!("worker"), &json!("amd64"))
    );
    assert_eq!(
        (&function["name"], &function["platform"]),
        (&json!("greet"), &json!("amd64"))
    );
    for key in ["sbom", "provenance"] {
        assert!(Path::new(service[key].as_str().unwrap()).is_file(), "{service}");
    }
    assert_eq!(
        world.json(&["package", "--resourceName", "worker"])["functions"],
        json!([])
    );

    let repository = world.image();
    let target = repository.split_once('@').unwrap().0.to_owned() + ":2";
    let push = ["package", "--compression", "gzip", "--push", &target];
    let pushed = world.json(&[&push[..], &["--resourceName", "worker"]].concat());
    assert!(
        pushed["pushed"]["image"].as_str().unwrap().starts_with(&target),
        "{pushed}"
    );
    let no_image = world.run(&[&push[..], &["--resourceName", "greet"]].concat());
    assert_eq!(no_image.code, Some(2), "{no_image:?}");

    let deployed = world.must(&["deploy"]);
    assert!(deployed.stderr.contains("worker: unchanged"), "{deployed:?}");
    let template = world.aws(
        "cloudformation",
        "get_template",
        &json!({ "StackName": "shop-dev" }),
    );
    let template = template["TemplateBody"].to_string();
    assert!(template.contains(function["key"].as_str().unwrap()), "{template}");
    world.must(&["delete", "--yes"]);
}
