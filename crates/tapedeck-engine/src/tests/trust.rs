//! What containers are given to trust, and that nothing else gets out of a volume.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use tapedeck_image::base::keystore;
use tapedeck_model::{
    ContainerSpec, MAIN_CONTAINER, SecretReference, SecretTemplate, SideSpec, StopTimeout, TaskId,
};
use tapedeck_runtime::network::TaskNetwork;
use tapedeck_runtime::{ContainerRules, SideDefinition, Sides, TaskDefinition, TaskProcess};
use tempfile::TempDir;

use super::container;
use crate::trust::{Neighbours, establish};

/// A certificate, as far as this goes: four letters.
fn certificate(letters: &str) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{letters}\n-----END CERTIFICATE-----\n")
}

/// The folder of a task whose image has these files, and of a volume.
struct Scene {
    folder: TempDir,
    container: ContainerSpec,
    variables: Vec<(String, String)>,
}

impl Scene {
    fn of(files: &[(&str, &str)]) -> Self {
        let scene = Self {
            folder: tempfile::tempdir().unwrap(),
            container: container('a'),
            variables: vec![("PATH".to_string(), "/bin:/opt/java/bin".to_string())],
        };
        for (path, text) in files {
            scene.write(&format!("layer/{path}"), text.as_bytes());
        }
        scene.write("volume/tls/ca.key", b"secret");
        scene
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, content: &[u8]) {
        let path = self.path(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, content).unwrap();
    }

    fn process(&self) -> TaskProcess {
        TaskProcess {
            args: vec!["true".to_string()],
            environment: self.variables.clone(),
            working_directory: "/".into(),
            uid: 0,
            gid: 0,
            additional_gids: Vec::new(),
        }
    }

    /// What becomes of a task that reaches the service with the volume.
    fn launch(&self) -> Given {
        let id = TaskId::from_bytes([7; 16]);
        let rules = || ContainerRules {
            essential: true,
            depends_on: Vec::new(),
            start_timeout_ms: None,
            stop_timeout_ms: 1,
        };
        let sides = self.container.sides.iter().map(|side| SideDefinition {
            name: side.name.clone(),
            rules: rules(),
            layers: vec![self.path("side")],
            process: self.process(),
            stop_signal: 15,
            health_check: None,
            mounts: Vec::new(),
            log_directory: "/logs".into(),
            discards_output: false,
        });
        let mut definition = TaskDefinition {
            hostname: "host".to_string(),
            layers: vec![self.path("layer")],
            process: self.process(),
            cpu: self.container.cpu,
            shares_cpu: false,
            memory: self.container.memory,
            pids_limit: 16,
            stop_signal: 15,
            network: TaskNetwork {
                bridge: "bridge".to_string(),
                address: Ipv4Addr::LOCALHOST,
                gateway: Ipv4Addr::LOCALHOST,
            },
            resolv_conf: String::new(),
            hosts: BTreeMap::new(),
            log_directory: "/logs".into(),
            discards_output: false,
            cgroup: format!("/tapedeck/{id}"),
            clock: None,
            disk: None,
            mounts: Vec::new(),
            sides: Some(Sides {
                main: rules(),
                containers: sides.collect(),
            }),
            health_check: None,
            errand: None,
            id,
        };
        let neighbours = Neighbours {
            authorities: vec![self.path("volume/ca.pem"), self.path("never-started/ca.pem")],
            ..Neighbours::default()
        };
        establish(&self.path("task"), &neighbours, &self.container, &mut definition).unwrap();
        Given(definition)
    }

    fn given(&self, container: &str, file: &str) -> String {
        let path = self.path("task/trust").join(container).join(file);
        fs_err::read_to_string(path).unwrap()
    }
}

struct Given(TaskDefinition);

impl Given {
    fn variable(&self, name: &str) -> Option<&str> {
        let mut variables = self.0.process.environment.iter();
        variables
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

const BUNDLE: &str = "etc/ssl/certs/ca-certificates.crt";

#[test]
fn what_an_image_trusts_stays_trusted() {
    let scene = Scene::of(&[(BUNDLE, &certificate("AQID"))]);
    scene.write("volume/ca.pem", certificate("BAUG").as_bytes());
    let given = scene.launch();
    assert_eq!(scene.given(MAIN_CONTAINER, "ca.pem"), certificate("BAUG"));
    let both = certificate("AQID") + &certificate("BAUG");
    assert_eq!(scene.given(MAIN_CONTAINER, "bundle.pem"), both);
    assert_eq!(
        given.variable("SSL_CERT_FILE"),
        Some("/run/tapedeck/trust/bundle.pem")
    );
    assert_eq!(
        given.variable("NODE_EXTRA_CA_CERTS"),
        Some("/run/tapedeck/trust/ca.pem")
    );
    assert_eq!(given.variable("JAVA_TOOL_OPTIONS"), None);
    assert!(!scene.path("task/trust/service-container/truststore.jks").exists());
    let [mount] = given.0.mounts.as_slice() else {
        panic!()
    };
    assert!(mount.read_only);
    let mode = |path: &Path| fs_err::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&mount.source), 0o755);
    assert_eq!(mode(&mount.source.join("bundle.pem")), 0o644);
}

