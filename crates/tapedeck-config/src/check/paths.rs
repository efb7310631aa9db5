//! Paths: how they are written, and what is there.

use tapedeck_diagnostic::{Allowed, Spanned, quoted};

use super::{Checker, Place};
use crate::expand::{Answer, PathState, Question};
use crate::schema::{Language, Support, entry_extension};

impl Checker<'_> {
    /// A path that starts in the folder of the config file; it may lead out of it through `..`.
    pub(super) fn path<'a>(&mut self, place: Place<'a>) -> Option<&'a str> {
        let text = self.text(place)?;
        let drive = text.as_bytes().get(1) == Some(&b':') && text.as_bytes()[0].is_ascii_alphabetic();
        if text.starts_with(['/', '\\', '~']) || drive {
            let advice = "use a path relative to the folder of the config file";
            self.invalid(place, text, Allowed::Advice(advice));
            return None;
        }
        Some(text)
    }

    pub(super) fn file_path(&mut self, place: Place<'_>) {
        if let Some(path) = self.path(place) {
            self.must_be(place, path, PathState::File);
        }
    }

    pub(super) fn folder_path(&mut self, place: Place<'_>) {
        if let Some(path) = self.path(place) {
            self.must_be(place, path, PathState::Folder);
        }
    }

    /// A source file in one of some languages. What follows a colon (`main.py:app`) is not part of the path.
    pub(super) fn entry_file(&mut self, place: Place<'_>, languages: &[Language]) {
        let Some(whole) = self.path(place) else { return };
        let path = whole.split(':').next().unwrap_or_default();
        let extension = entry_extension(whole);
        let language = languages
            .iter()
            .find(|language| language.extensions.contains(&extension));
        match language {
            Some(Language {
                support: Support::NotYet,
                name,
                ..
            }) => {
                let subject = format!("an entry file in {name}, {},", quoted(path));
                self.diagnostics.not_supported_yet(place.value.span, &subject);
            }
            Some(Language {
                support: Support::NotHere(reason),
                name,
                ..
            }) => {
                let subject = format!("an entry file in {name}, {},", quoted(path));
                self.not_here(place.value.span, &subject, reason);
                self.must_be(place, path, PathState::File);
            }
            Some(_) => self.must_be(place, path, PathState::File),
            None => {
                let extensions: Vec<String> = languages
                    .iter()
                    .filter(|language| language.support != Support::NotYet)
                    .flat_map(|language| language.extensions)
                    .map(|extension| format!(".{extension}"))
                    .collect();
                let advice = format!("use a file whose name ends in {}", extensions.join(", "));
                self.invalid(place, whole, Allowed::Advice(&advice));
            }
        }
    }

    /// Asks what is at a path, and tells when it is something else.
    fn must_be(&mut self, place: Place<'_>, path: &str, wanted: PathState) {
        let question = Question::Path {
            path: path.to_string(),
        };
        let Some(answer) = self.surroundings.answers.get(&question) else {
            self.questions.insert(question);
            return;
        };
        let Answer::Path(found) = answer else { return };
        if *found == wanted {
            return;
        }
        let path = Spanned::new(path.to_string(), place.value.span);
        let found = (*found != PathState::Missing).then(|| word(*found));
        self.diagnostics
            .missing_file(&path, place.subject, word(wanted), found);
    }
}

fn word(state: PathState) -> &'static str {
    match state {
        PathState::Folder => "folder",
        _ => "file",
    }
}
