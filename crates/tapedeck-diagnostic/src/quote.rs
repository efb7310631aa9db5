//! Quoting a person's words in a message, and guessing which word was meant.

/// The most characters of somebody's text that a message repeats.
const LONGEST_QUOTE: usize = 60;

/// The longest sentence, in bytes.
const LONGEST_SENTENCE: usize = 2_000;

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
        push_visible(&mut shown, letter);
    }
    shown.push('`');
    shown
}

/// A sentence on one line, of bounded length, without control characters, whatever was put into it.
pub(crate) fn sentence(text: String) -> String {
    let is_long = text.len() > LONGEST_SENTENCE;
    if !is_long && text.chars().all(is_visible) {
        return text;
    }
    let mut shown = String::with_capacity(text.len().min(LONGEST_SENTENCE));
    for letter in text.chars() {
        if shown.len() >= LONGEST_SENTENCE {
            shown.push('…');
            break;
        }
        push_visible(&mut shown, letter);
    }
    shown
}

fn push_visible(shown: &mut String, letter: char) {
    match letter {
        '\n' => shown.push_str("\\n"),
        '\t' => shown.push_str("\\t"),
        letter if is_visible(letter) => shown.push(letter),
        _ => shown.push('\u{fffd}'),
    }
}

/// Whether a character does nothing to a terminal but be seen. Those that change the direction of writing make a line
/// look like another one.
pub(crate) fn is_visible(letter: char) -> bool {
    let turns = matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !turns && !letter.is_control()
}

/// The known word closest to `word`, if one is close enough that it may well have been meant.
///
/// Close enough is one edit for every three letters, at least one, or a difference in case, hyphens and underscores only.
#[must_use]
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    if word.is_empty() || word.len() > LONGEST_COMPARED {
        return None;
    }
    if let Some(same) = known.iter().find(|candidate| folded(candidate).eq(folded(word))) {
        return Some(same);
    }
    let length = word.chars().count();
    let allowed = (length / 3).max(1);
    known
        .iter()
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= allowed)
        .map(|candidate| (strsim::osa_distance(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The letters of a word without what people mix up: case, hyphens, underscores.
fn folded(word: &str) -> impl Iterator<Item = char> {
    let letters = word.chars().filter(|letter| !matches!(letter, '-' | '_' | ' '));
    letters.flat_map(char::to_lowercase)
}
