//! Real base images: packages through apt, Node through npm. Needs the network and, to look inside, root.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "in a test, a panic is a failure, and skipping must be seen"
)]

mod merged;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use merged::Merged;
use tapedeck_image::base::{
    Base, BaseError, BaseRequest, INIT, NodeVersion, PythonVersion, Runtime, components_of_base, ensure_base,
    init_of, packages_of_base,
};
use tapedeck_image::{Platform, Progress, Store};
use tempfile::TempDir;

struct Shown(Instant);

impl Progress for Shown {
    fn step(&mut self, text: &str) {
        eprintln!("{:7.3} s  {text}", self.0.elapsed().as_secs_f64());
    }
}

fn new_store() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("store")).unwrap();
    (folder, store)
}

fn try_base(
    store: &Store,
    runtime: Runtime,
    platform: Platform,
    extra_packages: &[&str],
) -> Result<Base, BaseError> {
    let extra: Vec<String> = extra_packages.iter().map(|name| (*name).to_owned()).collect();
    let request = BaseRequest {
        runtime,
        platform,
        extra_packages: &extra,
    };
    eprintln!("{runtime} for {}", platform.as_str());
    let mut shown = Shown(Instant::now());
    let base = ensure_base(store, &request, &mut shown)?;
    shown.step("assembled");
    let again = Instant::now();
    assert_eq!(
        ensure_base(store, &request, &mut Refused).unwrap(),
        base,
        "nothing is done twice"
    );
    eprintln!("a second call takes {:?}", again.elapsed());
    assert_eq!(init_of(&base.image), Some(INIT));
    assert_eq!(base.image.config.user, "65532:65532");
    assert_eq!(base.image.config.stop_signal, "SIGTERM");
    assert_eq!(
        packages_of_base(store, &base.image.digest).unwrap().unwrap(),
        base.packages
    );
    Ok(base)
}

/// A second call has nothing to do.
struct Refused;

impl Progress for Refused {
    fn step(&mut self, text: &str) {
        panic!("nothing should be done: {text}");
    }
}

fn host_base(store: &Store, runtime: Runtime) -> Base {
    try_base(store, runtime, Platform::host(), &[]).unwrap()
}

fn has_package(base: &Base, name: &str) -> bool {
    base.packages
        .iter()
        .any(|package| package.name == name && package.sha256.len() == 64)
}

/// The Java that this machine's distribution has, out of the error for one that none has.
fn offered_java(store: &Store) -> u16 {
    let error = try_base(store, Runtime::Java(3), Platform::host(), &[]).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("has no Java 3"), "{text}");
    assert!(text.contains("TAPEDECK_JAVA_BASE"), "{text}");
    let BaseError::NotOffered { offered, .. } = error else {
        panic!("{error:?}");
    };
    offered.rsplit(", ").next().unwrap().parse().unwrap()
}

#[test]
fn bases_share_layers_and_run_what_they_are_for() {
    let (folder, store) = new_store();
    let java_major = offered_java(&store);
    let java = host_base(&store, Runtime::Java(java_major));
    let python = host_base(&store, Runtime::Python(PythonVersion::Distribution));
    let node = host_base(&store, Runtime::Node(NodeVersion::LTS));
    let bare = host_base(&store, Runtime::Static);
    for base in [&java, &python, &node] {
        assert_eq!(base.image.layers.len(), 3);
        assert!(has_package(base, "libc6"));
        assert_eq!(base.image.layers[1..], node.image.layers[1..]);
    }
    assert_eq!(bare.image.layers, node.image.layers[2..]);
    assert!(!has_package(&bare, "libc6"));
    assert!(!has_package(&java, &format!("openjdk-{java_major}-jdk-headless")));
    node_runs(&node, folder.path());
    the_init_passes_signals_on(&node, folder.path());
    what_is_in_it_is_told(&store, &node);
    python_runs(&python, folder.path());
    java_runs(&java, java_major, folder.path());
    the_static_base_is_complete(&bare, folder.path());
}

