//! `tapedeck diff` beside what the engine is asked to run.

use fs_err as fs;

use crate::stage::{STACK, Stage, WAIT};

const CONFIG: &str = "\
projectName: app
resources:
  worker:
    type: worker-service
    properties:
      packaging: { type: prebuilt-image, properties: { image: 'busybox:1.36' } }
      environment:
        - { name: COLOUR, value: green }
        - { name: API_TOKEN, value: hunter3 }
        - { name: PATH, value: /bin }
      resources: { cpu: 0.5, memory: 1024 }
      scaling: { minInstances: 2, maxInstances: 2 }
  other:
    type: worker-service
    properties:
      packaging: { type: prebuilt-image, properties: { image: 'busybox:1.36' } }
      resources: { cpu: 0.25, memory: 512 }
";

#[test]
fn what_is_deployed_is_compared_and_left_alone() {
    let Some(stage) = Stage::ready() else { return };
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("stacktape.yml");
    fs::write(&config, CONFIG).unwrap();
    let config = config.to_str().unwrap();
    let worker = stage.worker(WAIT).memory(1024).count(2);
    let same = worker
        .clone()
        .variable("COLOUR", "blue")
        .variable("API_TOKEN", "hunter2");
    let before = stage.deploy(&[same, stage.named("gone", WAIT)]);

    let finished = stage.home.run(&["diff", "--configPath", config, "--exitCode"]);
    assert_eq!(finished.code, Some(4), "{finished:?}");
    let told = &finished.stdout;
    assert_eq!(
        told,
        &format!(
            "stack {STACK}: 1 added, 1 changed (1 replaced), 1 removed\n\n\
             - gone  worker-service\n\
             + other  worker-service\n\n\
             ~ worker  worker-service  replacement\n\
             \x20   container.environment.API_TOKEN  replacement\n\
             \x20     (hidden) → (hidden)\n\
             \x20   container.environment.COLOUR  replacement\n\
             \x20     blue → green\n\n\
             1 value cannot be compared before something is packaged: worker.container.image\n"
        ),
        "{told}"
    );
    assert_eq!(stage.steady(), before);
    stage.home.must(&["diff", "--configPath", config, "--json"]);
}
