//! What a registry answers to a request without credentials: the header `WWW-Authenticate`.

/// How the registry wants to be addressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// With a token that somebody else hands out.
    Bearer {
        /// Where.
        realm: String,
        /// For whom, in the words of that place.
        service: Option<String>,
        /// For what.
        scope: Option<String>,
    },
    /// With user and password.
    Basic,
}

impl Challenge {
    /// The first challenge of a header that is understood. Source: RFC 9110, section 11.6.1.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let mut rest = header.trim();
        let mut best = None;
        while !rest.is_empty() {
            let (scheme, after) = rest.split_once([' ', ',']).unwrap_or((rest, ""));
            let (parameters, remaining) = parameters(after);
            let found = understood(scheme, parameters);
            // A token is preferred: it is worth less to a thief than a password.
            match found {
                Some(Self::Bearer { .. }) => return found,
                Some(Self::Basic) => best = best.or(found),
                None => {}
            }
            rest = remaining.trim_start_matches([' ', ',', '\t']);
        }
        best
    }
}

fn understood(scheme: &str, parameters: Vec<(String, String)>) -> Option<Challenge> {
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let value = |wanted: &str| {
        let found = parameters.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.clone())
    };
    Some(Challenge::Bearer {
        realm: value("realm")?,
        service: value("service"),
        scope: value("scope"),
    })
}

/// The parameters of one challenge, names in lower case, and what follows it.
fn parameters(text: &str) -> (Vec<(String, String)>, &str) {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', ',', '\t']);
        let end = rest.find(['=', ' ', ',']).unwrap_or(rest.len());
        let name = &rest[..end];
        let Some(after) = rest[end..].trim_start().strip_prefix('=') else {
            // Not `name=value`: the scheme of the next challenge.
            return (found, rest);
        };
        if name.is_empty() {
            return (found, "");
        }
        let (value, remaining) = value(after.trim_start());
        found.push((name.to_ascii_lowercase(), value));
        rest = remaining;
    }
}

/// A word or a quoted text, and what follows it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((place, letter)) = letters.next() {
        match letter {
            '"' => return (value, &quoted[place + 1..]),
            '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
            _ => value.push(letter),
        }
    }
    (value, "")
}
