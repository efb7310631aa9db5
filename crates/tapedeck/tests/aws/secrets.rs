//! Secrets of a region, and services that use them.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::json;
use tapedeck_testkit::Finished;

use crate::world::World;

/// Sets a secret by standard input.
fn set(world: &World, name: &str, value: &str, more: &[&str]) -> Finished {
    let mut command = world.command(&[&["secret:set", name], more].concat());
    let setting = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut setting = setting.spawn().unwrap();
    setting.stdin.take().unwrap().write_all(value.as_bytes()).unwrap();
    let output = setting.wait_with_output().unwrap();
    Finished {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn secrets_are_set_read_listed_used_and_deleted() {
    let Some(world) = World::ready() else { return };
    let first = set(&world, "database", r#"{ "password": "s3cret" }"#, &[]);
    assert_eq!(first.code, Some(0), "{first:?}");
    assert_eq!(
        world
            .must(&["secret:get", "database", "--key", "password"])
            .stdout,
        "s3cret\n"
    );
    assert_eq!(world.json(&["secret:list"]), json!([{ "name": "database" }]));
    let again = set(&world, "database", "{}", &[]);
    assert_eq!(again.code, Some(2), "{again:?}");
    let forced = set(
        &world,
        "database",
        r#"{ "password": "other" }"#,
        &["--forceUpdate"],
    );
    assert_eq!(forced.code, Some(0), "{forced:?}");

    // By reference: its value is neither in the template nor in the definition of the task.
    world.write(
        "stacktape.yml",
        "projectName: shop\nresources:\n  worker:\n    type: worker-service\n    properties:\n      packaging:\n        \
         type: stacktape-image-buildpack\n        properties: { entryfilePath: src/main.js }\n      resources: { cpu: 0.25, \
         memory: 512 }\n      environment: [{ name: PASSWORD, value: \"$Secret('database.password')\" }]\n",
    );
    world.must(&["deploy"]);
    let template = world.aws(
        "cloudformation",
        "get_template",
        &json!({ "StackName": "shop-dev" }),
    );
    let template = &template["TemplateBody"]["Resources"];
    let container = &template["WorkerTaskDefinition"]["Properties"]["ContainerDefinitions"][0];
    // That ECS fills it in, only AWS shows: the emulator's CloudFormation forgets secrets of containers.
    assert_eq!(container["Secrets"][0]["Name"], "PASSWORD", "{container}");
    assert!(
        container["Secrets"][0]["ValueFrom"]
            .to_string()
            .contains("password"),
        "{container}"
    );
    assert!(!template.to_string().contains("other"), "{template}");

    world.must(&["secret:delete", "database", "--yes"]);
    let gone = world.run(&["secret:get", "database"]);
    assert_eq!(gone.code, Some(1), "{gone:?}");
    assert!(gone.stderr.contains("there is no secret database"), "{gone:?}");
    let back = set(&world, "database", "{}", &[]);
    assert_eq!(back.code, Some(0), "{back:?}");
    assert_eq!(world.must(&["secret:get", "database"]).stdout, "{}\n");
}
