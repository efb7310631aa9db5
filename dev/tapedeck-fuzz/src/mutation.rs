//! Inputs out of inputs.

use fastrand::Rng;

use crate::words;

/// The longest input that mutations make, in bytes. Large ones are a matter of their own.
const LONGEST: usize = 64 << 10;

/// The most steps from an input of the corpus to one that is tried.
const MOST_STEPS: usize = 12;

/// An input made of one of the corpus.
pub(crate) fn mutated(corpus: &[Vec<u8>], random: &mut Rng) -> Vec<u8> {
    let mut data = random.choice(corpus).cloned().unwrap_or_default();
    for _ in 0..random.usize(1..=MOST_STEPS) {
        step(&mut data, corpus, random);
        data.truncate(LONGEST);
    }
    data
}

fn step(data: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut Rng) {
    match random.u8(0..14) {
        0 => flip(data, random),
        1 => {
            let part = range(data, random);
            data.drain(part);
        }
        2 => {
            let part = range(data, random);
            let copy = data[part].to_vec();
            insert(data, &copy, random);
        }
        3 => {
            let part = range(data, random);
            let copy = data[part].repeat(random.usize(2..40));
            insert(data, &copy[..copy.len().min(LONGEST)], random);
        }
        4 => {
            let other = random.choice(corpus).cloned().unwrap_or_default();
            let part = range(&other, random);
            insert(data, &other[part], random);
        }
        5 => {
            let other = random.choice(corpus).cloned().unwrap_or_default();
            data.truncate(random.usize(0..=data.len()));
            data.extend_from_slice(&other[random.usize(0..=other.len())..]);
        }
        6 | 7 => {
            let line = random_line(data, random);
            let at = random_line(data, random).start;
            let copy = data[line].to_vec();
            data.splice(at..at, copy);
        }
        8 => {
            let line = random_line(data, random);
            data.drain(line);
        }
        9 => nest(data, random),
        10 => replace_value(data, random),
        _ => {
            let word = random.choice(words::all()).cloned().unwrap_or_default();
            insert(data, word.as_bytes(), random);
        }
    }
}

fn flip(data: &mut [u8], random: &mut Rng) {
    if data.is_empty() {
        return;
    }
    let at = random.usize(0..data.len());
    data[at] = if random.bool() {
        random.u8(..)
    } else {
        data[at] ^ (1 << random.u8(0..8))
    };
}

/// A part of some bytes, more often a short one.
fn range(data: &[u8], random: &mut Rng) -> std::ops::Range<usize> {
    let start = random.usize(0..=data.len());
    let most = (data.len() - start).min(1 << random.u8(0..12));
    start..start + random.usize(0..=most)
}

fn insert(data: &mut Vec<u8>, part: &[u8], random: &mut Rng) {
    let at = random.usize(0..=data.len());
    data.splice(at..at, part.iter().copied());
}

/// The bytes of a line, its end included.
fn random_line(data: &[u8], random: &mut Rng) -> std::ops::Range<usize> {
    let at = random.usize(0..=data.len());
    let start = data[..at]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let end = data[at..]
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(data.len(), |length| at + length + 1);
    start..end
}

/// Puts some lines one level deeper, below a key.
fn nest(data: &mut Vec<u8>, random: &mut Rng) {
    let (first, last) = (random_line(data, random), random_line(data, random));
    let (start, end) = (first.start.min(last.start), first.end.max(last.end));
    let word = random.choice(words::all()).cloned().unwrap_or_default();
    let mut nested = format!("{}:\n", word.trim_end_matches([':', ' '])).into_bytes();
    for line in data[start..end].split_inclusive(|byte| *byte == b'\n') {
        nested.extend_from_slice(b"  ");
        nested.extend_from_slice(line);
    }
    data.splice(start..end, nested);
}

/// Puts something else in the place of what stands after a colon.
fn replace_value(data: &mut Vec<u8>, random: &mut Rng) {
    let line = random_line(data, random);
    let Some(colon) = data[line.clone()].iter().position(|byte| *byte == b':') else {
        return;
    };
    let start = line.start + colon + 1;
    let end = if data[..line.end].ends_with(b"\n") {
        line.end - 1
    } else {
        line.end
    };
    let word = random.choice(words::all()).cloned().unwrap_or_default();
    let value = format!(" {word}").into_bytes();
    data.splice(start..end.max(start), value);
}
