//! Memory of this process that it can do without for a while.

use std::path::Path;

use fs_err as fs;

/// Forgets the instructions of this program that have been executed so far. The kernel brings back what is executed again,
/// from its cache of the file: most of what starts and changes things is not, for hours.
///
/// Does nothing where the kernel does not say what is mapped.
pub fn release_program() {
    let (Ok(program), Ok(maps)) = (
        fs::read_link("/proc/self/exe"),
        fs::read_to_string("/proc/self/maps"),
    ) else {
        return;
    };
    for line in maps.lines() {
        let Some((start, end)) = instructions(line, &program) else {
            continue;
        };
        // SAFETY: instructions of a file are never written to, so that its pages hold all there is to them. Whoever executes
        // them meanwhile waits until they are back. Those of the program itself stay mapped as long as it runs.
        unsafe { libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_DONTNEED) };
    }
}

/// The addresses of instructions that are mapped from this file, by a line of `/proc/PID/maps`.
///
/// Not those of constants: some of them are addresses, which were filled in when the program was loaded.
fn instructions(line: &str, program: &Path) -> Option<(usize, usize)> {
    let mapped = line.strip_suffix(program.to_str()?)?;
    let mut words = mapped.strip_suffix(' ')?.split_ascii_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    if words.next()? != "r-xp" {
        return None;
    }
    let number = |text| usize::from_str_radix(text, 16).ok();
    Some((number(start)?, number(end)?))
}

#[cfg(test)]
mod tests;
