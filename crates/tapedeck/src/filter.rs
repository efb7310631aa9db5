//! Which log lines are wanted. A small part of the filter syntax of CloudWatch Logs: terms only.

/// A filter: all plain terms, none of the `-` terms and, where there are `?` terms, one of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    all: Vec<String>,
    any: Vec<String>,
    none: Vec<String>,
}

impl Filter {
    /// Reads a pattern. Every text is one: what is not special is a term to be found as it stands, in its case.
    pub(crate) fn parse(pattern: &str) -> Self {
        let mut filter = Self::default();
        let mut rest = pattern.trim_start();
        while !rest.is_empty() {
            let (sign, term) = match rest.as_bytes()[0] {
                sign @ (b'-' | b'?') if rest.len() > 1 => (sign, &rest[1..]),
                _ => (b' ', rest),
            };
            let (term, after) = match term.strip_prefix('"').and_then(|quoted| quoted.split_once('"')) {
                Some((term, after)) => (term, after),
                None => term.split_at(term.find(char::is_whitespace).unwrap_or(term.len())),
            };
            let terms = match sign {
                b'-' => &mut filter.none,
                b'?' => &mut filter.any,
                _ => &mut filter.all,
            };
            terms.push(term.to_string());
            rest = after.trim_start();
        }
        filter
    }

    /// Whether a line is wanted.
    pub(crate) fn matches(&self, line: &str) -> bool {
        self.all.iter().all(|term| line.contains(term.as_str()))
            && !self.none.iter().any(|term| line.contains(term.as_str()))
            && (self.any.is_empty() || self.any.iter().any(|term| line.contains(term.as_str())))
    }
}
