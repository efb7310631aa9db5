//! Writing tar archives that depend on nothing but their entries: ustar headers, PAX only where ustar has no room.

use std::io::{self, Write};

const BLOCK: usize = 512;

/// What an archive says about an entry besides its content.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attributes {
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// Kind of an entry as tar spells it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TarKind<'a> {
    File { size: u64 },
    Directory,
    Symlink { target: &'a [u8] },
}

/// Writes an archive entry by entry.
pub(crate) struct TarWriter<W> {
    out: W,
}

impl<W: Write> TarWriter<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out }
    }

    /// Writes a header. The content of a file follows through [`Self::content`].
    pub(crate) fn entry(&mut self, path: &[u8], kind: TarKind<'_>, attributes: Attributes) -> io::Result<()> {
        let (flag, size, link) = match kind {
            TarKind::File { size } => (b'0', size, &b""[..]),
            TarKind::Directory => (b'5', 0, &b""[..]),
            TarKind::Symlink { target } => (b'2', 0, target),
        };
        let mut name = path.to_vec();
        if flag == b'5' {
            name.push(b'/');
        }
        let mut extended = Vec::new();
        let split = split_name(&name);
        if split.is_none() {
            pax_record(&mut extended, "path", &name);
        }
        if link.len() > 100 {
            pax_record(&mut extended, "linkpath", link);
        }
        for (key, value, digits) in [
            ("size", size, 11),
            ("uid", attributes.uid.into(), 7),
            ("gid", attributes.gid.into(), 7),
        ] {
            if value >> (3 * digits) != 0 {
                pax_record(&mut extended, key, value.to_string().as_bytes());
            }
        }
        if !extended.is_empty() {
            self.extended(&extended)?;
        }
        let (prefix, short) = split.unwrap_or((b"", &name[..100.min(name.len())]));
        let header = Header {
            prefix,
            name: short,
            link: &link[..link.len().min(100)],
            flag,
            size,
            attributes,
        };
        self.out.write_all(&header.block())
    }

    /// Writes the whole content of the file whose header was just written.
    pub(crate) fn content(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.pad(bytes.len() as u64)
    }

    /// Fills the last block of `written` bytes of content.
    pub(crate) fn pad(&mut self, written: u64) -> io::Result<()> {
        let rest = (written % BLOCK as u64) as usize;
        if rest == 0 {
            Ok(())
        } else {
            self.out.write_all(&[0; BLOCK][rest..])
        }
    }

    /// Ends the archive.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&[0; 2 * BLOCK])?;
        Ok(self.out)
    }

    fn extended(&mut self, records: &[u8]) -> io::Result<()> {
        let attributes = Attributes {
            mode: 0o644,
            uid: 0,
            gid: 0,
        };
        let size = records.len() as u64;
        let header = Header {
            prefix: b"",
            name: b"././@PaxHeader",
            link: b"",
            flag: b'x',
            size,
            attributes,
        };
        self.out.write_all(&header.block())?;
        self.content(records)
    }
}

struct Header<'a> {
    prefix: &'a [u8],
    name: &'a [u8],
    link: &'a [u8],
    flag: u8,
    size: u64,
    attributes: Attributes,
}

impl Header<'_> {
    fn block(&self) -> [u8; BLOCK] {
        let mut block = [0; BLOCK];
        let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, self.name);
        put(100, octal(self.attributes.mode.into(), 7).as_bytes());
        put(108, octal(self.attributes.uid.into(), 7).as_bytes());
        put(116, octal(self.attributes.gid.into(), 7).as_bytes());
        put(124, octal(self.size, 11).as_bytes());
        put(136, octal(0, 11).as_bytes());
        put(148, b"        ");
        put(156, &[self.flag]);
        put(157, self.link);
        put(257, b"ustar\x0000");
        put(345, self.prefix);
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        block[148..154].copy_from_slice(octal(sum, 6).as_bytes());
        block[154] = 0;
        block
    }
}

/// `value` in `digits` octal digits; 0 where it does not fit and a PAX record tells the value.
fn octal(value: u64, digits: usize) -> String {
    let fits = value >> (3 * digits) == 0;
    format!("{:0digits$o}", if fits { value } else { 0 })
}

/// Prefix and name of ustar, if the path fits.
fn split_name(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if path.len() <= 100 {
        return Some((b"", path));
    }
    // The last byte may be the slash of a directory, which must stay with the name.
    let slashes = (0..path.len() - 1).filter(|at| path[*at] == b'/');
    slashes
        .map(|at| (&path[..at], &path[at + 1..]))
        .find(|(prefix, name)| prefix.len() <= 155 && !prefix.is_empty() && name.len() <= 100)
}

/// One record `length key=value\n`, where the length counts itself.
fn pax_record(records: &mut Vec<u8>, key: &str, value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    records.extend_from_slice(format!("{length} {key}=").as_bytes());
    records.extend_from_slice(value);
    records.push(b'\n');
}
