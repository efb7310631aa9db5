//! The certificates that a task is given to trust: those of its image, and those of who vouches for the services it reaches.
//!
//! A stand-in with TLS has an authority of its own, whose certificate is `ca.pem` in its volume; the key beside it stays there.
//! A task that reaches one gets a folder with copies in three forms, which it cannot change, and variables that
//! lead the TLS of each language there. Where the person has set one of these, it stays. A task that reaches none gets nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _};
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use tapedeck_image::base::keystore;
use tapedeck_model::{ContainerSpec, MAIN_CONTAINER, SecretTemplate};
use tapedeck_runtime::{FolderMount, TaskDefinition, TaskProcess};

use crate::fleet::ServiceKey;
use crate::image_files::{self, ImageFile};
use crate::main_loop::Engine;

/// Where a container has the folder.
const FOLDER: &str = "/run/tapedeck/trust";

/// The certificates of the authorities alone, for those who add them to their own (Node).
const AUTHORITIES: &str = "ca.pem";

/// Those of the image as well.
const BUNDLE: &str = "bundle.pem";

/// The same for Java.
const KEYSTORE: &str = "truststore.jks";

/// Tells a task the address that others know its service by.
const ADDRESS: &str = "TAPEDECK_SERVICE_ADDRESS";

/// The name of an authority's certificate in the volume of its service.
const AUTHORITY: &str = "ca.pem";

/// More than the certificate of an authority has.
const LIMIT: u64 = 1 << 20;

/// Where distributions keep the certificates that they trust, below the root.
const BUNDLES: [&str; 5] = [
    "etc/ssl/certs/ca-certificates.crt",
    "etc/pki/tls/certs/ca-bundle.crt",
    "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "etc/ssl/ca-bundle.pem",
    "etc/ssl/cert.pem",
];

/// What a task is given of the services around it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Neighbours {
    /// The names by which it knows what it reaches.
    pub(crate) names: BTreeMap<String, Ipv4Addr>,
    /// The address of its own service.
    pub(crate) address: Option<Ipv4Addr>,
    /// Where the certificates of those are who vouch for what it reaches, if there are any.
    pub(crate) authorities: Vec<PathBuf>,
}

impl Engine {
    /// What the tasks of a service are given of the services around it.
    pub(crate) fn neighbours(&self, key: &ServiceKey, container: &ContainerSpec) -> Neighbours {
        let reached = container.reaches.iter().map(ServiceKey::of);
        let reached: BTreeSet<ServiceKey> = reached.collect();
        let volumes = reached.iter().flat_map(|key| {
            let service = self.fleet.services.get(key);
            let points = service.into_iter().flat_map(|one| &one.container().mount_points);
            points.map(|point| self.host.home.volume(&key.stack, &key.name, &point.volume))
        });
        Neighbours {
            names: self.names_for(container),
            address: self.fleet.services.get(key).and_then(|service| service.address),
            authorities: volumes.map(|volume| volume.join(AUTHORITY)).collect(),
        }
    }
}

/// Gives all containers of a task what they need to trust what they reach, and tells it its address. `folder` is its own.
pub(crate) fn establish(
    folder: &Path,
    neighbours: &Neighbours,
    container: &ContainerSpec,
    definition: &mut TaskDefinition,
) -> io::Result<()> {
    if let Some(address) = neighbours.address {
        let own = Own(&container.environment, &container.secrets);
        own.set(&mut definition.process, ADDRESS, &address.to_string());
    }
    let read = neighbours.authorities.iter().filter_map(|path| authority(path));
    let authorities: String = read.collect();
    if authorities.is_empty() {
        return Ok(());
    }
    let give = |name: &str, layers: &[PathBuf], own: &Own<'_>, process: &mut TaskProcess| {
        let source = folder.join("trust").join(name);
        let trust = Trust::of(&authorities, layers, process);
        trust.write(&source)?;
        trust.tell(own, process);
        Ok::<_, io::Error>(FolderMount {
            source,
            target: FOLDER.into(),
            read_only: true,
        })
    };
    let own = Own(&container.environment, &container.secrets);
    let mount = give(MAIN_CONTAINER, &definition.layers, &own, &mut definition.process)?;
    definition.mounts.push(mount);
    let sides = definition
        .sides
        .iter_mut()
        .flat_map(|sides| &mut sides.containers);
    for (side, spec) in sides.zip(&container.sides) {
        let own = Own(&spec.environment, &spec.secrets);
        let mount = give(&side.name, &side.layers, &own, &mut side.process)?;
        side.mounts.push(mount);
    }
    Ok(())
}

/// The certificate of an authority, and nothing but certificates: whoever owns the volume could put a link there, or a key.
fn authority(path: &Path) -> Option<String> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = std::fs::File::from(rustix::fs::open(path, flags, Mode::empty()).ok()?);
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    file.take(LIMIT).read_to_string(&mut text).ok()?;
    Some(keystore::only_certificates(&text))
}

