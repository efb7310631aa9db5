//! The text of the config.

use expect_test::expect;
use tapedeck_model::{Cpu, MemoryMb, ProjectName};

use super::super::candidate::Candidate;
use super::super::check::judge;
use super::super::decide::{Draft, Wishes, draft};
use super::super::detect::{candidates, named};
use super::super::render::{typescript, yaml};
use super::project;

fn simple() -> Draft {
    draft(&Wishes::default(), &candidate("src/main.ts", ""), "mailer")
}

fn full() -> Draft {
    let wishes = Wishes {
        service: Some("api".parse().unwrap()),
        project: Some("shop".parse().unwrap()),
        cpu: Some(Cpu::from_vcpu(1.0).unwrap()),
        memory: Some(MemoryMb::new(4096).unwrap()),
        instances: Some(3),
    };
    draft(&wishes, &candidate("main.py:app", "app = FastAPI()"), "shop")
}

/// The name of a project.
fn post() -> ProjectName {
    ProjectName::new("post").unwrap()
}

fn candidate(path: &str, text: &str) -> Candidate {
    named(path, text, &project(&[])).unwrap()
}

#[test]
fn a_small_config_in_yaml() {
    expect![[r#"
        # What runs, and how. `tapedeck validate` checks this file, `tapedeck deploy` makes it so.

        # The project has the name of this folder, unless it is given here:
        # projectName: post

        resources:
          mailer:
            # Runs continuously; nothing reaches it from outside.
            type: worker-service
            properties:
              # The image is made of the entry file and what it needs.
              packaging:
                type: stacktape-image-buildpack
                properties:
                  entryfilePath: src/main.ts

              # What each instance gets: virtual CPUs, and memory in MiB.
              resources:
                cpu: 0.25
                memory: 512

              # One instance runs. To have more:
              # scaling:
              #   minInstances: 2
              #   maxInstances: 2

              # Variables that the program finds in its environment:
              # environment:
              #   - name: LOG_LEVEL
              #     value: info
    "#]]
    .assert_eq(&yaml(&simple(), &post()));
}

#[test]
fn a_config_with_all_that_flags_say_in_yaml() {
    expect![[r#"
        # What runs, and how. `tapedeck validate` checks this file, `tapedeck deploy` makes it so.

        projectName: shop

        resources:
          api:
            # Runs continuously; nothing reaches it from outside.
            type: worker-service
            properties:
              # The image is made of the entry file and what it needs.
              packaging:
                type: stacktape-image-buildpack
                properties:
                  entryfilePath: main.py:app
                  languageSpecificConfig:
                    # A web server runs the app that is named behind the colon.
                    runAppAs: ASGI

              # What each instance gets: virtual CPUs, and memory in MiB.
              resources:
                cpu: 1
                memory: 4096

              # How many instances run. A deploy replaces them one by one.
              scaling:
                minInstances: 3
                maxInstances: 3

              # Variables that the program finds in its environment:
              # environment:
              #   - name: LOG_LEVEL
              #     value: info
    "#]]
    .assert_eq(&yaml(&full(), &post()));
}

#[test]
fn a_small_config_in_typescript() {
    expect![[r#"
        // What runs, and how. `tapedeck validate` checks this file, `tapedeck deploy` makes it so.
        import { defineConfig } from 'stacktape';

        export default defineConfig(() => ({
          // The project has the name of this folder, unless it is given here:
          // projectName: 'post',
          resources: {
            mailer: {
              // Runs continuously; nothing reaches it from outside.
              type: 'worker-service',
              properties: {
                // The image is made of the entry file and what it needs.
                packaging: {
                  type: 'stacktape-image-buildpack',
                  properties: {
                    entryfilePath: 'src/main.ts',
                  },
                },

                // What each instance gets: virtual CPUs, and memory in MiB.
                resources: { cpu: 0.25, memory: 512 },

                // One instance runs. To have more:
                // scaling: { minInstances: 2, maxInstances: 2 },

                // Variables that the program finds in its environment:
                // environment: [{ name: 'LOG_LEVEL', value: 'info' }],
              },
            },
          },
        }));
    "#]]
    .assert_eq(&typescript(&simple(), &post()));
}

#[test]
fn a_config_with_all_that_flags_say_in_typescript() {
    expect![[r#"
        // What runs, and how. `tapedeck validate` checks this file, `tapedeck deploy` makes it so.
        import { defineConfig } from 'stacktape';

        export default defineConfig(() => ({
          projectName: 'shop',
          resources: {
            api: {
              // Runs continuously; nothing reaches it from outside.
              type: 'worker-service',
              properties: {
                // The image is made of the entry file and what it needs.
                packaging: {
                  type: 'stacktape-image-buildpack',
                  properties: {
                    entryfilePath: 'main.py:app',
                    // A web server runs the app that is named behind the colon.
                    languageSpecificConfig: { runAppAs: 'ASGI' },
                  },
                },

                // What each instance gets: virtual CPUs, and memory in MiB.
                resources: { cpu: 1, memory: 4096 },

                // How many instances run. A deploy replaces them one by one.
                scaling: { minInstances: 3, maxInstances: 3 },

                // Variables that the program finds in its environment:
                // environment: [{ name: 'LOG_LEVEL', value: 'info' }],
              },
            },
          },
        }));
    "#]]
    .assert_eq(&typescript(&full(), &post()));
}

#[test]
fn a_dockerfile_has_a_context() {
    let seen = project(&[("docker/Dockerfile", "")]);
    let draft = draft(&Wishes::default(), &candidates(&seen)[0], "mailer");
    let text = yaml(&draft, &post());
    let lines = text.lines().skip_while(|line| !line.contains("packaging:"));
    let lines: Vec<&str> = lines.take(5).map(str::trim).collect();
    expect![[r#"
        packaging:
        type: custom-dockerfile
        properties:
        buildContextPath: .
        dockerfilePath: docker/Dockerfile"#]]
    .assert_eq(&lines.join("\n"));
    assert!(typescript(&draft, &post()).contains("buildContextPath: '.',"));
}

#[test]
fn texts_that_yaml_would_take_for_something_else_stand_between_quotes() {
    for (service, key) in [
        ("mailer", "\n  mailer:\n"),
        ("no", "\n  \"no\":\n"),
        ("1e5", "\n  \"1e5\":\n"),
    ] {
        let wishes = Wishes {
            service: Some(service.parse().unwrap()),
            project: Some("12".parse().unwrap()),
            ..Wishes::default()
        };
        for path in [
            "a b/#main.ts",
            "it's.ts",
            "\"a\".ts",
            "@a/main.ts",
            "größe.ts",
            "1.ts",
        ] {
            let draft = draft(&wishes, &candidate(path, ""), "mailer");
            let text = yaml(&draft, &post());
            assert!(text.contains(key), "{text}");
            let judged = judge(&yaml(&draft, &post()), "post").expect("validate has nothing against it");
            assert!(
                judged.warnings.is_empty() && !judged.is_unsupported,
                "{path}: {judged:?}"
            );
        }
    }
}

#[test]
fn every_config_that_is_made_is_right() {
    for path in [
        "main.ts",
        "main.py",
        "main.go",
        "Main.java",
        "main.rb",
        "main.php",
        "Main.cs",
        "Dockerfile",
    ] {
        for cpu in Cpu::FARGATE_VCPU {
            let wishes = Wishes {
                cpu: Some(Cpu::from_vcpu(cpu).unwrap()),
                ..Wishes::default()
            };
            let draft = draft(&wishes, &candidate(path, ""), "mailer");
            let judged = judge(&yaml(&draft, &post()), "post").expect("validate has nothing against it");
            assert_eq!(judged.warnings, [""; 0], "{path} with {cpu} vCPU");
        }
    }
}

#[test]
fn a_size_that_fargate_does_not_offer_is_a_warning() {
    let wishes = Wishes {
        memory: Some(MemoryMb::new(700).unwrap()),
        ..Wishes::default()
    };
    let draft = draft(&wishes, &candidate("main.ts", ""), "mailer");
    let judged = judge(&yaml(&draft, &post()), "post").unwrap();
    expect!["Fargate offers no task of 0.25 vCPU with 700 MiB: it runs here, but AWS would refuse it; near it, Fargate offers 0.25 vCPU with 1024 MiB"].assert_eq(&judged.warnings.join("\n"));
}
