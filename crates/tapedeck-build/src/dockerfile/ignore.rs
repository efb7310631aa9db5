//! `.dockerignore`: which files of a context are sent. Looks at no disk.
//!
//! The rules are those of Docker's `patternmatcher`: the last pattern that matches a path, or a folder above it, decides;
//! `!` takes back; `*` and `?` stop at slashes, `**` does not. Older builders compare folders above only with as many
//! parts as the pattern has. A path is left out when both ways agree, so that nothing is left out that any builder sends.

/// The patterns of an ignore file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct IgnoreRules {
    patterns: Vec<Pattern>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    /// It takes back what others leave out.
    is_exception: bool,
    /// As it is compared, without `!`.
    text: String,
    tokens: Vec<Token>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// This letter.
    Letter(char),
    /// Any letter but a slash.
    Any,
    /// One of these, or none of these.
    Class {
        is_negated: bool,
        ranges: Vec<(char, char)>,
    },
    /// Any letters but slashes: `*`.
    Star,
    /// Anything: `**` at the end.
    Rest,
    /// Nothing, or what the next token stands for: together they are `**` elsewhere.
    Perhaps,
    /// Anything that ends with a slash.
    Folders,
}

impl IgnoreRules {
    /// Reads an ignore file.
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Self {
            patterns: lines.filter_map(Pattern::parse).collect(),
        }
    }

    /// Whether a path, relative to the context, is left out.
    pub(crate) fn excludes(&self, path: &str) -> bool {
        let parents: Vec<&str> = path.match_indices('/').map(|(at, _)| &path[..at]).collect();
        let (mut now, mut formerly) = (false, false);
        for pattern in &self.patterns {
            let is_match = pattern.matches(path);
            if is_match || parents.iter().any(|parent| pattern.matches(parent)) {
                now = !pattern.is_exception;
            }
            let depth = pattern.text.matches('/').count();
            if is_match || parents.get(depth).is_some_and(|parent| pattern.matches(parent)) {
                formerly = !pattern.is_exception;
            }
        }
        now && formerly
    }

    /// Whether an exception could take back something below a folder that is left out.
    pub(crate) fn may_take_back_below(&self, folder: &str) -> bool {
        let exceptions = self.patterns.iter().filter(|pattern| pattern.is_exception);
        exceptions
            .into_iter()
            .any(|pattern| pattern.may_match_below(folder))
    }
}

impl Pattern {
    fn parse(line: &str) -> Option<Self> {
        let line = line.trim();
        let (is_exception, text) = match line.strip_prefix('!') {
            Some(rest) => (true, rest.trim()),
            None => (false, line),
        };
        if text.is_empty() {
            return None;
        }
        let text = cleaned(text);
        Some(Self {
            is_exception,
            tokens: tokens(&text),
            text,
        })
    }

    /// Whether the whole path matches: all places in the pattern that its letters so far lead to are followed at once.
    fn matches(&self, path: &str) -> bool {
        let end = self.tokens.len();
        let mut places = vec![false; end + 1];
        places[0] = true;
        self.pass_over(&mut places);
        for letter in path.chars() {
            let mut next = vec![false; end + 1];
            for (place, token) in self.tokens.iter().enumerate().filter(|(place, _)| places[*place]) {
                let (stays, goes_on) = token.takes(letter);
                next[place] |= stays;
                next[place + 1] |= goes_on;
            }
            self.pass_over(&mut next);
            places = next;
        }
        places[end]
    }

    /// What may match nothing is also passed over.
    fn pass_over(&self, places: &mut [bool]) {
        for (place, token) in self
            .tokens
            .iter()
            .enumerate()
            .filter(|(_, token)| token.may_be_nothing())
        {
            if places[place] {
                places[place + 1] = true;
                if *token == Token::Perhaps {
                    places[place + 2] = true;
                }
            }
        }
    }

    fn may_match_below(&self, folder: &str) -> bool {
        let mut wanted = self.text.split('/');
        for part in folder.split('/') {
            match wanted.next() {
                // It matches the folder itself or one above, and with it everything below.
                None => return true,
                Some(pattern) if pattern.contains("**") => return true,
                Some(pattern) if pattern.contains(['*', '?', '[', '\\']) => {}
                Some(pattern) if pattern == part => {}
                Some(_) => return false,
            }
        }
        true
    }
}

impl Token {
    /// Whether a letter may be matched and more be waited for here, and whether the next token comes after it.
    fn takes(&self, letter: char) -> (bool, bool) {
        match self {
            Self::Letter(wanted) => (false, *wanted == letter),
            Self::Any => (false, letter != '/'),
            Self::Class { is_negated, ranges } => {
                let is_in = ranges.iter().any(|(low, high)| (*low..=*high).contains(&letter));
                (false, is_in != *is_negated)
            }
            Self::Star => (letter != '/', false),
            Self::Rest => (true, false),
            Self::Perhaps => (false, false),
            Self::Folders => (true, letter == '/'),
        }
    }

    fn may_be_nothing(&self) -> bool {
        matches!(self, Self::Star | Self::Rest | Self::Perhaps)
    }
}

/// The path of a pattern in its shortest form, without a slash at its beginning.
fn cleaned(text: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    match parts.is_empty() {
        true => ".".to_owned(),
        false => parts.join("/"),
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '*' if letters.next_if_eq(&'*').is_some() => {
                letters.next_if_eq(&'/');
                match letters.peek() {
                    None => tokens.push(Token::Rest),
                    Some(_) => tokens.extend([Token::Perhaps, Token::Folders]),
                }
            }
            '*' => tokens.push(Token::Star),
            '?' => tokens.push(Token::Any),
            '\\' => tokens.push(Token::Letter(letters.next().unwrap_or('\\'))),
            '[' => tokens.push(class(&mut letters)),
            other => tokens.push(Token::Letter(other)),
        }
    }
    tokens
}

/// What follows `[`. Without a `]` the builder refuses the pattern, so what it means does not matter.
fn class(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Token {
    let is_negated = letters.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    while let Some(letter) = letters.next().filter(|letter| *letter != ']') {
        let low = match letter {
            '\\' => letters.next().unwrap_or('\\'),
            other => other,
        };
        let mut high = low;
        let mut ahead = letters.clone();
        if ahead.next() == Some('-') && ahead.next().is_some_and(|letter| letter != ']') {
            letters.next();
            high = match letters.next() {
                Some('\\') => letters.next().unwrap_or('\\'),
                other => other.unwrap_or(low),
            };
        }
        ranges.push((low, high));
    }
    Token::Class { is_negated, ranges }
}

#[cfg(test)]
mod tests;
