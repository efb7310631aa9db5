//! Engines: machine code that clients of older kinds need, one file for each system that they were generated for.

use std::path::Path;

use tapedeck_image::Platform;

use super::error::PrismaError;

/// What Prisma calls the system of an image: Debian with OpenSSL 3.
fn target(platform: Platform) -> &'static str {
    match platform {
        Platform::Amd64 => "debian-openssl-3.0.x",
        Platform::Arm64 => "linux-arm64-openssl-3.0.x",
    }
}

/// The system that an engine is for, by its name. None: it is none.
fn target_of(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?;
    let library = name
        .strip_prefix("libquery_engine-")
        .and_then(|rest| rest.strip_suffix(".so.node"));
    library.or_else(|| name.strip_prefix("query-engine-"))
}

/// Leaves out the engines for other systems.
///
/// # Errors
/// When a client has engines, but none for this one.
pub(in crate::javascript) fn keep_engines<T>(
    files: &mut Vec<T>,
    path_of: impl Fn(&T) -> &Path,
    platform: Platform,
) -> Result<(), PrismaError> {
    let wanted = target(platform);
    let all = || files.iter().filter_map(|file| target_of(path_of(file)));
    let Some(other) = all().next() else {
        return Ok(());
    };
    if !all().any(|target| target == wanted) {
        return Err(PrismaError::NoEngine {
            wanted,
            other: other.to_owned(),
        });
    }
    files.retain(|file| target_of(path_of(file)).is_none_or(|target| target == wanted));
    Ok(())
}
