//! A cache with TLS: programs in each language trust it without a word in their code, and trust nobody else for that.

use std::path::Path;
use std::time::Duration;

use fs_err as fs;
use tapedeck_local::stand_in::Kind;
use tapedeck_model::{GoConfig, JavaConfig, JavaScriptConfig, LanguageConfig, PythonConfig};
use tapedeck_testkit::{Finished, Home, eventually};

use crate::seed::{Seed, buildpack};
use crate::stage::{PROJECT, all_pids, home_with, named, pids, stack};

/// Starting four languages at once takes its time on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(300);

/// The variables that a task is given for this.
const VARIABLES: [&str; 3] = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "JAVA_TOOL_OPTIONS"];

const FILES: [(&str, &str); 8] = [
    ("stacktape.yml", include_str!("trust/stacktape.yml")),
    ("node/main.mjs", include_str!("trust/main.mjs")),
    ("node/alone.mjs", "setInterval(() => {}, 1000);"),
    ("node/package.json", r#"{"type": "module"}"#),
    ("python/main.py", include_str!("trust/main.py")),
    ("go/main.go", include_str!("trust/main.go")),
    (
        "java/src/main/java/com/acme/Main.java",
        include_str!("trust/Main.java"),
    ),
    ("java/pom.xml", include_str!("trust/pom.xml")),
];

/// Makes what is packaged, and the cache, once.
fn seed(home: &Home, folder: &Path) -> Result<(), String> {
    let seed = Seed::take("tapedeck-machine");
    let javascript = || LanguageConfig::Javascript(JavaScriptConfig::default());
    for (entry, language) in [
        ("node/main.mjs", javascript()),
        ("python/main.py", LanguageConfig::Python(PythonConfig::default())),
        ("go/main.go", LanguageConfig::Go(GoConfig::default())),
        (
            "java/src/main/java/com/acme/Main.java",
            LanguageConfig::Java(JavaConfig::default()),
        ),
    ] {
        match seed.build(folder, buildpack(entry, language)) {
            Err(error) if error.is_of_surroundings() => return Err(error.to_string()),
            built => built.unwrap(),
        }
    }
    match seed.stand_in(Kind::Redis) {
        Err(error) if error.is_of_surroundings() => return Err(error.to_string()),
        prepared => prepared.unwrap(),
    }
    seed.plant(home);
    Ok(())
}

/// A copy of the files, packaged and deployed.
fn deployed() -> Option<(Home, tempfile::TempDir)> {
    let home = home_with(&["node", "npm", "python3", "go", "javac", "mvn"])?;
    let folder = tempfile::Builder::new().prefix("td-trust-").tempdir().unwrap();
    for (path, text) in FILES
        .into_iter()
        .chain([("go/go.mod", "module asks\n\ngo 1.21\n")])
    {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    // Keeps the search for manifests inside.
    fs::create_dir(folder.path().join(".git")).unwrap();
    if let Err(lacking) = seed(&home, folder.path()) {
        eprintln!("SKIPPED: this test needs packages: {lacking}");
        return None;
    }
    let mut command = home.command(&["deploy", PROJECT[0], PROJECT[1]]);
    command.current_dir(folder.path());
    let deployed = Finished::of(command);
    assert_eq!(deployed.code, Some(0), "{deployed:?}");
    Some((home, folder))
}

#[test]
fn programs_in_each_language_trust_what_they_reach_and_nothing_else() {
    let Some((home, _folder)) = deployed() else { return };
    for (language, refusal) in [
        ("node", "ERR_TLS_CERT_ALTNAME_INVALID"),
        ("python", "Hostname mismatch"),
        ("go", "certificate is valid for localhost"),
        (
            "java",
            "No subject alternative DNS name matching elsewhere.example",
        ),
    ] {
        for wanted in [format!("{language}: PONG"), format!("{language}: refused, ")] {
            let line = eventually(&wanted, PATIENCE, || {
                let lines = home.must(&["logs", PROJECT[0], PROJECT[1], "--raw", "--limit", "1000"]);
                lines
                    .lines()
                    .find(|line| line.starts_with(&wanted))
                    .map(str::to_owned)
            });
            assert!(line.ends_with("PONG") || line.contains(refusal), "{line}");
        }
    }

    let now = home.client().describe_stack(&stack()).unwrap();
    let environment_of = |service: &str| {
        let pid = *pids(named(&now, service).unwrap()).first_key_value().unwrap().1;
        fs::read_to_string(format!("/proc/{pid}/environ")).unwrap()
    };
    let has = |service: &str| {
        let environment = environment_of(service);
        VARIABLES.map(|name| {
            environment
                .split('\0')
                .any(|set| set.starts_with(&format!("{name}=")))
        })
    };
    assert_eq!(has("inJava"), [true, true, true]);
    assert_eq!(has("inGo"), [true, true, false]);
    for service in ["alone", "cache"] {
        assert_eq!(has(service), [false, false, false], "{service}");
    }

    // The key stays with the cache, and nobody changes what others are to trust.
    let cache = *pids(named(&now, "cache").unwrap()).first_key_value().unwrap().1;
    assert!(Path::new(&format!("/proc/{cache}/root/data/tls/ca.key")).exists());
    for pid in all_pids(&now).into_values().filter(|pid| *pid != cache) {
        let mounts = fs::read_to_string(format!("/proc/{pid}/mounts")).unwrap();
        assert!(!mounts.contains(" /data "), "{mounts}");
        let trust = mounts.lines().find(|line| line.contains(" /run/tapedeck/trust "));
        assert!(trust.is_none_or(|mount| mount.contains(" ro,")), "{mounts}");
    }
    home.must(&["delete", PROJECT[0], PROJECT[1], "--yes"]);
}