#[test]
fn what_an_image_names_instead_of_the_usual_is_added_to() {
    let mut scene = Scene::of(&[
        (BUNDLE, &certificate("AQID")),
        ("own/bundle", &certificate("CAkK")),
        ("own/extra", &certificate("CwwN")),
    ]);
    scene.write("volume/ca.pem", certificate("BAUG").as_bytes());
    for (name, path) in [
        ("SSL_CERT_FILE", "/own/bundle"),
        ("NODE_EXTRA_CA_CERTS", "/own/extra"),
    ] {
        scene.variables.push((name.to_string(), path.to_string()));
    }
    let given = scene.launch();
    let with_ours = |letters| certificate(letters) + &certificate("BAUG");
    assert_eq!(scene.given(MAIN_CONTAINER, "bundle.pem"), with_ours("CAkK"));
    assert_eq!(scene.given(MAIN_CONTAINER, "ca.pem"), with_ours("CwwN"));
    assert_eq!(
        given.variable("SSL_CERT_FILE"),
        Some("/run/tapedeck/trust/bundle.pem")
    );
}

#[test]
fn java_gets_its_own_keystore_with_ours() {
    let mut scene = Scene::of(&[("opt/java/bin/java", "")]);
    scene.write("volume/ca.pem", certificate("BAUG").as_bytes());
    let own = keystore::of_certificates(&certificate("AQID"));
    scene.write("layer/opt/java/lib/security/cacerts", &own);
    scene
        .variables
        .push(("JAVA_TOOL_OPTIONS".to_string(), "-Xint".to_string()));
    let given = scene.launch();
    let expected = keystore::with_certificates(&own, "tapedeck", &certificate("BAUG")).unwrap();
    let found = fs_err::read(scene.path("task/trust/service-container/truststore.jks")).unwrap();
    assert_eq!(found, expected);
    let options = given.variable("JAVA_TOOL_OPTIONS").unwrap();
    let place = "-Djavax.net.ssl.trustStore=/run/tapedeck/trust/truststore.jks";
    assert!(options.starts_with(&format!("-Xint {place} -D")), "{options}");

    // Of another type: what the image trusts otherwise.
    scene.write("layer/opt/java/lib/security/cacerts", b"0\x82\x04\0");
    scene.write(&format!("layer/{BUNDLE}"), certificate("AQID").as_bytes());
    scene.variables[1].1 = "-Djavax.net.ssl.trustStore=/own".to_string();
    let given = scene.launch();
    let found = fs_err::read(scene.path("task/trust/service-container/truststore.jks")).unwrap();
    let both = certificate("AQID") + &certificate("BAUG");
    assert_eq!(found, keystore::of_certificates(&both));
    assert_eq!(
        given.variable("JAVA_TOOL_OPTIONS"),
        Some("-Djavax.net.ssl.trustStore=/own")
    );
}

#[test]
fn what_the_person_has_set_stays_and_each_container_has_its_own() {
    let mut scene = Scene::of(&[(BUNDLE, &certificate("AQID"))]);
    scene.write("volume/ca.pem", certificate("BAUG").as_bytes());
    scene.write(&format!("side/{BUNDLE}"), certificate("CAkK").as_bytes());
    let own = |name: &str| (name.to_string(), "/own".to_string());
    scene
        .variables
        .extend([own("SSL_CERT_FILE"), own("NODE_EXTRA_CA_CERTS")]);
    scene.container.environment.extend([own("SSL_CERT_FILE")]);
    let secret: SecretTemplate = SecretReference::new("certificates").unwrap().into();
    scene
        .container
        .secrets
        .insert("NODE_EXTRA_CA_CERTS".to_string(), secret);
    scene.container.sides.push(SideSpec {
        name: "beside".to_string(),
        image: scene.container.image.clone(),
        environment: BTreeMap::new(),
        secrets: BTreeMap::new(),
        essential: false,
        depends_on: Vec::new(),
        stop_timeout: StopTimeout::default(),
        health_check: None,
        discards_output: false,
    });
    let given = scene.launch();
    assert_eq!(given.variable("SSL_CERT_FILE"), Some("/own"));
    assert_eq!(given.variable("NODE_EXTRA_CA_CERTS"), Some("/own"));
    let side = &given.0.sides.as_ref().unwrap().containers[0];
    assert_eq!(side.mounts[0].source, scene.path("task/trust/beside"));
    let both = certificate("CAkK") + &certificate("BAUG");
    assert_eq!(scene.given("beside", "bundle.pem"), both);
    let path = "/run/tapedeck/trust/bundle.pem".to_string();
    assert!(
        side.process
            .environment
            .contains(&("SSL_CERT_FILE".to_string(), path))
    );
}

#[test]
fn nothing_but_certificates_gets_out_of_a_volume() {
    let scene = Scene::of(&[]);
    let before = scene.variables.clone();
    let ca = scene.path("volume/ca.pem");
    let gets_nothing = |why: &str| {
        let given = scene.launch();
        assert_eq!(given.0.process.environment, before, "{why}");
        assert!(
            given.0.mounts.is_empty() && !scene.path("task/trust").exists(),
            "{why}"
        );
    };
    gets_nothing("it was never started");
    scene.write("elsewhere", certificate("AQID").as_bytes());
    symlink(scene.path("elsewhere"), &ca).unwrap();
    gets_nothing("a link");
    fs_err::remove_file(&ca).unwrap();
    fs_err::hard_link(scene.path("volume/tls/ca.key"), &ca).unwrap();
    gets_nothing("its key");
    fs_err::remove_file(&ca).unwrap();
    fs_err::create_dir(&ca).unwrap();
    gets_nothing("a folder");
}
