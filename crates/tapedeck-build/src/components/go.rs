//! Modules of Go: the linker writes into each program of which it was built.
//!
//! Source: package `debug/buildinfo` of Go's library, the form that is in use since Go 1.18.

use std::io::Read;
use std::path::Path;

use fs_err as fs;
use tapedeck_image::Component;

const ELF: &[u8] = b"\x7fELF";
const MAGIC: &[u8] = b"\xff Go buildinf:";
/// The texts follow the header itself, instead of being pointed to.
const IS_INLINE: u8 = 2;
const HEADER: usize = 32;
/// Bytes around the list of modules that say nothing.
const FRAME: usize = 16;

/// The modules of a program, and the library of Go itself. Nothing for any other file.
pub(super) fn of_program(path: &Path) -> Vec<Component> {
    read_program(path)
        .and_then(|program| of_bytes(&program))
        .unwrap_or_default()
}

fn read_program(path: &Path) -> Option<Vec<u8>> {
    let mut file = fs::File::open(path).ok()?;
    let mut program = vec![0; ELF.len()];
    file.read_exact(&mut program).ok()?;
    if program != ELF {
        return None;
    }
    file.read_to_end(&mut program).ok()?;
    Some(program)
}

fn of_bytes(program: &[u8]) -> Option<Vec<Component>> {
    let at = memchr::memmem::find_iter(program, MAGIC).find(|at| at % FRAME == 0)?;
    if program.get(at + MAGIC.len() + 1)? & IS_INLINE == 0 {
        return None;
    }
    let (version, rest) = text(program.get(at + HEADER..)?)?;
    let (modules, _) = text(rest)?;
    let modules = modules.get(FRAME..modules.len().checked_sub(FRAME)?)?;
    let version = String::from_utf8_lossy(version);
    let library = Component::new(
        "golang",
        "stdlib",
        version.split(' ').next()?.trim_start_matches("go"),
    );
    let mut found = vec![library];
    found.extend(of_list(&String::from_utf8_lossy(modules)));
    Some(found)
}

/// A text after its length, and what is behind it.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (mut length, mut shift, mut at) = (0_usize, 0, 0);
    loop {
        let byte = *bytes.get(at)?;
        at += 1;
        length |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            break;
        }
        shift += 7;
    }
    let end = at.checked_add(length)?;
    Some((bytes.get(at..end)?, &bytes[end..]))
}

/// The lines `dep <module> <version> <sum>`; `=>` says that another module took the place of the one above.
fn of_list(text: &str) -> Vec<Component> {
    let mut found: Vec<Component> = Vec::new();
    for line in text.lines() {
        let mut parts = line.split('\t');
        let (kind, name, version) = (parts.next(), parts.next(), parts.next());
        let (Some(name), Some(version)) = (name, version.filter(|version| !version.is_empty())) else {
            continue;
        };
        match kind {
            Some("dep") => found.push(Component::new("golang", name, version)),
            Some("=>") => {
                found.pop();
                found.push(Component::new("golang", name, version));
            }
            _ => {}
        }
    }
    found
}
