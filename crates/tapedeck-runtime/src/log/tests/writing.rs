//! What is written is read back, also after a crash at any byte.

use std::os::unix::fs::PermissionsExt as _;

use super::{folder, numbered, open, open_small, read_all, segments, texts, write_numbered};
use crate::log::segment::{HEADER, path};
use crate::log::{Line, MAX_PIECE, Options, Stream, Writer};

#[test]
fn lines_come_back_as_they_were() {
    let (_guard, directory) = folder();
    let mut writer = open(&directory);
    writer.append(Stream::Stdout, b"hello\n\nwith\r\n\xff\x00raw\nun", 5);
    writer.append(Stream::Stderr, b"oops\n", 6);
    writer.append(Stream::Stdout, b"finished\nlast", 7);
    writer.mark(Stream::Stderr, "a marker", 8);
    writer.close(9);
    let line = |timestamp_ns, stream, text: &[u8], marker| Line {
        timestamp_ns,
        stream,
        text: text.to_vec(),
        marker,
    };
    assert_eq!(
        read_all(&directory),
        [
            line(5, Stream::Stdout, b"hello", false),
            line(5, Stream::Stdout, b"", false),
            line(5, Stream::Stdout, b"with\r", false),
            line(5, Stream::Stdout, b"\xff\x00raw", false),
            line(6, Stream::Stderr, b"oops", false),
            line(7, Stream::Stdout, b"unfinished", false),
            line(8, Stream::Stderr, b"a marker", true),
            line(9, Stream::Stdout, b"last", false),
        ]
    );
}

#[test]
fn one_stream_may_end_before_the_other() {
    let (_guard, directory) = folder();
    let mut writer = open(&directory);
    writer.append(Stream::Stderr, b"last words", 1);
    writer.finish_stream(Stream::Stderr, 2);
    writer.finish_stream(Stream::Stderr, 3);
    writer.append(Stream::Stdout, b"goes on\n", 4);
    writer.flush();
    assert_eq!(texts(&read_all(&directory)), ["last words", "goes on"]);
}

#[test]
fn a_long_line_is_joined_again_between_lines_of_the_other_stream() {
    let (_guard, directory) = folder();
    let mut writer = open(&directory);
    let long: Vec<u8> = (0..1 << 20).map(|index: u32| b'a' + (index % 26) as u8).collect();
    for (index, bytes) in long.chunks(100_000).enumerate() {
        writer.append(Stream::Stdout, bytes, 10 + index as u64);
        writer.append(Stream::Stderr, b"meanwhile\n", 10 + index as u64);
    }
    writer.append(Stream::Stdout, b"\nnext\n", 50);
    writer.flush();
    let lines = read_all(&directory);
    let (out, err): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.stream == Stream::Stdout);
    assert_eq!(err.len(), 11);
    assert_eq!(out.len(), 2);
    assert!(out[0].text == long, "{} bytes", out[0].text.len());
    assert!(out[0].timestamp_ns < 20 && out[1].text == b"next");

    let mut pieces = Vec::new();
    let bytes = fs_err::read(path(&directory, 0)).unwrap();
    crate::log::record::walk(&bytes[HEADER.len()..], |record| {
        if record.stream == Stream::Stdout {
            pieces.push((record.bytes.len(), record.is_partial()));
        }
    });
    assert_eq!(
        pieces[..5],
        [
            (MAX_PIECE, true),
            (MAX_PIECE, true),
            (MAX_PIECE, true),
            (MAX_PIECE, true),
            (104, false)
        ]
    );
}

#[test]
fn the_log_continues_where_it_ended() {
    let (_guard, directory) = folder();
    for part in 0..3 {
        let mut writer = open(&directory);
        write_numbered(&mut writer, part * 4..(part + 1) * 4);
    }
    assert_eq!(texts(&read_all(&directory)), numbered(0..12));
    assert_eq!(segments(&directory), [0]);
}

#[test]
fn only_the_owner_may_read() {
    let (_guard, directory) = folder();
    write_numbered(&mut open_small(&directory), 0..40);
    let mode = |path: &std::path::Path| fs_err::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    assert!(segments(&directory).len() > 2);
    assert!(
        segments(&directory)
            .into_iter()
            .all(|number| mode(&path(&directory, number)) == 0o600)
    );
}

