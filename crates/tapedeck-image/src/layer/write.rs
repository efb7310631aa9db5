//! Writing a layer: once into an archive, once into a folder, each source read once.

use std::io::{self, BufWriter, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::tree::{Tree, arrange, display};
use crate::digest::HashingWriter;
use crate::store::Unsettled;
use crate::tarball::{Attributes, TarKind, TarWriter};
use crate::unpack::Unpacker;
use crate::{Contents, Digest, Entry, EntryKind, Layer, LayerMediaType, PutLayerError, Store};

/// Below this many bytes of content a layer is built in memory, by one thread, and its blob is not compressed:
/// compressing and starting threads would take longer than writing the bytes.
const SMALL: u64 = 1 << 20;
/// More entries than this are written by threads whatever their size.
const FEW: usize = 500;
/// How many entries may wait between threads.
const QUEUE: usize = 64;
const COMPRESSION_LEVEL: i32 = 3;

/// An entry with its content in memory, on its way to both writers.
#[derive(Clone)]
struct Loaded {
    path: Arc<[u8]>,
    kind: LoadedKind,
    attributes: Attributes,
}

#[derive(Clone)]
enum LoadedKind {
    File(Arc<[u8]>),
    Directory,
    Symlink(Arc<[u8]>),
}

pub(super) fn put_layer(store: &Store, entries: Vec<Entry>) -> Result<Layer, PutLayerError> {
    let tree = arrange(entries)?;
    if tree.len() <= FEW && content_length(&tree)? < SMALL {
        let loaded = tree.into_iter().map(load).collect::<Result<Vec<_>, _>>()?;
        Ok(put_small(store, &loaded).map_err(store.failed("write a layer"))?)
    } else {
        put_large(store, tree)
    }
}

fn content_length(tree: &Tree) -> Result<u64, PutLayerError> {
    let mut total = 0;
    for entry in tree.values() {
        total += match &entry.kind {
            EntryKind::File(Contents::Bytes(bytes)) => bytes.len() as u64,
            EntryKind::File(Contents::Source(source)) => {
                fs_err::metadata(source).map_err(unreadable(&entry.path))?.len()
            }
            EntryKind::Directory | EntryKind::Symlink(_) => 0,
        };
    }
    Ok(total)
}

fn load((path, entry): (Vec<u8>, Entry)) -> Result<Loaded, PutLayerError> {
    let mut attributes = Attributes {
        mode: entry.mode & 0o7777,
        uid: entry.uid,
        gid: entry.gid,
    };
    let kind = match entry.kind {
        EntryKind::File(Contents::Bytes(bytes)) => LoadedKind::File(bytes),
        EntryKind::File(Contents::Source(source)) => {
            LoadedKind::File(read_source(&source).map_err(unreadable(&display(&path)))?)
        }
        EntryKind::Directory => LoadedKind::Directory,
        EntryKind::Symlink(target) => {
            attributes.mode = 0o777;
            LoadedKind::Symlink(target.as_os_str().as_bytes().into())
        }
    };
    Ok(Loaded {
        path: path.into(),
        kind,
        attributes,
    })
}

fn read_source(source: &Path) -> io::Result<Arc<[u8]>> {
    let mut file = fs_err::File::open(source)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other(format!(
            "{} is not a regular file",
            source.display()
        )));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1);
    file.read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> PutLayerError + use<> {
    let path = path.to_owned();
    move |source| PutLayerError::Source { path, source }
}

fn put_small(store: &Store, entries: &[Loaded]) -> io::Result<Layer> {
    let mut writer = TarWriter::new(Vec::new());
    for entry in entries {
        archive(&mut writer, entry)?;
    }
    let content = writer.finish()?;
    let compressed = zstd::bulk::compress(&content, COMPRESSION_LEVEL)?;
    let layer = Layer {
        diff_id: Digest::of(&content),
        digest: Digest::of(&compressed),
        size: compressed.len() as u64,
        media_type: LayerMediaType::TarZstd,
    };
    if store.has_layer(&layer) {
        return Ok(layer);
    }
    let folder = store.temporary_folder()?;
    let mut unpacker = Unpacker::fill(folder.path(), store.is_privileged())?;
    for entry in entries {
        unpack(&mut unpacker, entry)?;
    }
    unpacker.finish()?;
    store.mark_unsettled(Unsettled::Blob, &layer.digest)?;
    store.put_blob(&compressed)?;
    store.publish_layer(folder.path(), &layer.diff_id)?;
    Ok(layer)
}

