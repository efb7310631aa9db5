//! What is wrong with the code of a config, as findings with places in it.

use tapedeck_config::Loaded;
use tapedeck_diagnostic::{Diagnostics, Source, Sources, Span};

use crate::evaluate::{EvaluateError, Place};
use crate::options::ConfigFile;

/// The findings about code that gives no config.
pub(super) fn findings(file: &ConfigFile, error: &EvaluateError) -> Loaded {
    let mut loaded = Loaded {
        stack: None,
        project: None,
        diagnostics: Diagnostics::new(),
        sources: Sources::new(file.source.clone()),
        questions: Vec::new(),
    };
    let help = error.help();
    match error {
        EvaluateError::Source { mistakes, .. } => {
            for mistake in mistakes {
                let at = span(file, mistake.place.as_ref(), &mut loaded.sources);
                loaded
                    .diagnostics
                    .code_failed(at, &mistake.message, help.as_deref());
            }
        }
        EvaluateError::Thrown { message, place, .. } | EvaluateError::Unloadable { message, place, .. } => {
            let at = span(file, place.as_ref(), &mut loaded.sources);
            loaded.diagnostics.code_failed(at, message, help.as_deref());
        }
        other => loaded
            .diagnostics
            .code_failed(Span::point(0), &other.to_string(), help.as_deref()),
    }
    loaded
}

/// A place as a span: from there to the end of its line. The beginning of the config when it cannot be told.
fn span(file: &ConfigFile, place: Option<&Place>, sources: &mut Sources) -> Span {
    let Some(place) = place else {
        return Span::point(0);
    };
    let path = file.folder.join(&place.file);
    let is_main = fs_err::canonicalize(&file.path).is_ok_and(|main| main == path) || path == file.path;
    if is_main {
        return within(&file.source, place);
    }
    let Ok(text) = fs_err::read_to_string(&path) else {
        return Span::point(0);
    };
    let source = Source::new(place.file.display().to_string(), text);
    let found = within(&source, place);
    found.of(sources.add(source))
}

fn within(source: &Source, place: &Place) -> Span {
    let line = place.line as usize;
    let text = source.line(line);
    let start = source.text().split_inclusive('\n').take(line.saturating_sub(1));
    let start: usize = start.map(str::len).sum();
    let column = place.column.unwrap_or(1).saturating_sub(1) as usize;
    let offset = text
        .char_indices()
        .nth(column)
        .map_or(text.len().min(column), |(at, _)| at);
    Span::new(start + offset, start + text.len())
}
