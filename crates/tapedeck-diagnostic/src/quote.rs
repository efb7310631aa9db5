//! Quoting a person's words in a message, and guessing which word was meant.

/// The most characters of somebody's text that a message repeats.
const LONGEST_QUOTE: usize = 60;

/// The longest key that is compared with others. No real key comes near, and comparing costs the product of lengths.
const LONGEST_COMPARED: usize = 48;

/// A text in backticks, on one line, of bounded length, without control characters.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut shown = String::from("`");
    for (count, letter) in text.chars().enumerate() {
        if count == LONGEST_QUOTE {
            shown.push('…');
            break;
        }
        match letter {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            letter if letter.is_control() => shown.push('\u{fffd}'),
            letter => shown.push(letter),
        }
    }
    shown.push('`');
    shown
}

/// The known word closest to `word`, if one is close enough that it may well have been meant.
///
/// Close enough is one edit for every three letters, at least one, or a difference in case, hyphens and underscores only.
#[must_use]
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    if word.is_empty() || word.len() > LONGEST_COMPARED {
        return None;
    }
    if let Some(same) = known.iter().find(|candidate| fold(candidate) == fold(word)) {
        return Some(same);
    }
    let allowed = (word.chars().count() / 3).max(1);
    known
        .iter()
        .map(|candidate| (strsim::osa_distance(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A word without what people mix up: case, hyphens, underscores.
fn fold(word: &str) -> String {
    let letters = word.chars().filter(|letter| !matches!(letter, '-' | '_' | ' '));
    letters.flat_map(char::to_lowercase).collect()
}
