//! A copy of what is sent to a tool, so that nothing is written among the user's files.

use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use fs_err as fs;

use crate::dockerfile::Sent;

/// Copies files, folders and links with their permissions, and files with their times.
pub(super) fn copy(folder: &Path, sent: &Sent, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    let copied = |path: &Path| to.join(path.strip_prefix(folder).unwrap_or(path));
    for path in &sent.folders {
        fs::create_dir_all(copied(path))?;
    }
    for path in &sent.files {
        let target = copied(path);
        if path.is_symlink() {
            symlink(fs::read_link(path)?, &target)?;
            continue;
        }
        fs::copy(path, &target)?;
        if let Ok(modified) = fs::metadata(path)?.modified() {
            fs::File::open(&target)?.into_parts().0.set_modified(modified)?;
        }
    }
    // Last and innermost first: nothing can be put into a folder that may not be written.
    for path in sent.folders.iter().rev() {
        fs::set_permissions(copied(path), fs::metadata(path)?.permissions())?;
    }
    Ok(())
}