fn put_large(store: &Store, tree: Tree) -> Result<Layer, PutLayerError> {
    let workspace = store.workspace().map_err(store.failed("write a layer"))?;
    let (blob, folder) = (workspace.path("blob"), workspace.path("layer"));
    let privileged = store.is_privileged();
    let (archived, unpacked, loaded) = thread::scope(|scope| {
        let (to_archive, from_archive) = sync_channel(QUEUE);
        let (to_folder, from_folder) = sync_channel(QUEUE);
        let archived = scope.spawn(|| write_blob(&blob, from_archive));
        let unpacked = scope.spawn(|| write_folder(&folder, privileged, from_folder));
        let loaded = load_all(tree, to_archive, to_folder);
        (join(archived), join(unpacked), loaded)
    });
    loaded?;
    let layer = archived.map_err(store.failed("write a layer"))?;
    unpacked.map_err(store.failed("unpack a layer"))?;
    let published = store.publish_blob(&blob, &layer.digest);
    published
        .and_then(|()| store.publish_layer(&folder, &layer.diff_id))
        .map_err(store.failed("write a layer"))?;
    Ok(layer)
}

fn join<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Reads every source and hands it to both writers. Stops when a writer is gone: that one has the error.
fn load_all(
    tree: Tree,
    to_archive: SyncSender<Loaded>,
    to_folder: SyncSender<Loaded>,
) -> Result<(), PutLayerError> {
    for entry in tree {
        let loaded = load(entry)?;
        if to_archive.send(loaded.clone()).is_err() || to_folder.send(loaded).is_err() {
            break;
        }
    }
    Ok(())
}

fn write_blob(path: &Path, entries: Receiver<Loaded>) -> io::Result<Layer> {
    let file = HashingWriter::new(BufWriter::with_capacity(1 << 17, fs_err::File::create(path)?));
    let mut encoder = zstd::Encoder::new(file, COMPRESSION_LEVEL)?;
    // One worker: compression runs beside hashing. The result does not depend on the number of workers.
    encoder.multithread(1)?;
    let mut writer = TarWriter::new(HashingWriter::new(BufferedEncoder(encoder)));
    for entry in entries {
        archive(&mut writer, &entry)?;
    }
    let (BufferedEncoder(encoder), diff_id, _) = writer.finish()?.finish();
    let (mut file, digest, size) = encoder.finish()?.finish();
    file.flush()?;
    Ok(Layer {
        diff_id,
        digest,
        size,
        media_type: LayerMediaType::TarZstd,
    })
}

/// Names the encoder type once.
struct BufferedEncoder<'a>(zstd::Encoder<'a, HashingWriter<BufWriter<fs_err::File>>>);

impl Write for BufferedEncoder<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn write_folder(folder: &Path, privileged: bool, entries: Receiver<Loaded>) -> io::Result<()> {
    let mut unpacker = Unpacker::create(folder, privileged)?;
    for entry in entries {
        unpack(&mut unpacker, &entry)?;
    }
    unpacker.finish()
}

fn archive<W: Write>(writer: &mut TarWriter<W>, entry: &Loaded) -> io::Result<()> {
    let kind = match &entry.kind {
        LoadedKind::File(content) => TarKind::File {
            size: content.len() as u64,
        },
        LoadedKind::Directory => TarKind::Directory,
        LoadedKind::Symlink(target) => TarKind::Symlink { target },
    };
    writer.entry(&entry.path, kind, entry.attributes)?;
    if let LoadedKind::File(content) = &entry.kind {
        writer.content(content)?;
    }
    Ok(())
}

fn unpack(unpacker: &mut Unpacker, entry: &Loaded) -> io::Result<()> {
    match &entry.kind {
        LoadedKind::File(content) => {
            unpacker.file(&entry.path, entry.attributes, 0, |file| file.write_all(content))
        }
        LoadedKind::Directory => unpacker.directory(&entry.path, entry.attributes, 0),
        LoadedKind::Symlink(target) => unpacker.symlink(&entry.path, target, entry.attributes, 0),
    }
}
