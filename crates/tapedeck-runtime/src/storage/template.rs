//! The file that all disks of tasks are copies of.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use fs_err as fs;

use super::{StorageError, TaskDisk, attach};

/// What all of them have: no journal, because nobody reads them after a crash; no spare room for root, who is who writes;
/// no name, so that the machine does not take them for the same disk; all that is written now in one place, so that
/// little has to be copied.
const OPTIONS: [&str; 15] = [
    "-q",
    "-F",
    "-t",
    "ext4",
    "-b",
    "4096",
    "-m",
    "0",
    "-U",
    "clear",
    "-O",
    "^has_journal,^resize_inode,sparse_super2",
    "-E",
    "lazy_itable_init=1,nodiscard,packed_meta_blocks=1,num_backup_sb=0",
    "--",
];

impl TaskDisk {
    /// Disks of that many MiB, once this machine has shown that it can make one. Their template is kept in `folder`.
    ///
    /// # Errors
    /// [`StorageError`], when tasks have to do without.
    pub fn ensure(folder: &Path, megabytes: u32) -> Result<Self, StorageError> {
        let template = folder.join(format!("{megabytes}.ext4"));
        let bytes = u64::from(megabytes) << 20;
        let is_there = fs::metadata(&template).is_ok_and(|found| found.len() == bytes);
        if !is_there {
            // Those of another size are of no more use.
            match fs::remove_dir_all(folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(StorageError::File(error));
                }
                _ => fs::create_dir_all(folder).map_err(StorageError::File)?,
            }
            make(&template, bytes)?;
        }
        let disk = Self { template, megabytes };
        attach(&disk, &folder.join("probe"))?;
        Ok(disk)
    }
}

fn make(template: &Path, bytes: u64) -> Result<(), StorageError> {
    let unfinished = template.with_extension("new");
    let file = fs::File::create(&unfinished).map_err(StorageError::File)?;
    file.set_len(bytes).map_err(StorageError::File)?;
    let path = std::env::var("PATH").unwrap_or_default();
    let run = Command::new("mke2fs")
        .args(OPTIONS)
        .arg(&unfinished)
        .env_clear()
        .env("PATH", format!("{path}:/usr/sbin:/sbin:/usr/bin:/bin"))
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output();
    let output = match run {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(StorageError::ProgramMissing),
        other => other.map_err(StorageError::File)?,
    };
    if !output.status.success() {
        return Err(StorageError::ProgramRefused {
            path: unfinished,
            message: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        });
    }
    file.sync_all().map_err(StorageError::File)?;
    fs::rename(&unfinished, template).map_err(StorageError::File)
}