fn node_runs(base: &Base, folder: &Path) {
    assert!(base.version.starts_with("24."));
    assert_eq!(base.image.config.env["NODE_VERSION"], base.version);
    let Some(merged) = Merged::mount(&base.image, folder) else {
        return;
    };
    let script = "set -e; node -e 'console.log(process.version)'; curl --version | head -1; \
        ls /usr/share/zoneinfo/Europe/Prague; cat /etc/passwd; sleep 0; kill -0 $$; test -x /bin/ps; test -x /bin/kill; date; id; \
        test -s /etc/ssl/certs/ca-certificates.crt; test -L /bin; . /etc/os-release; echo \"$PRETTY_NAME\"; \
        test $(stat -c %a /tmp) = 1777; ls /usr/share/doc/libc6/copyright /var/lib/dpkg/status.d/libc6; \
        node -e 'if (require(\"tls\").rootCertificates.length < 50) process.exit(1); require(\"fs\").writeFileSync(\"/tmp/x\", \"\")'; \
        curl -s file:///etc/hosts; if test -e /usr/share/man; then exit 7; fi";
    let printed = merged.run(&["/bin/sh", "-c", script]);
    assert!(printed.contains(&base.version), "{printed}");
    assert!(printed.contains("nonroot"), "{printed}");
}

/// A program that does not care for SIGTERM would not notice it as the first process.
fn the_init_passes_signals_on(base: &Base, folder: &Path) {
    let Some(merged) = Merged::mount(&base.image, folder) else {
        return;
    };
    let mut outer = merged
        .command(&[INIT, "--", "/bin/sleep", "1000"])
        .spawn()
        .unwrap();
    let outer_pid = outer.id().to_string();
    let child = |pid: &str, name: &str| {
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
        let child = children.split_whitespace().next()?.to_owned();
        let found = std::fs::read_to_string(format!("/proc/{child}/comm")).ok()?;
        (found.trim() == name).then_some(child)
    };
    let deadline = Instant::now() + Duration::from_secs(60);
    let init = loop {
        if let Some(init) = child(&outer_pid, "tini")
            && child(&init, "sleep").is_some()
        {
            break init;
        }
        assert!(Instant::now() < deadline, "the program has not started");
        std::thread::yield_now();
    };
    let init = rustix::process::Pid::from_raw(init.parse().unwrap()).unwrap();
    rustix::process::kill_process(init, rustix::process::Signal::TERM).unwrap();
    assert_eq!(outer.wait().unwrap().code(), Some(128 + 15));
}

fn what_is_in_it_is_told(store: &Store, base: &Base) {
    let json = |text: Option<String>| -> serde_json::Value { serde_json::from_str(&text.unwrap()).unwrap() };
    let sbom = json(store.sbom(&base.image.digest).unwrap());
    let packages = sbom["packages"].as_array().unwrap();
    assert_eq!(
        packages.len(),
        base.packages.len() + 1,
        "every package and the image"
    );
    let purl = |name: &str| {
        let package = packages.iter().find(|package| package["name"] == name).unwrap();
        package["externalRefs"][0]["referenceLocator"].as_str().unwrap()
    };
    assert!(purl("libc6").starts_with("pkg:deb/"), "{}", purl("libc6"));
    assert!(purl("libc6").contains("upstream=glibc"), "{}", purl("libc6"));
    assert_eq!(
        components_of_base(store, &base.image.digest).unwrap().len(),
        base.packages.len()
    );
    let provenance = json(store.provenance(&base.image.digest).unwrap());
    let definition = &provenance["predicate"]["buildDefinition"];
    assert_eq!(definition["externalParameters"]["base"], "node-24");
    assert_eq!(
        definition["resolvedDependencies"].as_array().unwrap().len(),
        base.packages.len()
    );
    let labels = &base.image.config.labels;
    assert_eq!(labels["org.opencontainers.image.title"], "tapedeck/node");
    assert_eq!(labels["org.opencontainers.image.version"], base.version);
    assert_eq!(base.name, format!("tapedeck/node:{}", base.version));
}

