//! Records as bytes, and raw bytes as lines.

use crate::log::record::{Decoded, MAX_PIECE, PARTIAL, Record, Stream, decode, encode, walk};
use crate::log::segment::{HEADER, Header, check_header};
use crate::log::split::Splitter;

fn sample(bytes: &[u8]) -> Record<'_> {
    Record {
        timestamp_ns: 0x0102_0304_0506_0708,
        stream: Stream::Stderr,
        flags: PARTIAL,
        bytes,
    }
}

#[test]
fn a_record_has_the_documented_form() {
    let mut bytes = Vec::new();
    encode(&mut bytes, &sample(b"hi"));
    assert_eq!(&bytes[..4], &[12, 0, 0, 0], "length of what follows the checksum");
    assert_eq!(&bytes[8..16], &[8, 7, 6, 5, 4, 3, 2, 1], "timestamp");
    assert_eq!(&bytes[16..], &[2, 1, b'h', b'i'], "stream, flags, line");
    assert_eq!(decode(&bytes), Decoded::Record(sample(b"hi")));
}

#[test]
fn a_cut_or_changed_record_is_none() {
    let mut bytes = Vec::new();
    encode(&mut bytes, &sample(b"some line"));
    for length in 0..bytes.len() {
        assert!(
            matches!(decode(&bytes[..length]), Decoded::Short(_)),
            "cut at {length}"
        );
    }
    for position in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[position] ^= 0x10;
        assert!(
            !matches!(decode(&changed), Decoded::Record(_)),
            "changed at {position}"
        );
    }
    assert_eq!(decode(&[0; 64]), Decoded::Broken, "a hole in the file");
    assert_eq!(decode(&[0xff; 64]), Decoded::Broken);
}

#[test]
fn walking_ends_at_the_first_broken_record() {
    let mut bytes = Vec::new();
    encode(&mut bytes, &sample(b"one"));
    encode(&mut bytes, &sample(b""));
    let whole = bytes.len();
    bytes.extend_from_slice(&[1, 2, 3]);
    let mut seen = Vec::new();
    assert_eq!(walk(&bytes, |record| seen.push(record.bytes.len())), whole);
    assert_eq!(seen, [3, 0]);
}

#[test]
fn headers_are_told_apart() {
    assert_eq!(check_header(&HEADER), Header::Known);
    for torn in [&HEADER[..0], &HEADER[..5], &[0; 8]] {
        assert_eq!(check_header(torn), Header::Torn);
    }
    for foreign in [b"tdlog\0\x02\x00".as_slice(), b"something", b"x"] {
        assert_eq!(check_header(foreign), Header::Foreign);
    }
}

/// All pieces of `input`, read in portions of `portion` bytes; a partial one ends in `…`.
fn split(input: &[u8], portion: usize) -> Vec<String> {
    let mut splitter = Splitter::default();
    let mut pieces = Vec::new();
    let mut take = |bytes: &[u8], partial: bool| {
        pieces.push(format!(
            "{}{}",
            String::from_utf8_lossy(bytes),
            if partial { "…" } else { "" }
        ));
    };
    for bytes in input.chunks(portion) {
        splitter.feed(bytes, |piece| take(piece.bytes, piece.partial));
    }
    splitter.finish(|piece| take(piece.bytes, piece.partial));
    pieces
}

#[test]
fn lines_do_not_depend_on_how_they_are_read() {
    let input = b"one\n\ntwo\r\n\xff\xfe raw\nno end";
    for portion in 1..=input.len() {
        assert_eq!(
            split(input, portion),
            ["one", "", "two\r", "\u{fffd}\u{fffd} raw", "no end"],
            "{portion}"
        );
    }
    assert_eq!(split(b"end\n", 100), ["end"]);
    assert!(split(b"", 1).is_empty());
}

#[test]
fn only_a_line_that_goes_on_is_split() {
    for (length, pieces) in [
        (MAX_PIECE - 1, 1),
        (MAX_PIECE, 1),
        (MAX_PIECE + 1, 2),
        (2 * MAX_PIECE, 2),
        (2 * MAX_PIECE + 1, 3),
    ] {
        for ending in ["\n", ""] {
            let input = "a".repeat(length) + ending;
            for portion in [4096, MAX_PIECE, input.len()] {
                let split = split(input.as_bytes(), portion);
                assert_eq!(split.len(), pieces, "{length} bytes in portions of {portion}");
                assert!(split.iter().rev().skip(1).all(|piece| piece.ends_with('…')));
                assert!(!split[pieces - 1].ends_with('…'));
            }
        }
    }
}