/// The variables that the person has set for a container.
struct Own<'a>(&'a BTreeMap<String, String>, &'a BTreeMap<String, SecretTemplate>);

impl Own<'_> {
    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name) || self.1.contains_key(name)
    }

    /// Sets a variable, unless the person has. That of an image is replaced.
    fn set(&self, process: &mut TaskProcess, name: &str, value: &str) {
        if !self.has(name) {
            set(process, name, value.to_string());
        }
    }
}

/// What a container is to trust.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Trust {
    authorities: String,
    bundle: String,
    /// None without Java, which says on standard error that it was told something.
    keystore: Option<Vec<u8>>,
}

impl Trust {
    /// What a container of these layers is to trust besides what it trusts by itself.
    pub(crate) fn of(authorities: &str, layers: &[PathBuf], process: &TaskProcess) -> Self {
        let named = |name: &str| image_files::text_of(layers, variable(process, name)?);
        let in_image = || BUNDLES.iter().find_map(|path| image_files::text_of(layers, path));
        let bundle = named("SSL_CERT_FILE")
            .or_else(in_image)
            .unwrap_or_else(of_machine);
        let bundle = keystore::only_certificates(&bundle) + authorities;
        let keystore = java(layers, process).map(|java| {
            let found = java.keystore.and_then(|found| found.read());
            let added = found.and_then(|found| keystore::with_certificates(&found, "tapedeck", authorities));
            added.unwrap_or_else(|| keystore::of_certificates(&bundle))
        });
        let added = named("NODE_EXTRA_CA_CERTS").unwrap_or_default();
        Self {
            authorities: keystore::only_certificates(&added) + authorities,
            bundle,
            keystore,
        }
    }

    /// Writes it down for everybody in the container to read.
    fn write(&self, folder: &Path) -> io::Result<()> {
        fs_err::create_dir_all(folder)?;
        fs_err::set_permissions(folder, PermissionsExt::from_mode(0o755))?;
        let files = [
            (AUTHORITIES, Some(self.authorities.as_bytes())),
            (BUNDLE, Some(self.bundle.as_bytes())),
            (KEYSTORE, self.keystore.as_deref()),
        ];
        for (name, content) in files {
            let Some(content) = content else { continue };
            let path = folder.join(name);
            fs_err::write(&path, content)?;
            fs_err::set_permissions(&path, PermissionsExt::from_mode(0o644))?;
        }
        Ok(())
    }

    /// Tells the programs of a container where it is.
    fn tell(&self, own: &Own<'_>, process: &mut TaskProcess) {
        let path = |name: &str| format!("{FOLDER}/{name}");
        own.set(process, "NODE_EXTRA_CA_CERTS", &path(AUTHORITIES));
        // What OpenSSL is asked for, and with it Python, Ruby, PHP and .NET; Go and Rust look there too.
        own.set(process, "SSL_CERT_FILE", &path(BUNDLE));
        if self.keystore.is_some() {
            let before = variable(process, "JAVA_TOOL_OPTIONS").unwrap_or_default();
            if !before.contains("-Djavax.net.ssl.trustStore=") {
                let (keystore, password) = (path(KEYSTORE), keystore::PASSWORD);
                let options = format!(
                    "{before} -Djavax.net.ssl.trustStore={keystore} -Djavax.net.ssl.trustStorePassword={password}"
                );
                set(process, "JAVA_TOOL_OPTIONS", options.trim_start().to_string());
            }
        }
    }
}

fn variable<'a>(process: &'a TaskProcess, name: &str) -> Option<&'a str> {
    let mut variables = process.environment.iter();
    variables
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
}

fn set(process: &mut TaskProcess, name: &str, value: String) {
    process.environment.retain(|(known, _)| known != name);
    process.environment.push((name.to_string(), value));
}

/// What this machine trusts: for images without certificates, whose programs bring their own, and would not use them now.
fn of_machine() -> String {
    let read = |path: &&str| fs_err::read_to_string(Path::new("/").join(path)).ok();
    BUNDLES.iter().find_map(read).unwrap_or_default()
}

/// A Java of an image.
struct Java {
    /// What it trusts.
    keystore: Option<ImageFile>,
}

/// The Java that a process finds.
fn java(layers: &[PathBuf], process: &TaskProcess) -> Option<Java> {
    let home = variable(process, "JAVA_HOME").map(|home| Path::new(home).join("bin"));
    let path = std::env::split_paths(variable(process, "PATH").unwrap_or_default());
    let mut folders = home.into_iter().chain(path);
    let program = folders.find_map(|folder| ImageFile::find(layers, &folder.join("java")))?;
    let home = program.inside.parent()?.parent()?;
    let places = ["lib/security/cacerts", "jre/lib/security/cacerts"].map(|below| home.join(below));
    Some(Java {
        keystore: places.iter().find_map(|place| ImageFile::find(layers, place)),
    })
}
