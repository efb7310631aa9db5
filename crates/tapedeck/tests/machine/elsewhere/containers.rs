//! Stop signals of images from elsewhere, and side containers as a config names them.

use serde_json::json;
use tapedeck_api::ServiceStatus;
use tapedeck_model::{ContainerState, TaskState};

use super::*;
use crate::stage::{end, stack};

/// An image that runs this script, with that stop signal if any.
fn image(script: &str, signal: Option<&str>) -> TestImage {
    let files = [("bin/busybox", fs::read(busybox().unwrap()).unwrap())];
    let mut config = json!({
        "Env": ["PATH=/bin"],
        "Cmd": ["/bin/busybox", "sh", "-c", script],
    });
    if let Some(signal) = signal {
        config["StopSignal"] = signal.into();
    }
    TestImage::of_layers(vec![layer(&files)], &config)
}

/// Exits with a code that tells the signal.
fn telling(word: &str) -> String {
    format!(
        "trap 'exit 21' INT; trap 'exit 22' TERM; echo {word}; while :; do /bin/busybox sleep 1000 & wait $!; done"
    )
}

fn service(project: &Project) -> ServiceStatus {
    let mut client = project.home.client();
    client.describe_stack(&stack()).unwrap().services.remove(0)
}

/// The exit code of the one task that has ended, once there is one.
fn exit_code(project: &Project) -> Option<i32> {
    eventually("the end of a task", DEADLINE, || {
        service(project).tasks.iter().find_map(end)
    })
    .exit_code
}

#[test]
fn t17_the_stop_signal_of_an_image_from_a_registry_is_honoured() {
    let Some(project) = Project::ready() else { return };
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let pusher = server.pusher();
    pusher.image(&image(&telling("first"), Some("SIGINT")), "1");
    pusher.image(&image(&telling("second"), None), "2");
    for tag in ["1", "2"] {
        project.configure_image(&server, tag);
        project.must_deploy();
        project.wait_for_line(if tag == "1" { "first" } else { "second" });
    }
    assert_eq!(exit_code(&project), Some(21));
}

#[test]
fn t17_the_stop_signal_of_a_dockerfile_is_honoured() {
    let Some(mut project) = Project::ready() else {
        return;
    };
    let tools = tempfile::tempdir().unwrap();
    project.first = buildah_in(tools.path());
    if project.first.is_none() {
        return;
    }
    symlink("/bin/false", tools.path().join("bin/docker")).unwrap();
    let write = |path: &str, text: &str| fs::write(project.folder.path().join(path), text).unwrap();
    fs::copy(busybox().unwrap(), project.folder.path().join("busybox")).unwrap();
    write(
        "Dockerfile",
        "FROM scratch\nCOPY busybox /bin/busybox\nCOPY run /run.sh\nSTOPSIGNAL SIGINT\n\
         CMD [\"/bin/busybox\", \"sh\", \"/run.sh\"]\n",
    );
    project.configure("custom-dockerfile", "{ buildContextPath: . }");
    for word in ["first", "second"] {
        write("run", &telling(word));
        project.must_deploy();
        project.wait_for_line(word);
    }
    assert_eq!(exit_code(&project), Some(21));
}

#[test]
fn a_config_names_side_containers() {
    let Some(project) = Project::ready() else { return };
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let pusher = server.pusher();
    pusher.image(&image("echo migrated $WHAT", None), "migrate");
    pusher.image(&image_that_says("agent"), "agent");
    pusher.image(&image_that_says("other"), "other");
    pusher.image(&image_that_says("main"), "main");
    let configure = |agent: &str| {
        let packaging = |tag: &str| {
            format!(
                "{{ type: prebuilt-image, properties: {{ image: {}/team/app:{tag} }} }}",
                server.host
            )
        };
        let config = format!(
            "resources:\n  worker:\n    type: worker-service\n    properties:\n      packaging: {}\n      \
             resources: {{ cpu: 0.25, memory: 512 }}\n      sideContainers:\n        - name: migrate\n          \
             containerType: run-on-init\n          packaging: {}\n          environment: [{{ name: WHAT, value: \"it\" }}]\n        \
             - name: agent\n          containerType: always-running\n          packaging: {}\n",
            packaging("main"),
            packaging("migrate"),
            packaging(agent)
        );
        fs::write(project.folder.path().join("stacktape.yml"), config).unwrap();
    };
    configure("agent");
    let deployed = project.must_deploy();
    assert!(!deployed.stderr.contains("warning"), "{deployed:?}");
    for line in ["migrated it", "agent", "main"] {
        project.wait_for_line(line);
    }
    let task = &service(&project).tasks[0];
    let names: Vec<&str> = task.containers.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["service-container", "migrate", "agent"]);
    assert!(matches!(task.state, TaskState::Running { .. }));
    assert!(matches!(
        task.containers[1].state,
        ContainerState::Stopped {
            exit_code: Some(0),
            ..
        }
    ));
    let again = project.must_deploy();
    assert!(again.stderr.contains("nothing has changed"), "{again:?}");

    configure("other");
    project.must_deploy();
    project.wait_for_line("other");
    assert_eq!(service(&project).revision.0, 2);
    let packaged = project.run(&["package", PROJECT[0], PROJECT[1], "--json"]);
    let packaged: serde_json::Value = serde_json::from_str(&packaged.stdout).unwrap();
    assert_eq!(packaged["services"][0]["sideContainers"][1]["name"], "agent");

    // Whose task fails is told with the words of the container that failed.
    pusher.image(&image("echo no database; exit 3", None), "migrate");
    let failed = project.deploy();
    assert_eq!(failed.code, Some(1), "{failed:?}");
    for told in [
        "waits for migrate to succeed, which ended with code 3",
        "| no database",
    ] {
        assert!(failed.stderr.contains(told), "{told}: {failed:?}");
    }
}
