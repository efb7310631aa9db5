//! Packaging without deploying: images are made, pushed, and taken back.

use tapedeck_testkit::registry::{Access, Server};

use super::{Project, image_that_says};
use crate::stage::PROJECT;

#[test]
fn packaging_makes_images_and_runs_nothing() {
    let Some(project) = Project::ready() else {
        return;
    };
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let pusher = server.pusher();
    let images = ["one", "two", "three"].map(image_that_says);
    for (place, image) in images.iter().enumerate() {
        pusher.image(image, &place.to_string());
    }
    let properties = [0, 1, 2].map(|tag| format!("{{ image: '{}/team/app:{tag}' }}", server.host));
    let service = |name, place: usize| (name, "prebuilt-image", properties[place].as_str());
    project.configure_all(&[service("one", 0), service("two", 1), service("three", 2)]);

    let some = project.run(&[
        "package",
        PROJECT[0],
        PROJECT[1],
        "--resourceName",
        "two",
        "--json",
    ]);
    assert_eq!(some.code, Some(0), "{some:?}");
    let told: serde_json::Value = serde_json::from_str(&some.stdout).unwrap();
    let [only] = &told["services"].as_array().unwrap()[..] else {
        panic!("{told}");
    };
    assert_eq!(
        (&only["name"], &only["unchanged"]),
        (&"two".into(), &false.into())
    );
    assert_eq!(only["image"], images[1].digest().to_string());
    assert_eq!(some.stderr, "", "with --json there is no talk");

    let all = project.run(&["package", PROJECT[0], PROJECT[1]]);
    assert_eq!(all.code, Some(0), "{all:?}");
    let lines: Vec<&str> = all.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{all:?}");
    for (line, (name, image)) in lines.iter().zip(["one", "two", "three"].iter().zip(&images)) {
        assert!(
            line.starts_with(name) && line.contains(&image.digest().to_string()),
            "{line}"
        );
    }
    assert!(
        lines[1].contains("unchanged") && lines[0].contains("new image"),
        "{all:?}"
    );
    assert!(all.stderr.contains("three: packaged in"), "{all:?}");
    assert!(!project.home.files().socket().exists(), "an engine was started");

    // What was packaged can be pushed, under another name.
    let copy = format!("{}/copies/app:1", server.host);
    let push = ["package", PROJECT[0], PROJECT[1], "--push", &copy];
    let vague = project.run(&push);
    assert_eq!(vague.code, Some(2), "{vague:?}");
    assert!(vague.stderr.contains("3 services would be packaged"), "{vague:?}");
    let pushed = project.run(&[&push[..], &["--resourceName", "one", "--json", "--attest"]].concat());
    assert_eq!(pushed.code, Some(0), "{pushed:?}");
    let told: serde_json::Value = serde_json::from_str(&pushed.stdout).unwrap();
    assert_eq!(told["pushed"]["image"], format!("{copy}@{}", images[0].digest()));
    assert_eq!(told["pushed"]["documents"].as_array().unwrap().len(), 2, "{told}");
    let as_gzip = ["--resourceName", "three", "--compression", "gzip", "--json"];
    let pushed = project.run(&[&push[..], &as_gzip].concat());
    assert_eq!(pushed.code, Some(0), "{pushed:?}");
    let pushed = project.run(&[&push[..], &["--resourceName", "one"]].concat());
    assert_eq!(pushed.code, Some(0), "{pushed:?}");
    let name = ("copy", "prebuilt-image", &*format!("{{ image: '{copy}' }}"));
    project.configure_all(&[name]);
    let back = project.run(&["package", PROJECT[0], PROJECT[1]]);
    assert!(back.stdout.contains(&images[0].digest().to_string()), "{back:?}");

    // One that fails is told; what the other came to is told, too.
    project.configure_all(&[
        service("one", 0),
        ("bad", "prebuilt-image", "{ image: 'localhost:1/nothing' }"),
    ]);
    let failed = project.run(&["package", PROJECT[0], PROJECT[1]]);
    assert_eq!((failed.code, failed.stdout.as_str()), (Some(3), ""), "{failed:?}");
    assert!(failed.stderr.contains("one: unchanged"), "{failed:?}");
    assert!(
        failed
            .stderr
            .contains("cannot package `bad` as the image localhost:1/nothing:latest"),
        "{failed:?}"
    );
}
