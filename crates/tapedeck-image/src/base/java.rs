//! A Java runtime as this machine's distribution has it, without sound, printers and smart cards.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::apt::Wanted;
use super::layers::{Assembler, Part, Recipe};
use super::rootfs::Files;
use super::{BaseError, LanguageLayer, RuntimeKind, keystore};
use crate::Entry;

/// What the packages need for configuring themselves or for devices that no container has.
const LEFT_OUT: [&str; 9] = [
    "ca-certificates-java",
    "java-common",
    "libasound2",
    "libasound2t64",
    "libcups2",
    "libcups2t64",
    "libnss3",
    "libpcsclite1",
    "util-linux",
];

/// Where all Java runtimes are.
const FOLDER: &str = "usr/lib/jvm";
/// Where the packages expect the certificates that Java trusts.
const KEYSTORE: &str = "etc/ssl/certs/java/cacerts";

/// Sees to it that there is such a Java, before anything is fetched.
pub(super) fn require(assembler: &mut Assembler<'_>, major: u16) -> Result<(), BaseError> {
    if assembler.recorded(&record_name(assembler, major))?.is_some() {
        return Ok(());
    }
    let wanted = package_name(major);
    let platform = assembler.platform.as_str();
    let apt = assembler.apt()?;
    let names = apt.names_like("^openjdk-[0-9]+-jre-headless$")?;
    if names.contains(&wanted) {
        return Ok(());
    }
    let number = |name: &String| name.split('-').nth(1)?.parse::<u16>().ok();
    let mut offered: Vec<u16> = names.iter().filter_map(number).collect();
    offered.sort_unstable();
    let offered: Vec<String> = offered.iter().map(u16::to_string).collect();
    Err(apt.or_trouble(BaseError::NotOffered {
        runtime: RuntimeKind::Java,
        wanted: major.to_string(),
        platform,
        offered: offered.join(", "),
    }))
}

fn package_name(major: u16) -> String {
    format!("openjdk-{major}-jre-headless")
}

fn record_name(assembler: &Assembler<'_>, major: u16) -> String {
    assembler.record_name(&format!("java-{major}"))
}

/// Makes the layer with Java on top of `below`, of which the first part has the certificates.
pub(super) fn layer(
    assembler: &mut Assembler<'_>,
    below: &[Part],
    major: u16,
) -> Result<LanguageLayer, BaseError> {
    let package = package_name(major);
    let certificates = certificates(assembler, below)?;
    let recipe = Recipe {
        name: record_name(assembler, major),
        created_by: format!("Java {major}"),
        wanted: Wanted {
            names: vec![&package],
            left_out: &LEFT_OUT,
            installed: assembler.installed(below)?,
        },
    };
    let part = assembler.packages(&recipe, |mut files| {
        link_programs(&mut files);
        files.insert(
            KEYSTORE.into(),
            Entry::file(KEYSTORE, keystore::of_certificates(&certificates)),
        );
        files.into_values().collect()
    })?;
    let found = part.packages.iter().find(|found| found.name == package);
    let version = found
        .and_then(|found| found.version.split(['+', '~', '-']).next())
        .map_or_else(|| major.to_string(), str::to_owned);
    let home = format!("/{FOLDER}/java-{major}-openjdk-{}", assembler.platform.as_str());
    Ok(LanguageLayer {
        env: BTreeMap::from([
            ("LANG".to_owned(), "C.UTF-8".to_owned()),
            ("JAVA_HOME".to_owned(), home),
            ("JAVA_VERSION".to_owned(), version.clone()),
        ]),
        version,
        part,
    })
}

/// The certificates that this machine's distribution trusts, one after the other.
fn certificates(assembler: &Assembler<'_>, below: &[Part]) -> Result<String, BaseError> {
    let Some(foundation) = below.first() else {
        return Ok(String::new());
    };
    let folder = assembler.store.layer_folder(&foundation.layer.diff_id);
    let read = fs_err::read_to_string(folder.join("etc/ssl/certs/ca-certificates.crt"));
    Ok(read.map_err(assembler.store.failed("read the certificates of a base"))?)
}

/// The distribution's programs are found through links that its maintainer scripts make.
fn link_programs(files: &mut Files) {
    let is_program = |path: &&PathBuf| {
        path.starts_with(FOLDER)
            && path
                .parent()
                .is_some_and(|folder| folder.ends_with("bin") && folder.components().count() == 5)
    };
    let programs: Vec<PathBuf> = files.keys().filter(is_program).cloned().collect();
    for program in programs {
        let Some(name) = program.file_name() else { continue };
        let link = Path::new("usr/bin").join(name);
        files
            .entry(link.clone())
            .or_insert_with(|| Entry::symlink(link, Path::new("/").join(&program)));
    }
}
