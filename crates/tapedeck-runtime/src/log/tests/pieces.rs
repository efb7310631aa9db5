//! Handing a log on, from where it was left.

use super::{folder, numbered, open, open_small, segments, texts, write_numbered};
use crate::log::segment::path;
use crate::log::{Line, MAX_PIECE, Pieces, Position, Stream, remove_segment};

fn all(pieces: &mut Pieces) -> Vec<Line> {
    std::iter::from_fn(|| pieces.next_piece().unwrap()).collect()
}

#[test]
fn reading_goes_on_at_any_place_that_was_remembered() {
    let (_guard, directory) = folder();
    write_numbered(&mut open_small(&directory), 0..40);
    assert!(segments(&directory).len() > 4);
    let mut pieces = Pieces::open(&directory, 0, None).unwrap();
    for count in 1..=40 {
        assert!(pieces.next_piece().unwrap().is_some());
        if count % 7 == 0 {
            pieces.rest();
        }
        let mut others = Pieces::open(&directory, 0, pieces.position()).unwrap();
        assert_eq!(texts(&all(&mut others)), numbered(count..40), "after {count}");
    }
    assert_eq!(pieces.next_piece().unwrap(), None);
    write_numbered(&mut open_small(&directory), 40..50);
    let mut next = Pieces::open(&directory, 0, pieces.position()).unwrap();
    assert_eq!(texts(&all(&mut next)), numbered(40..50));
    assert_eq!(texts(&all(&mut pieces)), numbered(40..50));
    let mut late = Pieces::open(&directory, 1045, pieces.position().map(|_| Position::default())).unwrap();
    assert_eq!(texts(&all(&mut late)), numbered(45..50), "from a time on");
}

#[test]
fn a_long_line_comes_in_pieces_and_may_be_gone_on_with_in_its_middle() {
    let (_guard, directory) = folder();
    let mut writer = open(&directory);
    writer.append(Stream::Stdout, &vec![b'x'; 2 * MAX_PIECE + 5], 7);
    writer.append(Stream::Stderr, b"other\n", 8);
    writer.append(Stream::Stdout, b"\n\n", 9);
    writer.flush();
    let lengths = |lines: &[Line]| lines.iter().map(|line| line.text.len()).collect::<Vec<_>>();
    let mut pieces = Pieces::open(&directory, 0, None).unwrap();
    pieces.next_piece().unwrap();
    let mut others = Pieces::open(&directory, 0, pieces.position()).unwrap();
    assert_eq!(lengths(&all(&mut others)), [MAX_PIECE, 5, 5, 0]);
}

#[test]
fn what_is_gone_or_damaged_is_passed_over() {
    let (_guard, directory) = folder();
    write_numbered(&mut open_small(&directory), 0..40);
    let mut pieces = Pieces::open(&directory, 0, None).unwrap();
    pieces.next_piece().unwrap();
    let left = pieces.position();
    let gone = segments(&directory)[0];
    remove_segment(&directory, gone).unwrap();
    let mut later = Pieces::open(&directory, 0, left).unwrap();
    let lines = texts(&all(&mut later));
    assert!(
        lines.len() < 39 && lines.ends_with(&numbered(30..40)),
        "{lines:?}"
    );

    let first = segments(&directory)[0];
    let beyond = Position {
        segment: first,
        offset: 1 << 40,
    };
    let again = Pieces::open(&directory, 0, Some(beyond));
    assert_eq!(texts(&all(&mut again.unwrap())), lines, "rather twice than never");

    let file = fs_err::OpenOptions::new()
        .append(true)
        .open(path(&directory, first));
    std::io::Write::write_all(&mut file.unwrap(), b"damage").unwrap();
    let mut damaged = Pieces::open(&directory, 0, None).unwrap();
    let mut seen = 0;
    while let Some(line) = damaged.next_piece().unwrap() {
        seen += usize::from(!line.marker);
        let rest = all(&mut Pieces::open(&directory, 0, damaged.position()).unwrap());
        let left = rest.iter().filter(|line| !line.marker).count();
        assert!(left >= lines.len() - seen, "nothing is lost after {seen}");
    }
    assert_eq!(seen, lines.len());
}