/// Cuts the log at every byte of its last three records: all whole records before the cut are kept, and writing goes on.
#[test]
fn t68_a_torn_tail_is_cut_off() {
    let (_guard, directory) = folder();
    write_numbered(&mut open(&directory), 0..6);
    let bytes = fs_err::read(path(&directory, 0)).unwrap();
    let record = (bytes.len() - HEADER.len()) / 6;
    for length in bytes.len() - 3 * record..=bytes.len() {
        fs_err::write(path(&directory, 0), &bytes[..length]).unwrap();
        let whole = ((length - HEADER.len()) / record) as u64;
        assert_eq!(
            texts(&read_all(&directory)),
            numbered(0..whole),
            "reading the log cut at {length}"
        );

        let mut writer = open(&directory);
        writer.append(Stream::Stdout, b"after\n", 2000);
        writer.flush();
        let mut expected = numbered(0..whole);
        expected.push("after".into());
        assert_eq!(
            texts(&read_all(&directory)),
            expected,
            "writing on, cut at {length}"
        );
    }
}

#[test]
fn t68_garbage_after_the_last_record_is_cut_off() {
    let (_guard, directory) = folder();
    write_numbered(&mut open(&directory), 0..2);
    let bytes = fs_err::read(path(&directory, 0)).unwrap();
    for garbage in [&[0_u8; 5000][..], &[0xff; 3], b"\x0c\0\0\0abcdefghijklmnop"] {
        fs_err::write(path(&directory, 0), [&bytes, garbage].concat()).unwrap();
        write_numbered(&mut open(&directory), 2..3);
        assert_eq!(texts(&read_all(&directory)), numbered(0..3));
    }
}

#[test]
fn t68_an_interrupted_start_of_a_segment_is_repaired() {
    let (_guard, directory) = folder();
    write_numbered(&mut open_small(&directory), 0..20);
    let next = segments(&directory).last().unwrap() + 1;
    for length in 0..HEADER.len() {
        fs_err::write(path(&directory, next), &HEADER[..length]).unwrap();
        assert_eq!(texts(&read_all(&directory)), numbered(0..20), "{length}");
        let mut writer = open_small(&directory);
        write_numbered(&mut writer, 20..21);
        assert_eq!(texts(&read_all(&directory)), numbered(0..21), "{length}");
    }
}

#[test]
fn a_segment_of_another_version_is_left_alone() {
    let (_guard, directory) = folder();
    fs_err::create_dir(&directory).unwrap();
    let foreign = b"tdlog\0\x63\0something newer";
    fs_err::write(path(&directory, 7), foreign).unwrap();
    write_numbered(&mut open(&directory), 0..2);
    assert_eq!(segments(&directory), [7, 8]);
    assert_eq!(fs_err::read(path(&directory, 7)).unwrap(), foreign);
    let lines = texts(&read_all(&directory));
    assert!(lines[0].starts_with("skipped 23 unreadable bytes"), "{lines:?}");
    assert_eq!(lines[1..], numbered(0..2));
}

#[test]
fn a_line_in_pieces_ends_with_its_writer() {
    let (_guard, directory) = folder();
    let mut writer = open(&directory);
    writer.append(Stream::Stdout, &vec![b'x'; MAX_PIECE + 10], 1);
    writer.flush();
    drop(writer);
    let mut writer = open(&directory);
    writer.append(Stream::Stdout, b"of the next writer\n", 2);
    writer.flush();
    let lines = read_all(&directory);
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (lines[0].text.len(), lines[1].text.as_slice()),
        (MAX_PIECE, b"of the next writer".as_slice())
    );
}

#[test]
fn the_oldest_segments_make_room() {
    let (_guard, directory) = folder();
    let options = Options {
        segment_bytes: 1000,
        total_bytes: 5000,
    };
    let mut writer = Writer::open(&directory, options).unwrap();
    write_numbered(&mut writer, 0..1000);
    let size: u64 = segments(&directory)
        .into_iter()
        .map(|number| fs_err::metadata(path(&directory, number)).unwrap().len())
        .sum();
    assert!((3000..=5000).contains(&size), "{size}");
    let lines = texts(&read_all(&directory));
    let first = 1000 - lines.len() as u64;
    assert_eq!(lines, numbered(first..1000));

    // Counted again by the next writer.
    drop(writer);
    write_numbered(&mut Writer::open(&directory, options).unwrap(), 1000..2000);
    assert!(segments(&directory).len() <= 5);
}

#[test]
fn a_batch_is_written_before_it_grows_large() {
    let (_guard, directory) = folder();
    let mut writer = open(&directory);
    let line = [b'y'; 99];
    for _ in 0..1000 {
        writer.append(Stream::Stdout, &[&line[..], b"\n"].concat(), 1);
    }
    let unasked = read_all(&directory).len();
    assert!((500..1000).contains(&unasked), "{unasked}");
    writer.sync().unwrap();
    assert_eq!(read_all(&directory).len(), 1000);
    assert_eq!(writer.dropped_lines(), 0);
}