fn python_runs(base: &Base, folder: &Path) {
    assert!(base.version.starts_with("3."));
    let Some(merged) = Merged::mount(&base.image, folder) else {
        return;
    };
    let script = "import ssl, sqlite3, sys, zoneinfo, ctypes, lzma, bz2, asyncio, platform\n\
        assert len(ssl.create_default_context().get_ca_certs()) > 100\n\
        zoneinfo.ZoneInfo('Europe/Prague'); sqlite3.connect('/tmp/x').execute('create table a (b)')\n\
        print(platform.python_version(), sys.stdout.encoding)";
    for name in ["python3", "python"] {
        let printed = merged.run(&["/usr/bin/env", name, "-c", script]);
        assert_eq!(printed, format!("{} utf-8\n", base.version));
        std::fs::remove_file(merged.path("tmp/x")).unwrap();
    }
}

fn java_runs(base: &Base, major: u16, folder: &Path) {
    assert_eq!(base.image.config.env["JAVA_VERSION"], base.version);
    let Some(merged) = Merged::mount(&base.image, folder) else {
        return;
    };
    let printed = merged.run(&["/usr/bin/env", "java", "-version"]);
    assert!(printed.contains(&format!("\"{major}.")), "{printed}");
    assert!(merged.path(&base.image.config.env["JAVA_HOME"][1..]).is_dir());
    let keystore = "/etc/ssl/certs/java/cacerts";
    let keys = [
        "keytool",
        "-list",
        "-keystore",
        keystore,
        "-storepass",
        "changeit",
    ];
    let printed = merged.run(&[&["/usr/bin/env"], &keys[..]].concat());
    assert!(printed.matches("trustedCertEntry").count() > 100, "{printed}");
    assert!(!merged.path("usr/bin/javac").exists());
}

fn the_static_base_is_complete(base: &Base, folder: &Path) {
    let Some(merged) = Merged::mount(&base.image, folder) else {
        return;
    };
    let certificates = std::fs::read_to_string(merged.path("etc/ssl/certs/ca-certificates.crt")).unwrap();
    assert!(certificates.matches("BEGIN CERTIFICATE").count() > 100);
    assert!(merged.path("usr/share/zoneinfo/Europe/Prague").is_file());
    let users = std::fs::read_to_string(merged.path("etc/passwd")).unwrap();
    assert!(users.contains("nonroot:x:65532:65532:"));
    assert!(merged.path("tmp").is_dir());
    assert!(merged.path("usr/share/doc/tini/copyright").is_file());
    assert!(!merged.path("usr/bin/sh").exists());
    let printed = merged.run(&[INIT, "--", INIT, "--version"]);
    assert!(printed.contains("tini version"), "{printed}");
}

#[test]
fn extra_packages_are_a_layer_with_what_they_need() {
    let (folder, store) = new_store();
    let runtime = Runtime::Python(PythonVersion::Distribution);
    let extra = |names: &[&str]| try_base(&store, runtime, Platform::host(), names);
    let more = extra(&["libpq5", "libblas3"]).unwrap();
    let plain = host_base(&store, runtime);
    assert_eq!(more.image.layers[1..], plain.image.layers);
    assert!(has_package(&more, "libpq5") && !has_package(&plain, "libpq5"));
    assert_eq!(
        extra(&["libblas3", "libpq5", "libblas3"]).unwrap(),
        more,
        "the order does not matter"
    );
    // It is there already.
    assert_eq!(extra(&["curl"]).unwrap().image.layers, plain.image.layers);
    for unknown in ["no-such-package", "libp.5"] {
        let error = extra(&["libpq5", unknown]).unwrap_err();
        assert!(
            matches!(&error, BaseError::NoPackage { name, .. } if name == unknown),
            "{error:?}"
        );
    }
    let Some(merged) = Merged::mount(&more.image, folder.path()) else {
        return;
    };
    let script =
        "import ctypes\nfor name in ['libpq.so.5', 'libblas.so.3']: ctypes.CDLL(name)\nprint('loaded')";
    assert_eq!(merged.run(&["/usr/bin/python3", "-c", script]), "loaded\n");
}

