//! What all disks of tasks are copies of: an empty file system, of which only the blocks are kept that are not zeros. So its
//! file is small, also for whoever backs it up or searches it.

use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use fs_err as fs;
use rustix::fs::SeekFrom;
use rustix::io::Errno;

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

/// How the file begins.
const MAGIC: &[u8; 8] = b"tddisk 1";

/// The blocks of an empty file system.
pub(super) struct Template {
    /// Bytes of the whole file system.
    length: u64,
    /// What is not zeros, and where.
    blocks: Vec<(u64, Vec<u8>)>,
}

impl Template {
    /// Reads it from its file.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let bytes = fs::read(path)?;
        Self::decode(&bytes).ok_or_else(|| {
            let message = format!("{} is no template of a disk", path.display());
            io::Error::new(io::ErrorKind::InvalidData, message)
        })
    }

    /// Makes an empty file this file system.
    pub(super) fn write_to(&self, file: &fs::File) -> io::Result<()> {
        file.set_len(self.length)?;
        let mut blocks = self.blocks.iter();
        blocks.try_for_each(|(place, bytes)| file.file().write_all_at(bytes, *place))
    }

    /// What of a sparse file is there.
    fn of(file: &fs::File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let (mut blocks, mut end) = (Vec::new(), 0);
        while let Some(start) = seek(file, SeekFrom::Data(end))? {
            end = seek(file, SeekFrom::Hole(start))?.unwrap_or(length);
            let mut bytes = vec![0; usize::try_from(end - start).map_err(io::Error::other)?];
            file.file().read_exact_at(&mut bytes, start)?;
            blocks.push((start, bytes));
        }
        Ok(Self { length, blocks })
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(self.length.to_le_bytes());
        for (place, bytes) in &self.blocks {
            out.extend(place.to_le_bytes());
            out.extend((bytes.len() as u64).to_le_bytes());
            out.extend(bytes);
        }
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(MAGIC)?;
        let length = take_number(&mut rest)?;
        let mut blocks = Vec::new();
        while !rest.is_empty() {
            let place = take_number(&mut rest)?;
            let size = usize::try_from(take_number(&mut rest)?).ok()?;
            let (block, after) = rest.split_at_checked(size)?;
            blocks.push((place, block.to_vec()));
            rest = after;
        }
        Some(Self { length, blocks })
    }
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*number))
}

/// None behind the last data.
fn seek(file: &fs::File, to: SeekFrom) -> io::Result<Option<u64>> {
    match rustix::fs::seek(file.file(), to) {
        Ok(place) => Ok(Some(place)),
        Err(Errno::NXIO) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl TaskDisk {
    /// Disks of that many MiB, once this machine has shown that it can make one. Their template is kept in `folder`.
    ///
    /// # Errors
    /// [`StorageError`], when tasks have to do without.
    pub fn ensure(folder: &Path, megabytes: u32) -> Result<Self, StorageError> {
        let template = folder.join(format!("{megabytes}.disk"));
        let bytes = u64::from(megabytes) << 20;
        if !Template::read(&template).is_ok_and(|found| found.length == bytes) {
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
    let sparse = template.with_extension("ext4");
    let made = make_file_system(&sparse, bytes);
    let removed = fs::remove_file(&sparse);
    let encoded = made?.encode();
    removed.map_err(StorageError::File)?;

    let unfinished = template.with_extension("new");
    let written = fs::File::create(&unfinished).and_then(|mut file| {
        file.write_all(&encoded)?;
        file.sync_all()
    });
    written
        .and_then(|()| fs::rename(&unfinished, template))
        .map_err(StorageError::File)
}

fn make_file_system(path: &Path, bytes: u64) -> Result<Template, StorageError> {
    let file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
        .map_err(StorageError::File)?;
    file.set_len(bytes).map_err(StorageError::File)?;
    let search = std::env::var("PATH").unwrap_or_default();
    let run = Command::new("mke2fs")
        .args(OPTIONS)
        .arg(path)
        .env_clear()
        .env("PATH", format!("{search}:/usr/sbin:/sbin:/usr/bin:/bin"))
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output();
    let output = match run {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(StorageError::ProgramMissing),
        other => other.map_err(StorageError::File)?,
    };
    if !output.status.success() {
        return Err(StorageError::ProgramRefused {
            path: path.to_owned(),
            message: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        });
    }
    Template::of(&file).map_err(StorageError::File)
}
