//! Python as this machine's distribution has it: the interpreter and its standard library.

use std::collections::BTreeMap;

use super::layers::{Assembler, Part, Recipe};
use super::{BaseError, LanguageLayer, PythonVersion, RuntimeKind};
use crate::Entry;
use crate::base::apt::Wanted;

/// Makes the layer with Python on top of `below`.
pub(super) fn layer(
    assembler: &mut Assembler<'_>,
    below: &[Part],
    (major, minor): (u16, u16),
) -> Result<LanguageLayer, BaseError> {
    let line = format!("{major}.{minor}");
    let program = format!("python{line}");
    let recipe = Recipe {
        name: assembler.record_name(&program),
        created_by: format!("Python {line}"),
        wanted: Wanted {
            names: vec![&program],
            left_out: &[],
            installed: assembler.installed(below)?,
        },
    };
    let part = assembler.packages(&recipe, |mut files| {
        for link in [
            Entry::symlink("usr/bin/python3", &program),
            Entry::symlink("usr/bin/python", "python3"),
        ] {
            files.insert(link.path.clone(), link);
        }
        files.into_values().collect()
    })?;
    let package = part.packages.iter().find(|package| package.name == program);
    let version = package.map_or(line.as_str(), |package| upstream(&package.version));
    let version = version.to_owned();
    Ok(LanguageLayer {
        env: BTreeMap::from([
            ("LANG".to_owned(), "C.UTF-8".to_owned()),
            ("PYTHON_VERSION".to_owned(), version.clone()),
        ]),
        version,
        part,
    })
}

/// Which Python it is to be, before anything is fetched.
pub(super) fn choose(assembler: &mut Assembler<'_>, version: PythonVersion) -> Result<(u16, u16), BaseError> {
    if let PythonVersion::Line(major, minor) = version
        && assembler
            .recorded(&assembler.record_name(&format!("python{version}")))?
            .is_some()
    {
        return Ok((major, minor));
    }
    let apt = assembler.apt()?;
    let names = apt.names_like(r"^python3\.[0-9]+$")?;
    let mut offered: Vec<(u16, u16)> = names
        .iter()
        .filter_map(|name| line(name.strip_prefix("python")?))
        .collect();
    offered.sort_unstable();
    let chosen = match version {
        PythonVersion::Line(major, minor) => Some((major, minor)),
        PythonVersion::Distribution => apt.version_of("python3")?.as_deref().and_then(line),
    };
    let platform = apt.platform().as_str();
    let offered_lines: Vec<String> = offered
        .iter()
        .map(|(major, minor)| format!("{major}.{minor}"))
        .collect();
    chosen.filter(|line| offered.contains(line)).ok_or_else(|| {
        apt.or_trouble(BaseError::NotOffered {
            runtime: RuntimeKind::Python,
            wanted: match version {
                PythonVersion::Distribution => "3".to_owned(),
                PythonVersion::Line(..) => version.to_string(),
            },
            platform,
            offered: offered_lines.join(", "),
        })
    })
}

/// The first two numbers of a version.
fn line(version: &str) -> Option<(u16, u16)> {
    let mut numbers = version.split(|letter: char| !letter.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// The version without what the distribution added to it.
fn upstream(version: &str) -> &str {
    let version = version.split_once(':').map_or(version, |(_, version)| version);
    version.split(['-', '+', '~']).next().unwrap_or(version)
}