#[test]
fn a_base_is_the_same_in_every_store() {
    let (_one_folder, one) = new_store();
    let (_other_folder, other) = new_store();
    // In the other order, so that layers are fetched together in one store and apart in the other.
    let bare = host_base(&one, Runtime::Static);
    let python = host_base(&one, Runtime::Python(PythonVersion::Distribution));
    let again = host_base(&other, Runtime::Python(PythonVersion::Distribution));
    assert_eq!(again.image.digest, python.image.digest);
    assert_eq!(host_base(&other, Runtime::Static).image.digest, bare.image.digest);
    let documents = |store: &Store| {
        let digest = &python.image.digest;
        (store.sbom(digest).unwrap(), store.provenance(digest).unwrap())
    };
    assert_eq!(documents(&other), documents(&one));
}

#[test]
fn a_base_for_another_processor_has_its_executables() {
    let (_folder, store) = new_store();
    let (platform, machine) = match Platform::host() {
        Platform::Amd64 => (Platform::Arm64, 183_u16),
        Platform::Arm64 => (Platform::Amd64, 62),
    };
    for runtime in [
        Runtime::Python(PythonVersion::Distribution),
        Runtime::Node(NodeVersion::LTS),
    ] {
        let base = try_base(&store, runtime, platform, &[]).unwrap();
        let mut found = 0;
        for layer in &base.image.layers {
            for file in files(layer) {
                found += usize::from(is_of(&file, machine));
            }
        }
        assert!(found > 40, "{found} executables and libraries");
    }
}

/// Where the test below finds the store of the one that started it.
const STORE: &str = "TAPEDECK_TEST_STORE";

#[test]
fn sources_without_the_other_processor_are_named() {
    let (folder, store) = new_store();
    let repository = folder.path().join("repository");
    std::fs::create_dir(&repository).unwrap();
    std::fs::write(repository.join("Packages"), "").unwrap();
    let sources = folder.path().join("sources.list");
    let host = Platform::host().as_str();
    let source = format!("deb [trusted=yes arch={host}] file:{} ./\n", repository.display());
    std::fs::write(&sources, source).unwrap();
    let config = folder.path().join("apt.conf");
    let settings = format!(
        "Dir::Etc::sourcelist \"{}\";\nDir::Etc::sourceparts \"-\";\n",
        sources.display()
    );
    std::fs::write(&config, settings).unwrap();
    // The settings of apt are inherited through the environment, and that belongs to all tests of a process.
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "bases_of_these_sources", "--nocapture"])
        .env("APT_CONFIG", &config)
        .env(STORE, store.root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("bases were refused"), "{said}");
}

#[test]
fn bases_of_these_sources() {
    let Some(store) = std::env::var_os(STORE) else {
        eprintln!("SKIPPED: the test above runs it, with sources of its own");
        return;
    };
    let store = Store::open(store).unwrap();
    let other = match Platform::host() {
        Platform::Amd64 => Platform::Arm64,
        Platform::Arm64 => Platform::Amd64,
    };
    for (runtime, variable) in [
        (Runtime::Static, "TAPEDECK_STATIC_BASE"),
        (
            Runtime::Python(PythonVersion::Distribution),
            "TAPEDECK_PYTHON_BASE",
        ),
    ] {
        let error = try_base(&store, runtime, other, &[]).unwrap_err();
        assert!(
            matches!(&error, BaseError::NoArchitecture { platform, .. } if *platform == other.as_str()),
            "{error:?}"
        );
        assert!(error.to_string().contains(variable), "{error}");
    }
    let error = try_base(&store, Runtime::Java(17), Platform::host(), &[]).unwrap_err();
    assert!(error.to_string().contains("nor any other"), "{error}");
    eprintln!("bases were refused");
}

/// Whether a file is an ELF file; if so, it must be for this machine.
fn is_of(file: &Path, machine: u16) -> bool {
    let content = std::fs::read(file).unwrap();
    if !content.starts_with(b"\x7fELF") {
        return false;
    }
    let found = u16::from_le_bytes([content[18], content[19]]);
    assert_eq!(found, machine, "{}", file.display());
    true
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(files(&entry.path()));
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    found
}
